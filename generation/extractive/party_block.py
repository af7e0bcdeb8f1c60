"""Party blocks: a label such as "Bill to" or "Consignee" with the lines below it."""

from __future__ import annotations

from collections.abc import Iterator

from generation.extractive.page.passage import Passage
from generation.extractive.question.question_terms import has_term, question_stems
from generation.extractive.scoring.scorer import Scorer
from generation.text.value import text_of
from ingest.reading.line import split_lines

MAX_LABEL, MAX_LINE = 4, 8
"""Words of a label, and of a line below it, at most."""
MAX_LINES = 8
_COLONS = (":", "：")


def find_party(scorer: Scorer) -> list[Passage]:
    """The block whose label is what the question asks for, with the label; else none.

    Who or where is asked, and the label has all that is asked but names of the document.
    """
    types = scorer.types.types
    asked = types == {"person"} or (not types and scorer.kind == "lookup")
    return next(_blocks(scorer), []) if asked else []


def _blocks(scorer: Scorer) -> Iterator[list[Passage]]:
    for at, passage in enumerate(scorer.passages):
        lines = _short_lines(passage)
        label = _label_of(lines)
        if not label or not _is_asked(scorer, label):
            continue
        if len(lines) > 1:
            yield [passage]
            continue
        after = scorer.passages[at + 1 : at + 2]
        if after and after[0].start == passage.end and len(_short_lines(after[0])) > 1:
            yield [passage, after[0]]


def _short_lines(passage: Passage) -> list[str]:
    """The lines of a block of short ones; none of other passages."""
    if (
        passage.role not in ("text", "heading")
        or passage.end - passage.start > MAX_LINES * MAX_LINE
    ):
        return []
    words = passage.evidence.words
    lines = split_lines(words, passage.start, passage.end)
    if len(lines) > MAX_LINES or any(line.end - line.start > MAX_LINE for line in lines):
        return []
    return [text_of(words, (line.start, line.end)) for line in lines]


def _label_of(lines: list[str]) -> str:
    """What stands before the colon of the first line, or that line where others follow."""
    if not lines:
        return ""
    for colon in _COLONS:
        before, mark, _ = lines[0].partition(colon)
        if mark:
            return before if len(before.split()) <= MAX_LABEL else ""
    return lines[0] if len(lines) > 1 and len(lines[0].split()) <= MAX_LABEL else ""


def _is_asked(scorer: Scorer, label: str) -> bool:
    """Whether a label says what is asked, and nothing else."""
    stems = question_stems(label)
    if not stems or not all(has_term(stem, scorer.stems) for stem in stems):
        return False
    return all(has_term(term, stems) for term in scorer.bare - scorer.of_page)
