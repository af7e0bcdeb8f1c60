"""From a question to the evidence that a model is shown: search, then the library."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from api.rag.locate import locator
from generation.context.abstain import LEAST_SCORE
from generation.prompt import Evidence, Message, Prompt
from generation.rewrite import rewrite
from ingest.filter import EVERYTHING, Narrow
from ingest.library.library import Library, NoPage

if TYPE_CHECKING:
    from generation.ask import Locate
    from generation.models.model import ChatModel, VisionModel
    from retrieval.hit import Hit
    from retrieval.search import Searcher


SPARE = 3
"""Times as many pages are looked for where those without words are of no use."""


@dataclass(frozen=True, slots=True)
class Inquiry:
    """A question made ready for a model.

    `question` is as it was asked, `searched` what the search looked for: after
    a conversation, a rewriting that stands alone. `hits` are the pages that
    `prompt` shows, in its order. `locate` and `least` are what
    `generation.ask` takes beside it.
    """

    question: str
    searched: str
    hits: tuple[Hit, ...]
    prompt: Prompt
    locate: Locate
    least: float


def gather(
    searcher: Searcher,
    question: str,
    model: VisionModel,
    *,
    top: int,
    within: Narrow = EVERYTHING,
) -> Prompt:
    """The question with the best pages as evidence: the prompt of `inquire`."""
    return inquire(searcher, question, model, top=top, within=within).prompt


def inquire(
    searcher: Searcher,
    question: str,
    model: VisionModel,
    *,
    top: int,
    within: Narrow = EVERYTHING,
    history: Sequence[Message] = (),
) -> Inquiry:
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
    sought = top if model.sees else SPARE * top
    evidence: list[Evidence] = []
    hits: list[Hit] = []
    for hit in searcher.search(searched, top=sought, within=within):
        try:
            words = searcher.library.words(hit.page)
        except NoPage:
            continue
        if (words or model.sees) and len(evidence) < top:
            image = partial(searcher.library.image, hit.page)
            label = len(evidence) + 1
            evidence.append(Evidence(label, hit.page, words, image, hit.score, hit.regions))
            hits.append(hit)
    prompt = (
        Prompt(question, tuple(evidence), tuple(history))
        if chat
        else Prompt(searched, tuple(evidence))
    )
    return Inquiry(
        question,
        searched,
        tuple(hits),
        prompt,
        locator(searcher),
        least_score(searcher, model),
    )


def chat_of(model: VisionModel) -> ChatModel | None:
    """The language model behind a model that answers; None where it has none."""
    chat: ChatModel | None = getattr(model, "chat", None)
    return chat


def least_score(searcher: Searcher, model: VisionModel) -> float:
    """The score below which a model is not asked: 0, for always, where the limit was not measured.

    It was for the default encoder of words. A model that does not see pages
    (extractive) has a confidence of its own.
    """
    words = [seen.encoder for seen in searcher.manifests() if seen.reads != "pictures"]
    return LEAST_SCORE if model.sees and words == ["minilm"] else 0.0


def narrow_to(
    library: Library, wanted: Sequence[str] | None, within: Narrow = EVERYTHING
) -> Narrow:
    """`within`, and of that only the documents that people named; all of it where they named none.

    Raises:
        NoDocument: one of them is not there, or fits several.
    """
    if not wanted:
        return within
    return replace(within, document_ids=tuple(library.document(name).id for name in wanted))
