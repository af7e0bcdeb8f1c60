"""VideoMAE and X-CLIP: clips of shots, their vectors, search by a clip, duplicates, broken weights."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from fastapi.testclient import TestClient
from make_video import make_video
from PIL import Image
from safetensors.torch import load_file, save_file
from tiny_video_models import FRAMES, make_videomae, make_xclip
from typer.testing import CliRunner

from api.cli.main import app
from api.http.app import create_app
from api.page_search import search_pages
from ingest.add import AddSettings, add
from ingest.choose import choose_encoders
from ingest.encoders.checkpoint import InvalidCheckpoint
from ingest.encoders.encoder import Encoding
from ingest.encoders.load import load_encoder
from ingest.event import Added, Indexed
from ingest.files.render import RenderSettings
from ingest.files.source import UnreadableFile
from ingest.files.video.clip_frames import CLIP_SIDE, ClipFile
from ingest.files.video.read_clip import read_clip
from ingest.index.index import open_indexes
from ingest.library.home import Home
from ingest.library.library import Library
from ingest.page import Page, Rendered, TimeSpan
from ingest.readers.limits import ReadLimits
from ingest.readers.reader_pool import ReaderPool
from ingest.rebuild import rebuild_indexes
from ingest.verify import verify
from retrieval.duplicate_videos import find_duplicate_videos
from retrieval.error import VideoIndexNotFound
from retrieval.search import Searcher

CPU = Encoding("cpu", "fp32")
RENDER = RenderSettings(dpi=40, ocr="none")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    makers = {"videomae": make_videomae, "xclip": make_xclip}
    return {kind: make(tmp_path_factory.mktemp(kind)) for kind, make in makers.items()}


@pytest.fixture(scope="module")
def pool() -> Iterator[ReaderPool]:
    readers = ReaderPool(1, ReadLimits())
    yield readers
    readers.close()


@pytest.fixture(scope="module")
def library(
    models: dict[str, Path], pool: ReaderPool, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Home, Path]:
    """A home with an index of each kind, and the folder of its three videos and a photo."""
    folder = tmp_path_factory.mktemp("videos")
    scenes = [(stripes(0), 2), (stripes(1), 2)]
    make_video(folder / "walk.mp4", scenes)
    again = [(stripes(0, (80, 48)), 2), (stripes(1, (80, 48)), 2)]
    make_video(folder / "again.mp4", again, rate=10, size=(80, 48))
    make_video(folder / "other.mp4", [(stripes(2), 2), (stripes(3), 2)])
    Image.fromarray(stripes(0)).save(folder / "photo.png")
    home = Home(tmp_path_factory.mktemp("home"))
    names = tuple(f"{kind}:{path}" for kind, path in models.items())
    settings = AddSettings(RENDER, ("minilm", "conse", *names), encoding=CPU, readers=pool)
    added = [event for event in add(home, [folder], settings) if isinstance(event, Added)]
    assert len(added) == 4
    assert verify(home) == []
    return home, folder


def stripes(seed: int, size: tuple[int, int] = (160, 96)) -> Any:
    """Pixels of a scene that is like no other."""
    random = np.random.default_rng(seed)
    small = random.integers(0, 255, (6, 10, 3), np.uint8)
    return np.asarray(Image.fromarray(small).resize(size, Image.Resampling.NEAREST))


def colors(clip: Any) -> list[str]:
    """The strongest channel of each frame, away from the bright bar."""
    return ["rgb"[int(frame[-20:, -20:].mean((0, 1)).argmax())] for frame in clip]


def test_a_clip_has_frames_at_even_times_of_its_span(tmp_path: Path) -> None:
    path = make_video(tmp_path / "a.mp4", rotate=90, size=(480, 360))
    media = ClipFile(path, "mov")
    clip = media.clip(TimeSpan(0.0, 6.0))
    assert clip.shape[0] == 16
    assert min(clip.shape[1:3]) == CLIP_SIDE
    assert clip.shape[1] > clip.shape[2]  # upright
    # Middles of 16 parts of 6 s: 0.19, 0.56, ... 1.69 are five before 2 s; then six, then five.
    assert "".join(colors(clip)) == "r" * 5 + "g" * 6 + "b" * 5
    assert colors(media.clip(TimeSpan(2.0, 4.0), 4)) == ["g"] * 4
    # Parts of 3 s are looked for one by one: 1.5 s and 4.5 s.
    assert colors(media.clip(TimeSpan(0.0, 6.0), 2)) == ["r", "b"]
    # Beyond the end the last frame is repeated.
    assert colors(media.clip(TimeSpan(5.0, 9.0), 4)) == ["b"] * 4


def test_only_videos_have_clips(tmp_path: Path) -> None:
    Image.new("RGB", (50, 50)).save(tmp_path / "a.png")
    assert read_clip(tmp_path / "a.png") is None
    broken = tmp_path / "b.mp4"
    broken.write_bytes(make_video(tmp_path / "c.mp4").read_bytes()[:400])
    with pytest.raises(UnreadableFile):
        read_clip(broken)
    whole = read_clip(tmp_path / "c.mp4")
    assert whole is not None
    assert colors(whole)[0] == "r"
    assert colors(whole)[-1] == "b"


def test_videomae_is_the_mean_of_the_patches(models: dict[str, Path]) -> None:
    from transformers import VideoMAEImageProcessor, VideoMAEModel

    clip = np.stack(
        [np.full((224, 300, 3), (at * 15, 200 - at * 10, 90), np.uint8) for at in range(16)]
    )
    processor = VideoMAEImageProcessor.from_pretrained(models["videomae"])
    network = VideoMAEModel.from_pretrained(models["videomae"]).eval()
    with torch.inference_mode():
        states = network(**processor([*clip], return_tensors="pt")).last_hidden_state
    expected = torch.nn.functional.normalize(states.mean(dim=1), dim=-1)[0].numpy()
    encoder = load_encoder(f"videomae:{models['videomae']}", CPU)
    shot, page = rendered(clip), rendered(None)
    rows = encoder.encode_pages([page, shot, shot])
    assert [len(one.vectors) for one in rows] == [0, 1, 1]
    np.testing.assert_allclose(rows[1].vectors[0], expected, atol=1e-5)
    np.testing.assert_allclose(rows[1].boxes, [[0, 0, 1, 0.8]])
    assert (encoder.modality, encoder.dim) == ("video", 32)
    assert len(encoder.encode_queries(["a lamp"])[0].vectors) == 0  # it reads no text


def test_xclip_has_clips_and_texts_in_one_space(models: dict[str, Path]) -> None:
    from transformers import CLIPTokenizer, XCLIPModel

    network = XCLIPModel.from_pretrained(models["xclip"]).eval()
    tokenizer = CLIPTokenizer.from_pretrained(models["xclip"])
    words = tokenizer(["red lamp"], padding="max_length", max_length=16, return_tensors="pt")
    with torch.inference_mode():
        features = network.get_text_features(**words)
    features = getattr(features, "pooler_output", features)
    expected = torch.nn.functional.normalize(features, dim=-1)[0].numpy()
    encoder = load_encoder(f"xclip:{models['xclip']}", CPU)
    query = encoder.encode_queries(["red lamp"])[0].vectors
    np.testing.assert_allclose(query[0], expected, atol=1e-5)
    # Of 16 frames it takes 8 at even places: 1, 3, 5, ...
    clip = np.stack([np.full((224, 224, 3), at * 15, np.uint8) for at in range(16)])
    odd = encoder.encode_pages([rendered(clip[1::2])])[0].vectors
    np.testing.assert_allclose(encoder.encode_pages([rendered(clip)])[0].vectors, odd, atol=1e-6)
    assert odd.shape == (1, 24)
    assert FRAMES["xclip"] == 8


def rendered(clip: Any) -> Rendered:
    return Rendered(Page("0" * 20, 1), b"", 1, 1, (), ((0, 0, 1, 0.8),), "none", clip=clip)


def test_a_clip_finds_its_like(library: tuple[Home, Path], pool: ReaderPool) -> None:
    home, folder = library
    searcher = Searcher(home)
    try:
        [page] = [
            r.page
            for r in Library(home).page_records()
            if r.page.span and r.page.document_name == "walk.mp4" and r.page.number == 1
        ]
        by_page = search_pages(searcher, like=page.key, readers=pool, top=3)
        assert by_page[0].page == page
        assert by_page[1].page.document_name == "again.mp4"
        assert by_page[1].page.number == 1
        assert {signal.split(".")[1].split(":")[0] for signal in by_page[0].signals} == {
            "videomae",
            "xclip",
        }
        other = make_video(folder.parent / "cut.mp4", [(stripes(3), 2)], rate=8)
        by_file = search_pages(searcher, like=other, readers=pool, top=1)
        assert (by_file[0].page.document_name, by_file[0].page.number) == ("other.mp4", 2)
        with TestClient(create_app(home, hosts={"testserver"})) as client:

            def posted(**form: Any) -> dict[str, Any]:
                hits = client.post("/v1/search/image", files=form).json()["hits"]
                return dict(hits[0])

            assert posted(file=("cut.mp4", other.read_bytes()))["name"] == "other.mp4"
            assert posted(like=(None, page.key))["page"] == page.key
        # An image still finds images.
        photo = search_pages(searcher, like=folder / "photo.png", readers=pool, top=1)
        assert photo[0].page.document_name == "photo.png"
    finally:
        searcher.close()


def test_a_text_is_compared_with_clips_by_an_encoder_that_reads_both(
    library: tuple[Home, Path],
) -> None:
    searcher = Searcher(library[0])
    try:
        hits = searcher.search("a red lighthouse lamp", top=10)
    finally:
        searcher.close()
    signals = {signal for hit in hits if hit.page.span for signal in hit.signals}
    assert any(signal.startswith("dense.xclip:") for signal in signals)
    assert not any("videomae" in signal for signal in signals)


def test_videos_that_are_nearly_the_same_are_found(
    library: tuple[Home, Path], tmp_path: Path
) -> None:
    [pair] = find_duplicate_videos(library[0])
    assert {page.document_name for page in pair.pages} == {"walk.mp4", "again.mp4"}
    assert pair.similar > 0.9
    shown = CliRunner().invoke(app, ["duplicates", "--videos", "--home", str(library[0].root)])
    assert "walk.mp4" in shown.stdout
    assert "other.mp4" not in shown.stdout
    empty = Home(tmp_path)
    list(add(empty, [], AddSettings(RENDER, ("minilm",), encoding=CPU)))
    with pytest.raises(VideoIndexNotFound):
        find_duplicate_videos(empty)


def test_an_index_of_videos_is_made_for_what_the_library_has(
    library: tuple[Home, Path], models: dict[str, Path], pool: ReaderPool, tmp_path: Path
) -> None:
    home = Home(tmp_path / "home")
    folder = Path(shutil.copytree(library[1], tmp_path / "videos"))
    (folder / "photo.png").unlink()
    list(add(home, [folder], AddSettings(RENDER, ("minilm", "conse"), encoding=CPU, readers=pool)))
    (folder / "again.mp4").unlink()  # what is gone has no clips
    name = f"videomae:{models['videomae']}"
    choice = choose_encoders(home, video=name)
    assert choice.encoders[-1] == name
    events = list(add(home, [], AddSettings(RENDER, choice.encoders, encoding=CPU, readers=pool)))
    assert sum(isinstance(event, Indexed) for event in events) == 3
    assert choose_encoders(home).encoders[-1] == name  # from now on
    assert name not in choose_encoders(home, video="none").encoders

    def rows() -> dict[str, Any]:
        [index] = [i for i in open_indexes(home) if i.manifest.modality == "video"]
        return {
            d.name: [index.vectors(d).page(n + 1).vectors for n in range(d.page_count)]
            for d in Library(home).documents()
        }

    made = rows()
    assert {name: len(some[0]) for name, some in made.items()} == {
        "again.mp4": 0,
        "other.mp4": 1,
        "walk.mp4": 1,
    }
    expected = next(i for i in open_indexes(library[0]) if i.manifest.encoder == name)
    document = next(d for d in Library(library[0]).documents() if d.name == "walk.mp4")
    np.testing.assert_allclose(
        made["walk.mp4"][0], expected.vectors(document).page(1).vectors, atol=1e-3
    )
    list(rebuild_indexes(home, choice.encoders, CPU, dpi=40))
    np.testing.assert_array_equal(rows()["walk.mp4"][0], made["walk.mp4"][0])


def test_weights_that_are_missing_are_named(models: dict[str, Path], tmp_path: Path) -> None:
    for kind, key in (("videomae", "attention"), ("xclip", "visual_projection")):
        folder = Path(shutil.copytree(models[kind], tmp_path / kind))
        weights = load_file(folder / "model.safetensors")
        left = {name: value for name, value in weights.items() if key not in name}
        assert len(left) < len(weights)
        save_file(left, folder / "model.safetensors", {"format": "pt"})
        with pytest.raises(InvalidCheckpoint, match="lacks"):
            load_encoder(f"{kind}:{folder}", CPU)


def test_weights_for_training_and_for_text_of_a_clip_are_not_missed(
    models: dict[str, Path], tmp_path: Path
) -> None:
    folder = make_videomae(tmp_path / "mae", pretraining=True)
    assert load_encoder(f"videomae:{folder}", CPU).dim == 32
    xclip = Path(shutil.copytree(models["xclip"], tmp_path / "xclip"))
    weights = load_file(xclip / "model.safetensors")
    left = {name: value for name, value in weights.items() if "prompts_generator" not in name}
    assert len(left) < len(weights)
    save_file(left, xclip / "model.safetensors", {"format": "pt"})
    assert load_encoder(f"xclip:{xclip}", CPU).dim == 24


def test_models_of_other_kinds_are_refused(models: dict[str, Path]) -> None:
    with pytest.raises(InvalidCheckpoint, match="is no videomae model"):
        load_encoder(f"videomae:{models['xclip']}", CPU)
