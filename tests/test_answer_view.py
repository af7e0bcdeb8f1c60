"""Answers as people see them: formats, a saved web page, notes and confidence."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from api.cli.answer_view import confidence_line
from api.cli.main import app
from api.rag.evidence import RetrievedEvidence
from api.results.answer_document import answer_html, answer_markdown
from generation.answer import Answer, Citation, Usage
from generation.prompt import Evidence, Prompt
from ingest.library.home import Home
from ingest.page import Page

LENS = "Who was in charge of repairing the lens?"


def ask(home: Home, *arguments: str, typed: str = "") -> Result:
    return CliRunner().invoke(app, ["--home", str(home.root), "ask", *arguments], input=typed)


@pytest.mark.parametrize(
    ("confidence", "threshold", "line"),
    [
        (0.3, 0.42, "Confidence 0.30, below the threshold of 0.42."),
        (0.4196, 0.42, "Confidence 0.4196, below the threshold of 0.4200."),
        (0.9, 0.42, ""),
        (0.42, 0.42, ""),
        (None, None, ""),
    ],
)
def test_confidence(confidence: float | None, threshold: float | None, line: str) -> None:
    assert confidence_line(confidence, threshold) == line


def test_the_note_is_told_once_a_conversation(sample_home: Home) -> None:
    told = ask(sample_home, "--chat", typed=f"{LENS}\nWhen is the sailing race?\n\n")
    assert "[1]" in told.stdout
    assert told.stderr.count("No language model was used") == 1


def test_formats(sample_home: Home) -> None:
    assert (
        ask(sample_home, LENS, "--json").stdout == ask(sample_home, LENS, "--format", "json").stdout
    )
    markdown = ask(sample_home, LENS, "--format", "md").stdout
    assert markdown.startswith(f"## {LENS}\n")
    assert "Hanneke Vos" in markdown
    assert "\n[^1]: annual-report.pdf, page 4\n" in markdown
    page = ask(sample_home, LENS, "--format", "html").stdout
    assert page.startswith("<!doctype html>")
    assert ask(sample_home, LENS, "--json", "--format", "md").exit_code == 2
    assert ask(sample_home, "--chat", "--format", "html").exit_code == 2


def test_a_saved_answer_holds_its_crops(sample_home: Home, tmp_path: Path) -> None:
    path = tmp_path / "answer.html"
    result = ask(sample_home, LENS, "--json", "--save", str(path))
    assert json.loads(result.stdout)["saved"] == [str(path)]
    page = path.read_text(encoding="utf-8")
    assert "Hanneke Vos" in page
    assert 'src="data:image/webp;base64,' in page
    assert not re.search(r"(?:src|href)=\"(?!data:)", page)
    assert ask(sample_home, LENS, "--save", str(tmp_path / "answer.txt")).exit_code == 1
    assert ask(sample_home, LENS, "--save", str(tmp_path / "none" / "a.html")).exit_code == 1


class Pictures:
    def image(self, page: Page) -> bytes:
        data = io.BytesIO()
        Image.new("RGB", (200, 100), "white").save(data, "PNG")
        return data.getvalue()


def test_hostile_text_is_no_markup() -> None:
    evil = '<script>alert(1)</script><img src="http://x.example/a" onerror=alert(1)>'
    page = Page("d" * 16, 1, f"{evil}.pdf")
    citation = Citation(1, page, evil, ((0.1, 0.1, 0.5, 0.2),), False, "none")
    answer = Answer(evil, f'"{evil}" [1]', (citation,), "m", False, None, None, Usage("m"), evil)
    shown = Evidence(1, page, (), lambda: b"", 1.0)
    evidence = RetrievedEvidence(
        evil, evil, (), Prompt(evil, (shown,)), lambda _claim, _page: (), 0.0
    )
    written = answer_html(answer, evidence, Pictures())
    assert "<script" not in written
    assert written.count("<img ") == 1
    assert "onerror" not in re.sub(r"&lt;.*?&gt;", "", written)
    assert "default-src 'none'" in written
    markdown = answer_markdown(answer, evidence)
    assert "<script" not in markdown
    assert "<img" not in markdown
    assert "http://" not in markdown
