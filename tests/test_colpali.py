"""ColPali-family encoders on tiny models of colpali-engine's classes."""

from __future__ import annotations

import io
import json
import warnings
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw
from safetensors.torch import load_file, save_file
from tiny_models import calm, make_colidefics3, make_colpali, make_colqwen2_5
from tiny_native import DIM, make_native_colmodernvbert, make_native_colpali, make_native_colqwen2
from tiny_vlms import make_qwen2_5_vl

from ingest.encoders.checkpoint import InvalidCheckpoint
from ingest.encoders.colpali import ColPaliEncoder
from ingest.encoders.embedded.weights import WeightsMissing
from ingest.encoders.encoder import DeviceUnavailable, Encoding
from ingest.encoders.load import load_encoder
from ingest.encoders.loading.qwen_forward import add_positions
from ingest.page import Page, Rendered
from retrieval.scoring.maxsim import maxsim

MAKERS: dict[str, Callable[[Path], Path]] = {
    "ColPali": make_colpali,
    "ColQwen2_5": make_colqwen2_5,
    "ColIdefics3": make_colidefics3,
    "ColPaliForRetrieval": make_native_colpali,
    "ColQwen2ForRetrieval": make_native_colqwen2,
    "ColModernVBertForRetrieval": make_native_colmodernvbert,
}
QUESTION = "which lighthouse has a red lantern?"


@pytest.fixture(scope="module", params=MAKERS)
def family(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def folder(family: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return quietly(lambda: MAKERS[family](tmp_path_factory.mktemp(family)))


@pytest.fixture(scope="module")
def encoder(folder: Path) -> ColPaliEncoder:
    encoder = load_encoder(f"colpali:{folder}")
    assert isinstance(encoder, ColPaliEncoder)
    return encoder


def quietly(make: Callable[[], Any]) -> Any:
    """Building a model from a bare config makes transformers grumble."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return make()


def as_page(picture: Image.Image, number: int = 1) -> Rendered:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    size = picture.size
    return Rendered(Page("doc", number), buffer.getvalue(), *size, (), (), "none")


def draw_page(width: int, height: int, number: int = 1) -> Rendered:
    picture = Image.effect_mandelbrot((width, height), (-2, -1.5, 1, 1.5), 20 + number)
    return as_page(picture.convert("RGB"), number)


PAGES = [
    draw_page(*size, number)
    for number, size in enumerate(
        [(120, 170), (170, 120), (300, 100), (90, 90), (64, 200), (120, 170), (50, 50), (200, 210)],
        1,
    )
]


def engine_rows(encoder: ColPaliEncoder, page: Rendered) -> torch.Tensor:
    """The engine's own way, without this project's code: its processor, its forward."""
    module = import_module(encoder._family.library)
    model = getattr(module, encoder.family).from_pretrained(encoder._folder)
    processor = getattr(module, encoder._family.processor).from_pretrained(encoder._folder)
    if encoder.family == "ColPali":
        # transformers leaves the tied head without weights; the rows do not depend on it.
        model.model.lm_head.weight = model.get_input_embeddings().weight
    with torch.inference_mode():
        batch = processor.process_images([page.pixels()])
        if encoder.family == "ColQwen2ForRetrieval":
            batch = add_positions(model, batch)
        rows = model.eval()(**batch)
        rows = rows if isinstance(rows, torch.Tensor) else rows.embeddings
        return rows[0][batch["attention_mask"][0].bool()]


def test_the_family_is_read_from_the_config(encoder: ColPaliEncoder, family: str) -> None:
    assert encoder.family == family
    assert encoder.modality == "page"
    assert encoder.dim == (DIM if "Retrieval" in family else 128)
    assert encoder.provenance["dtype"] == "fp32"


def test_rows_equal_the_engines_own_forward(encoder: ColPaliEncoder) -> None:
    for page in PAGES[:3]:
        expected = engine_rows(encoder, page).numpy()
        seen = encoder.encode_pages([page])[0]
        np.testing.assert_allclose(seen.vectors, expected, atol=1e-5)
        assert seen.boxes.shape == (len(expected), 4)


def test_a_batch_of_eight_equals_one_by_one(encoder: ColPaliEncoder) -> None:
    together = encoder.encode_pages(PAGES)
    for page, seen in zip(PAGES, together, strict=True):
        alone = encoder.encode_pages([page])[0]
        np.testing.assert_allclose(seen.vectors, alone.vectors, atol=1e-5)
        np.testing.assert_array_equal(seen.boxes, alone.boxes)
        np.testing.assert_allclose(np.linalg.norm(seen.vectors, axis=1), 1, atol=1e-5)


class OnDevice(torch.Tensor):
    """A tensor that counts what would wait for a GPU."""

    READS = ("item", "tolist", "cpu", "numpy", "nonzero", "__index__", "__bool__", "__int__")
    waits: ClassVar[list[str]] = []

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func.__name__ in cls.READS:
            cls.waits.append(func.__name__)
        return super().__torch_function__(func, types, args, kwargs or {})


def test_waits_for_the_device_do_not_grow_with_the_batch(
    encoder: ColPaliEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page's rows are read by lengths that the host knows."""
    if "Qwen" not in encoder.family:
        pytest.skip("it has the same number of patches for each page")
    send = encoder._send
    monkeypatch.setattr(encoder, "_send", lambda tensor: send(tensor).as_subclass(OnDevice))
    waits = []
    for count in (3, 6):
        ready = [encoder._prepare(page) for page in PAGES[:count]]
        OnDevice.waits.clear()
        encoder._forward(ready)
        waits.append(len(OnDevice.waits))
    assert waits[0] == waits[1] < 12


def test_fixed_batches_give_the_same(folder: Path, encoder: ColPaliEncoder) -> None:
    by_two = load_encoder(f"colpali:{folder}", Encoding(batch=2)).encode_pages(PAGES)
    for a, b in zip(by_two, encoder.encode_pages(PAGES), strict=True):
        np.testing.assert_allclose(a.vectors, b.vectors, atol=1e-5)


def test_scores_equal_the_engines_where_nothing_is_padded(encoder: ColPaliEncoder) -> None:
    query = encoder.encode_queries([QUESTION])[0]
    for page in encoder.encode_pages(PAGES):
        processor = encoder._processor
        score = getattr(processor, "score_multi_vector", None) or processor.score_retrieval
        theirs = score([torch.from_numpy(query.vectors)], [torch.from_numpy(page.vectors)])
        ours = maxsim(
            query.vectors,
            np.ones(len(query.vectors), np.float32),
            page.vectors,
            [0, len(page.vectors)],
        )
        assert ours[0] * len(query.vectors) == pytest.approx(theirs.item(), abs=1e-4)


def test_the_engines_zero_padding_raises_scores_and_ours_does_not() -> None:
    from colpali_engine.models import ColPaliProcessor

    query = np.array([[1.0, 0.0], [0.0, 1.0]], np.float32)
    short = np.array([[-0.6, 0.8]], np.float32)  # best cosines -0.6 and 0.8: 0.2
    long = np.array([[0.6, 0.8], [0.8, 0.6]], np.float32)  # 0.8 and 0.8: 1.6
    theirs = ColPaliProcessor.score_multi_vector(
        [torch.from_numpy(query)], [torch.from_numpy(short), torch.from_numpy(long)]
    )
    rows = np.concatenate([short, long])
    ours = maxsim(query, np.ones(2, np.float32), rows, [0, 1, 3]) * 2
    np.testing.assert_allclose(theirs.numpy()[0], [0.8, 1.6], atol=1e-6)  # -0.6 became the pad's 0
    np.testing.assert_allclose(ours, [0.2, 1.6], atol=1e-6)


def test_a_question_keeps_the_augmentation_tokens(encoder: ColPaliEncoder) -> None:
    query = encoder.encode_queries([QUESTION])[0]
    assert query.even
    asked = "".join(query.words)
    # transformers' own processors put a word of their own before the question.
    assert asked.removeprefix("Question:").removeprefix("Query:").startswith("whichlighthouse")
    assert query.words[-10:] == ("",) * 10
    batch = encoder._processor.process_queries([QUESTION])
    assert len(query.vectors) == batch["input_ids"].shape[1]


@pytest.mark.parametrize("page", PAGES[:4], ids=["portrait", "landscape", "wide", "square"])
def test_boxes_are_those_of_the_engines_similarity_maps(
    encoder: ColPaliEncoder, page: Rendered
) -> None:
    from colpali_engine.interpretability import get_similarity_maps_from_embeddings

    processor = encoder._processor
    if encoder._family.library == "transformers":
        pytest.skip("transformers has no similarity maps to compare with")
    query = encoder.encode_queries([QUESTION])[0].vectors
    seen = encoder.encode_pages([page])[0]
    batch = processor.process_images([page.pixels()])
    width, height = page.pixels().size
    if encoder.family == "ColIdefics3":
        mask = processor.get_local_image_mask(batch)
        tiles = sum(
            token.startswith("<row_")
            for token in processor.tokenizer.convert_ids_to_tokens(batch["input_ids"][0])
        )
        rows = max(
            int(t[5])
            for t in processor.tokenizer.convert_ids_to_tokens(batch["input_ids"][0])
            if t.startswith("<row_")
        )
        grid = (tiles // rows * 2, rows * 2)
        make_maps = processor.get_similarity_maps_from_embeddings
    else:
        mask = processor.get_image_mask(batch)
        merge = 14 if encoder.family == "ColPali" else 2
        grid = processor.get_n_patches((width, height), merge)
        make_maps = get_similarity_maps_from_embeddings
    theirs = make_maps(
        torch.from_numpy(seen.vectors)[None], torch.from_numpy(query)[None], grid, mask
    )[0].numpy()
    columns, lines = grid
    ours = np.full_like(theirs, np.nan)
    for row, box in zip(seen.vectors, seen.boxes, strict=True):
        if box[2] - box[0] == pytest.approx(1 / columns) and box[3] - box[1] == pytest.approx(
            1 / lines
        ):
            x, y = round(float(box[0]) * columns), round(float(box[1]) * lines)
            ours[:, x, y] = query @ row
    np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_prompt_rows_are_nowhere_and_patches_cover_the_page(encoder: ColPaliEncoder) -> None:
    seen = encoder.encode_pages([PAGES[0]])[0]
    area = (seen.boxes[:, 2] - seen.boxes[:, 0]) * (seen.boxes[:, 3] - seen.boxes[:, 1])
    assert (area == 0).any()
    # Models with tiles see the page twice: in tiles, and whole.
    twice = encoder.family in {"ColIdefics3", "ColModernVBertForRetrieval"}
    assert area.sum() == pytest.approx(2 if twice else 1, abs=1e-5)


def test_workers_prepare_what_the_encoder_would(encoder: ColPaliEncoder) -> None:
    prepare = encoder._prepare
    from dataclasses import replace

    ahead = [replace(page, prepared={encoder.name: prepare(page)}) for page in PAGES[:3]]
    for a, b in zip(encoder.encode_pages(ahead), encoder.encode_pages(PAGES[:3]), strict=True):
        np.testing.assert_array_equal(a.vectors, b.vectors)


def test_a_page_that_does_not_fit_is_halved_and_tried_again(
    encoder: ColPaliEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = encoder.encode_pages(PAGES)
    sizes: list[int] = []
    forward = encoder._forward

    def small(ready: Any) -> Any:
        sizes.append(len(ready))
        if len(ready) > 2:
            raise torch.OutOfMemoryError("the device is full")
        return forward(ready)

    monkeypatch.setattr(encoder, "_forward", small)
    tokens, most = encoder._budget.tokens, encoder._budget.limit
    seen = encoder.encode_pages(PAGES)
    encoder._budget.tokens, encoder._budget.limit = tokens, most
    assert max(sizes) > 2
    assert min(sizes) <= 2
    for a, b in zip(seen, expected, strict=True):
        np.testing.assert_allclose(a.vectors, b.vectors, atol=1e-5)


def test_native_colqwen2_numbers_patches_as_the_engine_does(tmp_path: Path) -> None:
    """The same weights in both formats; transformers' own forward numbers patches in one line."""
    from colpali_engine.models import ColQwen2
    from transformers import ColQwen2ForRetrieval

    folder = quietly(lambda: make_native_colqwen2(tmp_path, dim=128))
    native = ColQwen2ForRetrieval.from_pretrained(folder)
    renamed = {
        name.removeprefix("vlm.").replace("embedding_proj_layer", "custom_text_proj"): value
        for name, value in native.state_dict().items()
    }
    engine = quietly(lambda: ColQwen2(native.config.vlm_config)).eval()
    engine.load_state_dict(renamed)
    encoder = load_encoder(f"colpali:{folder}")
    assert isinstance(encoder, ColPaliEncoder)
    for page in PAGES[:3]:
        batch = encoder._processor.process_images([page.pixels()])
        images = (batch["input_ids"] == native.config.vlm_config.image_token_id).int()
        with torch.inference_mode():
            expected = engine(**batch, mm_token_type_ids=images)[0].numpy()
            alone = native(**batch).embeddings[0].numpy()
        seen = encoder.encode_pages([page])[0].vectors
        np.testing.assert_allclose(seen, expected, atol=1e-5)
        assert np.abs(alone - expected).max() > 1e-3


def test_a_lora_adapter_names_its_base(tmp_path: Path) -> None:
    from colpali_engine.models import ColQwen2_5
    from peft import LoraConfig, get_peft_model

    base = quietly(lambda: make_colqwen2_5(tmp_path / "base"))
    adapted = quietly(
        lambda: get_peft_model(
            ColQwen2_5.from_pretrained(base),
            LoraConfig(r=2, target_modules=["q_proj", "custom_text_proj"], init_lora_weights=False),
        )
    )
    quietly(lambda: adapted.save_pretrained(tmp_path / "adapter"))
    for name in base.glob("*.json"):
        if name.name not in {"config.json", "model.safetensors.index.json"}:
            (tmp_path / "adapter" / name.name).write_bytes(name.read_bytes())
    for name in base.glob("*.jinja"):
        (tmp_path / "adapter" / name.name).write_bytes(name.read_bytes())

    plain = load_encoder(f"colpali:{base}").encode_pages(PAGES[:1])[0]
    encoder = load_encoder(f"colpali:{tmp_path / 'adapter'}")
    seen = encoder.encode_pages(PAGES[:1])[0]
    with torch.inference_mode():
        batch = encoder._processor.process_images([PAGES[0].pixels()])  # type: ignore[attr-defined]
        expected = adapted.eval()(**batch)[0].numpy()
    np.testing.assert_allclose(seen.vectors, expected, atol=1e-5)
    assert np.abs(seen.vectors - plain.vectors).max() > 0.01
    names = [name for name, _ in encoder._network.named_modules()]  # type: ignore[attr-defined]
    assert not [name for name in names if "lora" in name], "the adapter is merged"


class TestTrouble:
    def test_another_kind_of_model(self, tmp_path: Path) -> None:
        (tmp_path / "config.json").write_text(
            json.dumps({"model_type": "bert", "architectures": ["BertModel"]})
        )
        with pytest.raises(InvalidCheckpoint, match=r"model_type 'bert'.*BertModel.*ColQwen2_5"):
            load_encoder(f"colpali:{tmp_path}")

    def test_no_such_folder(self, tmp_path: Path) -> None:
        with pytest.raises(WeightsMissing, match=r"no folder .*gone.*minilm needs no download"):
            load_encoder(f"colpali:{tmp_path / 'gone'}")

    def test_a_hub_id_without_a_hub(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
        with pytest.raises(WeightsMissing) as caught:
            load_encoder("colpali:vidore/colqwen2.5-v0.2")
        assert "vidore/colqwen2.5-v0.2 are not available" in caught.value.message
        assert "give its folder" in caught.value.hint
        assert "minilm needs no download" in caught.value.hint

    def test_no_such_device(self, folder: Path) -> None:
        with pytest.raises(DeviceUnavailable, match="has no device cuda:7"):
            load_encoder(f"colpali:{folder}", Encoding(device="cuda:7"))
        with pytest.raises(DeviceUnavailable, match="no dtype"):
            load_encoder(f"colpali:{folder}", Encoding(dtype="fp64"))


WORDS = ("sun", "oak", "fox", "bee")
CELL = 28


def draw_words(words: list[str]) -> Image.Image:
    """Words in the cells of a 4 x 4 page, "" leaving one blank."""
    picture = Image.new("RGB", (4 * CELL, 4 * CELL), "white")
    pen = ImageDraw.Draw(picture)
    for i, word in enumerate(words):
        pen.text((CELL * (i % 4) + 4, CELL * (i // 4) + 8), word, fill="black")
    return picture


def draw_at_random(chance: np.random.Generator) -> tuple[list[str], Image.Image]:
    cells = [""] * 16
    for word, cell in zip(WORDS, chance.choice(16, len(WORDS), replace=False), strict=True):
        cells[cell] = word
    return cells, draw_words(cells)


def test_the_patch_that_wins_for_a_word_lies_on_it(tmp_path: Path) -> None:
    """Trained here, on pages with four words in sixteen places; asked through the plug, on new pages."""
    from colpali_engine.models import ColPali, ColPaliProcessor

    quietly(lambda: make_colpali(tmp_path / "start"))
    processor = ColPaliProcessor.from_pretrained(tmp_path / "start")
    processor.image_processor.size = {"height": 4 * CELL, "width": 4 * CELL}
    config = ColPali.from_pretrained(tmp_path / "start").config
    config.vision_config.image_size, config.vision_config.patch_size = 4 * CELL, CELL
    model = calm(ColPali(config)).train()
    chance = np.random.default_rng(3)
    # One at a time: see ColPaliEncoder.encode_queries. The word's first token follows <bos>.
    queries = [processor.process_queries([word]) for word in WORDS]
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(60):
        drawn = [draw_at_random(chance) for _ in range(8)]
        batch = processor.process_images([picture for _, picture in drawn])
        batch.pop("labels", None)
        patches = model(**batch)[:, :16]
        asked = torch.stack([model(**query)[0, 1] for query in queries])
        similar = torch.einsum("bpd,qd->bqp", patches, asked) * 20
        target = torch.tensor([[cells.index(word) for word in WORDS] for cells, _ in drawn])
        loss = torch.nn.functional.cross_entropy(similar.flatten(0, 1), target.flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval().save_pretrained(tmp_path / "trained")
    processor.save_pretrained(tmp_path / "trained")

    encoder = load_encoder(f"colpali:{tmp_path / 'trained'}")
    fresh = np.random.default_rng(99)
    found = 0
    for _ in range(10):
        cells, picture = draw_at_random(fresh)
        seen = encoder.encode_pages([as_page(picture)])[0]
        for word, question in zip(WORDS, encoder.encode_queries(WORDS), strict=True):
            first = next(i for i, spelled in enumerate(question.words) if spelled)
            best = seen.boxes[int((seen.vectors @ question.vectors[first]).argmax())]
            cell = cells.index(word)
            x, y = (cell % 4 + 0.5) / 4, (cell // 4 + 0.5) / 4
            found += bool(best[0] < x < best[2] and best[1] < y < best[3])
    assert found >= 38


def test_a_model_without_a_projection_is_refused(tmp_path: Path) -> None:
    plain = quietly(lambda: make_qwen2_5_vl(tmp_path / "plain"))
    with pytest.raises(InvalidCheckpoint, match="custom_text_proj") as refused:
        load_encoder(f"colpali:{plain}")
    assert "plain vision-language model" in refused.value.message
    assert "transformers:MODEL" in refused.value.hint


def test_a_checkpoint_with_other_key_names_is_refused(tmp_path: Path) -> None:
    folder = quietly(lambda: make_colqwen2_5(tmp_path / "renamed"))
    (file,) = folder.glob("*.safetensors")
    save_file(
        {f"tower.{key}": value for key, value in load_file(file).items()}, file, {"format": "pt"}
    )
    with pytest.raises(InvalidCheckpoint, match="would be random"):
        load_encoder(f"colpali:{folder}")


def test_rows_of_bf16_have_unit_length_in_fp32(tmp_path: Path) -> None:
    folder = quietly(lambda: make_colqwen2_5(tmp_path / "half"))
    encoder = load_encoder(f"colpali:{folder}", Encoding(dtype="bf16"))
    (vectors,) = encoder.encode_pages([as_page(Image.new("RGB", (120, 90), "red"))])
    lengths = np.linalg.norm(vectors.vectors.astype(np.float64), axis=1)
    np.testing.assert_allclose(lengths, 1, atol=1e-4)
