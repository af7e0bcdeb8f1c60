"""OCR error and token cost of a page's best part, against the whole page.

    python -m benchmarks.crops [EVAL/mmlongbench-dev --home DIR] [--pages N]

Without arguments, over data/samples and its questions; with a labelled set,
over the home that benchmarks.pages made of it. For each question the gold page
is taken as the search finds it, with its regions, if its words come from the
file's own text. Both images are read by OCR, in place of a model: the character
error is the share of the printed lines inside the part that it gets wrong (edit
distance to the nearest place in its output, over the line's length). Tokens are counted by the providers' formulas.
"""

from __future__ import annotations

import argparse
import io
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from generation.context.crop import (
    MAX_AREA,
    best_crop,
    median_word_height,
    overview_size,
    region_box,
)
from generation.context.image_tokens import ImageTokenCounter, PatchTokens, TileTokens
from generation.context.limits import Limits
from generation.context.page_input import shrink
from generation.prompt import Evidence
from ingest.add import add
from ingest.box import contains_center, crop_image
from ingest.filter import PageFilter
from ingest.library.home import Home
from ingest.ocr.load_ocr import load_ocr
from ingest.ocr.ocr import Ocr, read_image
from ingest.page import Box
from ingest.reading.line import split_lines
from retrieval.search import Searcher

DATA = Path(__file__).parents[1] / "data"
IMAGE_TOKEN_RULES: dict[str, ImageTokenCounter] = {
    "Claude to 4.6": PatchTokens(28, 1_568, 1_568),
    "Claude 4.7 on": PatchTokens(28, 4_784, 2_576),
    "gpt-4o, gpt-4.1": TileTokens(85, 170),
    "gpt-5.4-mini": PatchTokens(32, 1_536, 2_048, 1.62),
}
BINS = (0.0, 8.0, 10.0, 12.0, 15.0, 20.0, 1e9)
"""Heights of a printed line as sent, in pixels."""


@dataclass(frozen=True, slots=True)
class Row:
    image_tokens: str
    height: float
    whole: int
    both: int
    part: int
    error_whole: float
    error_part: float
    held: bool | None
    """Whether the words of the answer stand in the part; None where they are not on the page."""
    cut: bool
    """Whether the rule would send the part."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--home", type=Path)
    parser.add_argument("--pages", type=int, default=40)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pageglass-bench-") as made:
        home = Home(args.home or Path(made))
        if args.home is None:
            list(add(home, [args.folder or DATA / "samples"]))
        ocr = load_ocr("rapidocr")
        assert ocr is not None
        taken = list(found(home, args.folder))
        step = max(1, len(taken) // args.pages)
        rows = [row for each, answer in taken[::step] for row in measure(each, answer, ocr)]
    print(f"{len(taken[::step])} pages")
    report(rows)


def found(home: Home, folder: Path | None) -> Iterator[tuple[Evidence, str]]:
    """Gold pages with the regions found for their questions, and the answers."""
    searcher = Searcher(home, exhaustive_pages=1_000_000)
    library = searcher.library
    ids = {path: d.id for d in library.documents() for path in d.paths}
    seen = set()
    for query, path, numbers, answer in questions(folder):
        document = next(i for p, i in ids.items() if p.endswith(path))
        sources = {r.page.number: r.source for r in library.page_records(PageFilter.to([document]))}
        for hit in searcher.search(query, top=5, filter=PageFilter.to([document])):
            plain = sources[hit.page.number] == "text" and hit.page not in seen
            if hit.page.number in numbers and plain and hit.regions:
                seen.add(hit.page)
                words = library.words(hit.page)
                image = library.image(hit.page)
                yield (
                    Evidence(1, hit.page, words, lambda i=image: i, hit.score, hit.regions),
                    answer,
                )


def questions(folder: Path | None) -> Iterator[tuple[str, str, list[int], str]]:
    if folder is None:
        for q in json.loads((DATA / "questions.json").read_text(encoding="utf-8")):
            if "page" in q:
                yield q["query"], "/" + q["file"], [q["page"]], str(q.get("answer", ""))
    else:
        for q in json.loads((folder / "manifest.json").read_text())["queries"]:
            if q.get("answerable") and q["relevant_pages"]:
                yield q["query"], "/" + q["doc"], q["relevant_pages"], str(q["answer"])


def measure(evidence: Evidence, answer: str, ocr: Ocr) -> Iterator[Row]:
    box = region_box(evidence)
    if box is None:
        return
    with Image.open(io.BytesIO(evidence.image())) as opened:
        page = opened.convert("RGB")
    lines = printed(evidence, box)
    errors: dict[tuple[int, int], float] = {}

    def error(picture: Any, filter: Box) -> float:
        size = (picture.width, picture.height)
        if (size, filter) not in errors:
            with Image.open(io.BytesIO(picture.data)) as sent:
                read = read_image(ocr, sent.convert("RGB"))
            words = [word for line in read for word in line.words]
            text = plain("".join(w.text for w in words if contains_center(filter, w.box)))
            wrong = sum(edits(line, text) for line in lines)
            errors[size, filter] = wrong / max(1, sum(map(len, lines)))
        return errors[size, filter]

    for name, image_tokens in IMAGE_TOKEN_RULES.items():
        limits = Limits(image_tokens=image_tokens)
        whole, part = shrink(page, limits), shrink(crop_image(page, box), limits)
        kept = (whole.width, whole.height)
        tokens = image_tokens.tokens(*kept), image_tokens.tokens(part.width, part.height)
        yield Row(
            name,
            median_word_height(evidence, box) * whole.height,
            tokens[0],
            tokens[1] + image_tokens.tokens(*overview_size(kept)),
            tokens[1],
            error(whole, box),
            error(part, (0.0, 0.0, 1.0, 1.0)),
            held(evidence, box, answer),
            best_crop(evidence, page.size, image_tokens, kept) is not None,
        )


def printed(evidence: Evidence, box: Box) -> list[str]:
    """The lines whose words all stand in a box."""
    inside = [w for w in evidence.words if contains_center(box, w.box)]
    lines = [
        plain("".join(w.text for w in inside[line.start : line.end]))
        for line in split_lines(inside)
    ]
    return [line for line in lines if line]


def held(evidence: Evidence, box: Box, answer: str) -> bool | None:
    wanted = plain(answer)
    if not wanted or wanted not in plain("".join(w.text for w in evidence.words)):
        return None
    return wanted in plain("".join(w.text for w in evidence.words if contains_center(box, w.box)))


def plain(text: str) -> str:
    return "".join(text.casefold().split())


def edits(line: str, text: str) -> int:
    """Edits from a line to the place in a text that is most like it (Sellers 1980)."""
    letters = np.array([ord(letter) for letter in text], dtype=np.int32)
    steps = np.arange(len(text) + 1)
    row = np.zeros(len(text) + 1, dtype=np.int64)
    for letter in line:
        best = row + 1
        best[1:] = np.minimum(best[1:], row[:-1] + (letters != ord(letter)))
        row = np.minimum.accumulate(best - steps) + steps
    return int(row.min())


def report(rows: list[Row]) -> None:
    print(
        f"\n{'family':18}{'tokens':>8}{'halved + part':>15}{'part alone':>12}"
        f"{'error, page':>13}{'part':>8}{'cut by the rule':>17}"
    )
    for name in IMAGE_TOKEN_RULES:
        some = [row for row in rows if row.image_tokens == name]
        print(
            f"{name:18}{mean(some, 'whole'):8.0f}{mean(some, 'both'):15.0f}{mean(some, 'part'):12.0f}"
            f"{mean(some, 'error_whole'):13.4f}{mean(some, 'error_part'):8.4f}"
            f"{sum(row.cut for row in some):12} of {len(some)}"
        )
    print(f"\n{'line as sent, px':18}{'pictures':>9}{'error, page':>13}{'part':>8}")
    for low, high in pairwise(BINS):
        some = [row for row in rows if low <= row.height < high]
        if some:
            span = f"{low:.0f} to {high:.0f}" if high < 1e9 else f"{low:.0f} on"
            print(f"{span:18}{len(some):9}{mean(some, 'error_whole'):13.4f}", end="")
            print(f"{mean(some, 'error_part'):8.4f}")
    chosen = [row for row in rows if row.cut]
    if chosen:
        print(
            f"\ncut by the rule: {len(chosen)} pictures, tokens {mean(chosen, 'whole'):.0f}"
            f" -> {mean(chosen, 'both'):.0f}, error {mean(chosen, 'error_whole'):.4f}"
            f" -> {mean(chosen, 'error_part'):.4f}"
        )
    asked = [
        row.held
        for row in rows
        if row.image_tokens == next(iter(IMAGE_TOKEN_RULES)) and row.held is not None
    ]
    print(
        f"\nthe answer's words stand in the part (at most {MAX_AREA:.0%} of the page):"
        f" {sum(asked)} of {len(asked)} pages that print them"
    )


def mean(rows: list[Row], name: str) -> float:
    return float(np.mean([getattr(row, name) for row in rows])) if rows else float("nan")


if __name__ == "__main__":
    main()
