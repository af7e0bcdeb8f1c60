"""Inspection of an encoder's checkpoint: its weights by name, without a load."""

from __future__ import annotations

from ingest.encoders.checkpoint import LOAD_ERRORS, Checkpoint, find_checkpoint
from ingest.encoders.loading.load_report import LoadReport, inspect_load

COLBERT_PROJECTION = "linear.weight"
"""What sentence-transformers reads by itself from checkpoints of Stanford's ColBERT."""


def inspect_encoder(spec: str, fallback: str) -> LoadReport | None:
    """Compare the names of a checkpoint's weights with those of its network.

    Args:
        spec: `colpali:MODEL`, `text:MODEL` or `clip:MODEL`.
        fallback: see `find_checkpoint`.

    Returns:
        None for a checkpoint of open_clip, which refuses any name that it does not know.

    Raises:
        WeightsMissing, InvalidCheckpoint
    """
    kind, _, model = spec.partition(":")
    checkpoint = find_checkpoint(model, fallback)
    if checkpoint.read("config.json") is None and checkpoint.read("adapter_config.json") is None:
        return None
    try:
        return _inspect(kind, checkpoint)
    except LOAD_ERRORS as error:
        raise checkpoint.load_error(error, "Download the model again.") from error


def _inspect(kind: str, checkpoint: Checkpoint) -> LoadReport:
    folder = str(checkpoint.folder)
    if kind == "colpali":
        from ingest.encoders.loading.families import find_base, find_family

        base = find_base(checkpoint)
        family = find_family(checkpoint, base).network_class()
        return LoadReport.read(inspect_load(family, str(base.folder)))
    from transformers import AutoModel

    report = LoadReport.read(inspect_load(AutoModel, folder))
    unused = tuple(key for key in report.unused if kind != "text" or key != COLBERT_PROJECTION)
    return LoadReport(report.missing, unused)
