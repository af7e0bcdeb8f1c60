"""Optional properties of a record that a model gave as null."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generation.extraction.schema import Schema, validation_errors


def drop_nulls(data: dict[str, Any], schema: Schema) -> dict[str, Any]:
    """Record without those nulls that its schema neither asks for nor allows.

    OpenAI's structured output requires every property, so an optional one comes as null.

    >>> drop_nulls({"a": None}, {"type": "object", "properties": {"a": {"type": "string"}}})
    {}
    """
    found: dict[str, Any] = _without(data, schema, schema.get("$defs", {}))
    return found


def _without(value: Any, part: Any, defs: Mapping[str, Any]) -> Any:
    part = _resolve(part, defs)
    if isinstance(value, list):
        return [_without(one, part.get("items"), defs) for one in value]
    if not isinstance(value, dict):
        return value
    parts = part.get("properties", {})
    required = part.get("required", ())
    return {
        key: _without(one, parts.get(key), defs)
        for key, one in value.items()
        if one is not None or key in required or key not in parts or _allows_null(parts[key], defs)
    }


def _allows_null(part: Any, defs: Mapping[str, Any]) -> bool:
    return not validation_errors({"$defs": dict(defs), **_resolve(part, defs)}, None)


def _resolve(part: Any, defs: Mapping[str, Any]) -> Mapping[str, Any]:
    if not isinstance(part, Mapping):
        return {}
    name = str(part.get("$ref", "")).removeprefix("#/$defs/")
    found = defs.get(name, part)
    return found if isinstance(found, Mapping) else {}
