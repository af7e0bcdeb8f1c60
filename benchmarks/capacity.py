"""Figures that plans are made of, each with the page and the words where it is written.

`tests/test_plan.py` looks for the words: a figure that is measured anew is changed in both.
"""

from __future__ import annotations

from dataclasses import dataclass

from ingest.file_state import folder_size
from ingest.library.home import Home
from ingest.shards.shard_layout import shard_homes
from ingest.shards.sharded_library import open_library

SHARD_PAGES = 500_000
"""Pages of a shard at most."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured value; `page` of the documentation says it in the words `says`."""

    value: float
    unit: str
    page: str
    says: str


PERFORMANCE, SCALE, RETRIEVAL = "docs/performance.md", "docs/scale.md", "docs/retrieval.md"

BYTES = {
    "images": Figure(117_300, "bytes a page", SCALE, "| page images | 117.3 KB |"),
    "library": Figure(9_750, "bytes a page", SCALE, "| library: words, full text | 9.8 KB |"),
    "records": Figure(8_550, "bytes a page", SCALE, "| records (Chroma) | 8.5 KB |"),
    "minilm": Figure(369_100, "bytes a page", SCALE, "| vectors of `minilm` | 369.1 KB |"),
    "e5": Figure(3_660, "bytes a page", SCALE, "| vectors of `e5` | 3.7 KB |"),
    "conse": Figure(3_280, "bytes a page", SCALE, "| vectors of `conse-e5` | 3.3 KB |"),
    "colpali": Figure(264_000, "bytes a page", PERFORMANCE, "1,030 patches would take 264 GB"),
}
ENCODERS = {
    "default": ("minilm", "e5", "conse"),
    "minilm": ("minilm",),
    "colpali": ("colpali",),
}
QUANTIZED = {
    "fp16": Figure(373, "KB a page", RETRIEVAL, "| `fp16` | 0.741 | 0.677 | 1 | 373 |"),
    "int8": Figure(196, "KB a page", RETRIEVAL, "| 0.998 | 196 |"),
    "binary+int8": Figure(218, "KB a page", RETRIEVAL, "| 0.998 | 218 |"),
    "binary+fp16": Figure(395, "KB a page", RETRIEVAL, "| 1.000 | 395 |"),
}
FIGURES = {
    "read": Figure(57 / 493, "s a page", PERFORMANCE, "57 of them in the reading workers"),
    "ocr": Figure(3.9, "s a page", PERFORMANCE, "0.9 s of processor time for finding its lines"),
    "encode minilm": Figure(0.134, "s a page", PERFORMANCE, "a row for each token | 134 ms"),
    "encode e5": Figure(0.211, "s a page", PERFORMANCE, "a row for 160 tokens | 211 ms"),
    "encode conse": Figure(0.092, "s a page", PERFORMANCE, "ten on pages of few words | 92 ms"),
    "worker": Figure(0.9, "GB a core", PERFORMANCE, "at most 1.8 GB in all processes"),
    "command": Figure(0.016, "s a page", SCALE, "| Ray, 1 node | 4.37 | 225 | 16 |"),
    "exhaustive": Figure(1_000, "pages", SCALE, "Up to `PAGEGLASS_EXHAUSTIVE_PAGES` pages"),
    "search small": Figure(0.016, "s", PERFORMANCE, "| search | 32.5 ms | 14.7 to 16.4 ms"),
    "search": Figure(0.09, "s", PERFORMANCE, "| processor time of a search, p50 | 81 to 93 ms |"),
    "lists of a million": Figure(0.05, "s", PERFORMANCE, "name 2,000 candidates in 50 ms (p50)"),
    "lists": Figure(205, "bytes a page", PERFORMANCE, "beside the vector files | 205 |"),
    "answer": Figure(0.044, "s", PERFORMANCE, "| ask, extractive (100 queries) | 364 ms | 44 ms"),
    "cross-encoder": Figure(0.2, "s", RETRIEVAL, "0.2 s of a processor a query"),
    "reranked": Figure(200, "pages", RETRIEVAL, "**Page centroids choose 200 of them.**"),
    "server": Figure(0.78, "GB a process", "docs/http.md", "309 MB at first and 783 MB at most"),
    "shard": Figure(0.013, "s", SCALE, "| 5 shards | 60 | 0.0008 | 352.0 | 136.8 | +52.3 |"),
}


def measure_home(home: Home) -> dict[str, float]:
    """Bytes a page of a library by part, in shards or not."""
    library = open_library(home)
    pages = max(1, library.page_count())
    homes: list[Home] = [*shard_homes(home).values()] or [home]
    images = sum(folder_size(each.pages) for each in homes)
    words = sum(each.database.stat().st_size for each in homes)
    records = sum(folder_size(each.chroma) for each in homes if each.chroma.exists())
    indexes = sum(folder_size(each.index) for each in homes)
    return {
        "images": images / pages,
        "library": words / pages,
        "records": records / pages,
        "vectors": (indexes - records) / pages,
    }
