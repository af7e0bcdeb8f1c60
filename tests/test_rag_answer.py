"""Query to checked answer, whole and streamed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from api.factory import make_model, make_searcher
from api.rag.answer import Piece, answer_query, generate_answer, stream_query
from api.rag.evidence import RetrievedEvidence, retrieve_evidence
from api.settings import Settings
from generation.answer import Answer, Citation
from ingest.filter import PageFilter
from ingest.library.documents import DocumentNotFound
from ingest.library.home import Home
from retrieval.error import EmptyQuery
from retrieval.search import Searcher

LENS = "Who was in charge of repairing the lens?"
MODEL = make_model(Settings.model_construct())


@pytest.fixture(scope="module")
def searcher(sample_home: Home) -> Iterator[Searcher]:
    searcher = make_searcher(sample_home, Settings.model_construct())
    yield searcher
    searcher.close()


def test_an_answer_comes_with_its_evidence(searcher: Searcher) -> None:
    answered = answer_query(searcher, MODEL, LENS, top=3)
    assert "Hanneke Vos" in answered.answer.text
    assert len(answered.evidence.hits) == 3
    cited = {citation.page for citation in answered.answer.citations}
    assert cited <= {hit.page for hit in answered.evidence.hits}


def test_a_stream_is_the_evidence_then_pieces_then_the_answer(searcher: Searcher) -> None:
    evidence, *pieces, last = stream_query(searcher, MODEL, LENS, top=3)
    assert isinstance(evidence, RetrievedEvidence)
    assert isinstance(last, Answer)
    assert last == answer_query(searcher, MODEL, LENS, top=3).answer
    assert "".join(piece for piece in pieces if isinstance(piece, str)) == last.text
    assert tuple(piece for piece in pieces if isinstance(piece, Citation)) == last.citations


def test_each_piece_is_passed_on(searcher: Searcher) -> None:
    pieces: list[Piece] = []
    answered = answer_query(searcher, MODEL, LENS, top=3, on_piece=pieces.append)
    assert pieces[-1] is answered.answer


def test_an_error_in_a_piece_stops_the_model(searcher: Searcher) -> None:
    def stop(_piece: Piece) -> None:
        raise KeyboardInterrupt

    evidence = retrieve_evidence(searcher, LENS, MODEL, top=3)
    with pytest.raises(KeyboardInterrupt):
        generate_answer(evidence, MODEL, stop)


def test_documents_and_filter_restrict_the_evidence(searcher: Searcher) -> None:
    named = answer_query(searcher, MODEL, LENS, top=5, documents=["project-deck.pdf"])
    assert {hit.page.document_name for hit in named.evidence.hits} == {"project-deck.pdf"}
    first = answer_query(searcher, MODEL, LENS, top=5, filter=PageFilter(last=1))
    assert {hit.page.number for hit in first.evidence.hits} == {1}


def test_errors(searcher: Searcher) -> None:
    with pytest.raises(DocumentNotFound):
        answer_query(searcher, MODEL, LENS, top=5, documents=["none.pdf"])
    with pytest.raises(EmptyQuery):
        answer_query(searcher, MODEL, " ", top=5)
