"""Moments: times of a recording in a record, checked against its shots."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from generation.extraction.record import Field
from generation.prompt import Evidence
from generation.text.moment import TIME, seconds_of, seconds_to
from generation.text.quote import find_quote, quote_boxes

TOLERANCE = 2.0
"""Seconds that a time may be off: where a scene begins is a matter of taste."""


def check_moment(
    pointer: str, value: Any, evidence: Sequence[Evidence], quote: str
) -> Field | None:
    """Field of a time in a recording; None for any other value.

    It is verified where a shot begins or ends at that time, within `TOLERANCE`, or where the
    words that it rests on are said in the shot that is shown then. Its page is that shot.
    """
    shots = [each for each in evidence if each.page.span]
    if not shots or not isinstance(value, str) or not re.fullmatch(TIME, value):
        return None
    time = seconds_of(value)
    shot = min(shots, key=lambda each: seconds_to(each.page.span, time))
    if seconds_to(shot.page.span, time) > TOLERANCE:
        return Field(pointer, value, None, quote, (), printed=False, verified=False)
    words = find_quote(quote, shot.words) if quote else None
    boxes = quote_boxes(shot.words, words) if words else ()
    is_edge = any(_is_edge(each, time) for each in shots)
    verified = is_edge or words is not None
    return Field(
        pointer, value, shot.page, quote if words else "", boxes, printed=False, verified=verified
    )


def _is_edge(evidence: Evidence, time: int) -> bool:
    span = evidence.page.span
    assert span is not None
    return min(abs(span.start - time), abs(span.end - time)) <= TOLERANCE
