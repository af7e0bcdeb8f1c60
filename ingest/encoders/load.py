"""Encoder loader: an encoder by its name.

The only module that imports the implementations, each when it is asked for.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from weakref import WeakValueDictionary

from ingest.encoders.encoder import WORDLESS, Encoder, Encoding, UnknownEncoder
from ingest.extras import require

VIDEO_KINDS = ("videomae", "xclip")
"""Heads of the names of encoders that read clips."""
_lock = threading.Lock()
_used: WeakValueDictionary[tuple[Callable[[int], Encoder], int], Encoder] = WeakValueDictionary()


def reads_clips(spec: str) -> bool:
    """Whether an encoder of this name reads clips of videos."""
    return spec.partition(":")[0] in VIDEO_KINDS


def load_for_ingest(spec: str, encoding: Encoding | None = None) -> Encoder:
    """Load an encoder as `load_encoder` does, for an ingest.

    On a CPU, CLIP's towers are exported and kept.
    """
    return load_encoder(spec, encoding, export=True)


def load_encoder(spec: str, encoding: Encoding | None = None, *, export: bool = False) -> Encoder:
    """Load an encoder by name.

    Names: `minilm`, `e5`, `conse`, `conse-e5`, `colpali:MODEL`, `text:MODEL`, `clip:MODEL`,
    `videomae:MODEL` and `xclip:MODEL`; MODEL is a hub id, a hub id with `@revision`, or a local folder.

    Args:
        export: see `ingest.encoders.exported.load_clip`.

    Raises:
        UnknownEncoder: no encoder has this name.
        MissingExtra: it runs on packages that are not installed.
        WeightsMissing, WeightsChanged, InvalidCheckpoint: its weights cannot be used.
        DeviceUnavailable: the device is not available.
    """
    how = encoding or Encoding()
    if "," in how.device:
        from ingest.encoders.multi_device import MultiDeviceEncoder

        return MultiDeviceEncoder(spec, how, load_encoder)
    encoder = _load(spec, how, export)
    if how.pool_factor > 1 and encoder.modality not in WORDLESS:
        require("scipy", extra="models", feature="Merging the vectors of a page")
        from ingest.encoders.pooled import PooledEncoder

        return PooledEncoder(encoder, how.pool_factor)
    return encoder


def _load(spec: str, how: Encoding, export: bool) -> Encoder:
    kind, _, model = spec.partition(":")
    match kind:
        case "minilm" if not model:
            from ingest.encoders.embedded.minilm import load_minilm

            return load_minilm(how.threads)
        case "e5" if not model:
            from ingest.encoders.embedded.e5.e5_encoder import E5Encoder

            return _in_use(E5Encoder, how.threads)
        case "conse" if not model:
            from ingest.encoders.embedded.conse import ConseEncoder

            return _in_use(ConseEncoder, how.threads)
        case "conse-e5" if not model:
            from ingest.encoders.embedded.e5.conse_e5 import ConseE5Encoder

            return _in_use(ConseE5Encoder, how.threads)
        case "colpali" if model:
            _require(spec, "transformers", "colpali_engine")
            from ingest.encoders.colpali import ColPaliEncoder

            return ColPaliEncoder(model, how)
        case "text" if model:
            _require(spec, "transformers", "sentence_transformers")
            from ingest.encoders.text import TextEncoder

            return TextEncoder(model, how)
        case "clip" if model:
            _require(spec, "transformers", "open_clip")
            from ingest.encoders.exported.load_clip import load_clip

            return load_clip(model, how, export=export)
        case "videomae" if model:
            _require(spec, "transformers", "av")
            from ingest.encoders.video.video_encoder import VideoEncoder
            from ingest.encoders.video.videomae import VideoMae

            return VideoEncoder(kind, model, how, VideoMae)
        case "xclip" if model:
            _require(spec, "transformers", "av")
            from ingest.encoders.video.video_encoder import VideoEncoder
            from ingest.encoders.video.xclip import XClip

            return VideoEncoder(kind, model, how, XClip)
    raise UnknownEncoder(
        f"There is no encoder {spec!r}.",
        hint="Take minilm, e5, colpali:MODEL or text:MODEL for pages, conse, conse-e5 or"
        " clip:MODEL for images, videomae:MODEL or xclip:MODEL for videos.",
    )


def _in_use(make: Callable[[int], Encoder], threads: int) -> Encoder:
    """An embedded encoder that is in use, which threads may share, or else a new one."""
    key = make, threads
    with _lock:
        encoder = _used.get(key)
        if encoder is None:
            encoder = _used[key] = make(threads)
        return encoder


def _require(spec: str, *modules: str) -> None:
    require("torch", "huggingface_hub", *modules, extra="models", feature=f"The encoder {spec}")
