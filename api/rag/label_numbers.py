"""Numbers of an answer's labels, in order of appearance, as its text streams.

Labels are the ranks of pages in the search; readers expect the first that they
meet to be 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from api.printable import shorten
from api.rag.citation_note import citation_note
from generation.answer import Citation
from generation.citations.label_group import group_labels
from generation.citations.marks import find_marks
from ingest.page import Box, Page

MAX_QUOTE = 60
"""Characters of a quote that tell it from others of its page."""
_OPENING = "“«「『[［【〔"
_CLOSING = "”»」』]］】〕"


class LabelNumbers:
    """Renumbers labels in streamed text, the same however it is cut into pieces.

    Labels among the words of a quote stay, and so do those that name no page.

    Args:
        labels: those of the evidence.
        form: how a number is written, with `{}` in its place.
    """

    def __init__(self, labels: Iterable[int], form: str = "[{}]") -> None:
        self._labels = frozenset(labels)
        self._form = form
        self._held = ""
        self._numbers: dict[int, int] = {}

    def feed(self, piece: str) -> str:
        """What can be said of the text so far; the rest comes with later pieces."""
        text = self._held + piece
        cut = _settled(text)
        self._held = text[cut:]
        return self._renumber(text[:cut])

    def end(self) -> str:
        """The rest of the text."""
        text, self._held = self._held, ""
        return self._renumber(text)

    def of(self, label: int) -> int:
        """Number of a label; the next one where it has none yet."""
        return self._numbers.setdefault(label, len(self._numbers) + 1)

    def _renumber(self, text: str) -> str:
        parts, end = [], 0
        for group in group_labels(text, find_marks(text)):
            for label in group.labels:
                if not self._labels.issuperset(label.numbers):
                    continue
                numbers = "".join(self._form.format(self.of(n)) for n in label.numbers)
                parts += [text[end : label.start], numbers]
                end = label.end
        return "".join([*parts, text[end:]])


@dataclass(frozen=True, slots=True)
class Footnote:
    """Cited page: its number, the boxes of its quotes, and remarks on them."""

    number: int
    page: Page
    boxes: tuple[Box, ...]
    remarks: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.page}{''.join(self.remarks)}"


def number_footnotes(citations: Sequence[Citation], numbers: LabelNumbers) -> list[Footnote]:
    """Footnotes of an answer, one a page, by number; quotes stand in the text alone."""
    pages: dict[int, list[Citation]] = {}
    for citation in citations:
        pages.setdefault(citation.label, []).append(citation)
    notes = [
        Footnote(
            numbers.of(label),
            cited[0].page,
            tuple(dict.fromkeys(box for citation in cited for box in citation.boxes)),
            _remarks(cited),
        )
        for label, cited in pages.items()
    ]
    return sorted(notes, key=lambda note: note.number)


def _remarks(cited: Sequence[Citation]) -> tuple[str, ...]:
    """Remarks on the citations of a page, each once; the quote is named among several."""
    several = len({citation_note(citation) for citation in cited}) > 1
    remarks = [
        f' ("{shorten(citation.quote, MAX_QUOTE)}": {note[2:]}'
        if several and citation.quote
        else note
        for citation in cited
        if (note := citation_note(citation))
    ]
    return tuple(dict.fromkeys(remarks))


def _settled(text: str) -> int:
    """Length of the beginning of a text in which every quote and label is complete."""
    cut, depth, is_quoted, is_marked = 0, 0, False, False
    for at, letter in enumerate(text):
        if letter == "\n":
            depth, is_quoted, is_marked = 0, False, False
            cut = at + 1
        elif letter == '"':
            is_quoted, is_marked = not is_quoted, True
        elif letter in _OPENING:
            depth, is_marked = depth + 1, True
        elif letter in _CLOSING:
            depth -= 1
        elif depth == 0 and not is_quoted and (letter.isalnum() or not is_marked):
            # What follows a quote may be its label.
            cut, is_marked = at if is_marked else at + 1, False
    return cut
