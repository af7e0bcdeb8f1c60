"""Ingestion as the settings and a caller's options say: files in, events out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.error import InvalidInputError

if TYPE_CHECKING:
    from api.settings import Settings
    from ingest.add import AddSettings
    from ingest.annotate.captioner import Captioner
    from ingest.event import Event
    from ingest.fetch.fetch_policy import FetchPolicy
    from ingest.library.home import Home
    from ingest.replica.object_store import ObjectStore


class UnknownOcr(InvalidInputError):
    """The OCR engine is unknown."""

    code = "unknown-ocr"


class CaptionPromptUnused(InvalidInputError):
    """A prompt for captions was given without a model that writes them."""

    code = "caption-prompt-unused"


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestOptions:
    """Options of one ingest; None takes the setting of the same name.

    Attributes:
        beside: keep the indexes of other encoders.
        pool: merge a page's rows until one in `pool` is left; 0 as the index was made.
        labels: a file of labels, one a line, to tag photos and figures with from now on.
        caption: the model that captions photos and figures from now on, "none" to stop.
        caption_prompt: what its captions go on from, or what a chat model is asked.
        prune: forget files below the paths that are gone.
        retry: try files again that failed before.
        redo: read every file anew.
        again: read files of folders whose documents were removed.
        rebuild: drop every index and derive it anew from the library.
        ray: a Ray cluster that does the work: the address of its head, or "auto".
        shards: keep the library in this number of shards from now on, or by "auto" in as
            many as its pages need (`Settings.shard_pages`).
    """

    encoder: str | None = None
    images: str | None = None
    video: str | None = None
    beside: bool = False
    device: str | None = None
    dtype: str | None = None
    batch: int | None = None
    pool: int = 0
    quantization: str | None = None
    password: str | None = None
    ocr: str | None = None
    office: str | None = None
    fps: float | None = None
    speech: str | None = None
    dpi: int | None = None
    workers: int | None = None
    file_timeout: float | None = None
    labels: Path | None = None
    caption: str | None = None
    caption_prompt: str | None = None
    prune: bool = False
    retry: bool = False
    redo: bool = False
    again: bool = False
    rebuild: bool = False
    ray: str | None = None
    shards: int | str | None = None


@dataclass(frozen=True, slots=True)
class IngestPlan:
    """Settings of one ingest; `note` says why an encoder was chosen.

    `ray` is the address of a cluster, and `store` what its nodes write to; `shards` is
    the number of shards wanted, None for what there is; `shard_pages` is how many pages
    one may have before shards are added, None where none are.
    """

    settings: AddSettings
    rebuild: bool = False
    note: str = ""
    fetch: FetchPolicy | None = None
    ray: str | None = None
    store: ObjectStore | None = None
    shards: int | None = None
    shard_pages: int | None = None


def plan_ingest(home: Home, settings: Settings, options: IngestOptions) -> IngestPlan:
    """Plan an ingest into a home.

    A captioning model is loaded now, so that a wrong one fails early.

    Raises:
        UnknownOcr, UnknownOffice, UnknownSpeech, MissingExtra, UnknownEncoder, UnknownQuantization, InvalidLabels, CaptionPromptUnused, InvalidShards
        ModelError: the captioning model cannot be used.
    """
    from api.factory import render_settings
    from ingest.add import AddSettings
    from ingest.annotate.tag import read_labels
    from ingest.choose import choose_encoders
    from ingest.encoders.encoder import Encoding
    from ingest.files.formats.office import check_office
    from ingest.files.video.video_settings import VideoSettings
    from ingest.index.quantization import parse_quantization
    from ingest.shards.shard_layout import first_with_indexes, parse_count
    from ingest.speech.load_speech import check_speech

    ocr = choose_ocr(options.ocr, settings.ocr)
    quantization = options.quantization or settings.quantization
    choice = choose_encoders(
        first_with_indexes(home),
        options.encoder or settings.encoder,
        options.images or settings.images,
        video=options.video or settings.video,
        beside=options.beside,
        renew=options.rebuild,
    )
    caption, load_captioner = _captioning(settings, options)
    shards = None if options.shards is None else parse_count(options.shards)
    return IngestPlan(
        AddSettings(
            render=replace(
                render_settings(settings, options.password),
                dpi=options.dpi or settings.dpi,
                ocr=ocr,
                office=check_office(options.office or settings.office),
                video=VideoSettings(
                    settings.fps if options.fps is None else options.fps,
                    check_speech(options.speech or settings.speech),
                ),
            ),
            encoders=choice.encoders,
            encoding=Encoding(
                options.device or settings.device,
                options.dtype or settings.dtype,
                settings.batch if options.batch is None else options.batch,
                pool_factor=options.pool,
            ),
            workers=settings.workers if options.workers is None else options.workers,
            limits=settings.read_limits(options.file_timeout),
            retry=options.retry,
            redo=options.redo,
            again=options.again,
            prune=options.prune,
            labels=read_labels(options.labels) if options.labels else None,
            caption=caption,
            load_captioner=load_captioner,
            quantization=parse_quantization(quantization) if quantization else None,
        ),
        options.rebuild,
        choice.why,
        settings.fetch_policy(),
        options.ray,
        settings.published() if options.ray else None,
        shards or None,
        settings.shard_pages if shards == 0 else None,
    )


def run_ingest(
    home: Home,
    paths: Sequence[str | Path],
    plan: IngestPlan,
    on_wait: Callable[[], None] | None = None,
) -> Iterator[Event]:
    """Ingest files and yield events.

    Without `paths` the indexes and annotations are brought up to the plan.

    Args:
        on_wait: is called once where another process writes to the home.

    Raises what `ingest.add.add`, `ingest.cluster.cluster_add.add_on_cluster` and
    `ingest.rebuild.rebuild_indexes` raise.
    """
    from ingest.fetch.fetch_policy import FetchPolicy
    from ingest.fetch.fetch_remote import fetch_remote
    from ingest.shards.acts import renew_indexes
    from ingest.shards.add_to_shards import add_documents
    from ingest.shards.grow import grow_after, grow_shards
    from ingest.shards.reshard import reshard

    settings = plan.settings
    if plan.shards:
        yield from reshard(home, plan.shards, on_wait=on_wait)
    if plan.shard_pages:
        yield from grow_shards(home, plan.shard_pages, on_wait=on_wait)
    if plan.rebuild:
        yield from renew_indexes(
            home,
            settings.encoders or (),
            settings.encoding,
            dpi=settings.render.dpi,
            limits=settings.limits,
            quantization=settings.quantization,
            on_wait=on_wait,
        )
    files = yield from fetch_remote(
        home,
        paths,
        plan.fetch or FetchPolicy(),
        again=settings.again or settings.redo or settings.retry,
    )
    if paths or settings.caption or not (plan.rebuild or plan.shards or plan.shard_pages):
        if plan.ray:
            from ingest.cluster.cluster_add import add_on_cluster

            events = add_on_cluster(home, files, settings, plan.ray, plan.store, on_wait=on_wait)
        else:
            events = add_documents(home, files, settings, on_wait=on_wait)
        if plan.shard_pages:
            events = grow_after(events, home, plan.shard_pages, on_wait=on_wait)
        yield from events


def choose_ocr(option: str | None, setting: str) -> str:
    """OCR of one ingest: the option, else the setting; "force" takes its engine.

    Raises:
        UnknownOcr: neither "never", "none", "force", an engine, nor "force:ENGINE".
    """
    from ingest.ocr.load_ocr import FORCE, parse_ocr

    chosen = option or setting
    engine, mode = parse_ocr(chosen)
    kind, _, languages = engine.partition(":")
    if not (engine in {"rapidocr", "none", "tesseract"} or (kind == "tesseract" and languages)):
        raise UnknownOcr(
            f"There is no OCR called {chosen!r}.",
            hint="Take rapidocr, tesseract:LANG+LANG (such as tesseract:kor+eng), force or never.",
        )
    if option == FORCE and (usual := parse_ocr(setting)[0]) != "none":
        return choose_ocr(f"{FORCE}:{usual}", setting)
    return chosen if mode != "never" else "none"


def _captioning(
    settings: Settings, options: IngestOptions
) -> tuple[str | None, Callable[[str], Captioner]]:
    """The captioning model's whole name, and the function that loads one by name."""
    from ingest.annotate.caption import NO_CAPTIONER

    prompt = (options.caption_prompt or "").strip()
    if prompt and (not options.caption or options.caption == NO_CAPTIONER):
        raise CaptionPromptUnused(
            "There is a prompt for captions and no model that writes them.",
            hint="Name the model too: captions of another prompt are written anew.",
        )

    def load(spec: str) -> Captioner:
        from generation.models.captioner import load_captioner

        access = settings.access(spec)
        return load_captioner(
            spec,
            replace(
                access,
                device=options.device or access.device,
                dtype=options.dtype or access.dtype,
            ),
            prompt=prompt,
            batch=settings.batch if options.batch is None else options.batch,
        )

    if not options.caption or options.caption == NO_CAPTIONER:
        return options.caption, load
    captioner = load(options.caption)
    return captioner.name, lambda _spec: captioner
