"""Encoders of a home: chosen, remembered, replaced, pooled, checked."""

from __future__ import annotations

import json
import sqlite3
import warnings
from pathlib import Path

import numpy as np
import pytest
from make_pdf import make_pdf
from tiny_models import make_colpali

from ingest.add import AddSettings, add
from ingest.choose import (
    IMAGES,
    canonical,
    choose_encoders,
    choose_page_encoder,
    default_images,
    default_pages,
)
from ingest.encoders.encoder import Encoding
from ingest.encoders.load import load_encoder
from ingest.event import Dropped, Event, Indexed
from ingest.files.render import RenderSettings
from ingest.filter import PageFilter
from ingest.index.index import open_indexes
from ingest.index.manifest import FORMAT, IndexFormatError, read_manifest, slug
from ingest.index.probe import measure_drift
from ingest.library.database import LibraryFormatError
from ingest.library.home import Home
from ingest.rebuild import rebuild_indexes
from ingest.verify import verify
from retrieval.search import Searcher

PLAIN = RenderSettings(dpi=60, ocr="none")


@pytest.fixture(scope="module")
def colpali(tmp_path_factory: pytest.TempPathFactory) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return f"colpali:{make_colpali(tmp_path_factory.mktemp('colpali'))}"


@pytest.fixture
def files(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    make_pdf(
        folder / "lamp.pdf",
        "The lamp of the lighthouse is lit at six. Oil is kept in the cellar.",
    )
    make_pdf(folder / "boat.pdf", "The boat is called Heron.")
    return folder


def ingest(home: Home, files: Path, **settings: object) -> list[Event]:
    return list(add(home, [files], AddSettings(render=PLAIN, workers=1, **settings)))  # type: ignore[arg-type]


def encoders(home: Home) -> list[str]:
    return sorted(index.manifest.encoder for index in open_indexes(home))


def test_pages_are_found_through_colpali_and_the_home_remembers_it(
    tmp_path: Path, files: Path, colpali: str
) -> None:
    home = Home(tmp_path / "home")
    ingest(home, files, encoders=(colpali, "conse"))
    assert encoders(home) == [colpali, "conse"]
    assert verify(home) == []
    manifest = next(
        index.manifest for index in open_indexes(home) if index.manifest.encoder == colpali
    )
    assert manifest.provenance["dpi"] == "60"
    assert manifest.provenance["dtype"] == "fp32"
    assert {"colpali-engine", "transformers"} <= set(manifest.provenance)
    hit = Searcher(home).search("boat called Heron")[0]
    assert str(hit.page) == "boat.pdf, page 1"
    assert set(hit.signals) == {"bm25", f"late.{colpali}"}
    assert hit.regions
    make_pdf(files / "rope.pdf", "Rope is on the second shelf.")
    ingest(home, files)
    assert choose_encoders(home).encoders == (colpali, "conse")
    assert str(Searcher(home).search("rope")[0].page) == "rope.pdf, page 1"


def test_scores_are_the_mean_of_even_rows(tmp_path: Path, files: Path, colpali: str) -> None:
    home = Home(tmp_path / "home")
    ingest(home, files, encoders=(colpali,))
    ranking = Searcher(home).rank("where is the oil")
    encoder = load_encoder(colpali)
    query = encoder.encode_queries(["where is the oil"])[0].vectors
    index = open_indexes(home)[0]
    for record, score in zip(ranking.pages, ranking.signals[f"late.{colpali}"], strict=True):
        document = next(
            d for d in Searcher(home).library.documents() if d.id == record.page.document_id
        )
        rows = index.vectors(document).page(record.page.number).vectors
        assert score == pytest.approx((query @ rows.T).max(axis=1).mean(), abs=1e-3)


def test_another_encoder_takes_the_place_of_the_first(
    tmp_path: Path, files: Path, colpali: str
) -> None:
    home = Home(tmp_path / "home")
    ingest(home, files)
    searcher = Searcher(home)
    searcher.search("lamp")
    choice = choose_encoders(home, colpali)
    assert choice.encoders == (colpali, default_images())
    events = ingest(home, files, encoders=choice.encoders)
    assert {event.encoder for event in events if isinstance(event, Dropped)} == {*default_pages()}
    assert {event.encoder for event in events if isinstance(event, Indexed)} == {colpali}
    assert encoders(home) == [colpali, default_images()]
    assert verify(home) == []
    assert f"late.{colpali}" in searcher.search("lamp")[0].signals


def test_encoders_side_by_side(tmp_path: Path, files: Path, colpali: str) -> None:
    home = Home(tmp_path / "home")
    ingest(home, files)
    choice = choose_encoders(home, colpali, beside=True)
    assert choice.encoders == (colpali, default_images(), *sorted(default_pages()))
    ingest(home, files, encoders=choice.encoders)
    hit = Searcher(home).search("boat Heron")[0]
    assert {"late.minilm", f"late.{colpali}"} <= set(hit.signals)


def test_an_index_that_lacks_a_document_is_searched_for_the_rest(
    tmp_path: Path, files: Path
) -> None:
    home = Home(tmp_path / "home")
    ingest(home, files)
    index = next(index for index in open_indexes(home) if index.manifest.encoder == "minilm")
    lamp = next(d for d in Searcher(home).library.documents() if d.name == "lamp.pdf")
    index.path(lamp).unlink()
    hits = Searcher(home).search("boat")
    assert str(hits[0].page) == "boat.pdf, page 1"


def test_merged_rows_are_remembered(tmp_path: Path, files: Path, colpali: str) -> None:
    home = Home(tmp_path / "home")
    ingest(home, files, encoders=(colpali,), encoding=Encoding(pool_factor=2))
    index = open_indexes(home)[0]
    document = Searcher(home).library.documents()[0]
    rows = index.vectors(document).page(1).vectors
    whole = load_encoder(colpali).encode_pages(
        [
            Searcher(home).library.rendered(record)
            for record in Searcher(home).library.page_records(PageFilter.to([document.id]))
        ]
    )[0]
    places = int((whole.boxes[:, 2] > 0).sum())
    assert len(rows) == places // 2 + len(whole.vectors) - places
    make_pdf(files / "rope.pdf", "Rope is on the second shelf.")
    ingest(home, files)  # no word of merging: as the index has it
    assert open_indexes(home)[0].manifest.pool_factor == 2
    list(rebuild_indexes(home, choose_encoders(home).encoders, Encoding(), dpi=60))
    assert open_indexes(home)[0].manifest.pool_factor == 2
    assert verify(home) == []
    with pytest.raises(IndexFormatError, match="2 rows pooled into one, not"):
        ingest(home, files, encoders=(colpali,), encoding=Encoding(pool_factor=3), redo=True)


def test_drift_is_noticed(tmp_path: Path, files: Path, colpali: str) -> None:
    home = Home(tmp_path / "home")
    ingest(home, files, encoders=(colpali,))
    index, encoder = open_indexes(home)[0], load_encoder(colpali)
    same = measure_drift(index.folder, encoder)
    assert same is not None
    assert same.cosine == pytest.approx(1, abs=1e-4)
    assert not same.changed
    probe = dict(np.load(index.folder / "probe.npz"))
    turned = probe["page"] @ np.linalg.qr(np.random.default_rng(1).normal(size=(128, 128)))[0]
    np.savez(index.folder / "probe.npz", page=turned.astype(np.float32), query=probe["query"])
    moved = measure_drift(index.folder, encoder)
    assert moved is not None
    assert moved.changed
    np.savez(index.folder / "probe.npz", page=probe["page"][:3], query=probe["query"])
    fewer = measure_drift(index.folder, encoder)
    assert fewer is not None
    assert fewer.cosine == 0


def test_auto_takes_what_is_there_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    picked, why = choose_page_encoder()
    assert picked == "minilm"
    assert "no CUDA device" in why
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    picked, why = choose_page_encoder()
    assert picked == "minilm"
    assert "hf download vidore/colqwen2.5-v0.2" in why
    monkeypatch.setattr("ingest.encoders.checkpoint.is_local", lambda model: True)
    picked, why = choose_page_encoder()
    assert picked == "colpali:vidore/colqwen2.5-v0.2"
    assert "on CUDA" in why


def test_names_become_folders_that_never_meet(tmp_path: Path) -> None:
    assert slug("minilm") == "minilm"
    first, second = slug("colpali:vidore/colqwen2.5-v0.2"), slug("colpali:other/colqwen2.5-v0.2")
    assert first != second
    assert first.startswith("colpali-colqwen2-5-v0-2-")
    assert set(first) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-")
    assert canonical(f"clip:{tmp_path}") == f"clip:{tmp_path.absolute()}"
    assert canonical("clip:ViT-B-32/laion2b_s34b_b79k") == "clip:ViT-B-32/laion2b_s34b_b79k"


@pytest.mark.parametrize(("number", "says"), [(FORMAT + 1, "Upgrade"), (1, "Rebuild")])
def test_another_format_is_refused(tmp_path: Path, number: int, says: str) -> None:
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps({"encoder": "minilm", "model": "m", "dim": 4, "format": number}))
    with pytest.raises(IndexFormatError, match=says):
        read_manifest(path)


def test_an_index_of_an_old_format_is_rebuilt_with_its_encoders(
    tmp_path: Path, files: Path
) -> None:
    home = Home(tmp_path / "home")
    ingest(home, files)
    for path in home.index.glob("*/manifest.json"):
        values = json.loads(path.read_text())
        path.write_text(
            json.dumps({key: values[key] for key in ("encoder", "model", "dim")} | {"format": 1})
        )
    with pytest.raises(IndexFormatError, match="Rebuild"):
        Searcher(home).search("lamp")
    with sqlite3.connect(home.database) as old:
        old.executescript(
            "DROP TABLE tags; DROP TABLE tagged; DROP TABLE labels; DROP TABLE captions;"
            "DROP TABLE captioner; DROP TABLE recaptioned; DROP TABLE notes;"
            "DROP TABLE attachments; DROP TABLE unopened; DROP TABLE page_labels;"
            " PRAGMA user_version = 1"
        )
    with pytest.raises(LibraryFormatError, match="old format"):
        Searcher(home)
    choice = choose_encoders(home)
    assert set(choice.encoders) == {*default_pages(), default_images()}
    list(rebuild_indexes(home, choice.encoders, Encoding(), dpi=60))
    assert str(Searcher(home).search("boat")[0].page) == "boat.pdf, page 1"
    assert Searcher(home).library.labels() == []


@pytest.mark.slow
def test_several_devices_give_what_one_gives(colpali: str, tmp_path: Path, files: Path) -> None:
    home = Home(tmp_path / "home")
    ingest(home, files, encoders=("minilm",))
    library = Searcher(home).library
    pages = [library.rendered(record) for record in library.page_records()]
    fleet, one = load_encoder(colpali, Encoding(device="cpu,cpu")), load_encoder(colpali)
    assert (fleet.name, fleet.model, fleet.dim, fleet.provenance) == (
        one.name,
        one.model,
        one.dim,
        one.provenance,
    )
    for a, b in zip(fleet.encode_pages(pages), one.encode_pages(pages), strict=True):
        np.testing.assert_allclose(a.vectors, b.vectors, atol=1e-5)
        np.testing.assert_array_equal(a.boxes, b.boxes)
    np.testing.assert_allclose(
        fleet.encode_queries(["lamp"])[0].vectors,
        one.encode_queries(["lamp"])[0].vectors,
        atol=1e-5,
    )


def test_a_home_made_before_keeps_its_encoders_until_it_is_rebuilt(
    tmp_path: Path, files: Path
) -> None:
    home = Home(tmp_path / "home")
    ingest(home, files, encoders=("minilm", IMAGES))
    kept, renewed = choose_encoders(home), choose_encoders(home, renew=True)
    assert kept.encoders == ("minilm", IMAGES)
    assert renewed.encoders == (*default_pages(), default_images())
    assert bool(kept.why) == (default_images() != IMAGES)
    assert not renewed.why
    assert choose_encoders(home, images=IMAGES, renew=True).encoders == (*default_pages(), IMAGES)
    assert choose_encoders(home, "minilm", renew=True).encoders == ("minilm", default_images())
