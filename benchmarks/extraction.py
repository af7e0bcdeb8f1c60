"""Rule-based extraction of receipt fields: found, and right.

    python -m benchmarks.extraction EVAL/sroie-dev

A field is right where its letters and digits are those of the label, case and
a leading currency (RM) ignored. Words come from OCR, with its errors.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path
from typing import Any

from generation.extraction.rules import extract_by_rules
from generation.prompt import Evidence
from ingest.files.render import RenderSettings, render
from ingest.page import Page

FIELDS = ("company", "date", "address", "total")
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {name: {"type": ["string", "null"]} for name in FIELDS},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    args = parser.parse_args()
    files = json.loads((args.folder / "manifest.json").read_text())["files"]
    found: Counter[str] = Counter()
    right: Counter[str] = Counter()
    for file in files:
        page = Page(file["sha256"][:20], 1, file["file"])
        words = render(args.folder / file["file"], page, 1, RenderSettings())[0].words
        data = extract_by_rules([Evidence(1, page, words, lambda: b"", 1.0)], SCHEMA).data
        for name in FIELDS:
            found[name] += data[name] is not None
            right[name] += _plain(data[name] or "") == _plain(file["fields"][name])
    for name in FIELDS:
        print(f"{name:10}{len(files):4} receipts, found {found[name]}, right {right[name]}")
    total = len(files) * len(FIELDS)
    print(f"all       {total:4} fields, found {found.total()}, right {right.total()}")


def _plain(text: str) -> str:
    return "".join(c for c in text.upper() if c.isalnum()).removeprefix("RM")


if __name__ == "__main__":
    main()
