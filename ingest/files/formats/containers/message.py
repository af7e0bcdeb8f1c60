"""E-mail messages: header, body and attachments of EML, MSG and MBOX files."""

from __future__ import annotations

import base64
import email.policy
import mailbox
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from html import escape
from itertools import islice
from pathlib import Path
from typing import Any

from ingest.extras import find_missing, install_name
from ingest.files.formats.markup import drop_outside_pictures
from ingest.files.formats.plain_text import decode_text
from ingest.files.source import FormatUnavailable, UnreadableFile

MAX_MESSAGES = 2_000
"""Messages of an MBOX file that are read."""
MAX_LOOKED = 50_000
"""The same with those that are empty, which are left out."""
MAX_PARTS = 1_000
"""Parts of a message that are looked at."""
MAX_PICTURE = 5_000_000
"""Bytes of a picture that is shown in a body."""
MAX_SHOWN = 40_000_000
"""Characters of pictures in a body; one may be shown many times."""
HEADERS = ("From", "To", "Cc", "Date")
_SHELL = re.compile(r"</?(?:html|body|head|meta)\b[^>]*>|<!doctype[^>]*>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Message:
    """Message: header fields, its body as HTML, and its attachments by name."""

    subject: str
    fields: tuple[tuple[str, str], ...]
    body: str
    attachments: tuple[tuple[str, bytes], ...] = ()
    note: str = ""

    @property
    def html(self) -> str:
        """The message as a part of an HTML page."""
        fields = [*self.fields]
        if self.attachments:
            fields.append(("Attachments", ", ".join(name for name, _ in self.attachments)))
        lines = "<br>".join(f"<b>{escape(key)}:</b> {escape(value)}" for key, value in fields)
        html = f"<h1>{escape(self.subject)}</h1><p>{lines}</p><hr>{self.body}"
        return html.replace("\0", "")  # MuPDF ends a page at it, and texts of MSG end in it


def read_messages(path: Path, name: str) -> Iterator[Message]:
    """Messages of a file of a format by its name: "eml", "msg" or "mbox".

    Raises:
        UnreadableFile: it is damaged, or nested too deep.
        FormatUnavailable: MSG needs a package that is not installed.
    """
    try:
        if name == "msg":
            yield _read_msg(path)
        elif name == "eml":
            with path.open("rb") as file:
                yield _message(BytesParser(policy=email.policy.default).parse(file))
        else:
            yield from _read_mbox(path)
    except RecursionError as error:
        raise UnreadableFile(
            f"{path.name} has e-mails in e-mails, too deep to read.",
            hint="Save the message that you want as a file of its own.",
        ) from error
    except (ValueError, LookupError, TypeError, AttributeError, OSError) as error:
        raise UnreadableFile(
            f"{path.name} is a damaged e-mail.", hint="Save it again from its program."
        ) from error


def _read_mbox(path: Path) -> Iterator[Message]:
    parser = BytesParser(policy=email.policy.default)
    box = mailbox.mbox(path, factory=lambda file: parser.parse(file), create=False)  # type: ignore[arg-type,return-value]
    try:
        some = (each for each in islice(box, MAX_LOOKED) if each.keys() or each.get_payload())
        for message in islice(some, MAX_MESSAGES):
            yield _message(message)  # type: ignore[arg-type]
    finally:
        box.close()


def count_messages(path: Path) -> int:
    """Number of messages of an MBOX file."""
    box = mailbox.mbox(path, create=False)
    try:
        return len(box)
    finally:
        box.close()


@dataclass(slots=True)
class _Parts:
    """Parts of a message: bodies, pictures by their content id, and attachments."""

    html: str = ""
    text: str = ""
    pictures: dict[str, tuple[str, str, bytes]] = field(default_factory=dict)
    attachments: list[tuple[str, bytes]] = field(default_factory=list)


def _message(message: EmailMessage) -> Message:
    parts = _Parts()
    for part in islice(_leaves(message), MAX_PARTS):
        _take(part, parts)
    shown = {key: _data_uri(kind, data) for key, (_, kind, data) in parts.pictures.items()}
    body, used, dropped = _body(parts, shown)
    rest = [(name, data) for key, (name, _, data) in parts.pictures.items() if key not in used]
    fields = ((key, _field(message, key)) for key in HEADERS)
    return Message(
        _field(message, "Subject") or "(no subject)",
        tuple((key, value) for key, value in fields if value),
        body,
        (*parts.attachments, *rest),
        "Pictures of the e-mail that lie on other machines are not shown." if dropped else "",
    )


def _leaves(message: EmailMessage) -> Iterator[EmailMessage]:
    """Parts of a message that are no multiparts; a message within it is one part."""
    waiting = [message]
    while waiting:
        part = waiting.pop()
        if part.is_multipart() and part.get_content_type() != "message/rfc822":
            waiting.extend(reversed(part.get_payload()))  # type: ignore[arg-type]
        else:
            yield part


def _take(part: EmailMessage, parts: _Parts) -> None:
    kind = part.get_content_type()
    name = part.get_filename() or ""
    if kind == "message/rfc822":
        inner: Any = part.get_payload()
        if isinstance(inner, list) and inner:
            title = _field(inner[0], "Subject") or "message"
            parts.attachments.append((f"{title}.eml", inner[0].as_bytes()))
        return
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes):
        return
    is_attached = part.get_content_disposition() == "attachment" or bool(name)
    if kind == "text/html" and not is_attached:
        parts.html += _text(part, data)
    elif kind == "text/plain" and not is_attached:
        parts.text += _text(part, data)
    elif (key := str(part.get("Content-ID", "")).strip(" <>")) and kind.startswith("image/"):
        parts.pictures[key] = (name or "picture", kind, data)
    elif is_attached:
        parts.attachments.append((name or "attachment", data))


def _text(part: EmailMessage, data: bytes) -> str:
    try:
        return data.decode(part.get_content_charset() or "utf-8")
    except (LookupError, UnicodeDecodeError):
        return decode_text(data)


def _field(message: EmailMessage, key: str) -> str:
    try:
        return " ".join(str(message.get(key, "")).split())
    except Exception:  # the standard library's parsers of header fields raise all sorts
        return ""


def _data_uri(kind: str, data: bytes) -> str:
    if len(data) > MAX_PICTURE:
        return ""
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def _body(parts: _Parts, pictures: Mapping[str, str]) -> tuple[str, set[str], bool]:
    """The body as HTML, the pictures that it shows, and whether it lacks others."""
    if not parts.html.strip():
        return f'<pre style="white-space:pre-wrap">{escape(parts.text)}</pre>', set(), False
    html = _SHELL.sub("", parts.html)
    used = {key for key in pictures if f"cid:{key}" in html}
    room = MAX_SHOWN
    for key in used:
        times = min(html.count(f"cid:{key}"), room // max(len(pictures[key]), 1))
        html = html.replace(f"cid:{key}", pictures[key], times)
        room -= times * len(pictures[key])
    html, dropped = drop_outside_pictures(html)
    return html, used, dropped


def _read_msg(path: Path) -> Message:
    if find_missing("oxmsg"):
        raise FormatUnavailable(
            f"{path.name} is read by the package python-oxmsg, which is not installed.",
            hint=f"Run: pip install '{install_name('office')}', and try it again.",
        )
    from oxmsg import Message as Outlook

    try:
        outlook = Outlook.load(str(path))
        headers = {key.lower(): value for key, value in (outlook.message_headers or {}).items()}
        to = ", ".join(str(each.email_address or each.name) for each in outlook.recipients)
        date = headers.get("date") or str(outlook.sent_date or "")
        fields = (("From", outlook.sender or headers.get("from", "")), ("To", to), ("Date", date))
        parts = _Parts(outlook.html_body or "", outlook.body or "")
        body, _, dropped = _body(parts, {})
        attachments = [
            ((each.file_name or "").replace("\0", "") or "attachment", each.file_bytes)
            for each in outlook.attachments
            if each.file_bytes
        ]
    except Exception as error:  # the package raises whatever a damaged file leads it to
        raise UnreadableFile(
            f"{path.name} is a damaged e-mail.", hint="Save it again from Outlook, as .eml."
        ) from error
    return Message(
        (outlook.subject or "").replace("\0", "") or "(no subject)",
        tuple((key, value) for key, value in fields if value),
        body,
        tuple(attachments),
        "Pictures of the e-mail that lie on other machines are not shown." if dropped else "",
    )
