"""File search: paths, folders and globs, each file once, in a stable order."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.files.find import find_files
from ingest.files.open import open_source
from ingest.files.source import UnreadableFile

NOBODY = 65_534


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in (
        "a.pdf",
        "b.xyz",
        ".hidden.pdf",
        "deep/er/c.PNG",
        "deep/d.JpEg",
        ".git/e.pdf",
        "notes",
    ):
        path = tmp_path / "tree" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return tmp_path / "tree"


@pytest.fixture
def unprivileged(tmp_path: Path) -> Iterator[None]:
    """Root may read everything: step down, with a way in to the test's folder."""
    if os.geteuid() != 0:
        yield
        return
    for folder in [tmp_path, *tmp_path.parents]:
        if folder.stat().st_mode & 0o005 != 0o005:
            folder.chmod(folder.stat().st_mode | 0o055)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def found(*paths: str | Path) -> list[str]:
    return [path.name for path in find_files(paths)]


def test_a_folder_is_walked_whole_without_hidden_and_unknown_files(tree: Path) -> None:
    assert found(tree) == ["a.pdf", "d.JpEg", "c.PNG"]


def test_paths_are_absolute_whatever_was_typed(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tree.parent)
    assert list(find_files(["tree/../tree/a.pdf"])) == [tree / "a.pdf"]


def test_the_order_is_the_same_every_time(tree: Path) -> None:
    assert list(find_files([tree])) == list(find_files([str(tree)]))


@pytest.mark.parametrize("name", ["b.xyz", "notes", ".hidden.pdf"])
def test_a_file_named_outright_is_taken_whatever_it_is_called(tree: Path, name: str) -> None:
    assert found(tree / name) == [name]


def test_a_file_given_twice_comes_once(tree: Path) -> None:
    given = [tree / "a.pdf", tree, tree / "deep/../a.pdf", f"{tree}/*.pdf"]
    assert found(*given).count("a.pdf") == 1


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("*.pdf", ["a.pdf"]),
        ("**/*.PNG", ["c.PNG"]),
        ("**/*.[pJ]*", ["a.pdf", "d.JpEg"]),
        ("deep/?.JpEg", ["d.JpEg"]),
        ("de*", ["d.JpEg", "c.PNG"]),
    ],
)
def test_globs_that_no_shell_expanded_are_expanded(
    tree: Path, pattern: str, names: list[str]
) -> None:
    assert found(f"{tree}/{pattern}") == names


def test_a_pattern_that_is_also_a_name_is_the_name(tree: Path) -> None:
    (tree / "a[1].pdf").write_bytes(b"x")
    (tree / "a1.pdf").write_bytes(b"x")
    assert found(tree / "a[1].pdf") == ["a[1].pdf"]


@pytest.mark.parametrize("name", ["gone.pdf", "*.webp", "gone/"])
def test_what_is_not_there_is_handed_on_to_fail_by_name(tree: Path, name: str) -> None:
    [path] = find_files([f"{tree}/{name}"])
    assert path == Path(os.path.abspath(f"{tree}/{name}"))
    with pytest.raises(UnreadableFile, match="cannot be opened: No such file"):
        open_source(path)


def test_a_home_folder_may_be_written_as_a_tilde(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tree))
    assert found("~/a.pdf") == ["a.pdf"]
    assert next(find_files(["~/a.pdf"])).exists()


def test_a_loop_of_symbolic_links_ends(tree: Path) -> None:
    (tree / "deep/up").symlink_to(tree)
    (tree / "self").symlink_to("self")
    assert found(tree) == ["a.pdf", "d.JpEg", "c.PNG"]
    assert sorted(found(f"{tree}/**/*.PNG")) == ["c.PNG"]


def test_a_folder_reached_by_two_ways_is_taken_once(tree: Path) -> None:
    (tree.parent / "link").symlink_to(tree)
    assert found(tree, tree.parent / "link", tree.parent / "link/a.pdf").count("a.pdf") == 1


def test_two_names_in_one_folder_are_two_files(tree: Path) -> None:
    (tree / "z.pdf").symlink_to("a.pdf")
    assert found(tree) == ["a.pdf", "z.pdf", "d.JpEg", "c.PNG"]


def test_a_broken_link_is_handed_on_to_fail_by_name(tree: Path) -> None:
    (tree / "broken.pdf").symlink_to("nowhere.pdf")
    assert found(tree) == ["a.pdf", "broken.pdf", "d.JpEg", "c.PNG"]


def test_a_pipe_in_a_folder_is_left_out(tree: Path) -> None:
    os.mkfifo(tree / "pipe.pdf")
    assert "pipe.pdf" not in found(tree)


def test_names_that_are_not_utf8_are_found(tree: Path) -> None:
    name = os.fsdecode(b"caf\xe9.pdf")
    (tree / name).write_bytes(b"x")
    assert name in found(tree)
    assert found(f"{tree}/caf*") == [name]


def test_a_folder_that_cannot_be_listed_is_reported_and_does_not_stop_the_walk(
    tree: Path, unprivileged: None
) -> None:
    with_root = os.geteuid() == NOBODY
    if with_root:
        os.seteuid(0)
    (tree / "deep/er").chmod(0)
    if with_root:
        os.seteuid(NOBODY)
    try:
        assert found(tree) == ["a.pdf", "d.JpEg", "er"]
        with pytest.raises(UnreadableFile, match="er cannot be opened: Permission denied"):
            open_source(tree / "deep/er")
    finally:
        if with_root:
            os.seteuid(0)
        (tree / "deep/er").chmod(0o755)


def test_files_of_a_folder_that_are_of_no_known_kind_are_told(tree: Path) -> None:
    left_out: list[Path] = []
    (tree / "deep/minutes.abc").write_bytes(b"x")
    os.mkfifo(tree / "pipe.xyz")
    list(find_files([tree, tree / "a.pdf"], left_out.append))
    assert [path.name for path in left_out] == ["b.xyz", "notes", "minutes.abc"]


@pytest.mark.parametrize("name", ["a.heic", "B.HEIF", "c.avif", "d.jp2"])
def test_photos_of_phones_are_of_a_known_kind(tree: Path, name: str) -> None:
    (tree / name).write_bytes(b"x")
    assert name in found(tree)


def test_names_that_look_packed_and_lock_files(tmp_path: Path) -> None:
    """A PDF may be called a.tar.pdf; programs lock a document by a file beside it."""
    for name in ("a.tar.pdf", "b.tar.gz", "~$letter.pdf", "letter.pdf"):
        (tmp_path / name).write_bytes(b"x")
    left_out: list[Path] = []
    assert [path.name for path in find_files([tmp_path], left_out.append)] == [
        *("a.tar.pdf", "b.tar.gz", "letter.pdf"),
    ]
    assert left_out == []
