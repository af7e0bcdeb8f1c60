"""Attachments of PDFs: documents of their own, kept and removed with the PDF."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path
from typing import Any

import pymupdf
import pytest
from fastapi.testclient import TestClient

import ingest.readers.attachments as attachments
from api.http.app import create_app
from api.settings import Settings
from ingest.add import AddSettings, add
from ingest.event import Added, DuplicateFound, Event, Failed, LeftOut, Removed
from ingest.files.open import open_source
from ingest.files.render import RenderSettings
from ingest.library.home import Home
from ingest.library.library import Library
from ingest.library.writer import LibraryWriter
from ingest.readers.attachments import clean_name, extract_attachments
from ingest.remove import remove
from ingest.verify import verify

Files = dict[str, bytes]


def pdf_bytes(text: str, embedded: Files | None = None, on_page: Files | None = None) -> bytes:
    with pymupdf.open() as pdf:
        page = pdf.new_page()
        page.insert_text((72, 72), text)
        for at, (name, data) in enumerate((embedded or {}).items()):
            pdf.embfile_add(f"{at}", data, filename=name, ufilename=name)
        for name, data in (on_page or {}).items():
            page.add_file_annot((300, 300), data, name)
        return bytes(pdf.tobytes())


def write(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


NO_OCR = RenderSettings(dpi=40, ocr="none")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def run(home: Home, *paths: Path, **options: Any) -> list[Event]:
    return list(
        add(home, paths, AddSettings(encoders=("minilm",), workers=1, render=NO_OCR, **options))
    )


def named(home: Home) -> list[str]:
    return [document.name for document in Library(home).documents()]


def extracted(path: Path, folder: Path) -> dict[str, bytes | str]:
    folder.mkdir()
    found = extract_attachments(path, folder, RenderSettings())
    return {each.name: each.path.read_bytes() if each.path else each.reason for each in found}


# --- extraction


def test_embedded_files_files_on_pages_and_those_within_are_extracted(tmp_path: Path) -> None:
    inner = pdf_bytes("Inner")
    middle = pdf_bytes("Middle", {"inner.pdf": inner})
    outer = pdf_bytes("Outer", {"middle.pdf": middle, "a.xyz": b"x"}, {"pinned.pdf": inner})
    path = write(tmp_path / "outer.pdf", outer)
    assert extracted(path, tmp_path / "out") == {
        "middle.pdf": middle,
        "middle.pdf › inner.pdf": inner,
        "a.xyz": "",
        "pinned.pdf": inner,
    }


def test_depth_number_and_bytes_are_limited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = pdf_bytes("0")
    for level in range(1, 6):
        data = pdf_bytes(str(level), {f"{level}.pdf": data})
    found = extracted(write(tmp_path / "deep.pdf", data), tmp_path / "deep")
    three = [f"5.pdf{''.join(f' › {n}.pdf' for n in (4, 3)[:more])}" for more in range(3)]
    assert list(found) == [*three, f"{three[-1]} › …"]
    assert (
        found[f"{three[-1]} › …"] == "3.pdf lies 3 files deep; what is attached to it is not read."
    )
    monkeypatch.setattr(attachments, "MAX_FILES", 2)
    many = write(tmp_path / "many.pdf", pdf_bytes("many", {f"{n}.png": b"x" for n in range(4)}))
    assert list(extracted(many, tmp_path / "many")) == ["0.png", "1.png", "…"]
    monkeypatch.setattr(attachments, "MAX_BYTES", 5)
    big = write(tmp_path / "big.pdf", pdf_bytes("big", {"a.png": b"123", "b.png": b"456"}))
    found = extracted(big, tmp_path / "big")
    assert found["a.png"] == b"123"
    assert "limit" in str(found["b.png"])


def test_equal_names_are_told_apart(tmp_path: Path) -> None:
    data = pdf_bytes("x", {"a.png": b"1"}, {"a.png": b"2"})
    found = extracted(write(tmp_path / "x.pdf", data), tmp_path / "out")
    assert found == {"a.png": b"1", "a (2).png": b"2"}


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd.pdf", "..\\..\\x.pdf", "/abs.pdf", "a\0b.pdf", "\u202efdp.exe.pdf", "..",
     "", "x" * 400 + ".pdf", "発" * 300 + ".pdf", "a › b.pdf", "CON/.pdf", "\ud800.pdf"],
)  # fmt: skip
def test_hostile_names_are_harmless(name: str) -> None:
    cleaned = clean_name(name)
    assert cleaned
    assert cleaned not in {".", ".."}
    assert not set(cleaned) & set("/\\\0›\u202e")
    assert len(cleaned.encode()) <= 170


# --- in a library


def test_names_of_attachments_are_in_their_own_letters(tmp_path: Path) -> None:
    """PyMuPDF takes those of embedded files for Latin-1."""
    names = ["Quittung für Segel.pdf", "영수증.pdf", "Прайс.pdf", "reçu.pdf"]
    data = pdf_bytes("bill")
    pdf = pdf_bytes("cover", dict.fromkeys(names[:2], data), dict.fromkeys(names[2:], data))
    path = write(tmp_path / "cover.pdf", pdf)
    assert [each.name for each in extract_attachments(path, tmp_path, NO_OCR)] == names


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_an_archive_whose_first_file_is_a_pdf_is_an_archive(kind: str, tmp_path: Path) -> None:
    """Where it is stored as it is, its header stands among the first bytes of the archive."""
    folder = tmp_path / "papers"
    write(folder / "a.pdf", pdf_bytes("bill"))
    write(folder / "b.txt", b"The oars were turned by Quist.")
    path = Path(shutil.make_archive(str(tmp_path / "papers"), kind, folder))
    if kind == "zip":
        with zipfile.ZipFile(path, "w") as stored:
            for name in ("a.pdf", "b.txt"):
                stored.write(folder / name, name)
    assert open_source(path).kind == "archive"
    found = extract_attachments(path, tmp_path, NO_OCR)
    assert sorted(each.name for each in found) == ["a.pdf", "b.txt"]


def test_attachments_are_documents_of_their_own(home: Home, tmp_path: Path) -> None:
    hull = pdf_bytes("The hull costs 61200 crowns.")
    outer = pdf_bytes("Open in another viewer.", {"tender.pdf": hull, "notes.xyz": b"x"})
    path = write(tmp_path / "in/portfolio.pdf", outer)
    events = run(home, tmp_path / "in")
    assert named(home) == ["portfolio.pdf", "portfolio.pdf › tender.pdf"]
    [left_out] = [event for event in events if isinstance(event, LeftOut)]
    assert left_out.paths == (f"{path} › notes.xyz",)
    child = Library(home).document("tender.pdf")
    assert (child.paths, child.attached_to) == ((), (f"{path} › tender.pdf",))
    assert Library(home).document("portfolio.pdf › tender.pdf") == child
    assert set(Library(home).match_terms(["hull"])) == {f"{child.id}-1"}
    assert set(Library(home).match_terms(["portfolio"])) >= {f"{child.id}-1"}
    assert verify(home) == []
    assert not any(home.staging.iterdir())
    again = run(home, tmp_path / "in")
    assert not [event for event in again if isinstance(event, Added | LeftOut | Removed)]
    assert len(named(home)) == 2


def test_attachments_go_with_the_pdf_and_stay_where_they_are_files_too(
    home: Home, tmp_path: Path
) -> None:
    one, two = pdf_bytes("one"), pdf_bytes("two")
    path = write(tmp_path / "in/p.pdf", pdf_bytes("parent", {"one.pdf": one, "two.pdf": two}))
    write(tmp_path / "in/two.pdf", two)
    run(home, tmp_path / "in")
    assert named(home) == ["p.pdf", "p.pdf › one.pdf", "two.pdf"]
    path.write_bytes(pdf_bytes("parent changed", {"three.pdf": pdf_bytes("three")}))
    events = run(home, tmp_path / "in")
    assert named(home) == ["p.pdf", "p.pdf › three.pdf", "two.pdf"]
    removed = [event.document.name for event in events if isinstance(event, Removed)]
    assert sorted(removed) == ["p.pdf", "p.pdf › one.pdf"]
    gone = remove(home, ["p.pdf"])
    assert [document.name for document in gone][0] == "p.pdf"
    assert named(home) == ["two.pdf"]
    assert verify(home) == []


def test_a_removed_attachment_leaves_the_pdf(home: Home, tmp_path: Path) -> None:
    path = write(tmp_path / "in/p.pdf", pdf_bytes("parent", {"one.pdf": pdf_bytes("one")}))
    run(home, tmp_path / "in")
    remove(home, ["one.pdf"])
    assert named(home) == ["p.pdf"]
    assert path.exists()
    run(home, tmp_path / "in")
    assert named(home) == ["p.pdf"]
    run(home, tmp_path / "in", redo=True)
    assert named(home) == ["p.pdf", "p.pdf › one.pdf"]


def test_a_renamed_pdf_keeps_its_attachments(home: Home, tmp_path: Path) -> None:
    path = write(tmp_path / "in/p.pdf", pdf_bytes("parent", {"one.pdf": pdf_bytes("one")}))
    run(home, tmp_path / "in")
    path.rename(tmp_path / "in/q.pdf")
    run(home, tmp_path / "in")
    assert named(home) == ["q.pdf", "q.pdf › one.pdf"]


def test_one_file_in_two_pdfs_is_one_document(home: Home, tmp_path: Path) -> None:
    one = pdf_bytes("one")
    write(tmp_path / "in/p.pdf", pdf_bytes("p", {"one.pdf": one, "same.pdf": one}))
    run(home, tmp_path / "in")
    write(tmp_path / "in/q.pdf", pdf_bytes("q", {"one.pdf": one}))
    events = run(home, tmp_path / "in")
    assert [event for event in events if isinstance(event, DuplicateFound)]
    remove(home, ["p.pdf"])
    assert named(home) == ["q.pdf", "q.pdf › one.pdf"]


def test_a_damaged_attachment_fails_by_name_and_costs_nothing_else(
    home: Home, tmp_path: Path
) -> None:
    data = pdf_bytes("p", {"bad.pdf": b"%PDF-1.7 nothing", "good.pdf": pdf_bytes("good")})
    path = write(tmp_path / "in/p.pdf", data)
    events = run(home, tmp_path / "in")
    [failed] = [event for event in events if isinstance(event, Failed)]
    assert failed.failure.path == f"{path} › bad.pdf"
    assert failed.failure.reason.startswith("bad.pdf")
    assert named(home) == ["p.pdf", "p.pdf › good.pdf"]
    assert Library(home).failures() == []


def test_a_run_that_was_cut_off_reads_attachments_later(home: Home, tmp_path: Path) -> None:
    write(tmp_path / "in/p.pdf", pdf_bytes("p", {"one.pdf": pdf_bytes("one")}))
    for event in (running := add(home, [tmp_path / "in"], AddSettings(NO_OCR, ("minilm",)))):
        if isinstance(event, Added):
            break
    running.close()  # type: ignore[attr-defined]
    assert named(home) == ["p.pdf"]
    assert LibraryWriter(home).unopened()
    run(home, tmp_path / "in")
    assert named(home) == ["p.pdf", "p.pdf › one.pdf"]


def test_attachments_of_an_upload_come_and_go_with_it(home: Home) -> None:
    data = pdf_bytes("cover", {"tender.pdf": pdf_bytes("The hull costs 61200 crowns.")})
    app = create_app(home, Settings(ocr="none", workers=1), hosts={"testserver"})
    with TestClient(app) as client:
        sent = [("files", ("portfolio.pdf", data))]
        answered = client.post("/v1/documents", params={"wait": True}, files=sent)
        assert answered.status_code == 201
        [file] = answered.json()["files"]
        documents = client.get("/v1/documents").json()["documents"]
        names = [document["name"] for document in documents]
        assert names == ["portfolio.pdf", "portfolio.pdf › tender.pdf"]
        assert documents[1]["paths"] == []
        assert documents[1]["attached_to"][0].endswith("portfolio.pdf › tender.pdf")
        found = client.post("/v1/search", json={"query": "hull", "folder": "uploads"}).json()
        assert found["hits"][0]["name"] == "portfolio.pdf › tender.pdf"
        child = documents[1]["document"]
        assert client.delete(f"/v1/documents/{child}").status_code == 204
        assert (home.uploads / file["document"]["document"] / "portfolio.pdf").exists()
        assert client.delete(f"/v1/documents/{file['document']['document']}").status_code == 204
        assert client.get("/v1/documents").json()["documents"] == []
    assert not list(home.uploads.rglob("*.pdf"))
