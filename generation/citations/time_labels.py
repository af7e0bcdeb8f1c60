"""Time labels: times of a recording in an answer, as labels of its shots.

A model that saw a whole recording cites [12:31] or [1:02:03]. The shot is the one that
is shown then; where a quote stands before the time, the nearest one within `NEAR` seconds
that has its words, since models' times are a little off.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from generation.prompt import Evidence
from generation.text.moment import TIME, seconds_of, seconds_to
from generation.text.quote import find_quote

NEAR = 15.0
"""Seconds around a time in which a quote is looked for."""
MAX_GAP = 30.0
"""Seconds to the nearest shot: what looks like a shot before it is none of its own."""
MAX_LABEL = 60
"""Characters of a label of times."""
_TIME = rf"(?:{TIME}(?:[.,]\d{{1,3}})?)"
_WORDS = r"(?:at|from|time|timestamp|um|bei|à|a las|às|в|在|時刻|시간)?[ :]{0,2}"
_JOIN = r"\s{0,2}(?:[-–—~,;、]|to|and|bis|à|a|y|et|und|до|至)\s{0,2}"
_LABEL = re.compile(
    rf"([\[(（［【])\s{{0,2}}{_WORDS}({_TIME}(?:{_JOIN}{_TIME}){{0,8}})\s{{0,2}}[\])）］】]",
    re.IGNORECASE,
)
_OPENING = "[(（［【"
_ROUND = "(（"
_QUOTE = re.compile(r"[\"“”„«»「『]([^\"“”„«»「『」』\n]{2,400})[\"“”»«」』][\s.,;:!?*_]{0,4}$")


class TimeLabels:
    """Rewriter of times in streamed text, the same however it is cut into pieces.

    Args:
        evidence: pages that the model was shown; without shots nothing is rewritten.
        is_whole: they are one recording; then times in round brackets count too.

    Attributes:
        dropped: labels of times that no shot is near.
    """

    def __init__(self, evidence: Iterable[Evidence], *, is_whole: bool = False) -> None:
        self._shots = [each for each in evidence if each.page.span]
        self._is_whole = is_whole
        self._held = ""
        self._line = ""
        self.dropped = 0

    def feed(self, piece: str) -> str:
        """Text that is complete now; the rest comes with later pieces."""
        if not self._shots:
            return piece
        text = self._held + piece
        cut = _settled(text)
        self._held = text[cut:]
        return self._rewrite(text[:cut])

    def close(self) -> str:
        """End the text; give what is left."""
        text, self._held = self._held, ""
        return self._rewrite(text)

    def _rewrite(self, text: str) -> str:
        parts: list[str] = []
        end = 0
        for found in _LABEL.finditer(text):
            self._pass_on(text[end : found.start()], parts)
            self._pass_on(self._labels(found), parts)
            end = found.end()
        self._pass_on(text[end:], parts)
        return "".join(parts)

    def _pass_on(self, text: str, parts: list[str]) -> None:
        parts.append(text)
        self._line = (self._line + text).rpartition("\n")[2]

    def _labels(self, found: re.Match[str]) -> str:
        if found[1] in _ROUND and not self._is_whole:
            return found[0]
        quoted = _QUOTE.search(self._line)
        quote = quoted[1] if quoted else ""
        times = [seconds_of(time[0]) for time in re.finditer(_TIME, found[2])]
        labels = [self._label_at(time, quote) for time in times]
        known = dict.fromkeys(label for label in labels if label is not None)
        self.dropped += not known
        return "".join(f"[{label}]" for label in known) or found[0]

    def _label_at(self, time: int, quote: str) -> int | None:
        """Label of the shot at a time; None for none, or for several recordings."""
        near = sorted((seconds_to(each.page.span, time), at) for at, each in enumerate(self._shots))
        for distance, at in near:
            if quote and distance <= NEAR and find_quote(quote, self._shots[at].words):
                return self._shots[at].label
        distance, at = near[0]
        best = self._shots[at]
        same = [at for other, at in near if other == distance]
        several = len({self._shots[at].page.document_id for at in same}) > 1
        return None if distance > MAX_GAP or several else best.label


def _settled(text: str) -> int:
    """Length of the beginning of a text that no label is begun in."""
    last = max(text.rfind(mark) for mark in _OPENING)
    tail = text[last:] if last >= 0 else ""
    is_open = bool(tail) and len(tail) < MAX_LABEL and not re.search(r"[\])）］】\n]", tail)
    return last if is_open else len(text)
