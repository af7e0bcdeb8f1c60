"""Prices of tokens, in US dollars a million, where they are known; an estimate.

Anthropic's are in its own documentation (platform.claude.com, about-claude/pricing
and the pages of its models), read in a stored copy of autumn 2026, not on the
day you ask. OpenAI's are second-hand: other projects' tables, which agree; its
own price page was not read; Gemini's are second-hand too. For a model that is not
listed no cost is given. Prices that depend on a request's length (Gemini Pro's) or on
a provider's discounts are left out.
"""

from __future__ import annotations

import re

PRICES = {
    "claude-fable-5-1": (10.0, 0.25, 50.0),
    "claude-opus-5-5": (4.0, 0.2, 20.0),
    "claude-opus-5": (5.0, 0.5, 25.0),
    "claude-sonnet-5-5": (2.0, 0.2, 10.0),
    "claude-sonnet-5": (2.0, 0.2, 10.0),
    "claude-haiku-4-5": (1.0, 0.1, 5.0),
    "claude-opus-4-5": (5.0, 0.5, 25.0),
    "claude-sonnet-4-5": (3.0, 0.3, 15.0),
    "gpt-5.5": (5.0, 0.5, 30.0),
    "gpt-5.4": (2.5, 0.25, 15.0),
    "gpt-5.4-mini": (0.75, 0.075, 4.5),
    "gpt-5.4-nano": (0.2, 0.02, 1.25),
    "gpt-4.1": (2.0, 0.5, 8.0),
    "gpt-4.1-mini": (0.4, 0.1, 1.6),
    "gpt-4o": (2.5, 1.25, 10.0),
    "gpt-4o-mini": (0.15, 0.075, 0.6),
    "gemini-2.5-flash": (0.3, 0.03, 2.5),
    "gemini-2.5-flash-lite": (0.1, 0.01, 0.4),
}
"""Model: input, cached input, output."""

WRITING = 1.25
"""Anthropic's price of writing input to its five-minute cache, times the input's price."""

_DATED = re.compile(r"-\d{8}$|-\d{4}-\d{2}-\d{2}$")


def cost_of(
    model: str, input_tokens: int, cached_tokens: int, output_tokens: int, written_tokens: int = 0
) -> float | None:
    """Cost of one call in US dollars; None for a model whose price is not known.

    `input_tokens` holds `cached_tokens` and `written_tokens`. A date at the end
    of a model's name does not change its price.
    """
    prices = PRICES.get(_DATED.sub("", model))
    if prices is None:
        return None
    plain, cached, output = prices
    fresh = input_tokens - cached_tokens - written_tokens
    total = fresh * plain + cached_tokens * cached + output_tokens * output
    return (total + written_tokens * plain * WRITING) / 1e6
