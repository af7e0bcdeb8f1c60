"""Quotation marks: where quotes begin and end, in the marks of many languages.

Many marks open in one language and close in another (`“`, `»`), and straight
ones do both, so a mark is read by what is open and by what stands beside it.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field

_OPENED_BY = {
    '"': '"“„”',
    "”": '“„”‟"',
    "“": "„",
    "»": "«»",
    "«": "»",
    "›": "‹›",
    "‹": "›",
    "」": "「",
    "』": "『",
    "》": "《",
    "〉": "〈",
    "〟": "〝",
    "〞": "〝",
    "｣": "｢",
    "﹂": "﹁",
    "﹄": "﹃",
    "＂": "＂",
    "״": "״„",
    "’": "‘‚’",
    "‘": "‚",
    "'": "'‘",
    "`": "`",
}
_ONLY_OPENING = frozenset("„‟「『《〈〝｢﹁﹃‚")
_ONLY_CLOSING = frozenset("」』》〉〟〞｣﹂﹄")
_BOTH = frozenset(_OPENED_BY) - _ONLY_CLOSING
MARKS = _ONLY_OPENING | frozenset(_OPENED_BY)
"""Every quotation mark."""

_APOSTROPHES = frozenset("'’‘`")
_SINGLE = frozenset("'’‘‚`")
_OPENING_BRACKETS = frozenset("([{（［【〔<|=>")
_ENDS = frozenset(".,;:!?…)]}）］】〕。，、；：！？|<[(（【［—–-")
_WEAK = frozenset(":：。、，,-–—―/;；!！?？.…)]}）］】")
_MARKUP = frozenset("*_~\\\u200b\u200e\u200f\u2060")
MAX_MARKUP = 6


@dataclass(slots=True)
class QuoteMarks:
    """Quotation marks of a text.

    Attributes:
        pairs: the opening mark of each closing one that has one.
        closers: offsets of marks that end a quote, or may, in order.
        starts: offsets of marks that begin a quote, or may, in order.
        left_open: offset of the first mark, no single one, that begins a quote without an end.
    """

    text: str
    pairs: dict[int, int] = field(default_factory=dict)
    closers: list[int] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    left_open: int | None = None

    def closer_before(self, at: int) -> int | None:
        """The last closing mark before an offset."""
        found = bisect_left(self.closers, at)
        return self.closers[found - 1] if found else None

    def closer_after(self, at: int) -> int | None:
        """The first closing mark from an offset."""
        found = bisect_left(self.closers, at)
        return self.closers[found] if found < len(self.closers) else None

    def is_single(self, at: int) -> bool:
        """Whether the mark at an offset is a single one, as an apostrophe is."""
        return self.text[at] in _SINGLE

    def starts_between(self, low: int, closer: int, most: int) -> list[int]:
        """Offsets, from `low`, of at most `most` marks that can begin what `closer` ends."""
        opening = _OPENED_BY[self.text[closer]]
        first = bisect_left(self.starts, low)
        found = []
        for start in self.starts[first : bisect_left(self.starts, closer)]:
            if self.text[start] in opening:
                found.append(start)
                if len(found) == most:
                    break
        return found


def find_marks(text: str) -> QuoteMarks:
    """Find and pair the quotation marks of a text, in linear time."""
    marks = QuoteMarks(_plain_marks(text))
    stack: list[int] = []
    depth: dict[str, int] = {}
    for at, letter in enumerate(marks.text):
        if letter not in MARKS:
            continue
        can_close = any(depth.get(opening) for opening in _OPENED_BY.get(letter, ""))
        match _role(marks.text, at, stack, can_close=can_close):
            case "open":
                stack.append(at)
                marks.starts.append(at)
                depth[letter] = depth.get(letter, 0) + 1
            case "close":
                marks.closers.append(at)
                if can_close:
                    marks.pairs[at] = _unwind(marks.text, stack, depth, _OPENED_BY[letter])
                else:
                    marks.starts.append(at)
            case _:
                pass
    marks.left_open = next((at for at in stack if marks.text[at] not in _SINGLE), None)
    return marks


def _unwind(text: str, stack: list[int], depth: dict[str, int], opening: str) -> int:
    """Take the innermost quote that one of `opening` began, and any left open inside it."""
    while True:
        at = stack.pop()
        depth[text[at]] -= 1
        if text[at] in opening:
            return at


def _plain_marks(text: str) -> str:
    """Text of the same length, with TeX's marks as curly ones."""
    if "``" in text and "```" not in text:
        text = text.replace("``", "\u200b“").replace("''", "”\u200b")
    return text


def _role(text: str, at: int, stack: list[int], *, can_close: bool) -> str:
    """Role of a mark: "open", "close", or "" for none."""
    letter = text[at]
    if letter in _ONLY_OPENING:
        return "open"
    if letter in _ONLY_CLOSING:
        return "close"
    before, after = _beside(text, at, -1), _beside(text, at, 1)
    if _is_inside_word(letter, before, after):
        return ""
    begins = before.isspace() or before in _OPENING_BRACKETS or before in MARKS
    ends = after.isspace() or after in _ENDS or after in MARKS
    if can_close and _must_close(text, letter, stack):
        return "open" if letter in "“‘" and begins and not ends else "close"
    if begins:
        if can_close and ends:
            return "close"
        return "" if ends and letter in _APOSTROPHES else "open"
    if can_close:
        return "close"
    if ends or letter in _APOSTROPHES or letter == "»" or before.isdigit():
        opens = letter == "«" or (before in _WEAK and not ends)
        return "open" if opens else "close"
    return "open"


def _must_close(text: str, letter: str, stack: list[int]) -> bool:
    """Whether the mark differs from the one that it closes, so that only nesting opens it."""
    opening = _OPENED_BY[letter]
    for at in reversed(stack[-4:]):
        if text[at] in opening:
            return text[at] != letter and letter != '"'
    return False


def _is_inside_word(letter: str, before: str, after: str) -> bool:
    """Whether a mark is an apostrophe, or a mark of abbreviation as in Hebrew."""
    if not (before.isalnum() and after.isalnum()):
        return False
    return letter in _APOSTROPHES or (
        "\u0590" <= before <= "\u05ff" and "\u0590" <= after <= "\u05ff"
    )


def _beside(text: str, at: int, step: int) -> str:
    """The character beside a mark, past markup; a space at the ends of the text."""
    for _ in range(MAX_MARKUP):
        at += step
        if not 0 <= at < len(text):
            return " "
        if text[at] not in _MARKUP:
            return text[at]
    return " "
