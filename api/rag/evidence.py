"""Evidence for a query: the best pages, with their words and images, as a prompt."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from api.rag.asked_pages import find_asked_pages
from api.rag.locate import locator
from api.rag.query_filters import apply_known_filters, filter_documents
from api.rag.second_search import FoundPages, search_in_steps
from api.rag.title_pages import with_title_pages
from api.rag.whole_document import whole_prompt
from generation.context.abstain import MIN_SCORE
from generation.prompt import Evidence, Message, Prompt, Step
from generation.rewrite import rewrite
from ingest.encoders.encoder import WORDLESS
from ingest.filter import ALL_PAGES, PageFilter
from ingest.library.pages import PageNotFound
from ingest.page import shown_words
from retrieval.ranking import FUSED, RERANK

if TYPE_CHECKING:
    from generation.citations.verify import RegionLocator
    from generation.models.model import VisionModel
    from ingest.readers.shot_reader import ShotReader
    from retrieval.hit import Hit
    from retrieval.search import Searcher


OVERSAMPLING = 3
"""Factor on `top` where pages without words cannot be used."""


@dataclass(frozen=True, slots=True)
class RetrievedEvidence:
    """Prompt for a query, with the hits that it shows.

    `question` is the query as given, `searched` the query of the search: after
    a conversation, a rewriting that stands alone. `hits` are the pages of
    `prompt`, in its order; `partial` names the shards that were not searched. `locate` and `min_score` are further arguments of
    `generation.ask.stream_answer`.
    """

    question: str
    searched: str
    hits: tuple[Hit, ...]
    prompt: Prompt
    locate: RegionLocator
    min_score: float
    partial: tuple[str, ...] = ()


def retrieve_evidence(
    searcher: Searcher,
    question: str,
    model: VisionModel,
    *,
    top: int,
    filter: PageFilter = ALL_PAGES,
    documents: Sequence[str] | None = None,
    folder: str | None = None,
    history: Sequence[Message] = (),
    shots: ShotReader | None = None,
    whole: bool = False,
) -> RetrievedEvidence:
    """Retrieve the best pages as evidence, labelled from 1, best first.

    A page that was removed after the search is left out, and a page without
    words where the model reads only words. Images are loaded when a model asks
    for them. A chat model gets the question and the history as given; a model
    without chat gets the query that was searched. Pages that the question asks for
    by number, or those that sum up the document that it names, come in place of a search.
    Title pages are added for who wrote a document (`with_title_pages`), and a question that
    describes what it asks about may be searched in steps (`search_in_steps`).
    `file:NAME` and `tag:NAME` in it restrict the pages (`apply_known_filters`).

    Args:
        top: pages at most.
        filter: restricts the pages.
        documents, folder: restrict them further (`filter_documents`).
        history: earlier messages, oldest first.
        shots: reads frames of shots, for models that see images.
        whole: all pages of the one document named, in place of a search.

    Raises:
        EmptyQuery: the question is blank.
        InvalidWholeQuestion: see `api.rag.whole_document`.
        DocumentNotFound: one of `documents` does not exist, or is ambiguous.
        ModelError: a language model failed to rewrite the question.
    """
    if whole:
        prompt = whole_prompt(
            searcher.library, question, documents, model, history=history, shots=shots
        )
        return RetrievedEvidence(question, question, (), prompt, locator(searcher), 0.0)
    filter = filter_documents(searcher.library, documents, filter, folder)
    text, within = apply_known_filters(searcher.library, question, filter)
    named = documents or within.document_ids != filter.document_ids
    filter = within
    # A blank question is not rewritten, so that the search refuses it.
    chat = model.chat
    searched = rewrite(text, history, chat) if text.strip() else text
    wanted = top if model.uses_images else OVERSAMPLING * top

    def search(query: str) -> FoundPages:
        found = searcher.search(query, top=wanted, filter=filter)
        found = with_title_pages(searcher, query, found, filter, top)
        return list(_readable(searcher, model, found, top, shots))

    asked = find_asked_pages(searcher, searched, filter, top) if searched.strip() else None
    steps: tuple[Step, ...] = ()
    if asked:
        found: FoundPages = list(_readable(searcher, model, asked.hits, top, shots))
    else:
        found, steps = search_in_steps(model, searched, search(searched), search, top)
    evidence = tuple(page for page, _ in found)
    hits = tuple(hit for _, hit in found)
    task = asked.task if asked else "answer"
    prompt = (
        Prompt(text, evidence, tuple(history), task)
        if chat
        else Prompt(
            searched,
            evidence,
            task=task,
            steps=steps,
            translations=searcher.translations(searched),
        )
    )
    return RetrievedEvidence(
        question,
        searched,
        hits,
        prompt,
        locator(searcher),
        # Pages that were named are the right ones, however near they come to the words.
        0.0 if asked or named or _names_a_file(question, hits) else min_score(searcher, model),
        searcher.missing_shards,
    )


def _readable(
    searcher: Searcher,
    model: VisionModel,
    hits: Iterable[Hit],
    top: int,
    shots: ShotReader | None,
) -> Iterator[tuple[Evidence, Hit]]:
    """Pages that a model can read, at most `top`, labelled from 1, each with its hit."""
    label = 0
    for hit in hits:
        try:
            words = shown_words(searcher.library.words(hit.page))
        except PageNotFound:
            continue
        if label == top or not (words or model.uses_images):
            continue
        label += 1
        image = partial(searcher.library.image, hit.page)
        shot = partial(shots.read, hit.page) if shots and hit.kind == "video" else None
        # Confidence and threshold are of scores without a reranker.
        score = hit.signals.get(FUSED, hit.score)
        relevance = hit.signals.get(RERANK)
        yield Evidence(label, hit.page, words, image, score, hit.regions, shot, relevance), hit


def _names_a_file(question: str, hits: Sequence[Hit]) -> bool:
    """Whether a question has the name of a file among the hits, with its suffix."""
    asked = question.casefold()
    names = {os.path.basename(hit.page.document_name).casefold() for hit in hits}
    return any("." in name and name in asked for name in names)


def min_score(searcher: Searcher, model: VisionModel) -> float:
    """Threshold on the best page's score for calling the model; 0 without one.

    It holds for calibrated encoders (see `Encoder`). A model that sees no page
    images (extractive) has a confidence of its own.
    """
    readers = [
        manifest
        for manifest in searcher.manifests()
        if manifest.modality not in (*WORDLESS, "passage")
    ]
    calibrated = len(readers) == 1 and readers[0].calibrated
    return MIN_SCORE if model.uses_images and calibrated else 0.0
