"""Let a language model answer from pages: shows it what fits, and hears whether it declines."""

from __future__ import annotations

import re
from collections.abc import Iterator

from generation.answer import SelfAssessment, Usage
from generation.context.limits import Limits
from generation.context.page_input import build_page_inputs
from generation.context.prompt_template import NOT_IN_PAGES, build_request
from generation.models.access import ReplyTruncated
from generation.models.model import ChatModel
from generation.prompt import Prompt

DECLINED = "The pages do not hold the answer."
"""Said where a model only gives the marker."""

CUT_SHORT = "The answer stops in the middle: it reached the most tokens allowed."

_BEFORE = re.compile(r"[\s*_#>`\"'“(\[]*")
_AFTER = re.compile(r"[\s*_`\"'”)\].:;,–—-]*")


class Reader:
    """A `VisionModel` made of a `ChatModel`.

    Args:
        chat: what writes.
        limits: what it may be shown at once; by default, its own.
    """

    uses_images = True

    def __init__(self, chat: ChatModel, limits: Limits | None = None) -> None:
        self.name = chat.name
        self.chat = chat
        self._limits = limits or chat.limits

    def stream(self, prompt: Prompt) -> Iterator[str | Usage | SelfAssessment]:
        """The reply as it comes, without the marker; a `SelfAssessment` that says whether it declines.

        The first characters are held back until it is clear whether they are
        the marker. Raises what the chat model raises; a reply that its limit
        of tokens cut is noted instead.
        """
        layout = build_page_inputs(prompt.evidence, self._limits)
        notes = [layout.note] if layout.note else []
        opening = Opening()
        reply = self.chat.reply(build_request(prompt, layout.page_inputs))
        try:
            for event in reply:
                if isinstance(event, Usage):
                    yield event
                elif text := opening.read(event):
                    yield text
        except ReplyTruncated:
            notes.append(CUT_SHORT)
        finally:
            close = getattr(reply, "close", None)
            if close is not None:
                close()
        if rest := opening.close():
            yield rest
        yield SelfAssessment(None, None, opening.declined, " ".join(notes))


class Opening:
    """Reads the head of a reply, a piece at a time. `declined` is known once any text came out."""

    def __init__(self) -> None:
        self.declined = False
        self._held = ""
        self._decided = False
        self._bare = True

    def read(self, piece: str) -> str:
        """What of the text so far can be shown, and was not yet."""
        if not self._decided:
            self._held += piece
            piece = self._decide(last=False)
        if self.declined and self._bare:
            piece = _AFTER.sub("", piece, count=1) if _AFTER.match(piece) else piece
        if piece:
            self._bare = False
        return piece

    def close(self) -> str:
        """What is left at the end of the reply."""
        text = self._decide(last=True) if not self._decided else ""
        if self.declined and self._bare:
            text = _AFTER.sub("", text, count=1)
            return text or DECLINED
        return text

    def _decide(self, *, last: bool) -> str:
        head = self._held[_BEFORE.match(self._held).end() :]  # type: ignore[union-attr]
        marker = NOT_IN_PAGES.casefold()
        start = head[: len(marker)].casefold()
        if start != marker and marker.startswith(start) and not last:
            return ""
        self._decided = True
        self.declined = start == marker
        return head[len(marker) :] if self.declined else self._held
