"""Ask a vision-language model on this machine, through transformers: `transformers:MODEL`.

A model with a chat template sees the whole request. One without (BLIP-2,
InstructBLIP) takes one picture and a line of text: each page is asked by
itself, and the answers come one a line with the labels of their pages.
"""

from __future__ import annotations

import io
import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from PIL import Image

from generation.answer import Usage
from generation.context.limits import Limits
from generation.models.fit import ImageRequired
from generation.models.hf_model import REMEDY, HfModel
from generation.request import EncodedImage, Request
from ingest.encoders.checkpoint import LOAD_ERRORS, InvalidCheckpoint, reason

PLAIN = {"blip-2": "Question: {} Answer:", "instructblip": "{}"}
"""Models of one picture and no chat, and how their papers word a question (arXiv:2301.12597, 2305.06500)."""
_HEADING = re.compile(r"\[(\d{1,4})\]")
_PROBE = "pageglass"


class TransformersChatModel:
    """A `ChatModel` made of a local vision-language model.

    Args:
        model: a hub id, a hub id with `@revision`, or a local folder.
        max_tokens: the most tokens of a reply, whatever a request allows; None for no such limit.

    Raises:
        WeightsMissing, InvalidCheckpoint, DeviceUnavailable, OutOfDeviceMemory
    """

    def __init__(
        self, model: str, device: str = "auto", dtype: str = "auto", max_tokens: int | None = None
    ) -> None:
        self._take(HfModel(model, device, dtype), max_tokens)

    @classmethod
    def of(cls, hf_model: HfModel, max_tokens: int | None = None) -> TransformersChatModel:
        """The same, of a network that is loaded already."""
        made = cls.__new__(cls)
        made._take(hf_model, max_tokens)
        return made

    def _take(self, hf_model: HfModel, max_tokens: int | None) -> None:
        self._hf_model = hf_model
        self.name = f"transformers:{self._hf_model.spec}"
        self._most = max_tokens
        self._lock = threading.Lock()
        if not self._hf_model.has_chat and self._hf_model.kind not in PLAIN:
            raise InvalidCheckpoint(
                f"{self._hf_model.spec} has no chat template: nobody knows how to ask it.",
                hint="Take a model that was trained for chat; for captions, --caption takes BLIP.",
            )

    @property
    def limits(self) -> Limits:
        """The cautious ones; its processor shrinks pictures further where it must."""
        return Limits()

    @property
    def page_by_page(self) -> bool:
        """Whether it is shown one picture at a time."""
        return not self._hf_model.has_chat

    def reply(self, request: Request) -> Iterator[str | Usage]:
        """The reply, greedily decoded; closing the iterator stops the model.

        One reply at a time: another waits. A schema goes into the text, since
        nothing here makes the model keep to it.

        Raises:
            PromptTooLong, OutOfDeviceMemory, ImageRequired, InvalidCheckpoint
        """
        limit = min(request.max_tokens, self._most or request.max_tokens)
        with self._lock:
            if self.page_by_page:
                yield from self._each_page(request, limit)
            else:
                inputs = self._chat(request)
                yield from self._hf_model.generate(inputs, limit, self.name)

    def _chat(self, request: Request) -> Mapping[str, Any]:
        """The request as the network's tensors."""
        turns = conversation(request, self._hf_model.plain, separate=self._has_system())
        pictures = any(
            isinstance(part, EncodedImage) for turn in request.turns for part in turn.parts
        )
        if pictures and not self._places_pictures():
            raise InvalidCheckpoint(
                f"The chat template of {self._hf_model.spec} leaves pictures out.", hint=REMEDY
            )
        processor = self._hf_model.processor
        try:
            found: Mapping[str, Any] = processor.apply_chat_template(
                turns,
                add_generation_prompt=True,
                tokenize=True,
                return_dict=True,
                return_tensors="pt",
            )
        except LOAD_ERRORS as error:
            raise InvalidCheckpoint(
                f"{self._hf_model.spec} cannot be asked this: {reason(error)}.", hint=REMEDY
            ) from error
        return found

    def _has_system(self) -> bool:
        """Whether the template writes what a system turn says."""
        return _PROBE in self._render([_turn("system", _PROBE), _turn("user", "?")])

    def _places_pictures(self) -> bool:
        bare = _turn("user", "?")
        shown = {"role": "user", "content": [{"type": "image"}, *bare["content"]]}
        return self._render([shown]) != self._render([bare])

    def _render(self, turns: Sequence[dict[str, Any]]) -> str:
        from jinja2 import TemplateError

        try:
            return str(self._hf_model.processor.apply_chat_template(list(turns)))
        except TemplateError:
            return ""

    def _each_page(self, request: Request, limit: int) -> Iterator[str | Usage]:
        pages = list(labelled(request))
        if not pages:
            raise ImageRequired(
                f"{self._hf_model.spec} answers about one picture, and there is none.",
                hint="Ask about pages or photos, or take a model that was trained for chat.",
            )
        ending = _schema_text(request)
        text = PLAIN[self._hf_model.kind].format(
            self._hf_model.plain(f"{question_of(request)}{ending}")
        )
        given = made = 0
        for label, picture in pages:
            inputs = self._hf_model.processor(
                images=open_picture(picture), text=text, return_tensors="pt"
            )
            said = ""
            reply = self._hf_model.generate(inputs, limit, self.name)
            try:
                for event in reply:
                    if isinstance(event, Usage):
                        given, made = given + event.input_tokens, made + event.output_tokens
                        continue
                    piece = event if said else event.lstrip()
                    said += piece
                    if piece:
                        yield piece
            finally:
                reply.close()  # type: ignore[attr-defined]
            if label is not None:
                yield f" [{label}]"
            if len(pages) > 1:
                yield "\n"
        yield Usage(self.name, given, made)


def conversation(
    request: Request, plain: Callable[[str], str], *, separate: bool
) -> list[dict[str, Any]]:
    """The request's turns as processors take them.

    Args:
        plain: takes out of a text what the tokenizer would read as its own tokens.
        separate: the system has a turn of its own; else it begins the first one.
    """
    system = f"{request.system}{_schema_text(request)}"
    turns: list[dict[str, Any]] = [
        {
            "role": turn.role,
            "content": [
                {"type": "image", "image": open_picture(part)}
                if isinstance(part, EncodedImage)
                # Some templates put nothing between parts.
                else {"type": "text", "text": plain(part) + "\n" * (at < len(turn.parts))}
                for at, part in enumerate(turn.parts, 1)
            ],
        }
        for turn in request.turns
    ]
    if separate and system:
        turns.insert(0, _turn("system", system))
    elif system:
        turns[0]["content"].insert(0, {"type": "text", "text": f"{system}\n\n"})
    return turns


def labelled(request: Request) -> Iterator[tuple[int | None, EncodedImage]]:
    """Every picture with the label that the text before it begins with."""
    label = None
    for turn in request.turns:
        for part in turn.parts:
            if isinstance(part, EncodedImage):
                yield label, part
            elif found := _HEADING.match(part):
                label = int(found[1])


def question_of(request: Request) -> str:
    """What is asked: the last text of the last turn, without the word before it."""
    texts = [part for part in request.turns[-1].parts if isinstance(part, str)]
    return texts[-1].removeprefix("Question:").strip() if texts else ""


def open_picture(picture: EncodedImage) -> Image.Image:
    """The pixels."""
    return Image.open(io.BytesIO(picture.data)).convert("RGB")


def _schema_text(request: Request) -> str:
    if request.schema is None:
        return ""
    schema = json.dumps(dict(request.schema), ensure_ascii=False)
    return f"\n\nReply with JSON alone, an instance of this JSON schema:\n{schema}"


def _turn(role: str, text: str) -> dict[str, Any]:
    return {"role": role, "content": [{"type": "text", "text": text}]}
