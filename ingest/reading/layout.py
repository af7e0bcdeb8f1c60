"""Page layout: words of text lines in reading order, in blocks with roles."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from ingest.box import gap_across, union_box
from ingest.page import Box, Word, WordRole
from ingest.reading.blocks import group_blocks, usual_pitch
from ingest.reading.line import DOTS, Line, are_level, is_leader, is_right_to_left
from ingest.reading.order.bidi import logical_order
from ingest.reading.order.columns import find_regions
from ingest.reading.order.facing import split_pages
from ingest.reading.order.leaders import part_leaders
from ingest.reading.order.line_numbers import part_line_numbers
from ingest.reading.order.piece import Piece, PrintedRow, find_slope, make_pieces
from ingest.reading.order.tables import find_rows
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
            for piece in make_pieces(part_leaders(_in_speech_order(line)), aspect, slope)
        ]


def _in_speech_order(line: TextLine) -> TextLine:
    if line.vertical or not is_right_to_left(line.text):
        return line
    return replace(line, words=logical_order(line.words))


def _find_blocks(pieces: Sequence[Piece]) -> Iterator[Block]:
    """Blocks of one direction of print, in reading order."""
    style = PageStyle(pieces)
    pieces, numbers = part_line_numbers(pieces)
    groups = [
        _Lines(rows, style)
        for region in find_regions(pieces)
        for rows in region.groups or find_rows(region.pieces)
    ]
    pitch = usual_pitch([line for group in groups for line in group.lines])
    for group in groups:
        yield from group.blocks(style, pitch)
    if numbers:
        yield Block(tuple(piece.words for piece in numbers), "footer")


class _Lines:
    """Lines of a group of rows: their words, as on the page and turned."""

    def __init__(self, rows: Sequence[PrintedRow], style: PageStyle) -> None:
        self._turned: list[LineWord] = []
        self._words: list[LineWord] = []
        self._starts: dict[int, list[int]] = {}
        self.lines = [self._line(row, style) for row in rows]

    def _line(self, row: PrintedRow, style: PageStyle) -> Line:
        start = len(self._words)
        starts = self._starts[start] = [start]
        before: Piece | None = None
        for piece in _in_order(row.pieces):
            # Below the piece before a cell goes on, or the next one begins.
            if row.cells and before is not None and not are_level(before.box, piece.box):
                starts.append(len(self._words))
            before = piece
            self._words.extend(piece.words)
            self._turned.extend(
                LineWord(word.text, box, "", style.relative_size(word, piece.line.origin))
                for word, box in zip(piece.words, piece.boxes, strict=True)
            )
        led = any(
            word.text[:1] in DOTS and is_leader(word.text) for word in self._words[start + 1 : -1]
        )
        box: Box = union_box([piece.box for piece in row.pieces])
        return Line(start, len(self._words), box, row.cells or led)

    def blocks(self, style: PageStyle, pitch: float) -> Iterator[Block]:
        """Blocks of the lines; `pitch` is that of the page."""
        for block in group_blocks(self._turned, self.lines, pitch):
            for group in _by_size(self._turned, block):
                first, last = group[0].start, group[-1].end
                role = find_role(self._turned[first:last], group, style)
                starts = [at for line in group for at in self._starts[line.start]]
                parts = pairwise([*starts, last])
                yield Block(tuple(tuple(self._words[one:two]) for one, two in parts), role)


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
    if turned <= others:
        return pieces
    cells: list[list[Piece]] = []
    for piece in pieces:
        if cells and gap_across(union_box([each.box for each in cells[-1]]), piece.box) <= 0:
            cells[-1].append(piece)
        else:
            cells.append([piece])
    return [piece for cell in reversed(cells) for piece in cell]


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
