"""Mail source: e-mails as pages, with their attachments."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from pathlib import Path

from ingest.files.formats.containers.message import MAX_MESSAGES, count_messages, read_messages
from ingest.files.formats.laid_out import LaidOutSource
from ingest.files.formats.tables.table_pages import PAGE_END
from ingest.files.source import EmbeddedFile, UnreadableFile


class MailSource(LaidOutSource):
    """E-mail, or a box of them, as a `Source`; each begins on a new page.

    Raises:
        UnreadableFile, FormatUnavailable
    """

    def __init__(self, path: Path, name: str) -> None:
        pages: list[str] = []
        self._embedded: list[tuple[str, bytes]] = []
        note = title = ""
        for message in read_messages(path, name):
            pages.append(message.html)
            self._embedded += message.attachments
            note, title = note or message.note, title or message.subject
        if not pages:
            raise UnreadableFile(f"{path.name} has no e-mails in it.", hint="Save it again.")
        if len(pages) == MAX_MESSAGES and (count := count_messages(path)) > MAX_MESSAGES:
            note = f"Only the first {MAX_MESSAGES:,} of {count:,} e-mails are read."
        title = path.stem if len(pages) > 1 else title
        html = f"<html><head><title>{escape(title)}</title></head><body>"
        html += f"{PAGE_END.join(pages)}</body></html>"
        super().__init__(path, html.encode("utf-8-sig"), "html", "mail", note=note)
        self.has_attachments = bool(self._embedded)

    def embedded_files(self) -> Iterator[EmbeddedFile]:
        """Names and readers of the attachments."""
        for name, data in self._embedded:
            yield name, lambda data=data: data  # type: ignore[misc]
