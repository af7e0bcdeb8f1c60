"""Pages of docstrings from installed packages, with queries they answer.

Nothing is downloaded: a development environment holds more prose than 20,000
pages. A page is consecutive docstrings of one module; its question is
the first sentence of one of them, which is then left out of the page. The
pages depend on the versions installed.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackagePath, distributions
from pathlib import Path

import numpy as np

from ingest.page import Page, Rendered, Word

PAGE_WORDS = 320
"""Words a page, as many as make about as many tokens as a page of the labelled set has."""
SHORTEST = 25
"""Words of a docstring that says anything."""
LINE, LINES = 10, 40
_SENTENCE = re.compile(r"(.+?[.?!])(?=\s|$)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class TextPage:
    """`words` in reading order, of the module `title`; `question` has no answer elsewhere on the page."""

    title: str
    words: tuple[str, ...]
    question: str

    def rendered(self, number: int) -> Rendered:
        """As an encoder of words takes it: lines of LINE words."""
        words = tuple(Word(word, _place(i)) for i, word in enumerate(self.words))
        return Rendered(Page(self.title, number), b"", 1, 1, words, (), "text", self.title)


def text_pages(count: int) -> list[TextPage]:
    """As many pages, the same in the same environment, taken evenly from all modules.

    Raises:
        SystemExit: what is installed holds fewer.
    """
    pages = list(_pages())
    if len(pages) < count:
        raise SystemExit(f"The installed packages hold {len(pages)} pages, not {count}.")
    chosen = np.random.default_rng(1).choice(len(pages), count, replace=False)
    return [pages[i] for i in np.sort(chosen)]


def _pages() -> Iterator[TextPage]:
    for title, docstrings in _modules():
        words: list[str] = []
        question = ""
        for text in docstrings:
            first = _SENTENCE.match(text)
            if not question and first and 6 <= len(first[1].split()) <= 30:
                question, text = " ".join(first[1].split()), text[first.end() :]
            words += text.split()
            if len(words) >= PAGE_WORDS and question:
                yield TextPage(title, tuple(words[: LINE * LINES]), question)
                words, question = [], ""


def _modules() -> Iterator[tuple[str, list[str]]]:
    seen: set[str] = set()
    packages = {package.name.lower(): package.files or [] for package in distributions()}
    for package, files in sorted(packages.items()):
        for path in sorted(str(file.locate()) for file in files if _is_prose(file)):
            docstrings = [text for text in _docstrings(Path(path)) if text not in seen]
            seen.update(docstrings)
            if docstrings:
                yield f"{package} {Path(path).stem}", docstrings


def _docstrings(path: Path) -> list[str]:
    with warnings.catch_warnings():  # other people's escapes
        warnings.simplefilter("ignore", SyntaxWarning)
        try:
            tree = ast.parse(path.read_text("utf-8", "replace"))
        except SyntaxError:  # written for a newer Python
            return []
    nodes = ast.walk(tree)
    texts = [
        ast.get_docstring(node) or ""
        for node in nodes
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
    ]
    return [text for text in texts if len(text.split()) >= SHORTEST]


def _is_prose(file: PackagePath) -> bool:
    return file.suffix == ".py" and "tests" not in file.parts and "test" not in file.parts


def _place(i: int) -> tuple[float, float, float, float]:
    across, down = i % LINE, i // LINE
    left, top = 0.08 + 0.84 * across / LINE, 0.06 + 0.88 * down / LINES
    return left, top, left + 0.8 * 0.84 / LINE, top + 0.7 * 0.88 / LINES
