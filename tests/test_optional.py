from __future__ import annotations

from typing import Any

import pytest

from generation.extraction.optional import drop_nulls

NAME = {"type": "string"}
MAYBE = {"type": ["string", "null"]}
ROW = {"type": "object", "properties": {"price": {"type": "number"}}, "required": []}


def schema(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


@pytest.mark.parametrize(
    ("given", "wanted", "left"),
    [
        ({"a": None, "b": "x"}, schema(a=NAME, b=NAME), {"b": "x"}),
        ({"a": None}, schema(a=MAYBE), {"a": None}),
        ({"a": None}, {**schema(a=NAME), "required": ["a"]}, {"a": None}),
        ({"other": None}, schema(a=NAME), {"other": None}),
        ({"rows": [{"price": None}, {"price": 2}]}, schema(rows={"type": "array", "items": ROW}), {"rows": [{}, {"price": 2}]}),
        ({"row": {"price": None}}, {**schema(row={"$ref": "#/$defs/row"}), "$defs": {"row": ROW}}, {"row": {}}),
        ({"a": None}, schema(a={"anyOf": [NAME, {"type": "null"}]}), {"a": None}),
        ({"a": None}, schema(a={"enum": ["x", None]}), {"a": None}),
    ],
)  # fmt: skip
def test_nulls_of_optional_properties_go(given: Any, wanted: Any, left: Any) -> None:
    assert drop_nulls(given, wanted) == left
