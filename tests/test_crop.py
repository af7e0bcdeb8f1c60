from __future__ import annotations

import io
from dataclasses import replace

import pytest
from PIL import Image

from generation.context.crop import MAX_AREA, best_crop, region_box
from generation.context.limits import USUAL, Limits
from generation.context.page_input import build_page_inputs
from generation.context.prompt_template import build_request
from generation.prompt import Evidence, Prompt
from generation.request import EncodedImage
from ingest.page import Box, Page, Word
from retrieval.hit import Region

SIZE = (3_000, 4_000)
SPOT = (0.4, 0.5, 0.5, 0.505)
"""Where the fine print of the page stands."""


def poster() -> bytes:
    page = Image.new("RGB", SIZE, "white")
    box = tuple(round(edge * SIZE[i % 2]) for i, edge in enumerate(SPOT))
    page.paste((255, 0, 0), box)  # type: ignore[arg-type]
    out = io.BytesIO()
    page.save(out, "WEBP", quality=80)
    return out.getvalue()


def fine_print(*boxes: Box, height: float = 0.005) -> Evidence:
    words = (Word("3,412", (SPOT[0], SPOT[1], SPOT[2], SPOT[1] + height)),)
    regions = tuple(Region(box, 1.0) for box in boxes or (SPOT,))
    return Evidence(1, Page("d", 7, "poster.pdf"), words, poster, 1.0, regions)


def test_fine_print_comes_larger_with_its_page_halved_and_costs_no_more() -> None:
    (page_input,) = build_page_inputs([fine_print()], Limits(crops=True)).page_inputs
    assert page_input.image is not None
    assert page_input.crop is not None
    with Image.open(io.BytesIO(page_input.crop.data)) as part:
        middle = part.convert("RGB").getpixel((part.width // 2, part.height // 2))
    assert isinstance(middle, tuple)
    assert middle[0] > 200 > 100 > middle[1]
    kept = USUAL.effective_size(*SIZE)
    assert page_input.image.height == pytest.approx(kept[1] / 2, abs=1)
    spent = sum(USUAL.tokens(p.width, p.height) for p in page_input.images)
    assert spent <= USUAL.tokens(*SIZE)
    parts = build_request(Prompt("q", ()), [page_input]).turns[0].parts
    assert [part if isinstance(part, str) else part.height for part in parts[:4]] == [
        "[1] poster.pdf, page 7",
        page_input.image.height,
        "[1] A part of the same page, larger:",
        page_input.crop.height,
    ]


@pytest.mark.parametrize(
    ("evidence", "limits"),
    [
        (fine_print(), Limits(crops=False)),
        (fine_print(), Limits(crops=True, max_images=1)),
        (fine_print(height=0.02), Limits(crops=True)),
        (fine_print((0.0, 0.0, 1.0, 0.9)), Limits(crops=True)),
        (replace(fine_print(), regions=()), Limits(crops=True)),
        (replace(fine_print(), words=()), Limits(crops=True)),
    ],
)
def test_else_the_page_comes_whole(evidence: Evidence, limits: Limits) -> None:
    (page_input,) = build_page_inputs([evidence], limits).page_inputs
    (picture,) = page_input.images
    assert isinstance(picture, EncodedImage)
    assert (picture.width, picture.height) == USUAL.effective_size(*SIZE)


def test_regions_are_taken_as_long_as_they_leave_half_the_page() -> None:
    near, far = (0.4, 0.52, 0.5, 0.53), (0.0, 0.9, 1.0, 0.95)
    one = region_box(fine_print(SPOT, near, far))
    assert one is not None
    assert one == pytest.approx((0.35, 0.45, 0.55, 0.58))
    assert (one[2] - one[0]) * (one[3] - one[1]) < MAX_AREA


def test_a_page_that_is_sent_whole_has_no_part() -> None:
    size = (600, 800)
    assert best_crop(fine_print(), size, USUAL, USUAL.effective_size(*size)) is None
