"""Office documents as PDFs: by LibreOffice, or by a Gotenberg server.

One process a file runs in the process group of the reading worker, which is killed as one at
the deadline (`ingest.readers.reader_worker`). The file is copied, so that no lock file is
left beside it. Macros are off, links are not followed, what would be fetched goes to a proxy
that is not there, and the program reads no files but that one (`ingest.files.formats.confine`).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ingest.error import InvalidInputError
from ingest.extras import find_missing, require
from ingest.file_state import hash_file
from ingest.files.formats.confine import confined
from ingest.files.formats.kinds import OFFICE_SUFFIXES, SUFFIXES
from ingest.files.formats.scratch import scratch_folder
from ingest.files.formats.speaker_notes import add_speaker_notes
from ingest.files.formats.tables.sheets import fit_sheets
from ingest.files.source import FormatUnavailable, UnreadableFile

SHEETS = frozenset({"xlsx", "xls", "ods"})
TEXT_MODULES = {"docx": "docx", "pptx": "pptx", "xlsx": "openpyxl"}
TEXT_FORMATS = {
    **TEXT_MODULES,
    **dict.fromkeys(("odt", "odp", "ods", "odg", "hwpx"), ""),
    "hwp5": "olefile",
}
"""Formats whose words are read without a program, and the module that reads each, if any."""
PROGRAMS = ("soffice", "libreoffice")
SECONDS = 600.0
"""Time for a Gotenberg server; a worker's deadline comes first."""
NO_PROXY = "http://127.0.0.1:9"
_ITEM = (
    '<item oor:path="/org.openoffice.{}"><prop oor:name="{}" oor:op="fuse">'
    "<value>{}</value></prop></item>"
)
_SAFE = (
    ("Office.Common/Security/Scripting", "DisableMacrosExecution", "true"),
    ("Office.Common/Security/Scripting", "MacroSecurityLevel", "3"),
    ("Office.Common/Security/Scripting", "BlockUntrustedRefererLinks", "true"),
    ("Office.Common/Security/Scripting", "DisableActiveContent", "true"),
    ("Office.Common/Misc", "MacroRecorderMode", "false"),
    ("Office.Calc/Content/Update", "Link", "2"),
    ("Office.Writer/Content/Update", "Link", "0"),
    ("Office.Calc/Formula/Load", "OOXMLRecalcMode", "1"),
    ("Office.Calc/Formula/Load", "ODFRecalcMode", "1"),
    ("Inet/Settings", "ooInetProxyType", "2"),
    ("Inet/Settings", "ooInetHTTPProxyName", "127.0.0.1"),
    ("Inet/Settings", "ooInetHTTPProxyPort", "9"),
    ("Inet/Settings", "ooInetHTTPSProxyName", "127.0.0.1"),
    ("Inet/Settings", "ooInetHTTPSProxyPort", "9"),
)
"""Settings of a profile: no macros, no links, no network."""


@dataclass(frozen=True, slots=True)
class OfficeSettings:
    """How office documents are read.

    `by` is "libreoffice", the URL of a Gotenberg server, or "text" for the words alone.
    `folder` keeps the PDFs that were made, by the content of their files; without it a
    process keeps them in a folder of its own (`scratch_folder`).
    """

    by: str = "libreoffice"
    folder: Path | None = None

    @property
    def is_server(self) -> bool:
        """Whether a Gotenberg server converts them."""
        return self.by.startswith(("http://", "https://"))


LIBREOFFICE = OfficeSettings()
"""LibreOffice, each process with a folder of its own."""


class UnknownOffice(InvalidInputError):
    """There is no such way to read office documents."""

    code = "unknown-office"


def check_office(by: str) -> OfficeSettings:
    """Settings of a way to read office documents by its name.

    Raises:
        UnknownOffice: neither "libreoffice", "text" nor a URL.
        MissingExtra: "text" needs packages that are not installed.
    """
    office = OfficeSettings(by)
    if by == "text":
        require(*TEXT_MODULES.values(), extra="office", feature="Reading words of office documents")
    elif by != "libreoffice" and not office.is_server:
        raise UnknownOffice(
            f"There is no way {by!r} to read office documents.",
            hint="Take libreoffice, text, or the URL of a Gotenberg server.",
        )
    return office


def readable_suffixes(office: OfficeSettings) -> frozenset[str]:
    """Suffixes of the files that are read here."""
    read = SUFFIXES - {".msg"} if find_missing("oxmsg") else SUFFIXES
    read = read if find_missing(TEXT_FORMATS["hwp5"]) else read | {".hwp"}
    if office.by == "text":
        there = (name for name, module in TEXT_FORMATS.items() if not find_missing(*module.split()))
        return read | {f".{name}" for name in there if name not in ("hwp5",)}
    return read | OFFICE_SUFFIXES if office.is_server or find_program() else read


def find_program() -> str | None:
    """Path of LibreOffice's program; None where it is not installed."""
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


def convert_to_pdf(path: Path, name: str, office: OfficeSettings) -> Path:
    """PDF of an office document; one that was made of the same content is taken.

    Args:
        name: of the format, as `sniff` gives it.

    Raises:
        FormatUnavailable: there is no program, or the server does not answer.
        UnreadableFile: it cannot be converted.
    """
    folder = office.folder or scratch_folder(os.getpid())
    made = folder / hash_file(path) / f"{path.name}.pdf"
    if found := next(made.parent.glob("*.pdf"), None):
        return found
    folder.mkdir(parents=True, exist_ok=True)
    with _work_folder(folder) as work:
        source = work / f"document.{name}"
        shutil.copyfile(path, source)
        if office.is_server:
            pdf = _by_server(path, source, office.by)
        else:
            if name in SHEETS:
                source = fit_sheets(_by_program(path, source, "ods"))
            pdf = _by_program(path, source, "pdf")
        if name in SLIDES:
            add_speaker_notes(pdf, work / f"document.{name}")
        made.parent.mkdir(exist_ok=True)
        pdf.replace(made)
    return made


_COMMENTED = {
    **dict.fromkeys((".docx", ".odt"), "writer"),
    **dict.fromkeys((".ods", ".xlsx"), "calc"),
    **dict.fromkeys((".pptx", ".odp"), "impress"),
}
"""Programs of LibreOffice by the suffix of a file whose comments they export."""
_EXPORTED = ("ExportNotes", "ExportHiddenSlides", "UseTaggedPDF")
SLIDES = frozenset({"pptx", "odp"})
"""Formats with speaker notes that are read."""


@contextmanager
def _work_folder(folder: Path) -> Iterator[Path]:
    work = folder / f".work-{uuid.uuid4().hex}"
    work.mkdir()
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _by_program(path: Path, source: Path, target: str) -> Path:
    """Convert a file by LibreOffice; `path` is the user's, for messages."""
    program = find_program()
    if program is None:
        raise FormatUnavailable(
            f"{path.name} is read by LibreOffice, which is not installed.",
            hint="Install LibreOffice and try it again, or read its words alone.",
        )
    profile, out = source.parent / "profile", source.parent / f"out-{target}"
    _write_profile(profile)
    command = [
        *(program, "--headless", "--norestore", "--nologo", "--nodefault", "--nolockcheck"),
        *(f"-env:UserInstallation={profile.as_uri()}", "--convert-to"),
        _filter(source, target),
        *("--outdir", str(out), str(source)),
    ]
    environment = {
        **{"PATH": os.environ.get("PATH", os.defpath), "HOME": str(source.parent)},
        **{"LANG": "C.UTF-8", "http_proxy": NO_PROXY, "https_proxy": NO_PROXY},
        "TMPDIR": str(source.parent),
    }
    try:
        subprocess.run(
            confined(command, str(source.parent)),
            env=environment,
            cwd=source.parent,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
    except OSError as error:
        raise FormatUnavailable(
            f"{path.name} is read by LibreOffice, which does not start: {error.strerror}.",
            hint="Install LibreOffice anew, or read the words alone.",
        ) from error
    made = out / f"{source.stem}.{target}"
    if not made.is_file() or made.stat().st_size == 0:
        raise _not_converted(path, source)
    return made


def _filter(source: Path, target: str) -> str:
    """Target of a conversion; a PDF has comments, hidden slides and texts of pictures too."""
    program = _COMMENTED.get(source.suffix)
    if target != "pdf" or program is None:
        return target
    options = {name: {"type": "boolean", "value": "true"} for name in _EXPORTED}
    return f"pdf:{program}_pdf_Export:{json.dumps(options)}"


def _write_profile(profile: Path) -> None:
    items = "".join(_ITEM.format(*item) for item in _SAFE)
    (profile / "user").mkdir(parents=True, exist_ok=True)
    (profile / "user" / "registrymodifications.xcu").write_text(
        '<?xml version="1.0" encoding="UTF-8"?><oor:items'
        f' xmlns:oor="http://openoffice.org/2001/registry">{items}</oor:items>',
        encoding="utf-8",
    )


def _by_server(path: Path, source: Path, url: str) -> Path:
    import httpx

    try:
        with source.open("rb") as file, httpx.Client(timeout=SECONDS, trust_env=False) as client:
            answer = client.post(
                f"{url.rstrip('/')}/forms/libreoffice/convert", files={"files": (source.name, file)}
            )
    except httpx.HTTPError as error:
        raise FormatUnavailable(
            f"{path.name} cannot be converted: {url} does not answer ({type(error).__name__}).",
            hint="Start the Gotenberg server and try it again, or use LibreOffice here.",
        ) from error
    if answer.status_code != httpx.codes.OK or not answer.content.startswith(b"%PDF-"):
        raise _not_converted(path, source)
    made = source.with_suffix(".pdf")
    made.write_bytes(answer.content)
    return made


def _not_converted(path: Path, source: Path) -> UnreadableFile:
    with source.open("rb") as file:
        data = file.read(1 << 20)
    if "EncryptedPackage".encode("utf-16-le") in data:
        return UnreadableFile(
            f"{path.name} is encrypted.", hint="Save it without a password, or as a PDF."
        )
    return UnreadableFile(
        f"{path.name} cannot be converted to PDF.",
        hint="Open it in its program and save it again, or as a PDF.",
    )
