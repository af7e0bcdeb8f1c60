"""Client methods: ingest, list, remove, status, tags and duplicates of a library."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from api.python.arguments import FilePath, as_names, as_sources, check_keywords, observe_ingest
from api.python.base import ClientBase
from api.python.keywords import IngestKeywords
from api.python.python_hints import python_hints
from api.results.document_list import Documents, LibraryDocument
from api.results.image_results import PhotoGroup, PhotoGroups
from api.results.reports import IngestReport, LibraryStatus

if TYPE_CHECKING:
    from api.ingestion import IngestOptions
    from ingest.event import Event


class LibraryMethods(ClientBase):
    """Methods that change a library and say what it holds."""

    @python_hints()
    def ingest(
        self,
        paths: FilePath | Sequence[FilePath] = (),
        *,
        progress: bool | Callable[[Event], object] = False,
        **options: Unpack[IngestKeywords],
    ) -> IngestReport:
        """Read files, folders, globs and URLs into the library, only what is new.

        Args:
            progress: show it on stderr, or call a function with each event.
            options: those of `pageglass ingest` (docs/cli.md).

        Raises:
            TypeError: there is no such option.
            PathNotFound: there is nothing at a path.
            PageglassError: the run cannot go on; what was added stays. A file that
                cannot be read raises nothing: the report lists it.
        """
        from api.ingest_paths import check_paths
        from api.ingestion import plan_ingest, run_ingest

        wanted = _ingest_options(options)
        check_paths(as_sources(paths), prune=wanted.prune)
        plan = plan_ingest(self._engine.home, self.settings, wanted)
        with observe_ingest(progress) as observe:
            events = run_ingest(self._engine.home, as_sources(paths), plan)
            return IngestReport.of(_observed(events, observe), plan.note)

    def watch(
        self,
        paths: FilePath | Sequence[FilePath],
        *,
        progress: bool | Callable[[Event], object] = False,
        **options: Unpack[IngestKeywords],
    ) -> Iterator[IngestReport]:
        """Follow folders: yield a report of what they hold, then one of each change.

        It goes on until the caller stops taking reports, as by `break`.

        Args:
            paths: folders.
            progress, options: as for `ingest`.

        Raises:
            TypeError: there is no such option.
            PageglassError: the run cannot go on; what was added stays.
        """
        from api.folder_passes import FolderPasses
        from api.ingestion import plan_ingest
        from ingest.watch.folder_watcher import FolderWatcher, find_folders

        home, wanted = self._engine.home, _ingest_options(options)
        with python_hints():
            plan = plan_ingest(home, self.settings, wanted)
            watcher = FolderWatcher(find_folders(as_sources(paths)), home.root)
            for events in FolderPasses(home, plan, watcher).run(lambda: None):
                with observe_ingest(progress) as observe:
                    yield IngestReport.of(_observed(events, observe), plan.note)

    @python_hints()
    def list(self, *, folder: str | None = None) -> Documents:
        """List the documents, by name; none where nothing has been ingested yet.

        Args:
            folder: only files in a folder of this name, or below it.

        Raises:
            NotFoundError: there is no document in such a folder.
        """
        from ingest.library.database import LibraryNotFound
        from ingest.shards.sharded_library import open_library

        try:
            library = open_library(self._engine.home)
            documents = library.documents_in(folder) if folder else library.documents()
        except LibraryNotFound:
            documents = []
        return Documents(LibraryDocument.of(document) for document in documents)

    @python_hints()
    def remove(self, documents: str | Sequence[str]) -> Documents:
        """Remove documents and everything derived from them; the files themselves stay.

        Args:
            documents: ids, heads of ids, paths or file names.

        Raises:
            NotFoundError: one of them does not exist, or is ambiguous; none is removed then.
            ConflictError: nothing has been ingested yet.
        """
        from ingest.shards.acts import remove_documents
        from ingest.shards.sharded_library import open_library

        open_library(self._engine.home)  # raises where there is none
        removed = remove_documents(self._engine.home, as_names(documents))
        return Documents(LibraryDocument.of(document) for document in removed)

    @python_hints()
    def edit(
        self, document: str, *, title: str | None = None, tags: str | Sequence[str] | None = None
    ) -> LibraryDocument:
        """Give a document a title, or tags in place of those that it was given.

        Args:
            document: id, head of an id, path or file name.
            title, tags: None changes nothing; no tags take them away.

        Raises:
            NotFoundError: it does not exist, or is ambiguous.
            InvalidInputError: the title or a tag is blank or too long.
            ConflictError: nothing has been ingested yet.
        """
        from ingest.shards.acts import edit_document
        from ingest.shards.sharded_library import open_library

        home = self._engine.home
        open_library(home)  # raises where there is none
        given = None if tags is None else as_names(tags)
        return LibraryDocument.of(edit_document(home, document, title=title, tags=given))

    @python_hints()
    def status(self, *, verify: bool = False, repair: bool = False) -> LibraryStatus:
        """Status of the library: documents, pages, size, indexes and files set aside.

        Args:
            verify: also compare library, indexes and files; see `disagreements`.
            repair: first delete what killed writers left; implies `verify`.

        Raises:
            StorageError: a newer version wrote the library.
        """
        from api.diagnostics.status import read_status

        return LibraryStatus(**read_status(self._engine.home, verify=verify, repair=repair))

    @python_hints()
    def tags(self) -> dict[str, int]:
        """Tags of photos and figures, with the number of pages that have each.

        Raises:
            ConflictError: nothing has been ingested yet.
        """
        return self._engine.library().tag_counts()

    @python_hints()
    def duplicates(self, *, same: float = 0.85, videos: bool = False) -> PhotoGroups:
        """Find photos that are nearly the same: resized, saved again, cropped a little.

        Args:
            same: the correlation, up to 1, that two photos must reach.
            videos: videos in place of photos; a page is the first shot of each.

        Raises:
            ConflictError: nothing has been ingested yet, or there is no index of images
                or of videos.
        """
        from ingest.library.documents import readable
        from ingest.shards.sharded_library import open_library
        from retrieval.duplicate_videos import find_duplicate_videos
        from retrieval.duplicates import find_duplicates

        library = open_library(self._engine.home)
        paths = {
            document.id: list(map(readable, document.paths)) for document in library.documents()
        }
        groups = (find_duplicate_videos if videos else find_duplicates)(self._engine.home, same)
        return PhotoGroups(PhotoGroup.of(group, paths, library) for group in groups)


def _observed(events: Iterator[Event], observe: Callable[[Event], object]) -> Iterator[Event]:
    for event in events:
        observe(event)
        yield event


def _ingest_options(keywords: IngestKeywords) -> IngestOptions:
    """Options of an ingest from keywords.

    Raises:
        TypeError: there is no such option.
    """
    from api.ingestion import IngestOptions

    check_keywords(keywords, IngestKeywords)
    options: dict[str, Any] = dict(keywords)
    options["pool"] = options.get("pool") or 0
    labels = options.pop("tag_with", None)
    return IngestOptions(labels=Path(labels).expanduser() if labels else None, **options)
