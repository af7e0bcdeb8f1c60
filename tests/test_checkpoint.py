from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ingest.encoders.checkpoint import (
    SAMPLE,
    Checkpoint,
    InvalidCheckpoint,
    fetch,
    find_checkpoint,
    is_local,
    reason,
)
from ingest.encoders.embedded.weights import WeightsMissing

COMMIT = "0123456789ab" + "c" * 28


def fingerprint(folder: Path) -> str:
    return find_checkpoint(str(folder), "").fingerprint


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model as sentence-transformers keeps one, in parts."""
    folder = tmp_path / "model"
    (folder / "1_Dense").mkdir(parents=True)
    for name in ("config.json", "model.safetensors", "1_Dense/model.safetensors"):
        (folder / name).write_bytes(b"{}")
    return folder


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A hub's cache that holds one state of one model; no hub behind it."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    root = tmp_path / "hub" / "models--some--model"
    snapshot = root / "snapshots" / COMMIT
    snapshot.mkdir(parents=True)
    (snapshot / "config.json").write_text("{}")
    for name in ("main", "v2", "refs/pr/1"):
        (root / "refs" / name).parent.mkdir(parents=True, exist_ok=True)
        (root / "refs" / name).write_text(COMMIT)
    return snapshot


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "1_Dense/model.safetensors"])
def test_the_fingerprint_changes_with_any_byte_of_the_model(folder: Path, name: str) -> None:
    before = fingerprint(folder)
    (folder / name).write_bytes(b"{ ")
    assert fingerprint(folder) != before


@pytest.mark.parametrize("suffix", ["safetensors", "bin", "pt", "pth"])
def test_any_kind_of_weights_counts(folder: Path, suffix: str) -> None:
    before = fingerprint(folder)
    (folder / f"more.{suffix}").write_bytes(b"1")
    assert fingerprint(folder) != before


@pytest.mark.parametrize("size", [10, SAMPLE, SAMPLE + 10, 2 * SAMPLE, 3 * SAMPLE])
@pytest.mark.parametrize("place", ["first", "last"])
def test_the_ends_of_large_files_are_read_and_small_ones_whole(
    folder: Path, size: int, place: str
) -> None:
    bytes_ = bytearray(size)
    (folder / "model.safetensors").write_bytes(bytes_)
    before = fingerprint(folder)
    bytes_[0 if place == "first" else -1] = 1
    (folder / "model.safetensors").write_bytes(bytes_)
    assert fingerprint(folder) != before


def test_the_fingerprint_is_the_models_not_the_folders(folder: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(folder, tmp_path / "elsewhere")
    (copy / "README.md").write_text("something else")
    (copy / ".cache").mkdir()
    (copy / ".cache" / "notes.json").write_text("of a download")
    assert fingerprint(copy) == fingerprint(folder)
    (copy / "1_Dense" / "model.safetensors").rename(copy / "1_Dense" / "other.safetensors")
    assert fingerprint(copy) != fingerprint(folder)


def test_a_folder_is_made_absolute(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.parent)
    monkeypatch.setenv("HOME", str(folder.parent))
    for name in ("model", "./model", str(folder), "~/model"):
        found = find_checkpoint(name, "")
        assert (found.spec, found.folder) == (str(folder), folder)
    assert found.title == f"{folder} {found.fingerprint[:12]}"


@pytest.mark.parametrize("model", ["./gone", "/gone/gone", "~/gone", "name", "a/b/c", "a/b/c@main"])
def test_what_is_neither_a_folder_nor_a_hub_id(model: str) -> None:
    with pytest.raises(
        WeightsMissing, match=r"is not a hub id.*OWNER/NAME@REV.*The embedded this needs no"
    ):
        find_checkpoint(model, "this")


@pytest.mark.parametrize("revision", ["", "@", "@main", "@v2", "@refs/pr/1", f"@{COMMIT}"])
def test_a_hub_id_at_any_revision(hub: Path, revision: str) -> None:
    found = find_checkpoint(f"some/model{revision}", "")
    assert found.folder == hub.resolve()
    assert found.title == f"some/model{revision} 0123456789ab"
    assert is_local(f"some/model{revision}")


@pytest.mark.parametrize("model", ["some/model@v3", "some/other", "bad--name/id"])
def test_a_hub_id_that_cannot_be_had(hub: Path, model: str) -> None:
    with pytest.raises(WeightsMissing) as caught:
        find_checkpoint(model, "this")
    assert caught.value.message.startswith(f"The weights of {model} are not available: ")
    assert "HF_TOKEN" in caught.value.hint
    assert "this needs no download" in caught.value.hint
    assert not is_local(model)


def test_trouble_with_the_hub_of_whatever_name(monkeypatch: pytest.MonkeyPatch) -> None:
    class ProxyTrouble(Exception):
        pass

    def snapshot(*_: object, **__: object) -> None:
        raise ProxyTrouble("Refused by http://proxy:3128 today.\nMore of it.")

    monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot)
    with pytest.raises(
        WeightsMissing, match=r"of this are not available: Refused by today\. Check"
    ):
        fetch("this", "some/model", ["*"], "this")


def test_what_is_at_hand(folder: Path, hub: Path) -> None:
    assert is_local(str(folder))
    assert not is_local("no")
    assert not is_local("/no/such/folder")
    (hub / "config.json").rename(hub / "open_clip_config.json")
    assert is_local("some/model")
    (hub / "open_clip_config.json").unlink()
    assert not is_local("some/model")


@pytest.mark.parametrize("text", ['{"a', "[1]", "\udcff"])
def test_json_that_is_none(folder: Path, text: str) -> None:
    (folder / "config.json").write_text(text, errors="surrogateescape")
    checkpoint = Checkpoint("spec", folder, "")
    with pytest.raises(InvalidCheckpoint, match=r"config\.json .*JSON.*Download the model again"):
        checkpoint.read("config.json")
    assert checkpoint.read("gone.json") is None


def test_values_of_json(folder: Path) -> None:
    (folder / "config.json").write_text('{"a": "é"}', encoding="utf-8")
    assert Checkpoint("spec", folder, "").read("config.json") == {"a": "é"}


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("Not found.", "Not found"),
        ("\n\n  401 Client Error: for url https://hub/api:\nmore", "401 Client Error: for url"),
        ("https://hub/only\nThen words.", "Then words"),
        ("", "ValueError"),
        ("https://hub/only", "ValueError"),
    ],
)
def test_a_reason_is_one_line_without_addresses(said: str, expected: str) -> None:
    assert reason(ValueError(said)) == expected


def test_what_a_library_cannot_load() -> None:
    checkpoint = Checkpoint("spec", Path(), "")
    fault = checkpoint.load_error(KeyError("weight"), "Take another.")
    assert str(fault) == "spec cannot be loaded: 'weight'. Take another."
    fault = checkpoint.load_error(ImportError("\nIt needs a package."), "Take another.")
    assert (
        str(fault)
        == "spec cannot be loaded: It needs a package. Install the package that it needs."
    )
