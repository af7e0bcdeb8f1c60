import sqlite3
from pathlib import Path

import pytest
from make_pdf import make_pdf

from ingest.add import AddSettings, add
from ingest.index.index import open_indexes
from ingest.library.documents import DocumentNotFound
from ingest.library.home import Home
from ingest.library.library import Library
from ingest.remove import remove
from ingest.verify import verify

SECRET = "zyzzyvaquokka"


def files_holding(root: Path, needle: bytes) -> list[str]:
    return [
        str(path.relative_to(root))
        for path in root.rglob("*")
        if path.is_file() and needle in path.read_bytes().lower()
    ]


def test_nothing_of_a_removed_document_is_left(tmp_path, chroma):
    home = Home(tmp_path / "home", chroma)
    folder = tmp_path / "files"
    folder.mkdir()
    make_pdf(folder / "kept.pdf", "An ordinary page about harbours and boats.")
    make_pdf(folder / f"{SECRET}.pdf", f"The secret word is {SECRET} and nothing else.")
    list(add(home, [folder], AddSettings(workers=1)))
    library = Library(home)
    document = library.document(f"{SECRET}.pdf")
    assert library.match_terms([SECRET])

    assert remove(home, [f"{SECRET}.pdf"]) == [document]

    assert library.match_terms([SECRET]) == {}
    assert [d.name for d in library.documents()] == ["kept.pdf"]
    assert not (home.pages / document.id).exists()
    for index in open_indexes(home):
        assert not list(index.folder.glob(f"{document.id}*"))
        assert not any(key.startswith(document.id) for key in index.records.keys())
        index.records.close()
    assert files_holding(home.root, SECRET.encode()) == []
    assert verify(home) == []


def test_a_document_is_removed_by_the_head_of_its_id_or_its_path(each_home):
    own_home = each_home
    library = Library(own_home)
    first, second, *rest = library.documents()
    remove(own_home, [first.id[:8], second.paths[0]])
    assert [d.id for d in library.documents()] == [d.id for d in rest]
    assert verify(own_home) == []


def test_one_unknown_name_stops_it_before_anything_is_removed(own_home):
    library = Library(own_home)
    with pytest.raises(DocumentNotFound, match="nowhere"):
        remove(own_home, ["teapot.jpg", "nowhere.pdf"])
    assert library.document("teapot.jpg")


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda home: next(home.pages.glob("*/1.webp")).unlink(), "cannot be read"),
        (
            lambda home: next(home.pages.glob("*/1.webp")).write_bytes(b"no picture"),
            "cannot be read",
        ),
        (
            lambda home: next((home.index / "minilm").glob("*.safetensors")).unlink(),
            "minilm vectors",
        ),
        (lambda home: (home.pages / "stray").mkdir(), "belongs to no document"),
        (lambda home: drop_row(home, "pages"), "pages, "),
        (lambda home: drop_row(home, "terms"), "searchable"),
        (lambda home: drop_record(home), "Chroma lacks 1 record"),
    ],
    ids=[
        "picture gone",
        "picture spoilt",
        "vectors gone",
        "stray folder",
        "row",
        "terms",
        "record",
    ],
)
def test_verify_finds_damage(each_home, damage, says):
    own_home = each_home
    assert verify(own_home) == []
    damage(own_home)
    assert any(says in problem for problem in verify(own_home))


def drop_row(home: Home, table: str) -> None:
    with sqlite3.connect(home.database) as db:
        db.execute(f"DELETE FROM {table} WHERE rowid = (SELECT min(rowid) FROM {table})")


def drop_record(home: Home) -> None:
    index = open_indexes(home)[1]
    letter = Library(home).document("scanned-letter.pdf")
    index.records.delete([letter.id])
    index.records.close()
