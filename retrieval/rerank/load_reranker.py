"""Reranker loader: a cross-encoder by its name."""

from __future__ import annotations

from ingest.encoders.embedded.weights import MS_MARCO
from ingest.error import InvalidInputError
from ingest.extras import require
from retrieval.rerank.reranker import Reranker

RERANKERS = "auto, none, ms-marco or cross-encoder:MODEL"


class UnknownReranker(InvalidInputError):
    """There is no reranker of this name."""

    code = "unknown-reranker"


def load_reranker(name: str, device: str = "auto", *, alone: bool = False) -> Reranker | None:
    """Load a reranker.

    "auto" is ms-marco where its weights are installed, "none" is None.

    Args:
        alone: no other question is asked meanwhile (`MsMarcoReranker`).

    Raises:
        UnknownReranker: there is none of that name.
        WeightsMissing, WeightsChanged, MissingExtra, InvalidCheckpoint, DeviceUnavailable
    """
    kind, _, model = name.partition(":")
    match kind, model:
        case "none", "":
            return None
        case "auto", "" if not MS_MARCO.available():
            return None
        case "auto" | "ms-marco", "":
            from retrieval.rerank.ms_marco import MsMarcoReranker

            return MsMarcoReranker(alone=alone)
        case "cross-encoder", _ if model:
            require("torch", "transformers", extra="models", feature=f"The reranker {name}")
            from retrieval.rerank.cross_encoder import CrossEncoderReranker

            return CrossEncoderReranker(model, device)
    raise UnknownReranker(f"There is no reranker {name!r}.", hint=f"Take {RERANKERS}.")
