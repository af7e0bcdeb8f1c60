"""Results in notebooks: hostile words stay text."""

from __future__ import annotations

import io
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from PIL import Image

from api.results import html
from api.results.cited_answer import CitedAnswer
from api.results.document_list import Documents, LibraryDocument
from api.results.extraction_results import ExtractedRecord
from api.results.image_results import Classification, PhotoGroup
from api.results.page_explanation import NotAQueryWord, PageExplanation
from api.results.page_image import crop_page_image, open_page_image
from api.results.reports import IngestReport, LibraryStatus
from api.results.search_results import SearchResults
from generation.answer import Answer, Citation, Usage
from generation.extraction.record import Field, Record
from ingest.file_state import Failure
from ingest.page import WHOLE, Box, Document, Page
from retrieval.duplicates import Duplicates
from retrieval.explain.explain import Explanation, TokenMatch
from retrieval.hit import Hit, Region

HOSTILE = "</div><script>alert(1)</script>\"'&\x1b[31m"
PAGE = Page("d" * 20, 1, HOSTILE)
BOX: Box = (0.1, 0.2, 0.5, 0.3)


class StubLibrary:
    """A library whose every page is a white image of 200 by 100 pixels."""

    def image(self, page: Page) -> bytes:
        data = io.BytesIO()
        Image.new("RGB", (200, 100), "white").save(data, "WEBP", lossless=True)
        return data.getvalue()


LIBRARY = cast(Any, StubLibrary())
HIT = Hit(PAGE, 1.0, (Region(BOX, 0.5, HOSTILE),), {}, HOSTILE)
USAGE = Usage(HOSTILE)


def results() -> list[Any]:
    citation = Citation(1, PAGE, HOSTILE, (BOX,), True, "quote")
    answer = Answer(HOSTILE, HOSTILE, (citation,), HOSTILE, False, None, None, USAGE, HOSTILE)
    evidence = cast(Any, SimpleNamespace(hits=(HIT,), searched=HOSTILE))
    token = TokenMatch(HOSTILE, 1.0, 0.5, BOX)
    explained = Explanation(
        PAGE, HOSTILE, 0.5, (token,), np.ones((1, 1), np.float32), np.array([BOX], np.float32)
    )
    document = Document(
        PAGE.document_id, "", HOSTILE, (HOSTILE,), "pdf", HOSTILE, 1, 1, "", HOSTILE
    )
    field = Field(HOSTILE, HOSTILE, PAGE, HOSTILE, (BOX,), True, True)
    record = Record({}, (field,), (), HOSTILE, USAGE, 0, HOSTILE)
    failure = Failure(HOSTILE, cast(Any, None), HOSTILE, HOSTILE)
    documents = Documents([LibraryDocument.of(document)])
    return [
        SearchResults.of([HIT], LIBRARY, HOSTILE),
        CitedAnswer.of(answer, evidence, LIBRARY),
        PageExplanation.of(explained, LIBRARY),
        documents,
        documents[0],
        ExtractedRecord.of(record, (PAGE,)),
        Classification(HOSTILE, {HOSTILE: 1.0}, HOSTILE),
        PhotoGroup.of(Duplicates((PAGE, PAGE), 1.0), {PAGE.document_id: [HOSTILE]}, LIBRARY),
        IngestReport(documents, documents, (failure,), 0, 0, 1, 0, 1.0, HOSTILE),
        LibraryStatus(
            HOSTILE, 1, 1, 1, 1, 1, [], [{"path": HOSTILE, "reason": HOSTILE}], [HOSTILE]
        ),
    ]


@pytest.mark.parametrize("result", results(), ids=lambda result: type(result).__name__)
def test_hostile_words_stay_text(result: Any) -> None:
    shown = result._repr_html_()
    assert "&lt;script&gt;" in shown
    assert "<script" not in shown
    assert "\x1b" not in shown
    assert shown.count("<div") == shown.count("</div>")


def test_text_is_escaped_in_attributes_too() -> None:
    assert 'alt="&quot; onerror=&quot;x"' in html.image(Image.new("RGB", (2, 2)), '" onerror="x')


def test_a_large_image_becomes_a_thumbnail() -> None:
    assert 'width="240" height="120"' in html.image(Image.new("RGB", (1000, 500)), "")


def test_boxes_are_marked_but_not_one_around_the_page() -> None:
    plain = open_page_image(LIBRARY, PAGE)
    assert open_page_image(LIBRARY, PAGE, [WHOLE]).tobytes() == plain.tobytes()
    marked = open_page_image(LIBRARY, PAGE, [BOX])
    assert marked.getpixel((60, 25)) != plain.getpixel((60, 25))
    assert marked.getpixel((150, 80)) == plain.getpixel((150, 80))


def test_a_crop_is_the_boxes_with_a_margin() -> None:
    assert crop_page_image(LIBRARY, PAGE, [BOX]).size == (92, 16)
    assert crop_page_image(LIBRARY, PAGE, []).size == (200, 100)


def test_a_slice_of_results_is_one_too() -> None:
    hits = SearchResults.of([HIT, HIT, HIT], LIBRARY, "query")
    assert isinstance(hits[1:], SearchResults)
    assert [hit.rank for hit in hits[1:]] == [2, 3]
    assert hits[1:].title == "query"
    assert hits[:2] == SearchResults.of([HIT, HIT], LIBRARY)
    assert SearchResults([])._repr_html_() == "<i>Nothing.</i>"


def test_a_heat_map_is_of_a_word_of_the_query() -> None:
    explained = next(result for result in results() if isinstance(result, PageExplanation))
    with pytest.raises(NotAQueryWord):
        explained.heatmap("lighthouse")
