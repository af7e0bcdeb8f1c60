"""Loader of CLIP encoders: by exported towers where there are some, else by torch."""

from __future__ import annotations

import logging
from dataclasses import replace

from ingest.encoders.encoder import Encoder, Encoding
from ingest.encoders.exported.towers import NotExported, Towers, find_towers

log = logging.getLogger(__name__)


def load_clip(model: str, encoding: Encoding, *, export: bool) -> Encoder:
    """Load a dual encoder by name.

    Args:
        export: export its towers for later programs, where there are none.

    Raises:
        WeightsMissing, InvalidCheckpoint, DeviceUnavailable
    """
    found = find_towers(model, encoding)
    if isinstance(found, NotExported):
        log.info("clip:%s is encoded by torch: %s", model, found.reason)
        from ingest.encoders.clip import ClipEncoder

        if found.lasting or not export:
            return ClipEncoder(model, encoding)
        encoder = ClipEncoder(model, replace(encoding, dtype="fp32"))
        exported = _export(encoder)
        if exported is None:
            return encoder if encoding.dtype != "bf16" else ClipEncoder(model, encoding)
        found = exported
    from ingest.encoders.exported.exported_clip import ExportedClip

    return ExportedClip(found, encoding)


def _export(encoder: object) -> Towers | None:
    """Export the towers of an encoder of torch; None where they cannot be."""
    from ingest.encoders.clip import ClipEncoder
    from ingest.encoders.exported.export_towers import export_towers
    from ingest.encoders.transformers_clip import TransformersClip

    assert isinstance(encoder, ClipEncoder)
    if not isinstance(encoder.dual_encoder, TransformersClip):
        return None
    try:
        exported = export_towers(encoder.dual_encoder)
    except (OSError, MemoryError) as error:
        log.warning("the towers of %s are not exported: %s", encoder.name, error)
        return None
    return exported if isinstance(exported, Towers) else None
