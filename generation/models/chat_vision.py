"""Chat vision model: a chat model that answers from pages, or declines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from generation.answer import SelfAssessment, Usage
from generation.context.limits import Limits
from generation.context.page_input import build_page_inputs
from generation.context.prompt_template import NOT_IN_PAGES, build_request
from generation.context.shot_input import add_frames
from generation.context.whole_input import build_whole_request
from generation.models.model import ChatModel
from generation.prompt import Prompt
from generation.providers.access import ImagesUnsupported, ReplyTruncated
from generation.request import Request

DECLINED = "The pages do not hold the answer."
"""Text of an answer where a model gives the marker alone."""

CUT_SHORT = "The answer stops in the middle: it reached the most tokens allowed."

WORDS_ALONE = "{} reads no images: it was given the words of the pages alone."

MAX_BYTES_PER_TOKEN = 8
"""UTF-8 bytes of text that a token holds at most, on average."""

_BEFORE_MARKER = re.compile(r"[\s*_#>`\"'“(\[]*")
_AFTER_MARKER = re.compile(r"[\s*_`\"'”)\].:;,–—-]*")


class ChatVisionModel:
    """Vision model over a `ChatModel`.

    Args:
        chat: the language model.
        limits: limits of a request; by default, those of `chat`.
    """

    uses_images = True

    def __init__(self, chat: ChatModel, limits: Limits | None = None) -> None:
        self.name = chat.name
        self._chat = chat
        self._limits = limits or chat.limits

    @property
    def chat(self) -> ChatModel:
        """The language model."""
        return self._chat

    def stream(self, prompt: Prompt) -> Iterator[str | Usage | SelfAssessment]:
        """Stream the reply without the marker, then a `SelfAssessment`.

        The assessment says whether the model declines. The first characters are
        held back until it is clear whether they are the marker. A reply that
        its limit of tokens cut short is noted. A model that reads no images is asked again
        with the words of the pages alone, which is noted too.

        Raises:
            ImagesUnsupported: the model reads no images, and the pages have no words.
            ModelError: what else the chat model raises.
        """
        try:
            yield from self._stream(prompt)
        except ImagesUnsupported:
            readable = any(each.words for each in prompt.evidence) and not prompt.layout
            if not (self._limits.max_images and readable):
                raise
            self._limits = replace(self._limits, max_images=0, max_frames=0)
            yield from self._stream(prompt)

    def _stream(self, prompt: Prompt) -> Iterator[str | Usage | SelfAssessment]:
        request, note = self._request(prompt)
        notes = [note] if note else []
        if not self._limits.max_images:
            notes.append(WORDS_ALONE.format(self.name))
        detector = DeclineDetector()
        reply = self._chat.reply(request)
        usage = Usage(self.name)
        try:
            for event in reply:
                if isinstance(event, Usage):
                    usage = event
                    yield event
                elif text := detector.feed(event):
                    yield text
        except ReplyTruncated:
            notes.append(CUT_SHORT)
        finally:
            close = getattr(reply, "close", None)
            if close is not None:
                close()
        if note := truncation_note(request, usage):
            notes.append(note)
        if rest := detector.close():
            yield rest
        yield SelfAssessment(None, None, detector.declined, " ".join(notes))

    def _request(self, prompt: Prompt) -> tuple[Request, str]:
        """Request within the limits, and what of the evidence was left out."""
        if prompt.is_whole:
            return build_whole_request(prompt, self._limits)
        inputs = add_frames(build_page_inputs(prompt.evidence, self._limits), self._limits)
        return build_request(prompt, inputs.page_inputs), inputs.note


def truncation_note(request: Request, usage: Usage) -> str:
    """Note where a server reports far fewer prompt tokens than were sent; else empty.

    Text counts as a token for every `MAX_BYTES_PER_TOKEN` bytes, so that no tokenizer
    has fewer; images are not counted. A server that reports nothing says nothing.
    """
    texts = [part for turn in request.turns for part in turn.parts if isinstance(part, str)]
    least = sum(len(text.encode("utf-8", "replace")) for text in texts) // MAX_BYTES_PER_TOKEN
    if not 0 < usage.input_tokens < least:
        return ""
    return (
        f"The server counted {usage.input_tokens:,} tokens of a prompt that has at least"
        f" {least:,}: it may have cut pages off. Raise its context length."
    )


class DeclineDetector:
    """Detector of the marker `NOT_IN_PAGES` at the head of a streamed reply.

    `declined` is known once any text was given.
    """

    def __init__(self) -> None:
        self.declined = False
        self._buffer = ""
        self._decided = False
        self._at_start = True

    def feed(self, piece: str) -> str:
        """Take a piece in; give the text that can be shown now, without the marker."""
        if not self._decided:
            self._buffer += piece
            piece = self._decide(last=False)
        if self.declined and self._at_start:
            piece = _AFTER_MARKER.sub("", piece, count=1) if _AFTER_MARKER.match(piece) else piece
        if piece:
            self._at_start = False
        return piece

    def close(self) -> str:
        """End the reply; give the text that is left."""
        text = self._decide(last=True) if not self._decided else ""
        if self.declined and self._at_start:
            text = _AFTER_MARKER.sub("", text, count=1)
            return text or DECLINED
        return text

    def _decide(self, *, last: bool) -> str:
        head = self._buffer[_BEFORE_MARKER.match(self._buffer).end() :]  # type: ignore[union-attr]
        marker = NOT_IN_PAGES.casefold()
        start = head[: len(marker)].casefold()
        if start != marker and marker.startswith(start) and not last:
            return ""
        self._decided = True
        self.declined = start == marker
        return head[len(marker) :] if self.declined else self._buffer
