"""Streamer of a network's reply, its sampling, and how it is stopped."""

from __future__ import annotations

import threading
from typing import Any

import torch


def sampling(temperature: float | None) -> dict[str, Any]:
    """Options of generation for a temperature; None or 0 decodes greedily."""
    if not temperature:
        return {"do_sample": False}
    return {"do_sample": True, "temperature": temperature}


class _Shown:
    """Decoder of a tokenizer that leaves tokens out."""

    def __init__(self, tokenizer: Any, hidden: frozenset[int]) -> None:
        self._tokenizer = tokenizer
        self._hidden = hidden

    def decode(self, ids: list[int], **options: Any) -> str:
        """Decode without what is hidden."""
        return str(self._tokenizer.decode([i for i in ids if i not in self._hidden], **options))


def make_streamer(tokenizer: Any, hidden: frozenset[int]) -> Any:
    """transformers' streamer, which also counts the reply's tokens."""
    from transformers import TextIteratorStreamer

    class Counting(TextIteratorStreamer):  # type: ignore[misc]
        made = 0

        def put(self, value: Any) -> None:
            if not self.next_tokens_are_prompt:
                self.made += value.numel()
            super().put(value)

    shown: Any = _Shown(tokenizer, hidden)
    return Counting(shown, skip_prompt=True)


def stopping(stop: threading.Event) -> Any:
    """Criterion that stops generation once an event is set."""
    from transformers import StoppingCriteria

    class Stopping(StoppingCriteria):  # type: ignore[misc]
        def __call__(self, input_ids: Any, scores: Any, **_: Any) -> Any:
            return torch.full((input_ids.shape[0],), stop.is_set(), device=input_ids.device)

    return Stopping()
