"""Home, searcher and answering model, made as the settings say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from api.settings import Settings
    from generation.models.model import VisionModel
    from ingest.files.render import RenderSettings
    from ingest.library.home import Home
    from retrieval.search import Searcher
    from retrieval.snapshot import Opener

UploadObserver: TypeAlias = Callable[[str, int, int], object]


def open_home(settings: Settings, root: Path | None = None, *, create: bool = True) -> Home:
    """Home at `root`, or at the settings' data folder.

    Args:
        create: create the folder where it is missing.

    Raises:
        HomeUnusable: the folder cannot be created or used.
    """
    from ingest.shards.connect import connect_home

    return connect_home(
        root or settings.home, settings.chroma_server(), settings.published(), create=create
    )


def make_searcher(
    home: Home, settings: Settings, opener: Opener | None = None, *, once: bool = False
) -> Searcher:
    """Searcher of a home; close it after use.

    Args:
        opener: opens the multi-vectors of an index, in place of the index's own.
        once: for one query. The device "auto" then means the CPU, which has
            answered before torch is loaded.

    Raises:
        LibraryNotFound: nothing has been ingested yet.
        DeviceUnavailable: the scoring device of the settings does not exist.
        UnknownReranker, WeightsMissing, InvalidCheckpoint: see `load_reranker`.
    """
    from ingest.index.index import Index
    from retrieval.gpu.device import open_vector_cache, score_ordinal
    from retrieval.rerank.load_reranker import load_reranker
    from retrieval.search import Searcher

    device = "cpu" if once and settings.score_device == "auto" else settings.score_device
    return Searcher(
        home,
        exhaustive_pages=settings.exhaustive_pages,
        encoding=settings.encoding(),
        opener=opener or Index.vectors,
        scorer=open_vector_cache(device, settings.device_cache_mb, score_ordinal(settings.device)),
        reranker=load_reranker(settings.rerank, settings.device, alone=once),
    )


def render_settings(settings: Settings, password: str | None = None) -> RenderSettings:
    """How files are read; `password` opens encrypted PDFs."""
    from ingest.files.formats.office import OfficeSettings
    from ingest.files.render import RenderSettings
    from ingest.files.video.video_settings import VideoSettings

    office, video = OfficeSettings(settings.office), VideoSettings(settings.fps, settings.speech)
    return RenderSettings(settings.dpi, settings.ocr, password, office=office, video=video)


def make_model(
    settings: Settings, spec: str | None = None, on_upload: UploadObserver | None = None
) -> VisionModel:
    """Model that writes answers: `spec` ("PROVIDER:MODEL"), or the settings' own.

    `on_upload` is told of files that are sent to it: name, bytes sent, bytes in all.

    Raises:
        UnknownModel: there is no model of that name.
        ApiKeyMissing: its provider wants a key, and there is none.
        WeightsMissing, WeightsChanged, InvalidCheckpoint, DeviceUnavailable, OutOfDeviceMemory:
            a local model cannot be loaded.
    """
    from generation.models.load import load_model

    spec = spec or settings.model
    return load_model(spec, replace(settings.access(spec), on_upload=on_upload))


def model_settings(settings: Settings, **options: Any) -> Settings:
    """Settings with options of the model in their place; None keeps a setting.

    Raises:
        InvalidSetting: an option has a value that is not allowed.
    """
    from api.settings import read_settings

    changed = {name: value for name, value in options.items() if value is not None}
    return read_settings(**{**dict(settings), **changed}) if changed else settings
