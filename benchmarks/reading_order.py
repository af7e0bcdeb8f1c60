"""Reading order and words of made pages, against the HTML that made them.

    python -m benchmarks.reading_order [--seeds 2] [--images] [--show LAYOUT-LANGUAGE]

Chromium prints 60 pages for each seed: ten languages in six layouts. Counted are the
share of words kept, of pairs of words that follow each other, of the pairs within a
sentence or row as it would be quoted that are right, and checks: a paragraph is one
passage, paragraphs are in order, a table row is one row, running heads are not in the
text. "As stored" is the order of the text layer. With --images the pages are read by OCR,
without the languages that the default OCR does not read. Needs Chromium and Noto fonts.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import groupby, pairwise
from pathlib import Path

import pymupdf

from benchmarks.reading_pages import BROKEN_ANYWHERE, MadePage, as_html, make_pages
from generation.text.sentence import split_sentences
from ingest.files.render import RenderSettings, render
from ingest.page import Page, Word

CHROMIUM = "/usr/bin/chromium"
NO_OCR = frozenset({"ar", "he", "hi", "ko"})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--images", action="store_true")
    parser.add_argument("--show", default="")
    args = parser.parse_args()
    pages = make_pages(args.seeds)
    if args.images:
        pages = [page for page in pages if page.language not in NO_OCR]
    totals: defaultdict[str, defaultdict[str, Counter[str]]] = defaultdict(
        lambda: defaultdict(Counter)
    )
    with tempfile.TemporaryDirectory() as folder:
        path = print_pdf(pages, Path(folder))
        stored = [[word[4] for word in page.get_text("words")] for page in pymupdf.open(path)]
        if args.images:
            path = as_images(path, Path(folder))
        for number, (page, plain) in enumerate(zip(pages, stored, strict=True), start=1):
            words = read(path, number, args.images)
            counts = measure(page, words)
            counts.update(measure_stored(page, plain))
            if args.show == f"{page.layout}-{page.language}":
                show(words, counts)
            for key in ("all", page.layout, page.language):
                for name, value in counts.items():
                    totals[key][name.partition("/")[0]][name.partition("/")[2]] += value
    report(totals)


def print_pdf(pages: Sequence[MadePage], folder: Path) -> Path:
    """PDF of pages, by Chromium."""
    source, path = folder / "pages.html", folder / "pages.pdf"
    source.write_text(as_html(list(pages)), encoding="utf-8")
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer"]
    subprocess.run(
        [CHROMIUM, *options, f"--print-to-pdf={path}", source.as_uri()],
        check=True,
        capture_output=True,
    )
    with pymupdf.open(path) as pdf:
        if len(pdf) != len(pages):
            raise SystemExit(f"{len(pdf)} pages were printed of {len(pages)}")
    return path


def as_images(path: Path, folder: Path) -> Path:
    """The PDF without its text layer."""
    scanned = pymupdf.open()
    for page in pymupdf.open(path):
        image = page.get_pixmap(dpi=150).tobytes("png")
        scanned.new_page(width=page.rect.width, height=page.rect.height).insert_image(
            page.rect, stream=image
        )
    scanned.save(folder / "scanned.pdf")
    return folder / "scanned.pdf"


def read(path: Path, number: int, ocr: bool) -> tuple[Word, ...]:
    """Words of a page as ingest reads them."""
    settings = RenderSettings(dpi=144, ocr="rapidocr" if ocr else "none")
    [rendered] = render(path, Page("made", number), 1, settings)
    return rendered.words


def tokens(text: str, language: str) -> list[str]:
    """Words of a text, or its characters where lines are broken within words."""
    if language in BROKEN_ANYWHERE:
        return [letter for letter in text if letter.isalnum()]
    parts = "".join(c if c.isalnum() or _is_mark(c) else " " for c in text)
    return parts.casefold().split()


def _is_mark(letter: str) -> bool:
    return "\u0300" <= letter <= "\u036f" or "\u0900" <= letter <= "\u097f"


def measure(page: MadePage, words: Sequence[Word]) -> Counter[str]:
    """Counts by "measure/right" and "measure/of"."""
    counts: Counter[str] = Counter()
    language = page.language
    text = tokens(" ".join(word.text for word in words), language)
    right = [tokens(each, language) for each in (*page.texts, *page.asides)]
    _count_kept(counts, "words", Counter(w for t in right for w in t), Counter(text))
    pairs = Counter(pair for t in right for pair in pairwise(t))
    _count_kept(counts, "pairs", pairs, Counter(pairwise(text)))
    rows = [tokens(" ".join(row), language) for row in page.rows]
    known = set(pairs) | {pair for row in rows for pair in pairwise(row)}
    known |= set(pairwise(t for each in right for t in each))
    vocabulary = {w for t in (*right, *rows) for w in t}
    for unit in split_sentences(words):
        said = tokens(unit.text, language)
        for pair in pairwise(said):
            if set(pair) <= vocabulary:
                counts["quoted pairs/of"] += 1
                counts["quoted pairs/right"] += pair in known
    _check(counts, page, words, text)
    return counts


def _count_kept(
    counts: Counter[str], name: str, wanted: Counter[object], found: Counter[object]
) -> None:
    counts[f"{name}/of"] += wanted.total()
    counts[f"{name}/right"] += (wanted & found).total()


def _check(
    counts: Counter[str], page: MadePage, words: Sequence[Word], text: Sequence[str]
) -> None:
    language = page.language
    joined = " ".join(text)
    at = -1
    for each in page.texts:
        said = " ".join(tokens(each, language))
        counts["paragraph whole/of"] += 1
        counts["paragraph whole/right"] += said in joined
        counts["in order/of"] += 1
        found = joined.find(said[:60], max(at, 0))
        counts["in order/right"] += found >= 0
        at = found if found >= 0 else at
    for each in page.asides:
        counts["paragraph whole/of"] += 1
        counts["paragraph whole/right"] += " ".join(tokens(each, language)) in joined
    rows = [
        " ".join(tokens(" ".join(word.text for word in run), language))
        for (_, role), run in groupby(words, key=lambda word: (word.block, word.role))
        if role == "row"
    ]
    for row in page.rows:
        counts["table rows/of"] += 1
        counts["table rows/right"] += " ".join(tokens(" ".join(row), language)) in rows
    body = {word.text for word in words if word.role not in ("header", "footer")}
    for running in page.running:
        counts["running heads told/of"] += 1
        counts["running heads told/right"] += running.split()[-1] not in body


def measure_stored(page: MadePage, plain: Sequence[str]) -> Counter[str]:
    """Pairs kept in the order of the text layer."""
    counts: Counter[str] = Counter()
    text = tokens(" ".join(plain), page.language)
    right = [tokens(each, page.language) for each in (*page.texts, *page.asides)]
    pairs = Counter(pair for t in right for pair in pairwise(t))
    _count_kept(counts, "pairs as stored", pairs, Counter(pairwise(text)))
    return counts


def show(words: Sequence[Word], counts: Counter[str]) -> None:
    """Print the blocks of a page."""
    for (block, role), run in groupby(words, key=lambda word: (word.block, word.role)):
        print(block, role, " ".join(word.text for word in run))
    print(dict(counts))


def report(totals: dict[str, defaultdict[str, Counter[str]]]) -> None:
    """Print shares by layout and language."""
    names = list(totals["all"])
    print("| pages | " + " | ".join(names) + " |")
    print("|---" * (len(names) + 1) + "|")
    for key, found in totals.items():
        cells = [
            f"{100 * found[name]['right'] / found[name]['of']:.1f} %" if found[name]["of"] else ""
            for name in names
        ]
        print(f"| {key} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
