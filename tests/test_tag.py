from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from make_pdf import make_pdf
from skimage import data_dir

from ingest.add import AddSettings, add
from ingest.annotate.classify import (
    Labeller,
    LabelsMissing,
    NotAnImageEncoder,
    clean_labels,
    load_image_encoder,
)
from ingest.annotate.tag import InvalidLabels, read_labels
from ingest.encoders.encoder import Encoding
from ingest.event import Tagged
from ingest.files.render import RenderSettings
from ingest.filter import PageFilter
from ingest.library.home import Home
from ingest.library.library import Library
from ingest.remove import remove
from ingest.verify import verify
from retrieval.search import Searcher

PLAIN = RenderSettings(ocr="none", dpi=60)
LABELS = ["cat", "coffee", "rocket", "bicycle"]


def photo(name: str) -> Path:
    return Path(data_dir, name)


def ingest(home: Home, *files: Path, labels: list[str] | None = None) -> int:
    settings = AddSettings(render=PLAIN, encoders=("minilm", "conse"), labels=labels, workers=1)
    return sum(e.pages for e in add(home, list(files), settings) if isinstance(e, Tagged))


def tags_of(home: Home) -> dict[str, list[str]]:
    library = Library(home)
    return {str(r.page.document_name): list(library.tags(r.page)) for r in library.page_records()}


def test_pictures_are_tagged_at_ingest_and_later_ones_too(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    make_pdf(tmp_path / "plain.pdf", "No picture here, only words about a cat.")
    assert ingest(home, photo("chelsea.png"), tmp_path / "plain.pdf", labels=LABELS) == 1
    assert ingest(home, photo("coffee.png")) == 1  # the labels are remembered
    assert tags_of(home) == {"chelsea.png": ["cat"], "coffee.png": ["coffee"], "plain.pdf": []}
    assert Library(home).tag_counts() == {"cat": 1, "coffee": 1}
    assert ingest(home, photo("coffee.png")) == 0

    assert ingest(home, labels=["cup", "rocket"]) >= 1  # other labels: all is looked over anew
    assert "cat" not in Library(home).tag_counts()
    remove(home, ["coffee.png"])
    assert not any(tags for name, tags in tags_of(home).items() if name == "coffee.png")
    assert verify(home) == []


def test_a_search_is_narrowed_by_tags(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    ingest(home, photo("chelsea.png"), photo("coffee.png"), labels=LABELS)
    searcher = Searcher(home, exhaustive_pages=0)
    for hits in (
        searcher.search("something warm", images=True, filter=PageFilter(tags=("cat",))),
        searcher.search_composed([(1.0, "coffee")], filter=PageFilter(tags=("cat",))),
    ):
        assert [hit.page.document_name for hit in hits] == ["chelsea.png"]
    assert searcher.search("coffee", filter=PageFilter(tags=("cat", "coffee"))) == []
    assert searcher.search("coffee", filter=PageFilter(tags=("no such tag",))) == []


def test_probabilities_are_a_softmax_over_the_best_rows() -> None:
    class Axes:
        """Texts are axes: the n-th label's row is the n-th unit vector."""

        logit_scale = 2.0
        templates = ("{}", "a {}")

        def embed(self, texts: list[str]) -> np.ndarray:  # type: ignore[type-arg]
            return np.eye(3, dtype=np.float32)[[["a", "b", "c"].index(t[-1]) for t in texts]]

    labeller = Labeller(Axes(), ["a", "b", "c"])  # type: ignore[arg-type]
    rows = np.array([[1, 0, 0], [0, 0.5, 0]], np.float32)
    likely = labeller.probabilities(rows)  # logits 2, 1, 0
    np.testing.assert_allclose(likely, np.exp([2, 1, 0]) / np.exp([2, 1, 0]).sum(), rtol=1e-5)


def test_labels_are_cleaned(tmp_path: Path) -> None:
    assert clean_labels([" cat ", "dog", "", "cat"]) == ["cat", "dog"]
    with pytest.raises(LabelsMissing):
        clean_labels(["cat", "cat "])
    (tmp_path / "labels.txt").write_text("# animals\ncat\n\n고양이\n")
    assert read_labels(tmp_path / "labels.txt") == ["cat", "고양이"]
    with pytest.raises(InvalidLabels, match="cannot be read"):
        read_labels(tmp_path / "gone.txt")


def test_only_encoders_of_pictures_classify() -> None:
    with pytest.raises(NotAnImageEncoder, match="minilm"):
        load_image_encoder("minilm", Encoding())
