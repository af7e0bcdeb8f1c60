"""Read jobs: files and attachments whose bytes are new, known ones named."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path

from ingest.event import DuplicateFound, Event, LeftOut, StayedRemoved
from ingest.file_state import FileStamp, document_id, hash_file
from ingest.files.source import UnreadableFile
from ingest.library.names import ATTACHED, readable
from ingest.library.writer import LibraryWriter
from ingest.readers.attachments import Attachment
from ingest.readers.read_ahead import ReadJob
from ingest.run.assemble import Attached, DocumentAssembler, PendingFile
from ingest.run.attached import ParentAttachments


class JobMaker:
    """Makes read jobs of what the library does not have.

    Events of what it has, or cannot be read, go to `events`.
    """

    def __init__(
        self, library: LibraryWriter, assembler: DocumentAssembler, events: list[Event], redo: bool
    ) -> None:
        self._library = library
        self._assembler = assembler
        self._events = events
        self._redo = redo

    def of_files(self, to_read: Iterable[Path], named: Collection[str]) -> Iterator[ReadJob]:
        """Hash each file; give out those whose bytes are new.

        Those whose document was removed are left out, if they are not `named`.
        """
        for path in to_read:
            try:
                stamp = FileStamp.of(path)
                sha256 = hash_file(path)
            except OSError as error:
                failed = UnreadableFile(
                    f"{readable(path.name)} cannot be opened: {error.strerror}.",
                    hint="Check that it is there and may be read.",
                )
                # Not what it looked like: a change of permissions alone must bring it back.
                self._events.append(self._assembler.fail(str(path), None, failed))
                continue
            id_ = document_id(sha256)
            if str(path) in named:
                self._library.forget_removal(id_)
            elif self._library.is_removed(id_) and not self._library.has(id_):
                self._library.note_left_out(str(path), id_, stamp)
                self._events.append(StayedRemoved((str(path),)))
                continue
            if pending := self._assembler.pending.get(id_):
                pending.stamps[str(path)] = stamp
            elif self._is_known(id_):
                self._library.set_name(str(path), id_, stamp)
            else:
                job = ReadJob(path, id_, readable(path.name))
                self._assembler.pending[id_] = PendingFile(
                    job, sha256, stamp.size, {str(path): stamp}
                )
                yield job
                continue
            self._assembler.count.named += 1
            self._events.append(DuplicateFound(str(path), id_))

    def of_attachments(self, parents: Iterable[ParentAttachments]) -> Iterator[ReadJob]:
        """Hash the attachments of files; give out those whose bytes are new."""
        for parent_id, path, attachments in parents:
            if not isinstance(attachments, list):
                failed = self._assembler.fail(path, None, attachments, record=False)
                self._events.append(failed)
            elif self._library.has(parent_id):  # another writer may have removed it
                yield from self._of_parent(parent_id, path, attachments)
            self._library.set_opened(parent_id)

    def _of_parent(
        self, parent_id: str, path: str, attachments: Sequence[Attachment]
    ) -> Iterator[ReadJob]:
        left_out: list[str] = []
        for attachment in attachments:
            place = Attached(parent_id, path, attachment.name)
            if attachment.path:
                yield from self._of_attachment(place, attachment.path)
            elif attachment.reason:
                error = UnreadableFile(
                    attachment.reason, hint="Save it as a file of its own, and ingest that."
                )
                self._events.append(self._assembler.fail(place.address, None, error, record=False))
            else:
                left_out.append(place.address)
        if left_out:
            self._assembler.count.left_out += len(left_out)
            self._events.append(LeftOut(tuple(left_out)))

    def _of_attachment(self, place: Attached, path: Path) -> Iterator[ReadJob]:
        sha256 = hash_file(path)
        id_ = document_id(sha256)
        if pending := self._assembler.pending.get(id_):
            pending.attached_to.append(place)
        elif self._is_known(id_):
            self._events.append(self._assembler.attach(place, id_))
        else:
            name = f"{readable(Path(place.parent_path).name)}{ATTACHED}{place.name}"
            job = ReadJob(path, id_, name)
            size = path.stat().st_size
            self._assembler.pending[id_] = PendingFile(job, sha256, size, {}, [place])
            yield job

    def _is_known(self, document_id: str) -> bool:
        """Whether the library has a document, and it is not to be read again."""
        committed = document_id in self._assembler.committed
        return committed or (not self._redo and self._library.has(document_id))
