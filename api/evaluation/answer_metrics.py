"""Answer metrics: gold page cited, box on the answer, declined rightly.

    gold page cited          a relevant page is among the citations
    box on the answer        a citation's boxes hold the printed answer on a relevant page
    declined rightly         an unanswerable question is declined, an answerable one is not
    answerable declined      share of answerable questions that are declined: less is better
    unanswerable declined    share of unanswerable questions that are declined

An answer is printed where each of its items stands word for word on a relevant page,
in at least two letters or digits. Other questions have no box on the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from generation.answer import Answer
from generation.text.quote import find_quote
from ingest.box import area, contains_center
from ingest.page import Box, Page, Word

GOLD, BOX, RIGHTLY = "gold page cited", "box on the answer", "declined rightly"
ANSWERABLE, UNANSWERABLE = "answerable declined", "unanswerable declined"
METRICS = (GOLD, BOX, RIGHTLY, ANSWERABLE, UNANSWERABLE)
MAX_AREA = 0.5
"""A larger box, as a share of the page, points at nothing."""

WordsOf = Callable[[Page], Sequence[Word]]
Covering = dict[Page, list[Box]]


def measure_answer(
    answer: Answer, expected: Sequence[str], relevant: Sequence[Page], words_of: WordsOf
) -> dict[str, float]:
    """Metrics of one answer, each 0 or 1; those without a meaning for it are left out.

    Args:
        expected: the right answer, an item each of a list; empty where it is not known.
        relevant: pages that answer the question; none where it is unanswerable.
        words_of: a page's printed words.
    """
    if not relevant:
        return {RIGHTLY: float(answer.declined), UNANSWERABLE: float(answer.declined)}
    cited: Covering = {}
    for citation in answer.citations:
        boxes = (box for box in citation.boxes if area(box) <= MAX_AREA)
        cited.setdefault(citation.page, []).extend(boxes)
    pages = {(page.document_id, page.number): boxes for page, boxes in cited.items()}
    gold = any((page.document_id, page.number) in pages for page in relevant)
    figures = {
        GOLD: float(gold),
        RIGHTLY: float(not answer.declined),
        ANSWERABLE: float(answer.declined),
    }
    printed = [
        (words_of(page), pages.get((page.document_id, page.number), [])) for page in relevant
    ]
    covered = [_is_covered(item, printed) for item in expected]
    if covered and None not in covered:
        figures[BOX] = float(all(covered))
    return figures


def _is_covered(item: str, pages: Sequence[tuple[Sequence[Word], Sequence[Box]]]) -> bool | None:
    """Whether boxes hold the item where a page has it; None where none has it."""
    found = None
    for words, boxes in pages:
        for span in _occurrences(item, words):
            if all(
                any(contains_center(b, word.box) for b in boxes) for word in words[slice(*span)]
            ):
                return True
            found = False
    return found


def _occurrences(item: str, words: Sequence[Word]) -> Iterator[tuple[int, int]]:
    """Spans of words where the item is printed."""
    start = 0
    while span := find_quote(item, words[start:]):
        yield start + span[0], start + span[1]
        start += span[0] + 1
