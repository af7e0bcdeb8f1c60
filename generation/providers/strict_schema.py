"""Strict schemas: a JSON schema within what structured output accepts.

Anthropic and OpenAI want `additionalProperties: false` for every object and know no
bounds, lengths or patterns. Those go into the description; the reply is checked by
the whole schema anyway.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

_KEPT = ("title", "description", "enum", "const")
_NOTED = (
    "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength",
    "maxLength", "pattern", "format", "minItems", "maxItems", "uniqueItems",
)  # fmt: skip


class Inexpressible(ValueError):
    """A schema cannot be said in the strict subset."""


def strict_schema(schema: Mapping[str, Any], *, all_required: bool) -> dict[str, Any] | None:
    """Schema in the strict subset; None where it cannot be said there.

    Args:
        all_required: OpenAI wants every property; an optional one may then be null.

    >>> strict_schema({"type": "integer", "minimum": 1}, all_required=False)
    {'description': 'minimum: 1', 'type': 'integer'}
    """
    try:
        return _strict(schema, all_required)
    except Inexpressible:
        return None


def _strict(part: Any, every: bool) -> dict[str, Any]:
    if not isinstance(part, Mapping):
        raise Inexpressible
    defs = {name: _strict(one, every) for name, one in part.get("$defs", {}).items()}
    found: dict[str, Any] = {"$defs": defs} if defs else {}
    if "$ref" in part:
        if not str(part["$ref"]).startswith("#/$defs/"):
            raise Inexpressible
        return found | {"$ref": part["$ref"]}
    merged = part.get("allOf")
    if merged is not None:
        if len(merged) != 1:
            raise Inexpressible
        rest = {key: value for key, value in part.items() if key not in ("allOf", "$defs")}
        return found | _strict({**rest, **merged[0]}, every)
    found |= {key: part[key] for key in _KEPT if key in part}
    if notes := [f"{key}: {json.dumps(part[key])}" for key in _NOTED if key in part]:
        found["description"] = "; ".join(
            [*([found["description"]] if "description" in found else []), *notes]
        )
    return found | _shape(part, every)


def _shape(part: Mapping[str, Any], every: bool) -> dict[str, Any]:
    choices = part.get("anyOf") or part.get("oneOf")
    if choices:
        return {"anyOf": [_strict(one, every) for one in choices]}
    kind = part.get("type")
    if isinstance(kind, list):
        bare = {key: value for key, value in part.items() if key not in ("title", "description")}
        kinds = [{"type": "null"} if one == "null" else {**bare, "type": one} for one in kind]
        if "enum" in part:
            return {}
        return {"anyOf": [_strict(one, every) for one in kinds]}
    if kind is None and ("enum" in part or "const" in part):
        return {}
    if kind == "object":
        return _object(part, every)
    if kind == "array":
        return {"type": "array", "items": _strict(part.get("items"), every)}
    if kind in ("string", "integer", "number", "boolean", "null"):
        return {"type": kind}
    raise Inexpressible


def _object(part: Mapping[str, Any], every: bool) -> dict[str, Any]:
    if not part.get("properties") or part.get("additionalProperties"):
        raise Inexpressible
    needed = list(part.get("required", ()))
    properties = {}
    for name, one in part["properties"].items():
        inner = _strict(one, every)
        if every and name not in needed:
            inner = {"anyOf": [inner, {"type": "null"}]}
        properties[name] = inner
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties) if every else needed,
        "additionalProperties": False,
    }
