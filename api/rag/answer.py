"""Answer to a query over a library: retrieval, generation and checked citations.

    answer_query      query to answer, with the evidence it was written from
    stream_query      the same, piece by piece
    generate_answer   the second half: an answer from evidence already retrieved
    stream_pieces     the same, piece by piece

The command line, HTTP, OpenAI's protocol, MCP and Python all answer here.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias, cast

from api.rag.evidence import RetrievedEvidence, retrieve_evidence
from api.rag.partial_note import partial_note
from generation.answer import Answer, Citation
from generation.ask import stream_answer
from ingest.filter import ALL_PAGES, PageFilter
from ingest.trace import span

if TYPE_CHECKING:
    from generation.models.model import VisionModel
    from generation.prompt import Message
    from ingest.readers.shot_reader import ShotReader
    from retrieval.search import Searcher

Piece: TypeAlias = str | Citation | Answer
"""A piece of text, a citation once it is checked, or at the end the whole answer."""


@dataclass(frozen=True, slots=True)
class AnsweredQuery:
    """Answer and the evidence that the model was shown for it."""

    answer: Answer
    evidence: RetrievedEvidence


def answer_query(
    searcher: Searcher,
    model: VisionModel,
    query: str,
    *,
    top: int,
    filter: PageFilter = ALL_PAGES,
    documents: Sequence[str] | None = None,
    folder: str | None = None,
    history: Sequence[Message] = (),
    shots: ShotReader | None = None,
    on_piece: Callable[[Piece], None] | None = None,
) -> AnsweredQuery:
    """Answer a query from the pages of a library, each quote checked.

    Args:
        top: pages of evidence at most.
        filter: restricts the pages.
        documents, folder: restrict them further (`api.rag.query_filters.filter_documents`).
        history: earlier messages, oldest first.
        shots: reads frames of shots (`retrieve_evidence`).
        on_piece: is called with each piece as it comes; an error that it raises stops the model.

    Raises:
        EmptyQuery: the query is blank.
        DocumentNotFound: one of `documents` does not exist, or is ambiguous.
        ModelError: the model failed.
    """
    evidence = retrieve_evidence(
        searcher,
        query,
        model,
        top=top,
        filter=filter,
        documents=documents,
        folder=folder,
        history=history,
        shots=shots,
    )
    return AnsweredQuery(generate_answer(evidence, model, on_piece), evidence)


def stream_query(
    searcher: Searcher,
    model: VisionModel,
    query: str,
    *,
    top: int,
    filter: PageFilter = ALL_PAGES,
    documents: Sequence[str] | None = None,
    folder: str | None = None,
    history: Sequence[Message] = (),
    shots: ShotReader | None = None,
) -> Generator[RetrievedEvidence | Piece]:
    """Stream an answer: the evidence first, then pieces, the `Answer` last.

    Arguments and errors are those of `answer_query`. Closing the generator
    cancels the model.
    """
    evidence = retrieve_evidence(
        searcher,
        query,
        model,
        top=top,
        filter=filter,
        documents=documents,
        folder=folder,
        history=history,
        shots=shots,
    )
    yield evidence
    with closing(stream_pieces(evidence, model)) as pieces:
        yield from pieces


@span("answer")
def generate_answer(
    evidence: RetrievedEvidence,
    model: VisionModel,
    on_piece: Callable[[Piece], None] | None = None,
) -> Answer:
    """Answer from retrieved evidence; asked once more where the answer cites no page.

    Raises what the model and `on_piece` raise.
    """
    with closing(stream_pieces(evidence, model, retry=True)) as pieces:
        for piece in pieces:
            if on_piece is not None:
                on_piece(piece)
            if isinstance(piece, Answer):
                return piece
    raise AssertionError("stream_answer ends with an Answer")


def stream_pieces(
    evidence: RetrievedEvidence, model: VisionModel, *, retry: bool = False
) -> Generator[Piece]:
    """Stream an answer from retrieved evidence; closing it cancels the model.

    With `retry` a language model whose answer cites no page is asked once more. Streams
    to clients go without: what they have shown cannot be withdrawn.
    """
    pieces = stream_answer(evidence.prompt, model, evidence.locate, evidence.min_score, retry=retry)
    with closing(cast(Generator[Piece], pieces)) as whole:
        for piece in whole:
            if isinstance(piece, Answer) and evidence.partial:
                note = f"{partial_note(evidence.partial)} {piece.note}".strip()
                yield replace(piece, note=note)
            else:
                yield piece
