"""JSON of explanations: the best match of each token on a page."""

from __future__ import annotations

from retrieval.explain.explain import Explanation


def explanation_fields(explained: Explanation) -> dict[str, object]:
    """An explanation, as `explain --json` writes it."""
    return {
        "page": explained.page.key,
        "encoder": explained.encoder,
        "score": round(explained.score, 6),
        "tokens": [
            {
                "word": match.word,
                "weight": round(match.weight, 4),
                "score": round(match.score, 4),
                "box": [round(edge, 4) for edge in match.box],
            }
            for match in explained.tokens
        ],
    }
