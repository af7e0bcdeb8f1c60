"""Warning that a model does not read a text to its end."""

from __future__ import annotations

import json
import warnings


class QueryTruncated(UserWarning):
    """A text is longer than the model reads; its end was left out."""


def warn_truncated(text: str, length: int) -> None:
    """Warn that only the first `length` tokens of a text are read."""
    warnings.warn(
        f"The model reads {length} tokens; the end of {json.dumps(text[:60])}... is left out.",
        QueryTruncated,
        stacklevel=3,
    )
