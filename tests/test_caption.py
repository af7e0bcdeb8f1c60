"""Captions of images: written, searchable, and never quoted."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

import pytest
from make_pdf import make_pdf
from PIL import Image
from skimage import data_dir
from tiny_vlms import make_blip
from typer.testing import CliRunner

from api.cli.main import app
from generation.answer import Usage
from generation.models.captioner import ChatCaptioner, load_captioner
from generation.providers.access import Access, Overloaded, ReplyRefused, ReplyTruncated
from generation.request import Request
from ingest.add import AddSettings, add
from ingest.event import Captioned
from ingest.files.render import RenderSettings
from ingest.index.index import open_indexes
from ingest.library.database import LibraryFormatError
from ingest.library.home import Home
from ingest.library.library import Library
from ingest.library.schema import FORMAT
from ingest.library.writer import LibraryWriter
from ingest.remove import remove
from ingest.verify import verify
from retrieval.search import Searcher

PLAIN = RenderSettings(ocr="none", dpi=60)


@dataclass
class Scripted:
    """A captioner that says what it is told, in turn; a fault is raised."""

    says: list[str | BaseException]
    name: str = "scripted:one"
    batch: int = 1
    seen: list[tuple[int, int]] = field(default_factory=list)
    together: list[int] = field(default_factory=list)

    def caption(self, pictures: Sequence[Image.Image]) -> list[str]:
        told = []
        self.together.append(len(pictures))
        for picture in pictures:
            self.seen.append(picture.size)
            said = self.says.pop(0)
            if isinstance(said, BaseException):
                raise said
            told.append(said)
        return told


def photo(name: str) -> Path:
    return Path(data_dir, name)


def ingest(
    home: Home, *files: Path, by: Scripted | None = None, name: str | None = ""
) -> list[Captioned]:
    settings = AddSettings(
        render=PLAIN,
        encoders=("minilm", "conse"),
        caption=by.name if by and name == "" else name or None,
        load_captioner=(lambda _: by) if by else None,
        workers=1,
    )
    return [e for e in add(home, list(files), settings) if isinstance(e, Captioned)]


def captions_of(home: Home) -> dict[str, list[str]]:
    library = Library(home)
    return {
        str(r.page.document_name): [c.text for c in library.captions(r.page)]
        for r in library.page_records()
    }


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Two photos and a report, captioned. For reading only."""
    folder = tmp_path_factory.mktemp("captions")
    make_pdf(folder / "plain.pdf", "Only words about a lighthouse.")
    home = Home(folder / "home")
    by = Scripted(["A tabby staring into the lens.", "Espresso on a wooden table."])
    told = ingest(home, photo("chelsea.png"), photo("coffee.png"), folder / "plain.pdf", by=by)
    assert sorted(e.left for e in told) == [0, 1]
    return home


def test_a_photo_without_words_is_found_by_its_caption_and_never_quoted(photos: Home) -> None:
    found = {name: "".join(texts) for name, texts in captions_of(photos).items()}
    assert found["plain.pdf"] == ""
    tabby = next(name for name, text in found.items() if "tabby" in text)
    searcher = Searcher(photos)
    hit = searcher.search("tabby")[0]
    assert hit.page.document_name == tabby
    assert hit.signals["bm25"] > 0
    assert hit.signals["late.minilm"] > 0.5
    assert hit.caption == "A tabby staring into the lens."
    assert searcher.library.words(hit.page) == ()
    assert all(region.words == "" for region in hit.regions)
    assert searcher.search("lighthouse")[0].caption == ""
    assert verify(photos) == []


@pytest.mark.slow
def test_only_what_lacks_a_caption_is_captioned_again(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    assert len(ingest(home, photo("chelsea.png"), by=Scripted(["a cat"]))) == 1
    assert ingest(home, photo("chelsea.png"), by=Scripted([])) == []
    later = Scripted(["a cup"])
    assert len(ingest(home, photo("coffee.png"), by=later, name=None)) == 1  # remembered
    assert captions_of(home) == {"chelsea.png": ["a cat"], "coffee.png": ["a cup"]}

    other = Scripted(["a feline", ""], name="scripted:two")
    assert len(ingest(home, by=other)) == 2
    assert captions_of(home) == {"chelsea.png": ["a feline"], "coffee.png": []}
    assert ingest(home, by=Scripted([], name="scripted:two")) == []  # an empty caption is one too
    assert Library(home).match_terms(["cup"]) == {}
    assert verify(home) == []

    ingest(home, photo("rocket.jpg"), by=Scripted([]), name="none")
    ingest(home, by=Scripted([]), name=None)
    assert Library(home).captioner() == ""
    assert captions_of(home)["chelsea.png"] == ["a feline"]
    remove(home, ["chelsea.png"])
    assert Library(home).match_terms(["feline"]) == {}
    assert verify(home) == []


@pytest.mark.parametrize("stop", [KeyboardInterrupt(), Overloaded("busy", hint="wait")])
def test_what_is_captioned_stays_when_a_run_is_cut_off(tmp_path: Path, stop: BaseException) -> None:
    home = Home(tmp_path / "home")
    with pytest.raises(type(stop)):
        ingest(home, photo("chelsea.png"), photo("coffee.png"), by=Scripted(["a sphinx", stop]))
    assert sorted(len(texts) for texts in captions_of(home).values()) == [0, 1]
    assert len(ingest(home, by=Scripted(["a mug"]))) == 1
    searcher = Searcher(home)
    assert {searcher.search(word)[0].caption for word in ("sphinx", "mug")} == {"a sphinx", "a mug"}


def test_captions_that_the_vectors_lack_are_brought_in_by_the_next_run(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    with (
        patch("ingest.annotate.caption.encode_document", side_effect=KeyboardInterrupt),
        pytest.raises(KeyboardInterrupt),
    ):
        ingest(home, photo("chelsea.png"), by=Scripted(["a sphinx"]))
    assert len(LibraryWriter(home).recaptioned()) == 1
    assert ingest(home) == []
    assert LibraryWriter(home).recaptioned() == []
    assert Searcher(home).search("sphinx")[0].signals["late.minilm"] > 0.5
    assert verify(home) == []


def test_figures_of_a_page_are_cut_out(tmp_path: Path) -> None:
    import pymupdf

    with pymupdf.open() as pdf:
        page = pdf.new_page(width=400, height=400)
        page.insert_text((40, 40), "Two pictures of the harbour")
        page.insert_image(pymupdf.Rect(0, 100, 200, 300), filename=str(photo("coffee.png")))
        page.insert_image(pymupdf.Rect(220, 100, 400, 220), filename=str(photo("rocket.jpg")))
        pdf.save(tmp_path / "two.pdf")
    home = Home(tmp_path / "home")
    by = Scripted(["a beverage", "a launch pad"])
    (told,) = ingest(home, tmp_path / "two.pdf", by=by)
    assert (told.pictures, told.left) == (2, 0)
    library = Library(home)
    (record,) = library.page_records()
    captions = library.captions(record.page)
    assert [caption.box for caption in captions] == list(record.figures)
    assert all(size < (record.width, record.height) for size in by.seen)
    index = next(i for i in open_indexes(home) if i.manifest.encoder == "minilm")
    boxes = {tuple(box) for box in index.vectors(library.documents()[0]).page(1).boxes.tolist()}
    for caption in captions:
        assert any(box == pytest.approx(caption.box, abs=0.01) for box in boxes)
    words = [word.text for word in library.words(record.page)]
    assert "beverage" not in words
    assert "harbour" in words


def test_photos_are_captioned_together(tmp_path: Path) -> None:
    """Four pages with 1, 2, 1 and 1 images, three at once; those of a page stay together."""
    import pymupdf

    with pymupdf.open() as pdf:
        page = pdf.new_page(width=400, height=400)
        page.insert_image(pymupdf.Rect(0, 100, 200, 300), filename=str(photo("coffee.png")))
        page.insert_image(pymupdf.Rect(220, 100, 400, 220), filename=str(photo("rocket.jpg")))
        pdf.save(tmp_path / "two.pdf")
    home = Home(tmp_path / "home")
    names = ["chelsea.png", "coffee.png", "rocket.jpg"]
    by = Scripted([f"picture {n}" for n in range(5)], batch=3)
    told = ingest(home, *map(photo, names), tmp_path / "two.pdf", by=by)
    assert sum(by.together) == 5
    assert len(by.together) == 2
    assert max(by.together) <= 3
    assert [event.left for event in told] == [3, 2, 1, 0]
    assert sorted(event.pictures for event in told) == [1, 1, 1, 2]
    written = sorted(text for texts in captions_of(home).values() for text in texts)
    assert written == [f"picture {n}" for n in range(5)]
    searcher = Searcher(home)
    for n in range(5):
        assert searcher.search(f"picture {n}")
    assert LibraryWriter(home).recaptioned() == []
    assert verify(home) == []


def test_what_is_captioned_in_a_batch_stays_when_the_next_fails(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    by = Scripted(["a sphinx", "a mug", KeyboardInterrupt()], batch=2)
    with pytest.raises(KeyboardInterrupt):
        ingest(home, *map(photo, ("chelsea.png", "coffee.png", "rocket.jpg")), by=by)
    assert sorted(len(texts) for texts in captions_of(home).values()) == [0, 1, 1]
    later = Scripted(["a launch"], batch=2)
    assert len(ingest(home, by=later)) == 1
    assert verify(home) == []


def test_a_library_of_format_2_is_brought_up_to_date(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    ingest(home, photo("chelsea.png"))
    with sqlite3.connect(home.database) as old:
        old.executescript(
            "DROP TABLE captions; DROP TABLE captioner; DROP TABLE recaptioned;"
            " DROP TABLE notes; DROP TABLE attachments; DROP TABLE unopened; DROP TABLE page_labels;"
            " PRAGMA user_version = 2"
        )
    with pytest.raises(LibraryFormatError, match="old format 2"):
        Library(home)
    assert len(ingest(home, by=Scripted(["a cat"]))) == 1
    assert captions_of(home) == {"chelsea.png": ["a cat"]}
    with sqlite3.connect(home.database) as new:
        assert new.execute("PRAGMA user_version").fetchone() == (FORMAT,)


@dataclass
class Chat:
    """A chat model that says its pieces, and then perhaps fails."""

    pieces: list[str]
    fault: Exception | None = None
    name: str = "scripted:chat"
    sent: list[Request] = field(default_factory=list)

    def reply(self, request: Request) -> Iterator[str | Usage]:
        self.sent.append(request)
        yield from self.pieces
        if self.fault:
            raise self.fault
        yield Usage(self.name)


def test_a_chat_model_captions_and_one_refusal_does_not_end_the_run() -> None:
    picture = Image.new("RGB", (3000, 20), "red")
    chat = Chat(["A red\n", " stripe."])
    assert ChatCaptioner(chat).caption([picture, picture]) == ["A red stripe."] * 2
    (shown, _) = chat.sent[0].turns[0].parts
    assert not isinstance(shown, str)
    assert shown.width == 1024
    assert ChatCaptioner(Chat(["A red"], ReplyTruncated("x", hint="y"))).caption([picture]) == [
        "A red"
    ]
    assert ChatCaptioner(Chat(["I"], ReplyRefused("x", hint="y"))).caption([picture]) == [""]
    with pytest.raises(Overloaded):
        ChatCaptioner(Chat([], Overloaded("x", hint="y"))).caption([picture])


def test_a_prompt_of_its_own() -> None:
    chat = Chat(["Red."])
    captioner = ChatCaptioner(chat, "Which colours are there?")
    captioner.caption([Image.new("RGB", (30, 20), "red")])
    assert chat.sent[0].turns[0].parts[1] == "Which colours are there?"
    assert captioner.name == 'scripted:chat prompt="Which colours are there?"'


def test_the_home_remembers_the_prompt(tmp_path: Path) -> None:
    spec = f"transformers:{make_blip(tmp_path / 'blip')}"
    home = ["--home", str(tmp_path / "home"), "--ocr", "none"]
    prompted = ["--caption", spec, "--caption-prompt", "a photo of", "--batch", "2"]
    run = CliRunner().invoke
    assert run(app, ["ingest", str(photo("coffee.png")), *home, *prompted]).exit_code == 0
    assert run(app, ["ingest", str(photo("chelsea.png")), *home]).exit_code == 0
    library = Library(Home(tmp_path / "home"))
    name = f'{spec} prompt="a photo of"'
    assert library.captioner() == name
    records = library.page_records()
    assert [c.model for r in records for c in library.captions(r.page)] == [name] * 2
    plain = load_captioner(name, Access(device="cpu"))
    assert plain.name == name
    assert run(app, ["ingest", *home, "--caption", spec]).exit_code == 0
    assert Library(Home(tmp_path / "home")).captioner() == spec
    for more in ([], ["--caption", "none"]):
        refused = run(app, ["ingest", str(photo("coffee.png")), *home, *more, *prompted[2:4]])
        assert refused.exit_code == 2
        assert "no model that writes them" in refused.stderr


def test_a_tiny_blip_captions_on_the_command_line(tmp_path: Path) -> None:
    model = make_blip(tmp_path / "blip")
    home = ["--home", str(tmp_path / "home")]
    arguments = ["ingest", str(photo("coffee.png")), "--ocr", "none", "--json", *home]
    done = CliRunner().invoke(app, [*arguments, "--caption", f"transformers:{model}"])
    assert done.exit_code == 0, done.output
    events = [json.loads(line) for line in done.stdout.splitlines()]
    (told,) = [e for e in events if e["event"] == "captioned"]
    assert (told["pictures"], told["left"]) == (1, 0)
    assert "1 images captioned" in done.stderr
    library = Library(Home(tmp_path / "home"))
    assert library.captioner() == f"transformers:{model}"
    (caption,) = library.captions(library.page_records()[0].page)
    assert caption.model == f"transformers:{model}"
    hit = json.loads(CliRunner().invoke(app, ["search", caption.text, "--json", *home]).stdout)
    assert hit["caption"] == caption.text
    again = CliRunner().invoke(app, arguments)
    assert not any(json.loads(line)["event"] == "captioned" for line in again.stdout.splitlines())
    stopped = CliRunner().invoke(app, ["ingest", "--caption", "none", *home])
    assert stopped.exit_code == 0
    assert Library(Home(tmp_path / "home")).captioner() == ""


@pytest.mark.parametrize("spec", ["extractive", "nobody:x"])
def test_a_captioner_that_is_none_stops_a_run_before_it_begins(tmp_path: Path, spec: str) -> None:
    home = tmp_path / "home"
    arguments = ["ingest", str(photo("coffee.png")), "--home", str(home), "--caption", spec]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 2
    assert not Home(home).database.exists()
