"""Entities: the name of what a description fits, in the passage that fits it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from generation.extractive.page.passage import Passage
from generation.extractive.page.table_row import TableRow
from generation.extractive.question.answer_type import held_types
from generation.extractive.question.question_terms import ALIKE
from generation.extractive.question.spelling import is_common
from generation.extractive.question.two_steps import TwoSteps
from retrieval.query.terms import content_stems

MAX_WORDS = 6
"""Words of a name, at most."""
NEAR = 25
"""Characters between a name and the noun that it is a name of, at most."""
_NAME = re.compile(
    r"(?<![\w-])[A-ZÄÖÜ][\w'’&.-]*(?: (?:(?:of|de|van|von|and|&|und) (?=[A-ZÄÖÜ]))?[A-ZÄÖÜ\d][\w'’&.-]*)*"
)
_ARTICLE = re.compile(r"(?:The|A|An|Our|Its|This|That|Der|Die|Das|Ein|Eine|In|On|At|By|For) (?=\S)")
_NAMES_IT = re.compile(r"(?:\bby|\bis|\bwas|\bto|\bcalled|\bnamed|:|\bvon|\bist|\bdurch)\s*$")
_TOPIC = re.compile(r"(?P<name>\S+(?: \S+){0,3}?)(?:은|는|이|가|께서|에서)\s")
_PREDICATE = re.compile(
    r".*(?:은|는|이|가)\s(?P<name>\S+(?: \S+){0,3}?)(?:이다|입니다|이며|다)\W*$"
)


def find_entity(steps: TwoSteps, passage: Passage, passages: Sequence[Passage]) -> str:
    """The name of what a passage describes; "" where it is not sure.

    The cell of its row, the value of its label, the one name in its sentence, or the
    heading above it.

    Args:
        passages: all that were read, with those of the passage's page in order.
    """
    asked = content_stems(f"{steps.noun} {steps.clause}")
    if passage.unit.row:
        sources = [_cells(steps, passage.unit.row)]
    elif passage.unit.label:
        sources = [iter([passage.text]), _headings(steps, passage, passages)]
    else:
        above = _headings(steps, passage, passages)
        sources = [_in_text(steps, passage.text, asked), above]
    names = (name.strip(" .,:;") for names in sources for name in names)
    return next((name for name in names if _is_new(name, asked)), "")


def _is_new(name: str, asked: frozenset[str]) -> bool:
    stems = content_stems(name)
    return bool(stems - asked) and len(name.split()) <= MAX_WORDS


def _cells(steps: TwoSteps, row: TableRow) -> Iterator[str]:
    """Cells of a row: below the noun, below what is said of it, a person, or the first."""
    noun, asked = content_stems(steps.noun), content_stems(steps.clause)
    verb = next((word for word in steps.clause.split() if content_stems(word)), "")
    said = content_stems(verb)
    said |= frozenset().union(*(ALIKE.get(stem, frozenset()) for stem in said))
    cells = [cell for cell in row.cells if any(map(str.isalpha, cell.text))]
    yield from (cell.text for cell in cells if noun & cell.heads)
    yield from (cell.text for cell in cells if said & cell.heads)
    if steps.of_person:
        yield from (cell.text for cell in cells if "person" in held_types(cell.text))
    if cells and cells[0].text == row.cells[0].text and not content_stems(cells[0].text) <= asked:
        yield cells[0].text


def _in_text(steps: TwoSteps, text: str, asked: frozenset[str]) -> Iterator[str]:
    """The one name in a text: beside its noun, after "by" and the like, or alone."""
    for pattern in (_PREDICATE, _TOPIC):
        if (found := pattern.match(text)) and _is_korean(found["name"]):
            yield found["name"]
    names = [
        (start, name) for start, name in _names(text) if _is_new(name, asked) and _is_proper(name)
    ]
    if steps.of_person:
        names = [(start, name) for start, name in names if "person" in held_types(name)]
    noun = re.search(rf"\b{re.escape(steps.noun)}\b", text, re.IGNORECASE)
    beside = [n for s, n in names if noun and _gap(noun, s, n) <= NEAR]
    after = [n for s, n in names if _NAMES_IT.search(text[:s])]
    for some in (beside, after, [name for _, name in names]):
        if len(set(some)) == 1:
            yield some[0]


def _names(text: str) -> Iterator[tuple[int, str]]:
    for found in _NAME.finditer(text):
        name = found[0]
        skipped = 0
        while article := _ARTICLE.match(name[skipped:]):
            skipped += article.end()
        yield found.start() + skipped, name[skipped:].rstrip(".")


def _is_proper(name: str) -> bool:
    """Whether a name is more than a common word that begins a sentence."""
    return " " in name or name.isupper() or not is_common(name.lower())


def _gap(noun: re.Match[str], start: int, name: str) -> int:
    return max(start - noun.end(), noun.start() - start - len(name))


def _is_korean(name: str) -> bool:
    return any("가" <= letter <= "힣" for letter in name)


def _headings(steps: TwoSteps, passage: Passage, passages: Sequence[Passage]) -> Iterator[str]:
    """Names in what a passage stands below: a line with the noun, then its heading."""
    page = [p for p in passages if p.evidence is passage.evidence and p.start < passage.start]
    above = [p for p in reversed(page) if p is page[0] or (p.short and p.role == "heading")]
    noun = content_stems(steps.noun)
    for line in sorted(above, key=lambda p: not noun <= p.terms):
        names = [name for _, name in _names(line.text) if _is_proper(name)]
        if noun <= line.terms:
            names = [name for name in names if noun <= content_stems(name)] or names
        yield from names[:1]
