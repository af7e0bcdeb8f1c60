from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli.main import app
from ingest.add import AddSettings, add
from ingest.library.home import Home
from ingest.library.library import Library
from ingest.replica.backup import ABOUT, HomeNotEmpty, InvalidBackup, restore
from ingest.shards.acts import back_up_home
from ingest.verify import verify
from retrieval.search import Searcher

QUERY = "How many steps do you have to climb to reach the lamp?"


def ranking(home: Home) -> list[tuple[str, float]]:
    hits = Searcher(home).search(QUERY)
    return [(hit.page.key, round(hit.score, 5)) for hit in hits]


@pytest.fixture(scope="module")
def archive(sample_home: Home, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("backup") / "samples.tar"
    done: list[tuple[int, int]] = []
    content = back_up_home(sample_home, path, lambda *bytes_done: done.append(bytes_done))
    assert (content.documents, content.pages) == (12, 23)
    assert done[-1] == (content.byte_size, content.byte_size)
    assert [file.name for file in path.parent.iterdir()] == ["samples.tar"]
    assert path.stat().st_mode & 0o077 == 0
    return path


def test_a_restored_home_is_the_same(sample_home: Home, archive: Path, tmp_path: Path) -> None:
    home = Home(tmp_path / "restored")
    restore(home, archive)
    assert verify(home) == []
    assert ranking(home) == ranking(sample_home)
    assert list(home.staging.iterdir()) == []
    done = list(add(home, [Path("data/samples").absolute()], AddSettings(workers=1)))[-1]
    assert (done.unchanged, done.added) == (12, 0)


def test_records_of_a_server_are_derived_anew(
    sample_home: Home, archive: Path, tmp_path: Path, chroma_server
) -> None:
    home = Home(tmp_path / "restored", chroma_server)
    restore(home, archive)
    list(add(home, []))
    assert ranking(home) == ranking(sample_home)


def test_only_an_empty_home_is_restored_into(own_home: Home, archive: Path) -> None:
    before = Library(own_home).documents()
    with pytest.raises(HomeNotEmpty):
        restore(own_home, archive)
    assert Library(own_home).documents() == before


def test_uploads_move_with_the_home(own_home: Home, tmp_path: Path) -> None:
    inside = own_home.uploads / "a1" / "notes.png"
    inside.parent.mkdir(parents=True)
    inside.write_bytes(Path("data/samples/teapot.jpg").read_bytes())
    list(add(own_home, [inside], AddSettings(workers=1)))
    back_up_home(own_home, tmp_path / "b.tar")
    home = Home(tmp_path / "elsewhere")
    restore(home, tmp_path / "b.tar")
    paths = Library(home).document("teapot.jpg").paths
    assert str(home.uploads / "a1" / "notes.png") in paths
    assert (home.uploads / "a1" / "notes.png").exists()


def made_archive(path: Path, members: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w") as archive:
        for name, data in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


ABOUT_BYTES = json.dumps(
    {"format": 1, "documents": 0, "pages": 0, "bytes": 9, "root": "/x"}
).encode()
SHARDS = json.dumps({**json.loads(ABOUT_BYTES), "format": 2, "shards": ["000"]}).encode()
LISTED = b'{"format": 1, "shards": ["000"], "leaving": []}'
IN_SHARD = "shards/000/library.sqlite3"


@pytest.mark.parametrize(
    "members",
    [
        {"a.txt": b"x"},
        {ABOUT: b"{}"},
        {ABOUT: b"no json"},
        {ABOUT: ABOUT_BYTES},
        {ABOUT: ABOUT_BYTES, "library.sqlite3": b"no database, but long enough to be one" * 9},
        {ABOUT: ABOUT_BYTES.replace(b'"format": 1', b'"format": 99')},
        {ABOUT: ABOUT_BYTES, "../outside": b"x", "library.sqlite3": b"x"},
        {ABOUT: ABOUT_BYTES, "pages/../../outside": b"x", "library.sqlite3": b"x"},
        {ABOUT: ABOUT_BYTES, "/etc/outside": b"x", "library.sqlite3": b"x"},
        {ABOUT: ABOUT_BYTES, "writer.lock": b"x", "library.sqlite3": b"x"},
        {ABOUT: SHARDS, IN_SHARD: b""},
        {ABOUT: SHARDS, "shards.json": LISTED, "library.sqlite3": b""},
        {ABOUT: SHARDS, IN_SHARD: b"", "shards.json": LISTED.replace(b"000", b"../outside")},
        {ABOUT: SHARDS, IN_SHARD: b"", "shards.json": LISTED, "shards/001/pages/a": b"x"},
        {ABOUT: SHARDS, IN_SHARD: b"", "shards.json": LISTED, "shards/000/writer.lock": b"x"},
    ],
)
def test_what_is_no_backup_is_refused(tmp_path: Path, members: dict[str, bytes]) -> None:
    home = Home(tmp_path / "home")
    with pytest.raises(InvalidBackup):
        restore(home, made_archive(tmp_path / "b.tar", members))
    assert not home.database.exists()
    assert list(home.staging.iterdir()) == []
    assert not (tmp_path / "outside").exists()


def test_a_cut_backup_is_refused(archive: Path, tmp_path: Path) -> None:
    whole = archive.read_bytes()
    for share in (0.0001, 0.3, 0.9):
        cut = tmp_path / "cut.tar"
        cut.write_bytes(whole[: int(len(whole) * share)])
        home = Home(tmp_path / f"home-{share}")
        with pytest.raises(InvalidBackup):
            restore(home, cut)
        assert not home.database.exists()


def test_commands(own_home: Home, tmp_path: Path) -> None:
    file = tmp_path / "b.tar"
    made = CliRunner().invoke(app, ["backup", str(file), "--home", str(own_home.root), "--json"])
    assert json.loads(made.stdout)["pages"] == 23
    restored = ["restore", str(file), "--home", str(tmp_path / "new")]
    done = CliRunner().invoke(app, restored)
    assert (done.exit_code, done.stderr) == (0, f"restored 12 documents, 23 pages: {file}\n")
    again = CliRunner().invoke(app, restored)
    assert again.exit_code == 1
    missing = CliRunner().invoke(app, ["backup", str(file), "--home", str(tmp_path / "typo")])
    assert missing.exit_code == 1
    nowhere = ["backup", str(tmp_path / "no" / "b.tar"), "--home", str(own_home.root)]
    assert CliRunner().invoke(app, nowhere).exit_code == 1
