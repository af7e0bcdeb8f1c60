"""Check of CLIP's towers: whether they run without torch, and if not, why."""

from __future__ import annotations

from collections.abc import Iterator

from api.diagnostics.finding import Finding
from api.hints import hint_for
from ingest.encoders.encoder import Encoding
from ingest.encoders.exported.towers import EXPORTERS, Towers, find_towers
from ingest.error import PageglassError
from ingest.extras import find_missing
from ingest.index.manifest import Manifest

LOADED = "torch runs its towers, which each program loads first"


def check_towers(manifest: Manifest, encoding: Encoding) -> Iterator[Finding]:
    """Check how the towers of an index's dual encoder run.

    Nothing is found of other encoders.
    """
    kind, _, model = manifest.encoder.partition(":")
    if kind != "clip" or find_missing(*EXPORTERS):
        return
    if manifest.model.startswith("open_clip "):
        reason, hint = "texts are cleaned and split by open_clip's own code", ""
    else:
        try:
            found = find_towers(model, encoding)
        except PageglassError as error:
            yield Finding(
                "towers", manifest.encoder, "broken", error.message, hint_for(error, "cli")
            )
            return
        if isinstance(found, Towers):
            detail = f"exported: OpenVINO runs them, without torch, from {found.folder}"
            yield Finding("towers", manifest.encoder, "ok", detail)
            return
        reason = found.reason
        hint = "" if found.lasting else "The next `pageglass ingest` of a file exports them."
    yield Finding("towers", manifest.encoder, "note", f"{LOADED}: {reason}", hint)
