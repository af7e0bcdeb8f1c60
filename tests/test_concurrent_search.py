"""Searches during ingests and removals: no wrong, missing or stale page."""

from __future__ import annotations

import threading
from itertools import product
from pathlib import Path

import pytest
import torch
from make_pdf import make_pdf
from plain_kernel import plain_kernel

from ingest.add import AddSettings, add
from ingest.files.render import RenderSettings
from ingest.filter import ALL_PAGES, PageFilter
from ingest.library.home import Home
from ingest.library.library import Library
from ingest.remove import remove
from retrieval.gpu.vector_cache import GpuVectorCache
from retrieval.search import Searcher

SETTINGS = AddSettings(render=RenderSettings(ocr="none"), workers=1)
STAYS = ("The harbour master keeps nine brass sextants.", "Rye bread rises slowly in winter.")
COMES = "The cartographer Ilse Wren drew the tidal maps of Port Avery."
NARROWED = (ALL_PAGES, PageFilter(last=1), PageFilter(kind="pdf"))
ROUNDS = 3
SEARCHERS = 3


@pytest.mark.parametrize(
    ("exhaustive_pages", "device"),
    [
        pytest.param(1000, False, id="exact"),
        pytest.param(0, False, id="through Chroma", marks=pytest.mark.slow),
        pytest.param(1000, True, id="on a device", marks=pytest.mark.slow),
    ],
)
def test_remove_and_ingest_under_searches(
    tmp_path: Path, exhaustive_pages: int, device: bool
) -> None:
    home, folder = Home(tmp_path / "home"), tmp_path / "files"
    folder.mkdir()
    for number, text in enumerate(STAYS):
        make_pdf(folder / f"stays{number}.pdf", text)
    list(add(home, [folder], SETTINGS))
    comes = folder / "comes.pdf"
    make_pdf(comes, COMES)
    # Room for about half of all rows, so that pages drive each other out.
    on = GpuVectorCache(torch.device("cpu"), 25_000, plain_kernel) if device else None
    searcher = Searcher(home, exhaustive_pages=exhaustive_pages, scorer=on)
    ending, errors, found = threading.Event(), list[BaseException](), {True: 0, False: 0}

    def look() -> None:
        try:
            while not ending.is_set():
                for (number, text), filter in product(enumerate(STAYS), NARROWED):
                    hits = searcher.search(text, top=3, filter=filter)
                    names = [hit.page.document_name for hit in hits]
                    assert names[0] == f"stays{number}.pdf", names
                    assert set(names) <= {"stays0.pdf", "stays1.pdf", "comes.pdf"}
                first = searcher.search(COMES, top=1)[0].page.document_name
                found[first == "comes.pdf"] += 1
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=look) for _ in range(SEARCHERS)]
    for thread in threads:
        thread.start()
    rounds = 0
    while rounds < ROUNDS and not errors:
        list(add(home, [comes], SETTINGS))
        # Whoever asks from now on must find it, though others are searching.
        assert searcher.search(COMES, top=1)[0].page.document_name == "comes.pdf"
        remove(home, ["comes.pdf"])
        assert searcher.search(COMES, top=1)[0].page.document_name != "comes.pdf"
        assert Library(home).match_terms(["cartographer"]) == {}
        rounds += 1
    ending.set()
    for thread in threads:
        thread.join(60)
    searcher.close()
    assert not errors, errors
    assert rounds == ROUNDS
    assert found[True] + found[False] > rounds
    assert on is None or on.uploaded > 10 * rounds
