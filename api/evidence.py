"""From pages found to the evidence that a model is shown, by way of the library."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from generation.gate import LEAST_SCORE
from generation.prompt import Evidence, Prompt
from ingest.library import Library, NoPage

if TYPE_CHECKING:
    from generation.models.model import VisionModel
    from retrieval.search import Searcher


SPARE = 3
"""Times as many pages are looked for where those without words are of no use."""


def gather(
    searcher: Searcher,
    question: str,
    model: VisionModel,
    *,
    top: int,
    documents: Sequence[str] | None = None,
) -> Prompt:
    """The question with the best pages as evidence, labelled from 1, best first.

    A page that was removed since it was found is left out, and a page without
    words where the model reads only those. Images are loaded only when a model
    asks for them.

    Args:
        top: pages at most.
        documents: ids to search within.

    Raises:
        EmptyQuery: the question is blank.
    """
    sought = top if model.sees else SPARE * top
    evidence: list[Evidence] = []
    for hit in searcher.search(question, top=sought, documents=documents):
        try:
            words = searcher.library.words(hit.page)
        except NoPage:
            continue
        if (words or model.sees) and len(evidence) < top:
            image = partial(searcher.library.image, hit.page)
            label = len(evidence) + 1
            evidence.append(Evidence(label, hit.page, words, image, hit.score, hit.regions))
    return Prompt(question, tuple(evidence))


def least_score(searcher: Searcher, model: VisionModel) -> float:
    """The score below which a model is not asked: 0, for always, where the limit was not measured.

    It was for the default encoder of words. A model that does not see pages
    (extractive) has a confidence of its own.
    """
    words = [seen.encoder for seen in searcher.manifests() if seen.reads != "pictures"]
    return LEAST_SCORE if model.sees and words == ["minilm"] else 0.0


def find_documents(library: Library, wanted: Sequence[str] | None) -> list[str] | None:
    """The ids of the documents that people named; None, for every one, where they named none.

    Raises:
        NoDocument: one of them is not there, or fits several.
    """
    return [library.document(name).id for name in wanted] if wanted else None
