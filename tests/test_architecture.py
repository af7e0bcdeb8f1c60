"""The generated architecture page against the source."""

from __future__ import annotations

import re

from docs.make_architecture import PAGE, ROOT, error_classes, error_families, generate

TEXT = PAGE.read_text(encoding="utf-8")


def test_generated_parts_are_those_of_the_source() -> None:
    assert generate(TEXT) == TEXT, "Run: python docs/make_architecture.py"


def test_files_that_questions_lead_to_are_there() -> None:
    rows = re.findall(r"^\| [^|]+\? \| `([^`]+)` \|$", TEXT, re.MULTILINE)
    assert len(rows) == 12
    assert [row for row in rows if not (ROOT / row).is_file()] == []


def test_every_error_has_a_code_of_its_own() -> None:
    codes = [each.code for each in error_classes().values()]
    assert None not in codes
    assert len(set(codes)) == len(codes)


def test_every_family_is_drawn() -> None:
    classes = error_classes()
    families = {name for name, each in classes.items() if "PageglassError" in each.bases}
    assert families == set(re.findall(r"── (\w+)", error_families()))
