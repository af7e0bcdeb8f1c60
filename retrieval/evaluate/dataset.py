"""Evaluation dataset: questions with their relevant pages.

The items of a dataset are what is ranked: documents with pages, page images or
photos. Knows no library: `retrieval.evaluate.corpus` finds the items there.
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
"""An item and a page number from 1; None is the whole item."""

NUMBERS = "one|two|three|four|five|six|seven|eight|nine|ten"
NAMES_A_PAGE = re.compile(rf"\b(page|slide|p\.) ?(\d+|{NUMBERS})\b", re.IGNORECASE)
NAMED = "names a page"


class InvalidDataset(InvalidInputError):
    """A dataset cannot be read, or has no question with a relevant page."""

    code = "invalid-dataset"


@dataclass(frozen=True, slots=True)
class Question:
    """A question with its relevance judgements.

    `relevant` gives each relevant page, or item, a grade above 0; `within` is the
    item that the question is about, if it names one; metrics are broken down by
    `labels`, such as {"evidence": ("Table", "Chart")}; questions of one `cluster`
    are correlated, as they are about one document. `answer` is the right answer, or
    the items of one that is a list; empty where the set has none. `unanswerable`: no
    page answers it, as the set says, and none is relevant.
    """

    id: str
    query: str
    relevant: Mapping[Target, float]
    within: str | None = None
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    cluster: str = ""
    answer: tuple[str, ...] = ()
    unanswerable: bool = False


@dataclass(frozen=True, slots=True)
class Dataset:
    """Items and questions; `left_out` counts the questions without a relevant page.

    Those of them that are `unanswerable` are kept, to be declined.
    """

    name: str
    format: str
    kind: Kind
    items: Mapping[str, Path]
    questions: Sequence[Question]
    left_out: int = 0
    unanswerable: Sequence[Question] = ()

    @property
    def by_page(self) -> bool:
        """Whether pages are ranked; otherwise items, each by its best page."""
        return any(page is not None for q in self.questions for _, page in q.relevant)


def page_label(query: str) -> tuple[str, ...]:
    """The label "yes" or "no": whether a query names the page it is about.

    A query that names its page tests metadata.
    """
    return ("yes",) if NAMES_A_PAGE.search(query) else ("no",)


def validate(dataset: Dataset, source: Path) -> Dataset:
    """Validate a dataset, and return it.

    Raises:
        InvalidDataset: there is no question, or two have the same id.
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
