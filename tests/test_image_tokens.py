from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.context.image_tokens import (
    CropTokens,
    FixedTokens,
    ImageTokenCounter,
    PatchTokens,
    TileTokens,
)
from generation.providers.anthropic import limits_of as anthropic_limits
from generation.providers.gemini import limits_of as gemini_limits
from generation.providers.openai import detail_of
from generation.providers.openai import limits_of as openai_limits
from generation.request import EncodedImage

USUAL, SHARP = PatchTokens(28, 1_568, 1_568), PatchTokens(28, 4_784, 2_576)
MINI = PatchTokens(32, 1_536, 2_048)
EVERY: list[ImageTokenCounter] = [
    USUAL,
    SHARP,
    MINI,
    TileTokens(85, 170),
    CropTokens(),
    FixedTokens(1_120, 2_048),
]


@pytest.mark.parametrize(
    ("counter", "size", "effective", "tokens"),
    [
        # The examples of Anthropic's page on vision.
        (USUAL, (200, 200), (200, 200), 64),
        (USUAL, (1000, 1000), (1000, 1000), 1296),
        (USUAL, (1092, 1092), (1092, 1092), 1521),
        (USUAL, (1920, 1080), (1456, 819), 1560),
        (USUAL, (2000, 1500), (1270, 952), 1564),
        (USUAL, (1075, 1520), (924, 1307), 1551),
        (SHARP, (1920, 1080), (1920, 1080), 2691),
        (SHARP, (2000, 1500), (2000, 1500), 3888),
        (SHARP, (3840, 2160), (2576, 1449), 4784),
        # Those of OpenAI's guide to images.
        (MINI, (1024, 1024), (1024, 1024), 1024),
        (TileTokens(85, 170), (1024, 1024), (768, 768), 765),
        (TileTokens(85, 170), (2048, 4096), (768, 1536), 1105),
        # Those of Google's page on understanding images.
        (CropTokens(), (384, 384), (384, 384), 258),
        (CropTokens(), (960, 540), (960, 540), 6 * 258),
        (FixedTokens(1_120, 2_048), (4096, 100), (2048, 50), 1_120),
    ],
)
def test_what_the_providers_publish(
    counter: ImageTokenCounter, size: tuple[int, int], effective: tuple[int, int], tokens: int
) -> None:
    assert counter.effective_size(*size) == effective
    assert counter.tokens(*size) == tokens


def test_a_large_picture_fits_the_patches_and_is_no_smaller_than_openai_would_make_it() -> None:
    width, height = MINI.effective_size(1800, 2400)
    assert (width, height) >= (1056, 1408)
    assert 1452 <= MINI.tokens(width, height) <= 1536


@given(st.sampled_from(EVERY), st.integers(1, 5000), st.integers(1, 5000))
def test_what_is_kept_is_kept_again(counter: ImageTokenCounter, width: int, height: int) -> None:
    effective = counter.effective_size(width, height)
    assert effective[0] <= width
    assert effective[1] <= height
    assert counter.tokens(*effective) > 0
    if min(effective) > 50:
        assert counter.effective_size(*effective) == effective
        assert abs(effective[0] / effective[1] - width / height) < 0.03 * width / height


@pytest.mark.parametrize(
    ("model", "most"),
    [
        ("claude-haiku-4-5-20251001", 1_568),
        ("claude-opus-4-6", 1_568),
        ("claude-opus-4-7", 4_784),
        ("claude-sonnet-5", 4_784),
        ("claude-opus-5-5", 4_784),
        ("claude-opus-4-20250514", 1_568),
        ("claude-3-5-sonnet-20241022", 1_568),
        ("a-gateways-name", 1_568),
    ],
)
def test_claudes_two_tiers(model: str, most: int) -> None:
    counter = anthropic_limits(model).image_tokens
    assert isinstance(counter, PatchTokens)
    assert counter.max_patches == most


@pytest.mark.parametrize(
    ("provider", "model", "tokens"),
    [
        ("openai", "gpt-4o-2024-08-06", 765),
        ("openai", "gpt-4o-mini", 2833 + 4 * 5667),
        ("openai", "gpt-4.1", 765),
        ("openai", "gpt-4.1-mini-2025-04-14", 1659),
        ("openai", "gpt-5", 70 + 4 * 140),
        ("openai", "gpt-5.4-mini", 1659),
        ("openai", "gpt-5.4-nano", 2520),
        ("openai", "gpt-5.4", 1229),
        ("openai", "gpt-6-astra", 1229),
        ("openai", "o3", 75 + 4 * 150),
        ("openai", "o4-mini", 1762),
        ("openai", "something-new", 1659),
        ("gemini", "gemini-2.5-flash", 4 * 258),
        ("gemini", "gemini-3.8-flash", 1_120),
    ],
)
def test_a_square_of_1024_pixels(provider: str, model: str, tokens: int) -> None:
    limits_of = {"openai": openai_limits, "gemini": gemini_limits}[provider]
    assert limits_of(model).image_tokens.tokens(1024, 1024) == tokens


def test_what_low_detail_keeps_whole_is_sent_at_low_detail() -> None:
    assert detail_of(EncodedImage(b"", "image/jpeg", 512, 300)) == "low"
    assert detail_of(EncodedImage(b"", "image/jpeg", 513, 300)) == "high"
