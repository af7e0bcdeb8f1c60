"""Cards: texts with headings of their own side by side, as of services or people.

They look like a table, but each is read for itself: its heading, then its text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ingest.reading.order.bands import Band, Cell, Line
from ingest.reading.order.piece import PrintedRow

MIN_CARDS = 3
"""Cards of a group, at least."""
MIN_HEADED = 0.8
"""Share of them with a heading, at least."""
MIN_LOWER = 0.4
"""Share of the further lines of their texts that go on in lower case, at least."""
MIN_WORDS, MAX_HEAD = 6, 8
"""Words of a card's text on average, at least, and of its heading, at most."""
LARGER = 1.05
"""A heading's letters are larger by this factor, or bold."""
BOLD = ("bold", "black", "heavy", "semibold")

Card = list[Line]


def find_cards(bands: Sequence[Band]) -> list[Sequence[PrintedRow]]:
    """Headings and texts of cards in reading order, in groups; none without cards."""
    rows = list(_cards(bands))
    cards = [card for row in rows if len(row) > 1 for card in row]
    headed = [card for card in cards if len(card) > 1 and _is_head(card[0], card[-1])]
    if len(cards) < MIN_CARDS or len(headed) < MIN_HEADED * len(cards):
        return []
    if any(len(row) < 2 for row in rows):
        return []
    bodies = [[line for line in card if not _is_head(line, card[-1])] for card in headed]
    return [group for card in cards for group in _groups(card)] if _are_texts(bodies) else []


def _are_texts(bodies: Sequence[Card]) -> bool:
    """Whether lines are of sentences, and not of cells below each other."""
    words = sum(_count(line) for body in bodies for line in body)
    further = [line[0].words[0].text for body in bodies for line in body[1:]]
    lower = sum(text[:1].islower() for text in further)
    return words >= MIN_WORDS * len(bodies) and 0 < MIN_LOWER * len(further) <= lower


def _cards(bands: Sequence[Band]) -> Iterator[list[Card]]:
    """Cards of each row of them: bands of headings are one with the bands below."""
    at = 0
    while at < len(bands):
        heads, texts = bands[at].cells, bands[at + 1].cells if at + 1 < len(bands) else []
        if len(texts) == len(heads) and all(map(_is_above, heads, texts)):
            below = {text.column: text for text in texts}
            yield [[*head.lines, *below[head.column].lines] for head in heads]
            at += 2
        else:
            yield [list(cell.lines) for cell in heads]
            at += 1


def _is_above(head: Cell, text: Cell) -> bool:
    return (
        head.column == text.column
        and len(head.lines) < 3
        and _is_head(head.lines[-1], text.lines[-1])
    )


def _is_head(line: Line, text: Line) -> bool:
    """Whether a line is set as a heading of a text: in larger or bold letters."""
    one, two = line[0].words[0], text[0].words[0]
    if not (one.font and two.font) or _count(line) > MAX_HEAD:
        return False
    return one.size > LARGER * two.size or (_is_bold(one.font) and not _is_bold(two.font))


def _is_bold(font: str) -> bool:
    return any(name in font.lower() for name in BOLD)


def _count(line: Line) -> int:
    return sum(len(piece.words) for piece in line)


def _groups(card: Card) -> Iterator[Sequence[PrintedRow]]:
    heads = [line for line in card if _is_head(line, card[-1])]
    texts = [line for line in card if not _is_head(line, card[-1])]
    for lines in (heads, texts):
        if lines:
            yield [PrintedRow(tuple(line), False) for line in lines]
