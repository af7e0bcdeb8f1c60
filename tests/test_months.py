"""Names of months: the kept ones are those of Babel."""

from __future__ import annotations

import json
from pathlib import Path

from babel import Locale

from ingest.forms.fold import fold

KEPT = Path(__file__).parents[1] / "ingest" / "forms" / "whole" / "months.json"
LANGUAGES = (
    "en de fr es it pt nl sv da nb fi is pl cs sk sl hu ro bg ru uk sr el tr et lv lt ar fa he hi bn"
    " id ms ca th mr ta te kn ml gu pa ka hy az kk be mk sq eu gl af sw"
).split()
"""Languages whose months are known; where two differ on a name, the first has it."""


def read_months() -> dict[str, int]:
    months: dict[str, int] = {}
    for language in LANGUAGES:
        names = Locale.parse(language).months
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for number, name in names[context][width].items():
                    months.setdefault(fold(name).rstrip("."), number)
    return dict(sorted(months.items()))


def test_kept_names_are_those_of_the_unicode_cldr() -> None:
    kept = json.loads(KEPT.read_text(encoding="utf-8"))
    assert kept == read_months(), "Run: python tests/test_months.py"


if __name__ == "__main__":
    KEPT.write_text(json.dumps(read_months(), ensure_ascii=False, indent=0) + "\n", "utf-8")
