"""Schemas of callers: hostile, malformed and large ones end at once, as a reason."""

from __future__ import annotations

import contextlib
import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generation.extraction.extract import reply_schema
from generation.extraction.pattern import check_pattern
from generation.extraction.record import RequiredFieldMissing
from generation.extraction.rules import extract_by_rules
from generation.extraction.schema import (
    InvalidSchema,
    check_schema,
    ready_schemas,
    validation_errors,
)
from generation.prompt import Evidence
from ingest.page import Page, Word

TEXT = {"type": "string"}


def record(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def doubling(levels: int) -> dict[str, Any]:
    """Each definition refers twice to the next."""
    defs: dict[str, Any] = {
        f"d{n}": record(a={"$ref": f"#/$defs/d{n + 1}"}, b={"$ref": f"#/$defs/d{n + 1}"})
        for n in range(levels)
    }
    return {**record(x={"$ref": "#/$defs/d0"}), "$defs": {**defs, f"d{levels}": TEXT}}


def nested(levels: int, key: str) -> dict[str, Any]:
    schema: Any = TEXT
    for _ in range(levels):
        schema = {key: [schema]} if key.endswith("Of") else {"type": "object", key: {"a": schema}}
    return record(x=schema)


HOSTILE: dict[str, Any] = {
    "itself": {"$ref": "#"},
    "itself in a property": record(a={"$ref": "#"}),
    "mutual": {**record(a={"$ref": "#/$defs/a"}), "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}},
    "anyOf itself": {**record(a={"$ref": "#/$defs/a"}), "$defs": {"a": {"anyOf": [{"$ref": "#/$defs/a"}]}}},
    "oneOf itself at the top": {"oneOf": [{"$ref": "#"}]},
    "items itself": {**record(a={"$ref": "#/$defs/a"}), "$defs": {"a": {"type": "array", "items": {"$ref": "#/$defs/a"}}}},
    "a property true": record(a=True),
    "a property false": record(a=False),
    "a property a list": record(a=[]),
    "a property null": record(a=None),
    "a property a number": record(a=3),
    "a definition true": {**record(a={"$ref": "#/$defs/a"}), "$defs": {"a": True}},
    "a reference to a list": {**record(a={"$ref": "#/required"}), "required": ["a"]},
    "a reference to text": record(a={"$ref": "#/type"}),
    "a reference to nothing": record(a={"$ref": "#/$defs/none"}),
    "a reference elsewhere": record(a={"$ref": "https://example.com/schema.json"}),
    "a reference to a file": record(a={"$ref": "file:///etc/passwd"}),
    "a reference that is none": record(a={"$ref": 7}),
    "a dynamic reference": record(a={"$dynamicRef": "#a"}),
    "an id inside": record(a={"$id": "https://example.com", "type": "string"}),
    "an id that is none": {**record(a=TEXT), "$id": 7},
    "properties a list": {"type": "object", "properties": ["a"]},
    "anyOf an object": record(a={"anyOf": {"type": "string"}}),
    "items true": record(a={"type": "array", "items": True}),
    "pattern properties": {**record(), "patternProperties": {"^((a|a)+)+$": TEXT}},
    "22 doublings": doubling(22),
    "1000 doublings": doubling(1000),
    "20,000 properties": record(**{f"p{n}": TEXT for n in range(20_000)}),
    "5,000 alternatives": record(a={"anyOf": [TEXT] * 5_000}),
    "a deep anyOf": nested(300, "anyOf"),
    "deep properties": nested(300, "properties"),
    "very deep": nested(900, "allOf"),
    "a chain of 900 references": {**record(a={"$ref": "#/$defs/d0"}), "$defs": {**{f"d{n}": {"$ref": f"#/$defs/d{n + 1}"} for n in range(900)}, "d900": TEXT}},
    "a large enum": record(a={"enum": ["x" * 100] * 5_000}),
    "a long description": record(a={"type": "string", "description": "x" * 300_000}),
    "type a number": record(a={"type": 7}),
    "a list of types with itself": record(a={"type": ["object", {"$ref": "#"}]}),
    "look-behind": record(a={"type": "string", "pattern": "(?<=a)b"}),
    "a back-reference": record(a={"type": "string", "pattern": r"(a)\1"}),
    "a pattern that is large": record(a={"type": "string", "pattern": "((a{100}){100}){100}"}),
    "a pattern that is long": record(a={"type": "string", "pattern": "a" * 5_000}),
    "a pattern that is none": record(a={"type": "string", "pattern": "("}),
    "a pattern that is no text": record(a={"type": "string", "pattern": 7}),
    "no schema": [],
    "nothing": None,
    "true": True,
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_schemas_are_refused_at_once(name: str) -> None:
    started = time.monotonic()
    with pytest.raises(InvalidSchema) as caught:
        check_schema(HOSTILE[name])
    assert time.monotonic() - started < 5
    assert len(str(caught.value)) < 2_000
    assert "Traceback" not in str(caught.value)


@pytest.mark.parametrize(
    "schema",
    [
        record(a={"type": "string", "pattern": r"^\d{4}-\d\d$"}),
        record(a={"type": "string", "pattern": "^((\\w|\\W)+)+\\x00$"}),
        {**record(a={"$ref": "#/$defs/money"}, b={"$ref": "#/$defs/money"}), "$defs": {"money": {"type": "number"}}},
        {**record(a=TEXT), "additionalProperties": False, "required": ["a"]},
        record(a={"type": ["string", "null"], "maxLength": 1e308}),
        record(a={"type": "number", "multipleOf": 1e-308}),
        record(a={"const": {"$ref": "#"}}, b={"enum": [{"$id": 7}]}),
        record(**{"$ref": TEXT, "pattern": TEXT, "items": TEXT}),
        record(**{f"p{n}": TEXT for n in range(500)}),
        doubling(7),
    ],
)  # fmt: skip
def test_honest_schemas_are_taken(schema: dict[str, Any]) -> None:
    assert check_schema(schema) is schema
    assert isinstance(validation_errors(schema, {"a": "2024-05", "b": 7}), list)
    reply_schema(schema)
    with contextlib.suppress(RequiredFieldMissing):
        extract_by_rules([], schema)


def test_the_ready_schemas_are_within_the_budget() -> None:
    for name, schema in ready_schemas().items():
        assert check_schema(schema, name) is schema


def test_a_pattern_that_freezes_other_engines_is_matched_in_no_time() -> None:
    schema = record(a={"type": "string", "pattern": "^((\\w|\\W)+)+\\x00$"})
    check_schema(schema)
    started = time.monotonic()
    [error] = validation_errors(schema, {"a": "x" * 50_000})
    assert time.monotonic() - started < 5
    assert error.startswith("/a: ")


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        (r"^\d+$", "12", True),
        (r"^\d+$", "12a", False),
        ("b", "abc", True),
        ("^[\\u00e4-\\u00fc]$", "ö", True),
        (r"^\\u0041$", r"\u0041", True),
        (r"^\p{L}+$", "Grüße", True),
        (r"^a\/b$", "a/b", True),
    ],
)
def test_patterns_mean_what_ecma_262_says(pattern: str, text: str, fits: bool) -> None:
    schema = check_schema(record(a={"type": "string", "pattern": pattern}))
    assert (validation_errors(schema, {"a": text}) == []) is fits


def test_a_pattern_that_cannot_be_used_is_told_why() -> None:
    assert "look-around" in check_pattern("(?=a)")
    assert check_pattern("a+") == ""


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        (record(a={"type": "number", "multipleOf": 0.01}), float("nan")),
        (record(a={"type": "number", "multipleOf": 0.5}), float("inf")),
        (record(a={"type": "number", "multipleOf": 0.01}), int("1" * 400)),
        (record(a={"type": "array", "items": {"anyOf": [{"type": "string", "minLength": n + 5} for n in range(1_900)]}}), [""] * 4_000),
        (record(a={"type": "array", "items": {"enum": [{"k": n} for n in range(9_000)]}}), [{}] * 3_000),
        (record(a={"allOf": [{"type": "integer"}] * 30}), "x" * 30_000),
    ],
)  # fmt: skip
def test_a_models_reply_is_checked_at_once_or_not_at_all(
    schema: dict[str, Any], value: Any
) -> None:
    started = time.monotonic()
    errors = validation_errors(check_schema(schema), {"a": value})
    assert time.monotonic() - started < 10
    assert sum(map(len, errors)) < 20_000


def test_rules_do_not_look_for_thousands_of_fields_in_thousands_of_words() -> None:
    words = tuple(Word(f"w{n}", (0.1, 0.1, 0.2, 0.2)) for n in range(5_000))
    page = Evidence(1, Page("a", 1), words, lambda: b"", 1.0)
    with pytest.raises(InvalidSchema, match="5,000 words"):
        extract_by_rules([page], check_schema(record(**{f"p{n}": TEXT for n in range(1_900)})))


KEYWORDS = st.sampled_from(
    "type properties items anyOf oneOf allOf $ref $defs required enum const pattern not if then"
    " additionalProperties prefixItems minItems format $id $anchor description dependentSchemas".split()
)
NAMES = st.sampled_from(["a", "b", "#", "#/$defs/a", "#/properties/a", "object", "string", "^a+$"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.floats(allow_nan=False) | NAMES,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(KEYWORDS | NAMES, inner, max_size=5)
    ),
    max_leaves=25,
)


@settings(max_examples=400, deadline=None)
@given(schema=VALUES, properties=VALUES)
def test_any_json_is_a_schema_or_a_reason(schema: Any, properties: Any) -> None:
    whole = {"type": "object", "properties": properties, "$defs": {"a": schema}}
    for candidate in (schema, whole):
        try:
            checked = check_schema(candidate)
        except InvalidSchema:
            continue
        json.dumps(reply_schema(checked))
        with contextlib.suppress(RequiredFieldMissing):
            extract_by_rules([], checked)
        validation_errors(checked, {"a": "x", "b": [1, {"a": None}]})
