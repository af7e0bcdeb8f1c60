"""Regions that support a claim, by the real searcher over the samples."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from api.rag.evidence import min_score
from api.rag.locate import locator
from generation.context.abstain import MIN_SCORE
from generation.models.extractive import Extractive
from ingest.library.home import Home
from ingest.page import Page
from retrieval.explain.explain import Explanation, TokenMatch
from retrieval.explain.saliency import find_salient_regions
from retrieval.search import Searcher


def page_of(searcher: Searcher, name: str) -> Page:
    return searcher.library.page(f"{searcher.library.document(name).id}-1")


def test_a_true_claim_is_placed_and_a_false_one_is_not(sample_home: Home) -> None:
    searcher = Searcher(sample_home)
    try:
        locate = locator(searcher)
        page = page_of(searcher, "sailboat.png")
        assert len(locate("A yacht sails on the sea.", page)) == 1
        assert locate("The board approved the budget for 2025.", page) == ()
        assert locate("A yacht sails on the sea.", Page("0" * 20, 1, "gone.png")) == ()
    finally:
        searcher.close()


def test_the_limit_of_the_default_encoder_is_for_models_that_see(sample_home: Home) -> None:
    searcher = Searcher(sample_home)
    try:
        model = Extractive()
        assert min_score(searcher, model) == 0
        model.uses_images = True
        assert min_score(searcher, model) == MIN_SCORE
    finally:
        searcher.close()


BOXES = np.array([[0, 0, 0.5, 0.5], [0.5, 0, 1, 0.5], [0, 0.5, 0.5, 1], [0.5, 0.5, 1, 1]])
TOKEN = TokenMatch("boat", 1.0, 0.5, (0.0, 0.0, 1.0, 1.0))


def explained(*cosines: float) -> Explanation:
    return Explanation(
        Page("d", 1),
        "conse",
        0.0,
        (TOKEN,),
        np.array([cosines], np.float32),
        BOXES[: len(cosines)].astype(np.float32),
    )


@pytest.mark.parametrize(
    ("cosines", "box"),
    [
        ((0.1, 0.6, 0.1, 0.1), (0.5, 0.0, 1.0, 0.5)),
        ((0.5, 0.55, 0.5, 0.55), (0.0, 0.0, 1.0, 1.0)),  # all of it is near
        ((0.32, 0.34, 0.32, 0.34), None),  # nothing stands out
        ((0.0, 0.25, 0.0, 0.0), None),  # stands out, but is not near
        ((0.4,), (0.0, 0.0, 0.5, 0.5)),  # the only part
    ],
)
def test_a_peak_is_near_and_stands_out(
    cosines: tuple[float, ...], box: tuple[float, ...] | None
) -> None:
    assert find_salient_regions(explained(*cosines), (0.0, 1.0)) == ((box,) if box else ())


def test_nearness_is_measured_by_the_encoders_reach() -> None:
    assert find_salient_regions(explained(0.25), (0.2, 0.3)) == ((0.0, 0.0, 0.5, 0.5),)
    assert find_salient_regions(explained(0.25), (0.24, 0.34)) == ()


def test_rows_that_are_nowhere_are_no_place() -> None:
    nowhere = replace(explained(0.9), boxes=np.zeros((1, 4), np.float32))
    assert find_salient_regions(nowhere, (0.0, 1.0)) == ()
