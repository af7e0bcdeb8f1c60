"""Amendments of a request: what a server refuses is left out or said otherwise."""

from __future__ import annotations

import logging
import re
from typing import Any

log = logging.getLogger(__name__)

LIMIT_NAMES = ("max_tokens", "max_completion_tokens")
MIN_TOKENS = 16
"""Fewer tokens than these are no reply."""

_OPTIONAL = (
    ("stream_options", re.compile(r"stream_options|include_usage")),
    ("temperature", re.compile(r"temperature")),
    ("response_format", re.compile(r"response_format|json_schema|structured output|schema", re.I)),
    ("response_json_schema", re.compile(r"response_json_schema|responseJsonSchema|schema", re.I)),
    ("output_config", re.compile(r"output_config|json_schema|structured output|schema", re.I)),
)
_OUT_OF_RANGE = re.compile(r"range|between|(?:less|greater) than|at (?:most|least)|must be", re.I)
"""Of a value that is wrong, where another of the same name would be taken."""
_CONTEXT = re.compile(
    r"(?:context (?:length|window|size)|max_model_len|max-model-len)\D{0,30}?(\d[\d,]*)", re.I
)
_GIVEN = re.compile(
    r"(\d[\d,]*)\s*(?:tokens )?(?:input tokens|in the messages|of text input|prompt tokens|in the prompt)"
    r"|(?:prompt|input)[^.\d]{0,40}?(\d[\d,]*)(?: input)? tokens",
    re.I,
)
_MOST = re.compile(
    r"max(?:_completion)?_tokens: \d+ > (\d[\d,]*)|at most (\d[\d,]*) (?:completion|output)?"
    r"|less than or equal to `?(\d[\d,]*)|\[1, ?(\d[\d,]*)\]|range.{0,12}to (\d[\d,]*)",
    re.I,
)


class Amendments:
    """What is known of a server's refusals; `known` keeps it from request to request."""

    def __init__(self, known: Amendments | None = None) -> None:
        self._left_out: set[str] = known._left_out if known else set()
        self._renamed: dict[str, str] = known._renamed if known else {}
        self._most: int | None = None
        self._sent: dict[str, Any] = {}

    def apply(self, body: dict[str, Any]) -> dict[str, Any]:
        """Amend a request's body as the server asked before."""
        amended: dict[str, Any] = {}
        for key, value in body.items():
            if key in self._left_out:
                continue
            if key in LIMIT_NAMES and self._most is not None:
                value = min(value, self._most)
            amended[self._renamed.get(key, key)] = value
        self._sent = amended
        return amended

    def __call__(self, message: str) -> bool:
        """Learn from a refusal of the request sent last; False where nothing can be changed."""
        name = next((name for name in LIMIT_NAMES if name in self._sent), None)
        if name and self._limit(name, message):
            return True
        for key, pattern in _OPTIONAL:
            if key in self._sent and pattern.search(message):
                if key == "temperature" and _OUT_OF_RANGE.search(message):
                    return False
                if key == "temperature":
                    log.warning("The model takes no temperature: it is asked without one.")
                self._left_out.add(key)
                return True
        return False

    def _limit(self, name: str, message: str) -> bool:
        smaller = smaller_limit(message, self._sent[name])
        if smaller is not None:
            self._most = smaller
            return True
        other = LIMIT_NAMES[1 - LIMIT_NAMES.index(name)]
        named = re.search(rf"(?<![\w]){name}(?!\w)", message)
        refused = re.search(
            r"support|unknown|unrecogni|not permitted|extra|unexpected|instead", message, re.I
        )
        if named and refused and not self._renamed:
            self._renamed[name] = other
            return True
        return False


def smaller_limit(message: str, sent: int) -> int | None:
    """Limit of a reply's tokens that a refusal leaves; None where it says none.

    >>> smaller_limit("max_tokens: 9000 > 4096, which is the maximum", 9000)
    4096
    >>> smaller_limit("maximum context length is 4096 tokens and your request has 3000 input tokens", 2048)
    1096
    """
    context, given = _CONTEXT.search(message), _GIVEN.search(message)
    if context and given:
        room = _number(context) - _number(given)
        return room if MIN_TOKENS <= room < sent else None
    if most := _MOST.search(message):
        found = _number(most)
        return found if "token" in message and MIN_TOKENS <= found < sent else None
    if context and sent // 4 >= MIN_TOKENS and any(name in message for name in LIMIT_NAMES):
        return sent // 4
    return None


def _number(found: re.Match[str]) -> int:
    return int(next(group for group in found.groups() if group).replace(",", ""))
