"""Two homes with the same library: what is compared where one was made in another way."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ingest.index.index import open_indexes
from ingest.library.home import Home
from ingest.library.library import Library
from ingest.page import Page
from retrieval.search import Searcher


def assert_same(one: Home, other: Home, query: str) -> None:
    """Documents, words, images, vectors of every index and search results are the same."""
    libraries = Library(one), Library(other)
    own = [sorted(each.documents(), key=lambda d: d.id) for each in libraries]
    cleaned = [[replace(d, revision="", added_at="") for d in each] for each in own]
    assert cleaned[0] == cleaned[1]
    assert [f.reason for f in libraries[0].failures()] == [
        f.reason for f in libraries[1].failures()
    ]
    indexes = [
        {index.manifest.slug: index for index in open_indexes(home)} for home in (one, other)
    ]
    assert indexes[0].keys() == indexes[1].keys()
    for here, there in zip(*own, strict=True):
        for number in range(1, here.page_count + 1):
            page = Page(here.id, number)
            assert libraries[0].words(page) == libraries[1].words(page)
            images = [home.pages / here.id / f"{number}.webp" for home in (one, other)]
            assert images[0].read_bytes() == images[1].read_bytes()
            for slug, index in indexes[0].items():
                rows = index.vectors(here).page(number)
                its_rows = indexes[1][slug].vectors(there).page(number)
                assert np.array_equal(rows.vectors, its_rows.vectors)
                assert np.array_equal(rows.boxes, its_rows.boxes)
    found = [
        [(hit.page, round(hit.score, 4)) for hit in Searcher(home).search(query)]
        for home in (one, other)
    ]
    assert found[0] == found[1]
    assert found[0]
