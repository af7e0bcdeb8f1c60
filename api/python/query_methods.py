"""Client methods for queries: search, ask, explain."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Generator, Sequence
from contextlib import ExitStack, closing
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias, overload

from api.page_search import ImageSource, QueryParts, make_filter, search_pages
from api.python.arguments import Names, PageRef, Turns, as_messages, as_names, as_page_key
from api.python.base import ClientBase
from api.python.python_hints import python_hints
from api.rag.answer import generate_answer, stream_pieces
from api.rag.evidence import retrieve_evidence
from api.rag.query_filters import filter_documents
from api.results.cited_answer import CitedAnswer, PageCitation
from api.results.page_explanation import PageExplanation
from api.results.search_results import SearchResults
from api.sources import local_file
from generation.answer import Answer, Citation
from ingest.fetch.fetch_policy import is_url
from ingest.page import DocumentKind

if TYPE_CHECKING:
    from PIL import Image

    from ingest.filter import PageFilter

AnswerStream: TypeAlias = Generator[str | PageCitation | CitedAnswer, None, None]
"""Pieces of text and citations, the answer last; closing it stops the model."""


class QueryMethods(ClientBase):
    """Methods that find pages and answer from them."""

    @python_hints()
    def search(
        self,
        query: str | QueryParts | None = None,
        *,
        like: ImageSource | None = None,
        top: int = 10,
        images: bool = False,
        document: Names = None,
        folder: str | None = None,
        tag: Names = None,
        kind: DocumentKind | None = None,
        since: date | str | None = None,
        until: date | str | None = None,
        taken_since: date | str | None = None,
        taken_until: date | str | None = None,
        near: tuple[float, float, float] | None = None,
        pages: int | tuple[int | None, int | None] | None = None,
    ) -> SearchResults:
        """Find the pages that fit a query, best first.

        Args:
            query: a text; or weighted parts, such as
                `[(2, "golden retriever"), (1, Path("pool.jpg")), (-1, "fruit")]`.
            like: an image, its file or its URL, in place of a query.
            top: pages at most.
            images: only photos and figures, by what they show.
            document: only in these: ids, heads of ids, file names, paths or ends of paths.
            folder: only files in a folder of this name, or below it.
            tag: only pages with all of these.
            kind: only documents of this kind.
            since, until: only documents added on these days, or between them.
            taken_since, taken_until: only photos taken on these days, by their own account.
            near: only photos taken near a place: latitude, longitude and km from there.
            pages: only this page number, or the first and the last.

        Raises:
            InvalidInputError: the query is blank, an image cannot be opened, or a filter is wrong.
            NotFoundError: a document does not exist, or is ambiguous.
            ConflictError: nothing has been ingested yet, or no index fits the query.
        """
        searcher = self._engine.searcher()
        filter = make_filter(
            tags=as_names(tag),
            kind=kind,
            since=since,
            until=until,
            pages=pages,
            taken_since=taken_since,
            taken_until=taken_until,
            near=near,
        )
        filter = filter_documents(searcher.library, as_names(document), filter, folder)
        with ExitStack() as stack:
            if isinstance(like, str | os.PathLike):
                like = stack.enter_context(local_file(like, self.settings.fetch_policy()))
            hits = search_pages(
                searcher,
                query,
                readers=self._engine.readers(),
                like=like,
                top=top,
                images=images,
                filter=filter,
            )
        title = query if isinstance(query, str) else ""
        return SearchResults.of(hits, searcher.library, title, searcher.missing_shards)

    @overload
    def ask(
        self,
        question: str,
        *,
        top: int | None = None,
        document: Names = None,
        folder: str | None = None,
        tag: Names = None,
        kind: DocumentKind | None = None,
        since: date | str | None = None,
        until: date | str | None = None,
        taken_since: date | str | None = None,
        taken_until: date | str | None = None,
        near: tuple[float, float, float] | None = None,
        pages: int | tuple[int | None, int | None] | None = None,
        whole: bool = False,
        model: str | None = None,
        history: Turns = (),
        stream: Literal[False] = False,
    ) -> CitedAnswer: ...
    @overload
    def ask(
        self,
        question: str,
        *,
        top: int | None = None,
        document: Names = None,
        folder: str | None = None,
        tag: Names = None,
        kind: DocumentKind | None = None,
        since: date | str | None = None,
        until: date | str | None = None,
        taken_since: date | str | None = None,
        taken_until: date | str | None = None,
        near: tuple[float, float, float] | None = None,
        pages: int | tuple[int | None, int | None] | None = None,
        whole: bool = False,
        model: str | None = None,
        history: Turns = (),
        stream: Literal[True],
    ) -> AnswerStream: ...
    @python_hints()
    def ask(
        self,
        question: str,
        *,
        top: int | None = None,
        document: Names = None,
        folder: str | None = None,
        tag: Names = None,
        kind: DocumentKind | None = None,
        since: date | str | None = None,
        until: date | str | None = None,
        taken_since: date | str | None = None,
        taken_until: date | str | None = None,
        near: tuple[float, float, float] | None = None,
        pages: int | tuple[int | None, int | None] | None = None,
        whole: bool = False,
        model: str | None = None,
        history: Turns = (),
        stream: bool = False,
    ) -> CitedAnswer | AnswerStream:
        """Answer a question from the pages, quoting them.

        Args:
            top: pages that the model is shown at most; None takes the setting `evidence_pages`.
            document, folder, tag, kind, since, until, taken_since, taken_until, near, pages: as for `search`.
            whole: all pages of the one `document`, or its file, in place of those of a search.
            model: what writes the answer: "extractive" or "PROVIDER:MODEL"; None takes the setting.
            history: what was said before, oldest first: messages, or earlier answers.
            stream: return a generator of pieces of text and citations, the answer last;
                closing it stops the model. Errors are then raised by the generator.

        Raises:
            InvalidInputError: the question is blank, there is no such model, or a filter is wrong.
            ConflictError: nothing has been ingested yet.
            ModelError: the model failed.
        """
        filter = make_filter(
            tags=as_names(tag),
            kind=kind,
            since=since,
            until=until,
            pages=pages,
            taken_since=taken_since,
            taken_until=taken_until,
            near=near,
        )
        pieces = self._stream(question, top, document, folder, filter, model, history, whole)
        if stream:
            return pieces
        *_, answer = pieces
        assert isinstance(answer, CitedAnswer)
        return answer

    @python_hints()
    def ask_pictures(
        self,
        parts: Sequence[str | Path | Image.Image],
        *,
        model: str | None = None,
        history: Turns = (),
    ) -> CitedAnswer:
        """Answer a question about pictures or PDFs that are not in the library.

        Nothing is kept. A language model that sees images is needed for what they show.

        Args:
            parts: texts, and files (a `Path`, an image, or a text that is a URL), in the order
                in which the model is to see them; the last text is the question.
            model, history: as for `ask`.

        Raises:
            InvalidInputError: there is no question or no picture, or a file cannot be read.
            ModelError: the model failed.
        """
        from api.rag.picture_question import open_pictures, question_of

        writer = self._model(model)
        with tempfile.TemporaryDirectory(prefix="pageglass-") as folder, ExitStack() as stack:
            opened = [
                self._as_part(part, number, Path(folder), stack)
                for number, part in enumerate(parts, 1)
            ]
            question = question_of(opened)
            settings = self._engine.render_settings(None)
            pictures = open_pictures(opened, settings, self._engine.readers())
        evidence = pictures.ask(question, as_messages(history))
        return CitedAnswer.of(generate_answer(evidence, writer), evidence, pictures)

    def _as_part(
        self, part: str | Path | Image.Image, number: int, folder: Path, stack: ExitStack
    ) -> str | Path:
        """A text, or the file of a picture."""
        if isinstance(part, str) and not is_url(part):
            return part
        if isinstance(part, str | os.PathLike):
            return stack.enter_context(local_file(part, self.settings.fetch_policy()))
        path = folder / f"picture-{number}.png"
        part.save(path, "PNG")
        return path

    @python_hints()
    def explain(self, query: str, page: PageRef, *, encoder: str | None = None) -> PageExplanation:
        """Explain a page's score: the best match of each query word, with heat maps.

        Args:
            page: a hit, a page or its key.
            encoder: whose view of the page; None takes the one that it ranks by.

        Raises:
            NotFoundError: there is no such page, or the encoder has nothing of it.
            InvalidInputError: the query is blank.
        """
        searcher = self._engine.searcher()
        explained = searcher.explain(query, searcher.library.page(as_page_key(page)), encoder)
        return PageExplanation.of(explained, searcher.library)

    def _stream(
        self,
        question: str,
        top: int | None,
        document: Names,
        folder: str | None,
        filter: PageFilter,
        model: str | None,
        history: Turns,
        whole: bool,
    ) -> AnswerStream:
        with python_hints():
            searcher, writer = self._engine.searcher(), self._model(model)
            evidence = retrieve_evidence(
                searcher,
                question,
                writer,
                top=top or self.settings.evidence_pages,
                documents=as_names(document),
                folder=folder,
                filter=filter,
                history=as_messages(history),
                shots=self._engine.shots(),
                whole=whole,
            )
            with closing(stream_pieces(evidence, writer)) as pieces:
                for piece in pieces:
                    match piece:
                        case Answer():
                            yield CitedAnswer.of(piece, evidence, searcher.library)
                        case Citation():
                            yield PageCitation.of(piece, searcher.library)
                        case _:
                            yield piece
