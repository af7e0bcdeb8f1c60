"""Settings of an ingest."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ingest.annotate.captioner import Captioner
from ingest.encoders.encoder import Encoder, Encoding
from ingest.encoders.load import load_for_ingest
from ingest.files.render import RenderSettings
from ingest.index.quantization import Quantization
from ingest.readers.limits import ReadLimits
from ingest.readers.read_ahead import ReadJob, ReadResult
from ingest.readers.reader_pool import ReaderPool

ReadJobs = Callable[[Iterator[ReadJob], RenderSettings], Generator[ReadResult, None, None]]
"""Reads files; results are as those of `ingest.readers.read_ahead`."""


@dataclass(frozen=True, slots=True)
class AddSettings:
    """Settings of an ingest.

    `encoders` are the home's from now on, None those it has; indexes of others
    go. `workers` 0 takes one a core, each within `limits`; `readers` is a pool that
    reads instead and stays open; `retry` reads files again that failed
    before, `redo` every file, `again` files of folders whose documents were removed; `prune` forgets
    files below the given paths that are gone; `is_settled` tells files that are not being written
    from those that are left for later; `labels` are what pictures are tagged with from now on; `caption` is
    who captions them from now on, "none" for nobody, and `load_captioner` makes
    a captioner of its name (without it nothing is captioned); `encoding` says
    how the encoders run, and `load_encoder` loads one by its name; `quantization`
    says how the indexes keep rows, None as they do. Without `record_failures` a file
    that cannot be read is reported, and the library keeps no note of it. `read_jobs`
    reads in place of this machine's workers. `accepts` says of a file's path whether it is
    for this library; without it all are. `on_tick` is
    called about twice a second while files are read; what it raises ends the ingest.
    """

    render: RenderSettings = field(default_factory=RenderSettings)
    encoders: tuple[str, ...] | None = None
    workers: int = 0
    limits: ReadLimits = field(default_factory=ReadLimits)
    readers: ReaderPool | None = None
    retry: bool = False
    redo: bool = False
    again: bool = False
    prune: bool = False
    labels: Sequence[str] | None = None
    caption: str | None = None
    load_captioner: Callable[[str], Captioner] | None = None
    encoding: Encoding = field(default_factory=Encoding)
    load_encoder: Callable[[str, Encoding], Encoder] = load_for_ingest
    quantization: Quantization | None = None
    record_failures: bool = True
    read_jobs: ReadJobs | None = None
    accepts: Callable[[str], bool] | None = None
    on_tick: Callable[[], None] | None = None
    is_settled: Callable[[Path], bool] | None = None
