"""Page layout: words of text lines in reading order, in blocks with roles."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ingest.box import union_box
from ingest.page import Box, Word, WordRole
from ingest.reading.blocks import group_blocks
from ingest.reading.line import Line, is_right_to_left
from ingest.reading.order.bidi import logical_order
from ingest.reading.order.columns import find_regions
from ingest.reading.order.facing import split_pages
from ingest.reading.order.piece import Piece, find_slope, make_pieces
from ingest.reading.order.tables import PrintedRow, find_rows
from ingest.reading.order.vertical import join_vertical
from ingest.reading.roles import HEADING_SIZE, PageStyle, find_role
from ingest.reading.spelling.printed import print_words
from ingest.reading.text_line import LineWord, TextLine

UPRIGHT = 2
"""Text at an angle is read first where it is this many times as long as the upright."""


@dataclass(frozen=True, slots=True)
class Block:
    """Lines that are read as one: their words and boxes on the page."""

    lines: tuple[tuple[LineWord, ...], ...]
    role: WordRole


def arrange(
    lines: Sequence[TextLine], aspect: float = 1.0, fold: float | None = None
) -> tuple[Word, ...]:
    """Words of a page as printed, in reading order, with block and role.

    Comments follow what is printed; words that the page does not show come last.

    Args:
        aspect: the page's width over its height.
        fold: between two facing pages, as `find_fold` gives it.
    """
    seen, hidden, notes = _part(lines)
    blocks = [
        block
        for page in split_pages(seen, aspect, fold)
        for frame in _frames(page, aspect)
        for block in _find_blocks(frame)
    ]
    blocks = list(_joined(blocks))
    blocks += [Block((line.words,), "note") for line in notes]
    blocks += [Block((line.words,), "hidden") for line in hidden]
    printed = frozenset(
        word.text.casefold().strip(".,;:!?()\"'") for line in seen for word in line.words
    )
    return tuple(
        word
        for number, block in enumerate(blocks, start=1)
        for word in print_words(block.lines, number, block.role, printed)
    )


def _part(lines: Sequence[TextLine]) -> tuple[list[TextLine], list[TextLine], list[TextLine]]:
    """Lines that are seen, lines that are not, and comments."""
    seen: list[TextLine] = []
    hidden: list[TextLine] = []
    notes: list[TextLine] = []
    for line in lines:
        if line.origin == "note":
            notes.append(line)
            continue
        if not any(word.hidden for word in line.words):
            seen.append(line)
            continue
        for shown, into in ((True, seen), (False, hidden)):
            if words := tuple(word for word in line.words if word.hidden is not shown):
                into.append(replace(line, words=words))
    return seen, hidden, notes


def _frames(lines: Sequence[TextLine], aspect: float) -> Iterator[list[Piece]]:
    """Pieces by the direction of print: upright first, unless most of the text is not."""
    frames: defaultdict[int, list[TextLine]] = defaultdict(list)
    letters: Counter[int] = Counter()
    for line in join_vertical(lines, aspect):
        angle: int = 90 if line.vertical else line.angle
        frames[angle].append(line)
        letters[angle] += len(line.text) * (1 if angle else UPRIGHT)
    for turned, _ in letters.most_common():
        slope = find_slope(frames[turned], aspect)
        yield [
            piece
            for line in frames[turned]
            for piece in make_pieces(_in_speech_order(line), aspect, slope)
        ]


def _in_speech_order(line: TextLine) -> TextLine:
    if line.vertical or not is_right_to_left(line.text):
        return line
    return replace(line, words=logical_order(line.words))


def _find_blocks(pieces: Sequence[Piece]) -> Iterator[Block]:
    """Blocks of one direction of print, in reading order."""
    style = PageStyle(pieces)
    for region in find_regions(pieces):
        for rows in find_rows(region):
            yield from _blocks_of(rows, style)


def _blocks_of(rows: Sequence[PrintedRow], style: PageStyle) -> Iterator[Block]:
    turned: list[LineWord] = []
    words: list[LineWord] = []
    lines: list[Line] = []
    for row in rows:
        start = len(words)
        for piece in _in_order(row.pieces):
            words.extend(piece.words)
            turned.extend(
                LineWord(word.text, box, "", style.relative_size(word, piece.line.origin))
                for word, box in zip(piece.words, piece.boxes, strict=True)
            )
        box: Box = union_box([piece.box for piece in row.pieces])
        lines.append(Line(start, len(words), box, row.cells))
    for group in (
        some for block in group_blocks(turned, lines) for some in _by_size(turned, block)
    ):
        first, last = group[0].start, group[-1].end
        role = find_role(turned[first:last], group, style)
        yield Block(tuple(tuple(words[line.start : line.end]) for line in group), role)


def _by_size(words: Sequence[LineWord], lines: Sequence[Line]) -> Iterator[list[Line]]:
    """Lines of a block, parted where the letters grow or shrink as to a heading's."""
    part = [lines[0]]
    for line in lines[1:]:
        sizes = sorted(_size(words, each) for each in (part[-1], line))
        if sizes[1] > HEADING_SIZE * sizes[0]:
            yield part
            part = []
        part.append(line)
    yield part


def _size(words: Sequence[LineWord], line: Line) -> float:
    """Size of most letters of a line."""
    letters: Counter[float] = Counter()
    for word in words[line.start : line.end]:
        letters[word.size] += len(word.text)
    return letters.most_common(1)[0][0]


def _in_order(pieces: Sequence[Piece]) -> Sequence[Piece]:
    """Pieces of a row from right to left where their script runs so."""
    turned = sum(is_right_to_left(piece.line.text) for piece in pieces)
    others = sum(any(map(str.isalpha, piece.line.text)) for piece in pieces) - turned
    return pieces[::-1] if turned > others else pieces


def _joined(blocks: Sequence[Block]) -> Iterator[Block]:
    """Blocks, those that one paragraph has in two columns as one."""
    waiting: Block | None = None
    for block in blocks:
        if waiting is not None and _continues(waiting, block):
            waiting = Block((*waiting.lines, *block.lines), waiting.role)
            continue
        if waiting is not None:
            yield waiting
        waiting = block
    if waiting is not None:
        yield waiting


def _continues(block: Block, following: Block) -> bool:
    """Whether a paragraph goes on in the next column."""
    if block.role != "text" or following.role != "text" or len(block.lines) < 2:
        return False
    last, first = block.lines[-1][-1], following.lines[0][0]
    upwards = first.box[3] < last.box[1]
    open_end = last.text[-1:].isalnum() or last.text[-1:] in ",-\u2010\u00ad"
    return upwards and open_end and first.text[:1].islower() and abs(last.size - first.size) <= 0.5
