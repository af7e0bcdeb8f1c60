"""E-mails and archives: their words, their files as documents of their own, and limits."""

from __future__ import annotations

import base64
import io
import mailbox
import tarfile
import zipfile
from email.message import EmailMessage
from pathlib import Path

import pytest
from PIL import Image

from ingest.add import AddSettings, add
from ingest.event import Failed, LeftOut
from ingest.files.formats.containers import archive, message
from ingest.files.formats.office import OfficeSettings, readable_suffixes
from ingest.files.open import open_source
from ingest.files.render import RenderSettings, inspect, render
from ingest.files.source import FormatUnavailable, UnreadableFile
from ingest.library.home import Home
from ingest.library.library import Library
from ingest.page import Page, Rendered
from ingest.readers.attachments import clean_path, extract_attachments
from ingest.remove import remove

PLAIN = RenderSettings(dpi=40, ocr="none")


def mail(subject: str, text: str, **files: bytes) -> EmailMessage:
    made = EmailMessage()
    made["Subject"] = subject
    made["From"] = "Ada <ada@example.org>"
    made["To"] = "harbour@example.org"
    made["Date"] = "Fri, 03 May 2024 10:00:00 +0200"
    made.set_content(text)
    for name, data in files.items():
        file = name.replace("_", ".")
        made.add_attachment(data, maintype="application", subtype="octet-stream", filename=file)
    return made


def read(path: Path) -> list[Rendered]:
    return render(path, Page("d", 1, path.name), inspect(path, PLAIN).page_count, PLAIN)


def text_of(page: Rendered) -> str:
    return " ".join(word.text for word in page.words)


def write(path: Path, data: bytes | EmailMessage) -> Path:
    path.write_bytes(data if isinstance(data, bytes) else data.as_bytes())
    return path


def zip_of(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in files.items():
            made.writestr(name, data)
    return path


def extracted(path: Path, folder: Path) -> dict[str, bytes | str]:
    folder.mkdir()
    found = extract_attachments(path, folder, PLAIN)
    return {each.name: each.path.read_bytes() if each.path else each.reason for each in found}


# --- e-mails


def test_an_email_has_its_header_body_and_names_of_attachments(tmp_path: Path) -> None:
    path = write(tmp_path / "a.eml", mail("Berth 7", "The berth is free.\n> Is it?", a_txt=b"x"))
    [page] = read(path)
    assert text_of(page) == (
        "Berth 7 From: Ada <ada@example.org> To: harbour@example.org"
        " Date: Fri, 03 May 2024 10:00:00 +0200 Attachments: a.txt The berth is free. > Is it?"
    )
    seen = inspect(path, PLAIN)
    assert (seen.kind, seen.title, seen.has_attachments) == ("mail", "Berth 7", True)


def test_html_bodies_show_their_own_pictures_alone(tmp_path: Path) -> None:
    made = mail("Plan", "plain words")
    made.add_alternative(
        '<html><body><p>See the <b>plan</b></p><img src="cid:plan" width=300 height=300>'
        '<img src="http://127.0.0.1:9/track.gif"><script>alert("words")</script></body></html>',
        subtype="html",
    )
    buffer = io.BytesIO()
    Image.new("RGB", (30, 30), "red").save(buffer, "PNG")
    [_, html] = made.iter_parts()
    assert isinstance(html, EmailMessage)
    html.add_related(buffer.getvalue(), maintype="image", subtype="png", cid="<plan>")
    html.add_related(buffer.getvalue(), maintype="image", subtype="png", cid="<other>")
    [page] = read(write(tmp_path / "a.eml", made))
    assert text_of(page).endswith("Attachments: picture See the plan")
    assert len(page.figures) == 1
    assert "other machines" in page.note


@pytest.mark.parametrize("charset", ["euc-kr", "utf-8", "no-such-charset"])
def test_bodies_in_other_encodings(charset: str, tmp_path: Path) -> None:
    text = "등대의 등불은 켜져 있었습니다."
    body = base64.b64encode(text.encode("cp949" if charset != "utf-8" else "utf-8"))
    head = f"Subject: =?utf-8?b?{base64.b64encode('부두'.encode()).decode()}?=\nMIME-Version: 1.0\n"
    head += f"Content-Type: text/plain; charset={charset}\nContent-Transfer-Encoding: base64\n\n"
    [page] = read(write(tmp_path / "a.eml", head.encode() + body))
    assert text_of(page) == f"부두 {text}"


def test_each_email_of_a_box_begins_on_a_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = mailbox.mbox(tmp_path / "a.mbox")
    for number in range(3):
        box.add(mail(f"Night {number}", f"Lamp {number} was lit.", a_txt=b"%d" % number))
    box.close()
    pages = read(tmp_path / "a.mbox")
    assert [text_of(page).split(" From:")[0] for page in pages] == ["Night 0", "Night 1", "Night 2"]
    assert extracted(tmp_path / "a.mbox", tmp_path / "out") == {
        "a.txt": b"0",
        "a (2).txt": b"1",
        "a (3).txt": b"2",
    }
    monkeypatch.setattr(message, "MAX_MESSAGES", 2)
    monkeypatch.setattr("ingest.files.formats.containers.mail_source.MAX_MESSAGES", 2)
    (tmp_path / "a.mbox").rename(tmp_path / "b.mbox")
    assert read(tmp_path / "b.mbox")[0].note == "Only the first 2 of 3 e-mails are read."


def test_an_email_in_an_email_100_deep_ends_as_a_named_refusal(tmp_path: Path) -> None:
    inner = mail("Level 0", "The innermost.")
    for level in range(1, 101):
        outer = mail(f"Level {level}", "Forwarded.")
        outer.add_attachment(inner)
        inner = outer
    path = write(tmp_path / "deep.eml", inner)
    found = extracted(path, tmp_path / "out")
    assert [name.count("›") for name in found] == [0, 1, 2, 3]
    assert list(found.values())[-1] == (
        "Level 97.eml lies 3 files deep; what is attached to it is not read."
    )
    boundary = b"".join(b"Content-Type: message/rfc822\n\n" for _ in range(3000))
    with pytest.raises(UnreadableFile, match=r"deeper\.eml has e-mails in e-mails"):
        open_source(write(tmp_path / "deeper.eml", boundary))


def test_without_its_package_outlook_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(
        tmp_path / "a.msg", b"\xd0\xcf\x11\xe0" + "__properties_version1.0".encode("utf-16-le")
    )
    with pytest.raises(UnreadableFile, match=r"a\.msg is a damaged e-mail"):
        open_source(path)
    assert ".msg" in readable_suffixes(OfficeSettings())
    monkeypatch.setitem(__import__("sys").modules, "oxmsg", None)
    assert ".msg" not in readable_suffixes(OfficeSettings())
    with pytest.raises(FormatUnavailable, match="python-oxmsg"):
        open_source(path)


# --- archives


def test_an_archive_lists_its_files_and_gives_them_out(tmp_path: Path) -> None:
    files = {
        "2024/log.txt": b"The lamp was lit.",
        "2025/log.txt": b"It was not.",
        ".git/a.txt": b"x",
    }
    path = zip_of(tmp_path / "logs.zip", files)
    [page] = read(path)
    assert "2024/log.txt 17" in text_of(page)
    assert ".git" not in text_of(page)
    seen = inspect(path, PLAIN)
    assert (seen.kind, seen.title, seen.has_attachments) == ("archive", "logs.zip", True)
    out = extracted(path, tmp_path / "zip")
    assert out == {"2024/log.txt": b"The lamp was lit.", "2025/log.txt": b"It was not."}
    for suffix in ("tar", "tar.gz", "tgz", "tar.xz"):
        with tarfile.open(tmp_path / f"a.{suffix}", "w:" + suffix[-2:].replace("ar", "")) as made:
            for name, data in files.items():
                info = tarfile.TarInfo(name)
                info.size = len(data)
                made.addfile(info, io.BytesIO(data))
            link = tarfile.TarInfo("link.txt")
            link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
            made.addfile(link)
        assert extracted(tmp_path / f"a.{suffix}", tmp_path / suffix) == out


def test_a_packed_archive_is_opened_once_for_all_its_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tarfile.open(tmp_path / "a.tgz", "w:gz") as made:
        for number in range(20):
            info = tarfile.TarInfo(f"{number}.txt")
            info.size = 1
            made.addfile(info, io.BytesIO(b"x"))
    opened: list[Path] = []
    really = tarfile.open

    def count(path: Path) -> tarfile.TarFile:
        opened.append(path)
        return really(path)

    monkeypatch.setattr(tarfile, "open", count)
    assert len(extracted(tmp_path / "a.tgz", tmp_path / "out")) == 20
    assert len(opened) == 2  # to list them, and to read them


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd.txt", "/etc/a.txt", "..\\..\\a.txt", "a/../../b.txt", "", "..", "a//b.txt"],
)
def test_names_in_archives_lead_nowhere(name: str) -> None:
    parts = clean_path(name).split("/")
    assert not set(parts) & {"", ".", ".."}


def test_bombs_are_refused_by_name_before_they_are_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bomb = zip_of(tmp_path / "bomb.zip", {"a.txt": bytes(100 << 20)})
    with pytest.raises(UnreadableFile, match=r"bomb\.zip unpacks to more than 100 MiB from"):
        open_source(bomb)
    monkeypatch.setattr(archive, "MAX_MEMBERS", 3)
    many = zip_of(tmp_path / "many.zip", {f"{n}.txt": b"x" for n in range(5)})
    with pytest.raises(UnreadableFile, match=r"many\.zip has more than 3 files"):
        open_source(many)
    lie = zip_of(tmp_path / "lie.zip", {"a.txt": b"x" * 1000})
    data = bytearray(lie.read_bytes())
    at = data.index(b"PK\x01\x02")
    data[at + 24 : at + 28] = (10).to_bytes(4, "little")
    lie.write_bytes(data)
    assert "lie.zip" in str(extracted(lie, tmp_path / "lie")["a.txt"])


def test_damaged_and_encrypted_archives_say_so(tmp_path: Path) -> None:
    whole = zip_of(tmp_path / "a.zip", {"a.txt": b"words" * 100}).read_bytes()
    with pytest.raises(UnreadableFile, match=r"b\.zip is a damaged archive"):
        open_source(write(tmp_path / "b.zip", whole[:60]))
    with pytest.raises(UnreadableFile, match=r"c\.tgz is a damaged archive"):
        open_source(write(tmp_path / "c.tgz", b"\x1f\x8b\x08" + bytes(50)))
    with pytest.raises(UnreadableFile, match="has no files in it"):
        open_source(zip_of(tmp_path / "d.zip", {}))
    locked = bytearray(whole)
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        locked[locked.index(mark) + flags] |= 1
    path = write(tmp_path / "e.zip", bytes(locked))
    assert extracted(path, tmp_path / "out") == {"a.txt": "a.txt in e.zip is encrypted."}


# --- in a library


def test_what_is_in_an_archive_is_found_named_and_removed_with_it(tmp_path: Path) -> None:
    home, folder = Home(tmp_path / "home"), tmp_path / "in"
    folder.mkdir()
    note = mail("Berth 7", "The berth is free.", terms_md=b"# Terms\n\nSixty crowns a night.")
    files = {"post/berth.eml": note.as_bytes(), "bad.pdf": b"%PDF-1.7 no", "a.xyz": b"x"}
    zip_of(folder / "all.zip", files)
    settings = AddSettings(PLAIN, ("minilm",), 1)
    events = list(add(home, [folder], settings))
    library = Library(home)
    root = f"{folder}/all.zip › "
    assert {document.addresses[0]: document.kind for document in library.documents()} == {
        str(folder / "all.zip"): "archive",
        f"{root}post/berth.eml": "mail",
        f"{root}post/berth.eml › terms.md": "text",
    }
    assert [e.failure.path for e in events if isinstance(e, Failed)] == [f"{root}bad.pdf"]
    assert [e.paths for e in events if isinstance(e, LeftOut)] == [(f"{root}a.xyz",)]
    terms = library.document("terms.md")
    assert terms.name == "all.zip › post/berth.eml › terms.md"
    assert set(library.match_terms(["crowns"])) == {f"{terms.id}-1"}
    assert {document.id for document in library.documents_in("post")} >= {terms.id}
    remove(home, ["all.zip"])
    assert Library(home).documents() == []


def test_bodies_with_nul_characters_or_another_charset_are_read_whole(tmp_path: Path) -> None:
    made = mail("plan", "")
    body = '<meta http-equiv="Content-Type" content="text/html; charset=us-ascii">one\0<p>Grüße</p>'
    made.set_content(body, subtype="html", cte="base64")
    (page,) = read(write(tmp_path / "a.eml", made))
    assert text_of(page).startswith("plan From")
    assert text_of(page).endswith("one Grüße")


def test_mbox_may_begin_with_empty_lines(tmp_path: Path) -> None:
    data = b"\r\n\nFrom ada Fri May  3 10:00:00 2024\n" + mail("plan", "tide").as_bytes()
    (page,) = read(write(tmp_path / "a.mbox", data))
    assert text_of(page).endswith("tide")
