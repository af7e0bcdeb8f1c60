"""Cut sentences: parts that the layout of a page has set apart, joined again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from generation.text.sentence import MAX_WORDS, Sentence
from ingest.box import union_box
from ingest.page import Word

MIN_WORDS = 5
"""Words of a part that goes on in the next one, at least: a label or a title has fewer."""
MAX_GAP = 2.0
"""Between two parts, in heights of a line of the first."""
_ENDS = tuple(".!?:;。！？：")


def join_cut(words: Sequence[Word], sentences: Sequence[Sentence]) -> list[Sentence]:
    """Join a part without an end mark with one below it that goes on in lower case."""
    return list(_joined(words, sentences))


def _joined(words: Sequence[Word], sentences: Sequence[Sentence]) -> Iterator[Sentence]:
    before: Sentence | None = None
    for each in sentences:
        if before is not None and _goes_on(words, before, each):
            role = "text" if each.text.endswith(_ENDS) else before.role
            before = Sentence(before.start, each.end, f"{before.text} {each.text}", role)
            continue
        if before is not None:
            yield before
        before = each
    if before is not None:
        yield before


def _goes_on(words: Sequence[Word], part: Sentence, following: Sentence) -> bool:
    if not {part.role, following.role} <= {"text", "heading", "item"} or following.role == "item":
        return False
    if part.end - part.start < MIN_WORDS or part.text.endswith(_ENDS):
        return False
    if following.end - part.start > MAX_WORDS or not following.text[:1].islower():
        return False
    last, first = words[part.end - 1].box, words[following.start].box
    above = union_box([word.box for word in words[part.start : part.end]])
    below = union_box([word.box for word in words[following.start : following.end]])
    beside = min(above[2], below[2]) > max(above[0], below[0])
    return beside and first[1] - last[1] > 0 and first[1] - last[3] < MAX_GAP * (last[3] - last[1])
