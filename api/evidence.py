"""From pages found to the evidence that a model is shown, by way of the library."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from generation.prompt import Evidence, Prompt
from ingest.library import Library, NoPage
from retrieval.hit import Hit


def build_prompt(library: Library, question: str, hits: Sequence[Hit]) -> Prompt:
    """The question with the hits as evidence, labelled from 1, best first.

    A page that was removed since it was found is left out. Images are loaded
    only when a model asks for them.
    """
    evidence: list[Evidence] = []
    for hit in hits:
        try:
            words = library.words(hit.page)
        except NoPage:
            continue
        evidence.append(
            Evidence(
                label=len(evidence) + 1,
                page=hit.page,
                words=words,
                image=partial(library.image, hit.page),
                score=hit.score,
                regions=hit.regions,
            )
        )
    return Prompt(question, tuple(evidence))


def find_documents(library: Library, wanted: Sequence[str] | None) -> list[str] | None:
    """The ids of the documents that people named; None, for every one, where they named none.

    Raises:
        NoDocument: one of them is not there, or fits several.
    """
    return [library.document(name).id for name in wanted] if wanted else None
