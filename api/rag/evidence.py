"""From a question to the evidence that a model is shown: search, then the library."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from api.rag.locate import locator
from generation.context.abstain import MIN_SCORE
from generation.prompt import Evidence, Message, Prompt
from generation.rewrite import rewrite
from ingest.filter import ALL_PAGES, PageFilter
from ingest.library.library import Library
from ingest.library.pages import PageNotFound

if TYPE_CHECKING:
    from generation.citations.verify import RegionLocator
    from generation.models.model import ChatModel, VisionModel
    from retrieval.hit import Hit
    from retrieval.search import Searcher


SPARE = 3
"""Times as many pages are looked for where those without words are of no use."""


@dataclass(frozen=True, slots=True)
class RetrievedEvidence:
    """A question made ready for a model.

    `question` is as it was asked, `searched` what the search looked for: after
    a conversation, a rewriting that stands alone. `hits` are the pages that
    `prompt` shows, in its order. `locate` and `min_score` are what
    `generation.ask` takes beside it.
    """

    question: str
    searched: str
    hits: tuple[Hit, ...]
    prompt: Prompt
    locate: RegionLocator
    min_score: float


def gather(
    searcher: Searcher,
    question: str,
    model: VisionModel,
    *,
    top: int,
    filter: PageFilter = ALL_PAGES,
) -> Prompt:
    """The question with the best pages as evidence: the prompt of `retrieve_evidence`."""
    return retrieve_evidence(searcher, question, model, top=top, filter=filter).prompt


def retrieve_evidence(
    searcher: Searcher,
    question: str,
    model: VisionModel,
    *,
    top: int,
    filter: PageFilter = ALL_PAGES,
    history: Sequence[Message] = (),
) -> RetrievedEvidence:
    """The question with the best pages as evidence, labelled from 1, best first.

    A page that was removed since it was found is left out, and a page without
    words where the model reads only those. Images are loaded only when a model
    asks for them. A model that converses is shown the question and the history
    as they are; one that does not, what was searched for.

    Args:
        top: pages at most.
        within: only pages that it leaves.
        history: what was said before, oldest first.

    Raises:
        EmptyQuery: the question is blank.
        Fault: what a language model raises while it rewrites the question.
    """
    # A blank question stays one, whatever was said before it.
    chat = chat_of(model)
    searched = rewrite(question, history, chat) if question.strip() else question
    sought = top if model.uses_images else SPARE * top
    evidence: list[Evidence] = []
    hits: list[Hit] = []
    for hit in searcher.search(searched, top=sought, filter=filter):
        try:
            words = searcher.library.words(hit.page)
        except PageNotFound:
            continue
        if (words or model.uses_images) and len(evidence) < top:
            image = partial(searcher.library.image, hit.page)
            label = len(evidence) + 1
            evidence.append(Evidence(label, hit.page, words, image, hit.score, hit.regions))
            hits.append(hit)
    prompt = (
        Prompt(question, tuple(evidence), tuple(history))
        if chat
        else Prompt(searched, tuple(evidence))
    )
    return RetrievedEvidence(
        question,
        searched,
        tuple(hits),
        prompt,
        locator(searcher),
        min_score(searcher, model),
    )


def chat_of(model: VisionModel) -> ChatModel | None:
    """The language model behind a model that answers; None where it has none."""
    return model.chat


def min_score(searcher: Searcher, model: VisionModel) -> float:
    """The score below which a model is not asked; 0, for never, where it was not measured.

    It holds for calibrated encoders (see `Encoder`). A model that does not see
    pages (extractive) has a confidence of its own.
    """
    readers = [seen for seen in searcher.manifests() if seen.modality != "image"]
    calibrated = len(readers) == 1 and readers[0].calibrated
    return MIN_SCORE if model.uses_images and calibrated else 0.0


def filter_documents(
    library: Library, wanted: Sequence[str] | None, filter: PageFilter = ALL_PAGES
) -> PageFilter:
    """`filter`, and of that only the documents that people named; all of it where they named none.

    Raises:
        DocumentNotFound: one of them is not there, or fits several.
    """
    if not wanted:
        return filter
    return replace(filter, document_ids=tuple(library.document(name).id for name in wanted))
