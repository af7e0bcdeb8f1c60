"""JSON Schema (draft 2020-12) of a record: loading, checking, validation.

References outside the schema are refused, so that nothing is ever fetched for one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from jsonschema import FormatChecker
from jsonschema.exceptions import SchemaError
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from generation.extraction.pattern import SchemaValidator
from generation.extraction.schema_budget import InvalidSchema, check_budget, exceeds_work

__all__ = [
    "InvalidSchema",
    "Schema",
    "check_schema",
    "escape_pointer",
    "find_schema",
    "json_types",
    "open_schema",
    "ready_schemas",
    "resolve",
    "scalar_leaves",
    "validation_errors",
]

Schema = Mapping[str, Any]
MAX_ERRORS = 20
MAX_MESSAGE = 300
"""Characters of a validation error, which may repeat the value."""


@cache
def ready_schemas() -> dict[str, Schema]:
    """Schemas that come with the program, by name."""
    folder = files("generation.extraction").joinpath("schemas")
    return {
        entry.name.removesuffix(".json"): json.loads(entry.read_text(encoding="utf-8"))
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name)
        if entry.name.endswith(".json")
    }


def find_schema(wanted: str | Mapping[str, Any]) -> Schema:
    """Ready schema by name, or a schema as it is given, checked; no file is read.

    Raises:
        InvalidSchema: there is no such schema, or it is not valid.
    """
    if not isinstance(wanted, str):
        return check_schema(dict(wanted))
    ready = ready_schemas()
    if wanted not in ready:
        raise InvalidSchema(
            f"There is no schema {wanted!r}.", hint=f"Send one, or name: {', '.join(ready)}."
        )
    return ready[wanted]


def open_schema(wanted: str) -> Schema:
    """Load a ready schema by name, else the schema in a file, and check it.

    Raises:
        InvalidSchema: there is no such schema, or it is not valid.
    """
    ready = ready_schemas()
    if wanted in ready:
        return ready[wanted]
    path = Path(wanted).expanduser()
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise InvalidSchema(
            f"{path.name}, line {error.lineno}, column {error.colno}: {error.msg}.",
            hint="Write it as JSON (a comma too many is the commonest slip).",
        ) from error
    except RecursionError as error:
        raise InvalidSchema(
            f"{path.name} is nested too deep.", hint="Give a flatter one."
        ) from error
    except (OSError, UnicodeError) as error:
        raise InvalidSchema(
            f"The schema {wanted} cannot be read: {getattr(error, 'strerror', None) or error}.",
            hint=f"Name a JSON file, or one of: {', '.join(ready)}.",
        ) from error
    return check_schema(found, path.name)


def check_schema(schema: Any, name: str = "The schema") -> Schema:
    """Check that a schema is valid, of an object and within its budget; returns it.

    Raises:
        InvalidSchema: it is not, with the place and the reason.
    """
    ready = ", ".join(ready_schemas())
    hint = f"See https://json-schema.org/draft/2020-12, or begin with a ready schema: {ready}."
    if not isinstance(schema, dict):
        raise InvalidSchema(f"{name} is not a JSON object.", hint=hint)
    check_budget(schema, name)
    try:
        # Without checks of formats: Python's own engine would compile the patterns.
        SchemaValidator.check_schema(schema, format_checker=FormatChecker(formats=()))
    except SchemaError as error:
        raise InvalidSchema(
            f"{name}, at {_pointer(error.absolute_path) or 'the top'}: {error.message}.",
            hint=hint,
        ) from error
    if json_types(schema, schema) != {"object"}:
        raise InvalidSchema(
            f'{name} has no "type": "object" at the top.',
            hint="A record is an object: put what you want into one of its properties.",
        )
    return schema


def validation_errors(schema: Schema, value: Any) -> list[str]:
    """Validation errors of a value, each `/json/pointer: reason`.

    A value that takes too much work, or that cannot be compared, is an error itself.
    """
    if exceeds_work(schema, value):
        return ["/: the record is too large to be checked against the schema"]
    validator = SchemaValidator(schema, registry=Registry())
    try:
        errors = sorted(validator.iter_errors(value), key=lambda error: list(map(str, error.path)))
    except (ArithmeticError, RecursionError, ValueError):  # NaN, infinities, deep nesting
        return ["/: the record cannot be checked against the schema"]
    return [
        f"{_pointer(e.absolute_path) or '/'}: {_shorten(e.message)}" for e in errors[:MAX_ERRORS]
    ]


def _shorten(message: str) -> str:
    return message if len(message) <= MAX_MESSAGE else f"{message[:MAX_MESSAGE]}…"


def resolve(root: Schema, part: Schema) -> Schema:
    """Resolve the `$ref` of a part of a schema; {} where references form a circle."""
    for _ in range(16):
        if "$ref" not in part:
            return part
        resolver = Registry().resolver_with_root(DRAFT202012.create_resource(root))
        part = resolver.lookup(part["$ref"]).contents
    return {}


def json_types(root: Schema, part: Schema) -> set[str]:
    """JSON types that a part of a schema allows."""
    part = resolve(root, part)
    if "type" in part:
        named = part["type"]
        return {named} if isinstance(named, str) else set(named)
    if "enum" in part:
        return {_json_type(value) for value in part["enum"]}
    if "properties" in part:
        return {"object"}
    some = [json_types(root, one) for key in ("anyOf", "oneOf") for one in part.get(key, ())]
    return set().union(*some)


def scalar_leaves(value: Any, pointer: str = "") -> Iterator[tuple[str, Any]]:
    """Scalars of a JSON value, each with its JSON pointer (RFC 6901)."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from scalar_leaves(inner, f"{pointer}/{escape_pointer(key)}")
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            yield from scalar_leaves(inner, f"{pointer}/{at}")
    else:
        yield pointer, value


def escape_pointer(key: str) -> str:
    """Escape a key for a JSON pointer."""
    return key.replace("~", "~0").replace("/", "~1")


def _json_type(value: Any) -> str:
    match value:
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case None:
            return "null"
        case str():
            return "string"
        case list():
            return "array"
    return "object"


def _pointer(path: Any) -> str:
    return "".join(f"/{escape_pointer(str(step))}" for step in path)
