"""Gemini by its own SDK, against a server that speaks its REST: files, times, refusals."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from gemini_server import GeminiServer, gemini_server
from make_video import SUBTITLES, make_video
from test_models import HELLO
from typer.testing import CliRunner
from wire_server import SSE, Reply, Wire, failing, serving, streaming

import pageglass
from api.cli.main import app as cli
from generation.answer import Usage
from generation.context.limits import FileLimits
from generation.models.load import load_chat, load_model
from generation.models.model import keep_files
from generation.providers import gemini_files
from generation.providers.access import Access, ApiKeyInvalid, ModelError, ReplyRefused
from generation.providers.gemini import FILES, config_of, limits_of
from generation.providers.gemini_files import FileNotProcessed
from generation.request import Request, SourceFile, Turn
from ingest.add import AddSettings, add
from ingest.files.render import RenderSettings
from ingest.library.home import Home

SECRET = "AIza-very-secret-0123456789abcdef"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[GeminiServer]:
    monkeypatch.setattr(gemini_files, "POLL_SECONDS", 0.0)
    monkeypatch.setenv("GEMINI_API_KEY", SECRET)
    with gemini_server() as served:
        monkeypatch.setattr("generation.providers.gemini.BASE_URL", served.url)
        yield served


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three shots of two seconds; words in the first two."""
    folder = tmp_path_factory.mktemp("films")
    (folder / "talk.srt").write_text(SUBTITLES)
    return make_video(folder / "talk.mp4")


@pytest.fixture(scope="module")
def home(film: Path, tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("gemini") / "home")
    list(add(home, [film], AddSettings(RenderSettings(ocr="none"), ("minilm",), workers=1)))
    return home


def source(path: Path, media_type: str = "video/mp4", seconds: float = 6.0) -> SourceFile:
    return SourceFile(path, media_type, path.stat().st_size, seconds=seconds)


def about(file: SourceFile) -> Request:
    return Request("Be brief.", (Turn("user", ("The film:", file, "What is in it?")),))


def chat(server: GeminiServer, **more: Any) -> Any:
    return load_chat("gemini:m", Access(**{"key": SECRET, "retries": 0, **more}))


def test_a_whole_video_is_asked_about(
    home: Home, film: Path, server: GeminiServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    server.says('It was lit: "lit the lamp at', ' dusk" [0:0', "1]. Then a blue wall [0:04].\n")
    line = ["--home", str(home.root), "ask", "What happens?", "--whole", "-d", "talk.mp4"]
    done = CliRunner().invoke(cli, [*line, "--model", "gemini", "--json"])
    assert done.exit_code == 0, done.output
    (name,) = server.data
    assert server.data[name] == film.read_bytes()
    assert [call.split("/")[0].strip() for call in server.calls] == [
        "POST", "POST", "GET", "POST", "DELETE",
    ]  # fmt: skip
    assert not server.files
    (parts,) = [turn["parts"] for turn in server.bodies[0]["contents"]]
    sent = {"file_uri": f"{server.url}/v1beta/{name}", "mime_type": "video/mp4"}
    assert parts[1]["fileData"] == sent
    assert "0:02 Tea was served to 37 guests at four." in parts[2]["text"]
    assert "in place of a page's label" in json.dumps(server.bodies[0]["systemInstruction"]).lower()
    answer = json.loads(done.stdout)
    assert answer["text"] == 'It was lit: "lit the lamp at dusk" [1]. Then a blue wall [3].\n'
    cited = [(c["start"], c["grounded"], c["verified"]) for c in answer["citations"]]
    assert cited == [(0, "quote", True), (4, "seen", False)]
    assert server.key == SECRET
    assert SECRET not in caplog.text + done.output


def test_a_whole_pdf_is_asked_about(sample_home: Home, server: GeminiServer) -> None:
    server.says("It is on the second page [2].")
    with pageglass.open(sample_home.root, model="gemini:gemini-2.5-flash") as library:
        answer = library.ask("Where is it?", document="annual-report.pdf", whole=True)
    (parts,) = [turn["parts"] for turn in server.bodies[0]["contents"]]
    assert parts[1]["fileData"]["mime_type"] == "application/pdf"
    assert len(parts) == 3
    assert answer.citations[0].page.number == 2
    assert not server.files


def test_a_file_that_is_too_long_goes_by_its_pages(
    home: Home, server: GeminiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = FileLimits(FILES.max_bytes, max_pages=1, max_seconds=5.0)
    monkeypatch.setattr(
        "generation.providers.gemini.limits_of",
        lambda model: replace(limits_of(model), files=short),
    )
    server.says('"37 guests" [2]')
    with pageglass.open(home.root, model="gemini:m") as library:
        answer = library.ask("How many?", document="talk.mp4", whole=True)
    assert "not sent whole: the model takes recordings of 0 minutes" in answer.note
    parts = server.bodies[0]["contents"][0]["parts"]
    assert sum("inlineData" in part for part in parts) == 3
    assert not server.data


def test_files_are_deleted_when_a_reply_fails(film: Path, server: GeminiServer) -> None:
    server.status = 503
    with pytest.raises(ModelError, match="overloaded"):
        list(chat(server).reply(about(source(film))))
    assert len(server.data) == 1
    assert not server.files


@pytest.mark.parametrize("when", ["uploading", "replying"])
def test_files_are_deleted_on_ctrl_c(film: Path, server: GeminiServer, when: str) -> None:
    def interrupt(name: str, sent: int, total: int) -> None:
        if when == "uploading":
            raise KeyboardInterrupt

    server.says("It ", "burns.")
    reply = chat(server, on_upload=interrupt).reply(about(source(film)))
    if when == "replying":
        assert next(reply) == "It "
    with pytest.raises(KeyboardInterrupt):
        reply.throw(KeyboardInterrupt) if when == "replying" else next(reply)
    assert len(server.data) == 1
    assert not server.files
    assert server.calls[-1].startswith("DELETE")


def test_progress_and_one_upload_for_a_conversation(
    film: Path, server: GeminiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("google.genai._api_client.CHUNK_SIZE", 2_000)
    told: list[tuple[str, int, int]] = []
    size = film.stat().st_size
    model = chat(server, on_upload=lambda *sent: told.append(sent))
    server.says("It burns.")
    with keep_files(model):
        for _ in range(2):
            list(model.reply(about(source(film))))
        assert len(server.files) == 1
    assert not server.files
    assert len(server.data) == 1
    assert told[:2] == [("talk.mp4", 0, size), ("talk.mp4", 2_000, size)]
    assert told[-1] == ("talk.mp4", size, size)


def test_a_file_that_is_not_processed(film: Path, server: GeminiServer) -> None:
    server.processed = "FAILED"
    with pytest.raises(FileNotProcessed, match=r"could not process talk\.mp4"):
        list(chat(server).reply(about(source(film))))
    assert not server.files


def test_a_file_that_cannot_be_deleted_is_told(
    film: Path, server: GeminiServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.refuses_to_delete = True
    server.says("It burns.")
    list(chat(server).reply(about(source(film))))
    assert "the provider deletes it after two days" in caplog.text


def test_an_hour_goes_at_low_resolution(film: Path) -> None:
    for minutes, low in ((10, False), (60, True)):
        config = config_of("m", about(source(film, seconds=60.0 * minutes)), Access())
        assert (config.get("media_resolution") == "MEDIA_RESOLUTION_LOW") == low


def test_files_that_are_not_taken(film: Path) -> None:
    file = source(film)
    assert FILES.refusal(file) == ""
    assert "150 minutes" in FILES.refusal(replace(file, seconds=10_000.0))
    assert "50 MB" in FILES.refusal(SourceFile(film, "application/pdf", 60_000_000, pages=3))
    assert "1,000 pages" in FILES.refusal(SourceFile(film, "application/pdf", 1, pages=1_001))
    assert "its kind" in FILES.refusal(SourceFile(film, "", 1))


@pytest.fixture
def wire() -> Iterator[Wire]:
    with serving() as served:
        yield served


def blocked(reason: str) -> Reply:
    body = {"promptFeedback": {"blockReason": reason}, "usageMetadata": {"promptTokenCount": 9}}
    return Reply(200, SSE, [f"data: {json.dumps(body)}\n\n".encode()])


@pytest.mark.parametrize("reason", ["SAFETY", "PROHIBITED_CONTENT", "OTHER"])
def test_a_blocked_prompt_is_a_refusal(wire: Wire, reason: str) -> None:
    wire.then(blocked(reason))
    with pytest.raises(ReplyRefused):
        list(load_chat("gemini:m", Access(SECRET, wire.url)).reply(HELLO))
    assert len(wire.seen) == 1


def test_thoughts_are_no_reply(wire: Wire) -> None:
    wire.then(streaming("gemini", ["Yes."]))
    assert [*load_chat("gemini:m", Access(SECRET, wire.url)).reply(HELLO)] == [
        "Yes.",
        Usage("gemini:m", 1_020, 7, 1_000),
    ]


def test_the_servers_delay_is_respected(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr(
        "generation.providers.retry.time", SimpleNamespace(sleep=waits.append, time=lambda: 0.0)
    )
    details = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "7s"}]
    busy = {"error": {"code": 429, "message": "slow down", "details": details}}
    wire.then(failing(429, busy), streaming("gemini", ["yes"]))
    assert list(load_chat("gemini:m", Access(SECRET, wire.url)).reply(HELLO))[0] == "yes"
    assert waits == [7.0]


def test_a_wrong_key(wire: Wire) -> None:
    wrong = {"error": {"code": 400, "message": f"API key not valid: {SECRET}", "status": "INVALID"}}
    wire.then(failing(400, wrong))
    with pytest.raises(ApiKeyInvalid) as caught:
        list(load_model("gemini:m", Access(SECRET, wire.url)).chat.reply(HELLO))  # type: ignore[union-attr]
    assert SECRET not in str(caught.value)
