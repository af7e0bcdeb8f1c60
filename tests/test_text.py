"""Text late-interaction encoders on tiny models of three formats."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from sentence_transformers import MultiVectorEncoder
from tiny_colbert import (
    DIM,
    DOCUMENT,
    QUERY,
    make_bert,
    make_colbert,
    make_prompted,
    make_pylate,
    make_stanford,
)

from ingest.add import AddSettings, add
from ingest.encoders.checkpoint import InvalidCheckpoint
from ingest.encoders.embedded.weights import WeightsMissing
from ingest.encoders.encoder import Encoding, InvalidVectors
from ingest.encoders.load import load_encoder
from ingest.encoders.text import TextEncoder
from ingest.event import Done
from ingest.files.render import RenderSettings
from ingest.library.home import Home
from ingest.page import Box, Page, Rendered, Word
from retrieval.search import Searcher

MAKERS: dict[str, Callable[[Path], Path]] = {
    "colbert": make_colbert,
    "prompted": make_prompted,
    "pylate": make_pylate,
    "stanford": make_stanford,
}
SAMPLES = Path(__file__).parents[1] / "data" / "samples"
SHORT = ["The", "lighthouse,", "灯台守", "(unbelievably)", "-", "Ünïted", "keeper."]
LONG = [
    f"{word}{i}" if word != "-" else word for i in range(25) for word in (*SHORT, "lamp", "東京")
]
QUESTION = "which lighthouse has a red lantern?"


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {name: make(tmp_path_factory.mktemp(name)) for name, make in MAKERS.items()}


@pytest.fixture(scope="module", params=MAKERS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def folder(kind: str, folders: dict[str, Path]) -> Path:
    return folders[kind]


@pytest.fixture(scope="module")
def encoder(folder: Path) -> TextEncoder:
    encoder = load_encoder(f"text:{folder}")
    assert isinstance(encoder, TextEncoder)
    return encoder


@pytest.fixture(scope="module")
def library(folder: Path) -> MultiVectorEncoder:
    """The library's own way, without this project's code."""
    return MultiVectorEncoder(str(folder), device="cpu")


def box_of(number: int) -> Box:
    return (number / 1024, 0.25, (number + 1) / 1024, 0.5)


def page_of(texts: Sequence[str], context: str = "") -> Rendered:
    words = tuple(Word(text, box_of(i)) for i, text in enumerate(texts))
    return Rendered(Page("d", 1), b"", 1, 1, words, (), "text", context)


def numbers(boxes: Any) -> list[int]:
    """Which word each row's box is; those that are nowhere left out."""
    placed = boxes[boxes[:, 2] > 0]
    found = np.rint(placed[:, 0] * 1024).astype(int).tolist()
    np.testing.assert_array_equal(placed, np.array([box_of(i) for i in found]).reshape(-1, 4))
    return found


def expect(encoder: TextEncoder, library: MultiVectorEncoder, texts: Sequence[str]) -> list[int]:
    """A number a row, counted word by word: tokens inside a text but those that the model skips."""
    tokenizer = library.tokenizer
    masks = [module for module in library if hasattr(module, "skiplist_words")]
    skipped = {tokenizer.convert_tokens_to_ids(w) for mask in masks for w in mask.skiplist_words}
    # A mark that is a token of its own leaves the first word without the space before it.
    bare = tokenizer.tokenize("[D] a")[:1] == ["[D] "]
    rows = []
    for i, text in enumerate(texts):
        spelled = text if bare and i == 0 else f" {text}"
        tokens = tokenizer.tokenize(spelled)
        # A space that is a token of its own is the mark's where a mark ends in it.
        tokens = tokens[1:] if i == 0 and tokens[:1] == ["Ġ"] else tokens
        ids = tokenizer.convert_tokens_to_ids(tokens)
        rows += [i] * sum(token not in skipped for token in ids)
    return rows


def test_rows_of_a_short_page_equal_the_librarys_own(
    encoder: TextEncoder, library: MultiVectorEncoder
) -> None:
    (seen,) = encoder.encode_pages([page_of(SHORT[:4])])
    expected = library.encode_document(" ".join(SHORT[:4]), convert_to_numpy=True)
    np.testing.assert_allclose(seen.vectors, expected, atol=1e-5)
    assert encoder.modality == "text"
    assert encoder.dim == DIM


def test_each_row_has_the_box_of_its_word_and_marks_are_nowhere(
    encoder: TextEncoder, library: MultiVectorEncoder
) -> None:
    for texts in (SHORT[:4], SHORT[2:3], SHORT[4:], ["灯台守", "東京", "a"], ["a"]):
        (seen,) = encoder.encode_pages([page_of(texts)])
        assert numbers(seen.boxes) == expect(encoder, library, texts)
        marks = (seen.boxes[:, 2] == 0).nonzero()[0]
        assert 2 <= len(marks) <= 8
        assert marks[0] == 0
        assert marks[-1] == len(seen.boxes) - 1


def test_a_long_page_is_read_window_by_window_and_no_word_is_left_out(
    encoder: TextEncoder, library: MultiVectorEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    encode = encoder._network.encode_document

    def watch(texts: list[str], **how: Any) -> Any:
        read.extend(texts)
        return encode(texts, **how)

    monkeypatch.setattr(encoder._network, "encode_document", watch)
    (seen,) = encoder.encode_pages([page_of(LONG)])
    page = " ".join(LONG)
    windows = sorted(read, key=page.index)
    assert " ".join(windows) == page
    assert len(windows) > 10
    for text in windows:
        assert len(library.tokenizer(encoder._prompt + text)["input_ids"]) <= DOCUMENT
    expected = [library.encode_document(text, convert_to_numpy=True) for text in windows]
    np.testing.assert_allclose(seen.vectors, np.concatenate(expected), atol=1e-5)
    found = numbers(seen.boxes)
    assert found == sorted(found)
    assert {LONG[i] for i in set(range(len(LONG))) - set(found)} <= {"-"}


@pytest.mark.parametrize("place", [0, 3])
def test_a_word_longer_than_a_window_is_read_in_parts(encoder: TextEncoder, place: int) -> None:
    texts = ["the", "lamp", "was", "lit"]
    texts[place] = "灯台守の記録" * 40
    (seen,) = encoder.encode_pages([page_of(texts)])
    found = numbers(seen.boxes)
    assert found == sorted(found)
    assert set(found) == set(range(4))
    assert found.count(place) >= 240


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    texts=st.lists(
        st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=30),
        min_size=1,
        max_size=40,
    )
)
def test_any_words_have_rows_and_their_own_boxes(
    encoder: TextEncoder, library: MultiVectorEncoder, texts: list[str]
) -> None:
    (seen,) = encoder.encode_pages([page_of(texts)])
    found = numbers(seen.boxes)
    assert found == sorted(found)
    # A mark that begins a window is spelled without a space, and then the model may skip it.
    marks = {w for module in library for w in getattr(module, "skiplist_words", ())}
    certain = {i for i in expect(encoder, library, texts) if texts[i] not in marks}
    assert set(found) >= certain


def test_the_title_is_matched_but_is_nowhere_on_the_page(encoder: TextEncoder) -> None:
    title = "Annual report of the lighthouse trust"
    plain, titled = encoder.encode_pages([page_of(SHORT), page_of(SHORT, title)])
    extra = titled.boxes[len(plain.boxes) :]
    assert len(extra) > len(title.split())
    assert not extra.any()
    np.testing.assert_allclose(titled.vectors[: len(plain.vectors)], plain.vectors, atol=1e-5)
    (alone,) = encoder.encode_pages([page_of(title.split())])
    np.testing.assert_allclose(titled.vectors[len(plain.vectors) :], alone.vectors, atol=1e-5)


def test_a_title_is_read_once_for_all_pages_that_have_it(
    encoder: TextEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    encode = encoder._network.encode_document
    monkeypatch.setattr(
        encoder._network,
        "encode_document",
        lambda texts, **how: (read.extend(texts), encode(texts, **how))[1],
    )
    encoder.encode_pages([page_of([word], "The trust") for word in ("oil", "lamp", "lens")])
    assert sorted(read) == ["The trust", "lamp", "lens", "oil"]


def test_pages_without_words_give_no_rows(encoder: TextEncoder) -> None:
    assert encoder.encode_pages([]) == []
    blank, full = encoder.encode_pages([page_of([], "Title"), page_of(["a"])])
    assert blank.vectors.shape == (0, DIM)
    assert blank.boxes.shape == (0, 4)
    assert len(full.vectors)


def test_rows_of_a_question_equal_the_librarys_own(
    encoder: TextEncoder, library: MultiVectorEncoder, kind: str
) -> None:
    questions = [QUESTION, "lamp", "灯台守 at 東京?"]
    for asked, question in zip(encoder.encode_queries(questions), questions, strict=True):
        expected = library.encode_query(question, convert_to_numpy=True)
        np.testing.assert_allclose(asked.vectors, expected, atol=1e-5)
        assert len(asked.words) == len(asked.vectors)
        assert asked.even
        # All but this one fill a question up with masks, which count.
        assert (len(asked.vectors) == QUERY) == (kind != "prompted")
    assert encoder.encode_queries([]) == []
    (lamp,) = encoder.encode_queries(["lamp"])
    assert "lamp" in "".join(lamp.words)
    assert lamp.words[0] == lamp.words[-1] == ""


def test_a_batch_of_eight_equals_one_by_one(folder: Path, encoder: TextEncoder) -> None:
    pages = [page_of(LONG[i : i + size]) for i, size in enumerate((1, 9, 60, 3, 30, 2, 7, 15))]
    together = encoder.encode_pages(pages)
    by_two = load_encoder(f"text:{folder}", Encoding(batch=2)).encode_pages(pages)
    for page, seen, again in zip(pages, together, by_two, strict=True):
        (alone,) = encoder.encode_pages([page])
        np.testing.assert_allclose(seen.vectors, alone.vectors, atol=1e-5)
        np.testing.assert_allclose(again.vectors, alone.vectors, atol=1e-5)
        np.testing.assert_array_equal(seen.boxes, alone.boxes)
        np.testing.assert_allclose(np.linalg.norm(seen.vectors, axis=1), 1, atol=1e-5)


def test_half_the_digits_still_give_rows_of_length_one(folder: Path, encoder: TextEncoder) -> None:
    half = load_encoder(f"text:{folder}", Encoding(dtype="bf16"))
    (seen,), (exact,) = (each.encode_pages([page_of(SHORT)]) for each in (half, encoder))
    assert half.provenance == encoder.provenance | {"dtype": "bf16"}
    np.testing.assert_allclose(np.linalg.norm(seen.vectors, axis=1), 1, atol=1e-6)
    assert (seen.vectors * exact.vectors).sum(axis=1).min() > 0.95


def test_windows_that_do_not_fit_are_halved_and_tried_again(
    encoder: TextEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = encoder.encode_pages([page_of(LONG)])[0]
    encode = encoder._network.encode_document

    def encode_few(texts: list[str], **how: Any) -> Any:
        if len(texts) > 3:
            raise torch.OutOfMemoryError("the device is full")
        return encode(texts, **how)

    monkeypatch.setattr(encoder._network, "encode_document", encode_few)
    monkeypatch.setattr(encoder, "_budget", type(encoder._budget)(torch.device("cpu"), 4096))
    (seen,) = encoder.encode_pages([page_of(LONG)])
    np.testing.assert_allclose(seen.vectors, expected.vectors, atol=1e-5)
    np.testing.assert_array_equal(seen.boxes, expected.boxes)


def test_what_an_index_remembers(encoder: TextEncoder, folder: Path) -> None:
    assert encoder.name == f"text:{folder}"
    assert encoder.model.startswith(f"sentence-transformers {folder} ")
    assert encoder.provenance.keys() == {"sentence-transformers", "dtype"}


def test_a_document_is_ingested_and_a_rare_word_finds_its_page(
    folders: dict[str, Path], tmp_path: Path
) -> None:
    spec = f"text:{folders['pylate']}"
    how = AddSettings(render=RenderSettings(ocr="none"), encoders=(spec, "conse"))
    (*_, done) = add(Home(tmp_path), [SAMPLES / "project-deck.pdf"], how)
    assert isinstance(done, Done)
    assert (done.added, done.pages) == (1, 6)
    searcher = Searcher(Home(tmp_path))
    hits = searcher.search("turbine")
    assert hits[0].page.number == 4
    assert all(hit.regions for hit in hits)
    assert {f"late.{spec}", "bm25"} <= hits[0].signals.keys()
    left, top, right, bottom = hits[0].regions[0].box
    assert 0 <= left < right <= 1
    assert 0 <= top < bottom <= 1
    searcher.close()


class TestTrouble:
    def test_a_model_that_was_trained_for_other_vectors(self, tmp_path: Path) -> None:
        """The library would take it, and give it a projection of random numbers."""
        with pytest.raises(InvalidCheckpoint, match=r"is not a late-interaction model.*ColBERT"):
            load_encoder(f"text:{make_bert(tmp_path)}")
        whole = {"model_type": "SentenceTransformer", "prompts": {}}
        (tmp_path / "config_sentence_transformers.json").write_text(json.dumps(whole))
        with pytest.raises(InvalidCheckpoint, match="is not a late-interaction model"):
            load_encoder(f"text:{tmp_path}")

    def test_a_model_of_pictures(
        self, folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(MultiVectorEncoder, "modalities", ["image", "text"])
        with pytest.raises(InvalidCheckpoint, match="reads image, text, not text alone"):
            load_encoder(f"text:{folders['colbert']}")

    @pytest.mark.parametrize("kind", ["colbert", "pylate"])
    @pytest.mark.parametrize(
        "damage", ["model.safetensors", "1_Dense/model.safetensors", "tokenizer.json", "1_Dense"]
    )
    def test_a_folder_that_lacks_a_part(
        self, folders: dict[str, Path], tmp_path: Path, kind: str, damage: str
    ) -> None:
        folder = shutil.copytree(folders[kind], tmp_path / "model")
        path = folder / damage
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.write_bytes(path.read_bytes()[:-1000])
        with pytest.raises(InvalidCheckpoint, match="cannot be loaded: .*again"):
            load_encoder(f"text:{folder}")

    def test_a_config_that_is_broken(self, folders: dict[str, Path], tmp_path: Path) -> None:
        folder = shutil.copytree(folders["colbert"], tmp_path / "model")
        (folder / "config_sentence_transformers.json").write_text("{")
        with pytest.raises(InvalidCheckpoint, match="is not JSON"):
            load_encoder(f"text:{folder}")

    def test_no_such_folder(self, tmp_path: Path) -> None:
        with pytest.raises(WeightsMissing, match=r"no folder .*gone.*minilm needs no download"):
            load_encoder(f"text:{tmp_path / 'gone'}")
        with pytest.raises(InvalidCheckpoint, match="is not a late-interaction model"):
            load_encoder(f"text:{tmp_path}")

    def test_a_hub_id_without_a_hub(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
        with pytest.raises(WeightsMissing, match=r"answerai-colbert-small-v1 are not available"):
            load_encoder("text:answerdotai/answerai-colbert-small-v1")

    def test_values_that_are_no_numbers(self, folders: dict[str, Path]) -> None:
        encoder = load_encoder(f"text:{folders['colbert']}")
        assert isinstance(encoder, TextEncoder)
        with torch.no_grad():
            encoder._network[1].linear.weight[0] = torch.nan
        with pytest.raises(InvalidVectors):
            encoder.encode_pages([page_of(SHORT)])
        with pytest.raises(InvalidVectors):
            encoder.encode_queries([QUESTION])


@pytest.mark.parametrize("make", [make_colbert, make_stanford, make_pylate])
def test_a_body_under_other_names_is_refused(make: Callable[[Path], Path], tmp_path: Path) -> None:
    folder = make(tmp_path / "model")
    (file,) = folder.glob("*.safetensors")
    weights = load_file(file)
    renamed = {f"tower.{key.removeprefix('bert.')}": value for key, value in weights.items()}
    save_file(renamed, file, {"format": "pt"})
    with pytest.raises(InvalidCheckpoint, match="would be random|cannot be loaded"):
        load_encoder(f"text:{folder}")
