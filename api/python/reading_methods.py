"""Client methods that read pages and images: extract, compare, classify."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeGuard

from api.page_text import TextFormat, render_text
from api.python.arguments import FilePath, PageRef, as_page_key
from api.python.base import ClientBase
from api.python.python_hints import python_hints
from api.results.extraction_results import ExtractedRecord, ExtractedRecords, PageComparison
from api.results.image_results import Classification, Classifications
from api.sources import is_file_source, local_file, path_on_disk
from ingest.page import Page
from retrieval.hit import Hit

if TYPE_CHECKING:
    from generation.extraction.schema import Schema
    from generation.prompt import Evidence
    from ingest.library.library import Library

Source: TypeAlias = PageRef | FilePath
"""A page of the library, or a PDF or image file, which is not added to it."""
SchemaSource: TypeAlias = FilePath | Mapping[str, Any]
"""A ready schema by name, a JSON file, or the schema itself."""


class ReadingMethods(ClientBase):
    """Methods that read pages and images into data."""

    @python_hints()
    def schemas(self) -> dict[str, dict[str, Any]]:
        """Ready JSON schemas for `extract`, by name."""
        from generation.extraction.schema import ready_schemas

        return {name: dict(schema) for name, schema in ready_schemas().items()}

    @python_hints()
    def extract(
        self,
        sources: Source | Sequence[Source],
        schema: SchemaSource,
        *,
        model: str | None = None,
        password: str | None = None,
    ) -> ExtractedRecord:
        """Read pages or files into one record that fits a JSON schema.

        The record has the place of each value.

        Args:
            sources: pages of the library (hits, pages or their keys), or PDF and image files.
            schema: a ready schema by name, a JSON file, or the schema itself.
            model: what reads the pages; None takes the setting.
            password: of encrypted PDFs.

        Raises:
            InvalidInputError: the schema is wrong, a file cannot be read, or a required
                field is missing.
            NotFoundError: there is no such page.
            ModelError: the model failed.
        """
        return self._record(self._pages(sources, password), _open_schema(schema), model)

    @python_hints()
    def extract_each(
        self,
        sources: Source | Sequence[Source],
        schema: SchemaSource,
        *,
        model: str | None = None,
        password: str | None = None,
    ) -> ExtractedRecords:
        """Read pages or files into a record for each page.

        Arguments and errors are as for `extract`.
        """
        wanted = _open_schema(schema)
        pages = self._pages(sources, password)
        return ExtractedRecords(self._record([page], wanted, model) for page in pages)

    @python_hints()
    def extract_whole(
        self,
        documents: FilePath | Sequence[FilePath],
        schema: SchemaSource,
        *,
        model: str | None = None,
        password: str | None = None,
    ) -> ExtractedRecords:
        """Read whole documents into a record for each, all its pages in one request.

        Args:
            documents: documents of the library by id, name or path, or PDF and image files.

        Other arguments and errors are as for `extract`.
        """
        from api.rag.extraction import label_pages, open_library_document

        wanted = _open_schema(schema)
        given = [documents] if isinstance(documents, str | os.PathLike) else documents

        def read(one: FilePath) -> ExtractedRecord:
            if isinstance(one, os.PathLike) or _is_file(one):
                pages = self._pages(one, password)
                return self._record(pages, wanted, model, path_on_disk(one))
            library = self._engine.library()
            pages = label_pages(open_library_document(library, one))
            return self._record(pages, wanted, model, library)

        return ExtractedRecords(read(one) for one in given)

    @python_hints()
    def text(
        self,
        sources: Source | Sequence[Source],
        *,
        format: TextFormat = "text",
        password: str | None = None,
    ) -> list[Any]:
        """Words of pages or files in reading order, an entry a page.

        Args:
            sources: as for `extract`.
            format: "text" or "markdown", or "json" for a dict with blocks, words and boxes.
            password: of encrypted PDFs.

        Raises:
            InvalidInputError: a file cannot be read.
            NotFoundError: there is no such page.
        """
        pages = self._pages(sources, password)
        return [render_text(page.page, page.words, format) for page in pages]

    @python_hints()
    def compare(
        self, a: Source, b: Source, *, model: str | None = None, password: str | None = None
    ) -> PageComparison:
        """Compare two pages or files, A and B. Arguments and errors as for `extract`."""
        from api.rag.extraction import compare_pages

        chat = self._model(model).chat
        both = self._pages(a, password), self._pages(b, password)
        return PageComparison.of(compare_pages(*both, chat))

    @python_hints()
    def classify(
        self,
        images: FilePath | Sequence[FilePath],
        labels: Sequence[str] | Path,
        *,
        encoder: str | None = None,
        device: str | None = None,
    ) -> Classifications:
        """Classify image files with labels, with a probability for each; nothing is kept.

        Args:
            labels: two or more, or a file with one a line.
            encoder: "conse" or "clip:MODEL"; None takes the one that the library has.
            device: where a torch model runs; None takes the setting.

        Raises:
            InvalidInputError: an image cannot be read, or there are fewer than two labels.
            ConflictError: the encoder does not compare images with texts.
        """
        from api.classification import classify_images, open_classifier
        from ingest.annotate.tag import read_labels

        names = read_labels(labels) if isinstance(labels, Path) else list(labels)
        classifier = open_classifier(
            self._engine.home,
            self.settings,
            names,
            self._engine.readers(),
            encoder=encoder,
            device=device,
        )
        given = [images] if isinstance(images, str | os.PathLike) else images
        with ExitStack() as stack:
            policy = self.settings.fetch_policy()
            paths = [stack.enter_context(local_file(image, policy)) for image in given]
            return Classifications(
                Classification(file, shares, classifier.spec)
                for file, shares in classify_images(classifier, paths)
            )

    def _pages(self, sources: Source | Sequence[Source], password: str | None) -> list[Evidence]:
        """Pages that sources name, labelled from 1: those of files on disk, else of the library."""
        from api.rag.extraction import label_pages, open_file_pages, open_library_page

        if isinstance(sources, str | os.PathLike | Page | Hit):
            sources = [sources]
        pages: list[Evidence] = []
        for source in sources:
            if isinstance(source, os.PathLike) or _is_file(source):
                settings = self._engine.render_settings(password)
                with local_file(source, self.settings.fetch_policy()) as path:
                    pages += open_file_pages(path, settings, self._engine.readers())
            else:
                pages += open_library_page(self._engine.library(), as_page_key(source))
        return label_pages(pages)

    def _record(
        self,
        pages: Sequence[Evidence],
        schema: Schema,
        model: str | None,
        whole: Library | Path | None = None,
    ) -> ExtractedRecord:
        from api.rag.extraction import extract_record

        record = extract_record(pages, schema, self._model(model).chat, whole)
        return ExtractedRecord.of(record, tuple(page.page for page in pages))


def _is_file(source: PageRef) -> TypeGuard[str]:
    """Whether a source is a file's name or URL; else it is a page."""
    return is_file_source(source)


def _open_schema(schema: SchemaSource) -> Schema:
    from generation.extraction.schema import check_schema, open_schema

    if isinstance(schema, Mapping):
        return check_schema(dict(schema))
    return open_schema(str(schema))
