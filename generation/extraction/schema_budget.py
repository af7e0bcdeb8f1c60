"""Schema budget: a caller's schema is refused where using it could take for ever.

A schema is data of whoever asks. Its size, depth, parts and references are counted
before anything else reads it, in time linear to its size; a reference counts for
all that it refers to, and one that leads back to itself is refused.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from referencing import Registry
from referencing.exceptions import CannotDetermineSpecification, Unresolvable
from referencing.jsonschema import DRAFT202012

from generation.extraction.pattern import check_pattern
from ingest.error import InvalidInputError

MAX_BYTES = 256 << 10
"""Bytes of a schema, as JSON."""
MAX_DEPTH = 40
"""Levels of objects and lists in a schema."""
MAX_PARTS = 2_000
"""Parts (objects) of a schema, each counted as often as it is referred to."""
UNSUPPORTED = frozenset({"$dynamicRef", "$dynamicAnchor", "$recursiveRef", "patternProperties"})
"""Keywords that are refused: a record's properties have names, its references one target."""
_DATA = frozenset({"const", "default", "enum", "examples"})
"""Keywords whose values are data, not schemas."""
_SCHEMAS = frozenset({"properties", "$defs", "definitions", "dependentSchemas"})
"""Keywords whose values are objects of schemas by name."""
_LISTS = frozenset({"anyOf", "oneOf", "allOf", "prefixItems"})


MAX_WORK = 2_000_000
"""Values of a record, times parts and alternatives of its schema, that are compared."""


class InvalidSchema(InvalidInputError):
    """A schema cannot be read, or is not valid."""

    code = "invalid-schema"


def check_budget(schema: dict[str, Any], name: str = "The schema") -> None:
    """Check that a schema is small, without circles, and of what is read.

    Raises:
        InvalidSchema: it is not, with the place and the reason.
    """
    _check_depth(schema, name)
    try:
        size = len(json.dumps(schema).encode())
    except (TypeError, ValueError) as error:
        raise InvalidSchema(f"{name} is not JSON.", hint="Give a schema of JSON values.") from error
    if size > MAX_BYTES:
        raise _refused(name, "", f"it has {size:,} bytes, more than {MAX_BYTES:,}")
    _PartCounter(schema, name).count(schema, "")


def _check_depth(schema: Any, name: str) -> None:
    """Refuse deep nesting, level by level: recursion would fail on it first."""
    level = [schema]
    for _ in range(MAX_DEPTH):
        level = [inner for value in level for inner in _inside(value)]
        if not level:
            return
    raise _refused(name, "", f"it is nested more than {MAX_DEPTH} levels deep")


def _inside(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value


class _PartCounter:
    """Counts the parts of a schema, each reference for what it refers to."""

    def __init__(self, root: dict[str, Any], name: str) -> None:
        self._name = name
        self._known: dict[int, int] = {}
        self._open: set[int] = set()
        try:
            self._resolver = Registry().resolver_with_root(DRAFT202012.create_resource(root))
        except (CannotDetermineSpecification, AttributeError, TypeError) as error:
            raise _refused(name, "/$id", "it cannot be used") from error

    def count(self, part: Any, place: str) -> int:
        """Number of parts below and including one."""
        if not isinstance(part, dict):
            raise _refused(self._name, place, "it is not a schema (an object)")
        if id(part) in self._open:
            raise _refused(self._name, place, "it refers to itself")
        if len(self._open) > MAX_DEPTH * 3:
            raise _refused(self._name, place, "its references lead too deep")
        if id(part) in self._known:
            return self._known[id(part)]
        self._open.add(id(part))
        total = 1
        for inner, where in self._parts(part, place):
            total += self.count(inner, where)
            if total > MAX_PARTS:
                raise _refused(
                    self._name, place, f"it has more than {MAX_PARTS:,} parts, references counted"
                )
        self._open.discard(id(part))
        self._known[id(part)] = total
        return total

    def _parts(self, part: dict[str, Any], place: str) -> Iterator[tuple[Any, str]]:
        for key, value in part.items():
            where = f"{place}/{key}"
            if key in UNSUPPORTED or (key == "$id" and place):
                raise _refused(self._name, where, "this keyword is not supported")
            if key == "pattern":
                if reason := check_pattern(value):
                    raise _refused(self._name, where, reason)
            elif key == "$ref":
                yield self._target(value, where), where
            elif key in _SCHEMAS:
                yield from self._named(value, where)
            elif key in _LISTS:
                yield from self._listed(value, where)
            elif key == "items" or (key not in _DATA and isinstance(value, dict)):
                yield value, where

    def _named(self, value: Any, where: str) -> Iterator[tuple[Any, str]]:
        if not isinstance(value, dict):
            raise _refused(self._name, where, "it is not an object")
        for inner, schema in value.items():
            yield schema, f"{where}/{inner}"

    def _listed(self, value: Any, where: str) -> Iterator[tuple[Any, str]]:
        if not isinstance(value, list):
            raise _refused(self._name, where, "it is not a list")
        for at, schema in enumerate(value):
            yield schema, f"{where}/{at}"

    def _target(self, reference: Any, where: str) -> Any:
        """What a reference refers to, in the schema itself."""
        if not isinstance(reference, str):
            raise _refused(self._name, where, "it is not text")
        try:
            return self._resolver.lookup(reference).contents
        except (Unresolvable, ValueError, TypeError, AttributeError, LookupError) as error:
            raise InvalidSchema(
                f"{self._name} refers to {reference[:200]!r}, which it does not hold.",
                hint="Put what it refers to under its own $defs; nothing is fetched.",
            ) from error


def exceeds_work(schema: Any, value: Any) -> bool:
    """Whether checking a value against a schema may take too long: by their sizes."""
    return count_values(schema) * count_values(value) > MAX_WORK


def count_values(value: Any) -> int:
    """Objects, lists and scalars of a JSON value, without recursion."""
    count, level = 0, [value]
    while level:
        count += len(level)
        level = [inner for one in level for inner in _inside(one)]
    return count


def _refused(name: str, place: str, reason: str) -> InvalidSchema:
    return InvalidSchema(
        f"{name}, at {place[:200] or 'the top'}: {reason}.",
        hint="Give a smaller schema, with named properties and references to its own $defs.",
    )
