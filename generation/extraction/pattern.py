"""Patterns of a caller's schema, matched by RE2 in time linear to the text.

A backtracking engine takes for ever on some patterns; RE2 has no backtracking,
and so neither look-around nor back-references (https://github.com/google/re2/wiki/Syntax).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import re2
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

MAX_LENGTH = 1_000
"""Characters of a pattern."""
MAX_MEMORY = 4 << 20
"""Bytes that a compiled pattern may take."""
_UNICODE = re.compile(r"(?<!\\)((?:\\\\)*)\\u([0-9A-Fa-f]{4})")
"""ECMA-262 writes a code point as \\uXXXX, RE2 as \\x{XXXX}."""


def check_pattern(pattern: Any) -> str:
    """Why a pattern cannot be used; empty if it can."""
    if not isinstance(pattern, str):
        return "a pattern is text"
    if len(pattern) > MAX_LENGTH:
        return f"the pattern has more than {MAX_LENGTH:,} characters"
    try:
        _compile(pattern)
    except (re2.error, UnicodeError, OverflowError) as error:
        said = error.args[0] if error.args else ""
        said = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
        return (
            f"the pattern {pattern[:100]!r} cannot be used ({said or 'not a pattern'});"
            " look-around and back-references are not supported"
        )
    return ""


@lru_cache(maxsize=256)
def _compile(pattern: str) -> Any:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = MAX_MEMORY
    return re2.compile(_UNICODE.sub(r"\1\\x{\2}", pattern), options)


def _match(
    validator: Any, pattern: str, instance: Any, schema: Mapping[str, Any]
) -> Iterator[ValidationError]:
    if isinstance(instance, str) and not _compile(pattern).search(instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


SchemaValidator = extend(Draft202012Validator, {"pattern": _match})
"""Validator of draft 2020-12 whose patterns are matched by RE2."""
