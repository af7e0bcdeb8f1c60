"""Notes on citations that are not verified quotes."""

from __future__ import annotations

import pytest

from api.rag.citation_note import citation_note
from api.rag.footnotes import without_footnotes, write_footnotes
from generation.answer import Citation, Grounded
from ingest.page import Page

BOX = ((0.1, 0.2, 0.3, 0.4),)


@pytest.mark.parametrize(
    ("quote", "grounded", "said"),
    [
        ("the lens", "quote", ""),
        ("the lens", "none", " (not checked: quote not found)"),
        ("", "none", " (not checked: names the page only)"),
        ("", "seen", " (seen in the picture, not checkable word for word)"),
        ("x y", "seen", " (quote not found; seen in the picture, not checkable word for word)"),
        ("", "region", " (seen in the image, by similarity)"),
        ("the lens", "region", " (quote not found; seen in the image, by similarity)"),
    ],
)
def test_a_citation_is_marked(quote: str, grounded: Grounded, said: str) -> None:
    boxes = BOX if grounded in ("quote", "region") else ()
    page = Page("d" * 20, 3, "report.pdf")
    citation = Citation(1, page, quote, boxes, grounded == "quote", grounded)
    assert citation_note(citation) == said
    notes = write_footnotes([citation], "http://127.0.0.1:8000/")
    assert notes.endswith(said or '"the lens"')
    assert without_footnotes(f"It broke [1].{notes}") == "It broke [1]."


def test_a_warning_stands_last_and_comes_off_again() -> None:
    page = Page("d" * 20, 3, "report.pdf")
    citation = Citation(1, page, "the lens", (), verified=False)
    for cited in ([], [citation]):
        notes = write_footnotes(cited, "http://127.0.0.1:8000/", "nothing could be checked.")
        assert notes.endswith("\n> Not checked: nothing could be checked.")
        assert without_footnotes(f"It broke.{notes}") == "It broke."
