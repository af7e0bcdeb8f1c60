"""The nouns of evaluation: a set of questions, and which pages answer them.

A set's items are what it ranks: documents with pages, page images or photos.
Knows no home: where an item is in a library is `retrieval.evaluate.corpus`'s.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from ingest.error import InvalidInputError

Kind = Literal["pages", "photos"]
Target = tuple[str, int | None]
"""An item and a page of it, from 1; None is the item as a whole."""

NUMBERS = "one|two|three|four|five|six|seven|eight|nine|ten"
NAMES_A_PAGE = re.compile(rf"\b(page|slide|p\.) ?(\d+|{NUMBERS})\b", re.IGNORECASE)
NAMED = "names a page"


class InvalidDataset(InvalidInputError):
    """A set of questions cannot be read, or holds nothing to measure."""

    code = "invalid-dataset"


@dataclass(frozen=True, slots=True)
class Question:
    """A question with its right answers.

    `relevant` gives each right page, or item, a grade above 0; `within` is the
    item that the question is about, if it names one; `labels` are what figures
    are broken down by, such as {"evidence": ("Table", "Chart")}; questions of one
    `cluster` depend on each other, since they are about one document.
    """

    id: str
    query: str
    relevant: Mapping[Target, float]
    within: str | None = None
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    cluster: str = ""


@dataclass(frozen=True, slots=True)
class Dataset:
    """A set as it was read. `left_out` questions have no right page: unanswerable, or not judged."""

    name: str
    format: str
    kind: Kind
    items: Mapping[str, Path]
    questions: Sequence[Question]
    left_out: int = 0

    @property
    def by_page(self) -> bool:
        """Whether pages are ranked; else items, each at its best page."""
        return any(page is not None for q in self.questions for _, page in q.relevant)


def page_label(query: str) -> tuple[str, ...]:
    """Whether a question names the page or slide it is about: that tests metadata, not retrieval."""
    return ("yes",) if NAMES_A_PAGE.search(query) else ("no",)


def checked(dataset: Dataset, source: Path) -> Dataset:
    """The set, if there is anything to measure in it.

    Raises:
        InvalidDataset: no question has a right page, or an id stands twice.
    """
    if not dataset.questions:
        raise InvalidDataset(
            f"No question in {source} has a relevant page.",
            hint="Label at least one question with what answers it.",
        )
    seen: set[str] = set()
    for question in dataset.questions:
        if question.id in seen:
            raise InvalidDataset(
                f"{source}: two questions have the id {question.id!r}.",
                hint="Give each question an id of its own.",
            )
        seen.add(question.id)
    return dataset
