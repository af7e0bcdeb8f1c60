"""Transformers chat model: a local vision-language model, `transformers:MODEL`.

A model with a chat template gets the whole request. One without (BLIP-2,
InstructBLIP) takes one image and a line of text: it is asked about each page by
itself, and the answers come one a line with the labels of their pages.
"""

from __future__ import annotations

import io
import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from PIL import Image

from generation.answer import Usage
from generation.context.limits import Limits
from generation.models.hf_model import UNSUPPORTED_HINT, HfModel
from generation.models.local_limits import limits_of_context
from generation.providers.access import ImageRequired
from generation.providers.retry import without_reasoning
from generation.request import EncodedImage, Request
from generation.text.reasoning import ReasoningFilter, is_reasoning_model
from ingest.encoders.checkpoint import LOAD_ERRORS, InvalidCheckpoint, reason

PROMPT_FORMATS = {"blip-2": "Question: {} Answer:", "instructblip": "{}"}
"""Prompt formats of models without chat, by their papers (arXiv:2301.12597, 2305.06500)."""
_HEADING = re.compile(r"\[(\d{1,4})\]")
_PROBE = "pageglass"


class TransformersChatModel:
    """Chat model over a local vision-language model.

    Args:
        model: a hub id, a hub id with `@revision`, or a local folder.
        max_tokens: limit of a reply's tokens, whatever a request allows; None for no limit.

    Raises:
        WeightsMissing, InvalidCheckpoint, DeviceUnavailable, OutOfDeviceMemory
    """

    def __init__(
        self, model: str, device: str = "auto", dtype: str = "auto", max_tokens: int | None = None
    ) -> None:
        self._init(HfModel(model, device, dtype), max_tokens)

    @classmethod
    def from_network(
        cls, hf_model: HfModel, max_tokens: int | None = None
    ) -> TransformersChatModel:
        """Make one of a network that is loaded already."""
        made = cls.__new__(cls)
        made._init(hf_model, max_tokens)
        return made

    def _init(self, hf_model: HfModel, max_tokens: int | None) -> None:
        self._hf_model = hf_model
        self.name = f"transformers:{self._hf_model.spec}"
        self._most = max_tokens
        self._lock = threading.Lock()
        if not self._hf_model.has_chat and self._hf_model.kind not in PROMPT_FORMATS:
            raise InvalidCheckpoint(
                f"{self._hf_model.spec} has no chat template, so it cannot be asked.",
                hint="Use a model that was trained for chat; BLIP writes captions only.",
            )

    @cached_property
    def limits(self) -> Limits:
        """Limits by the model's context and its processor."""
        model = self._hf_model
        context = model.context if model.reads_prompt_back else None
        return limits_of_context(None if self.page_by_page else context, self._image_tokens)

    def _image_tokens(self, image: Image.Image) -> int:
        """Tokens that an image adds to a prompt."""
        text = {"type": "text", "text": "?"}
        shown = [{"type": "image", "image": image}, text]
        counts = [
            len(self._encode([{"role": "user", "content": content}])["input_ids"][0])
            for content in (shown, [text])
        ]
        return counts[0] - counts[1]

    def _encode(self, turns: Sequence[dict[str, Any]]) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self._hf_model.processor.apply_chat_template(
            list(turns),
            add_generation_prompt=True,
            tokenize=True,
            return_dict=True,
            return_tensors="pt",
        )
        return found

    @property
    def page_by_page(self) -> bool:
        """Whether it takes one image at a time."""
        return not self._hf_model.has_chat

    def reply(self, request: Request) -> Iterator[str | Usage]:
        """Stream the reply, decoded greedily; closing the iterator stops the model.

        One reply at a time: another waits. A schema becomes a part of the text,
        since decoding is not constrained to it.

        Raises:
            PromptTooLong, OutOfDeviceMemory, ImageRequired, InvalidCheckpoint
        """
        hold = request.schema is not None or is_reasoning_model(self.name)
        yield from without_reasoning(self._reply(request), ReasoningFilter(hold=hold, wary=True))

    def _reply(self, request: Request) -> Iterator[str | Usage]:
        limit = min(request.max_tokens, self._most or request.max_tokens)
        with self._lock:
            if self.page_by_page:
                yield from self._each_page(request, limit)
            else:
                inputs = self._chat(request)
                yield from self._hf_model.generate(inputs, limit, self.name)

    def _chat(self, request: Request) -> Mapping[str, Any]:
        """Input tensors of a request."""
        if self._puts_images_first:
            request = name_pictures(request)
        turns = conversation(request, self._hf_model.plain, separate=self._has_system())
        has_images = any(
            isinstance(part, EncodedImage) for turn in request.turns for part in turn.parts
        )
        if has_images and not self._template_has_images():
            raise InvalidCheckpoint(
                f"The chat template of {self._hf_model.spec} leaves images out.",
                hint=UNSUPPORTED_HINT,
            )
        try:
            return self._encode(turns)
        except LOAD_ERRORS as error:
            raise InvalidCheckpoint(
                f"{self._hf_model.spec} cannot be asked this: {reason(error)}.",
                hint=UNSUPPORTED_HINT,
            ) from error

    @cached_property
    def _puts_images_first(self) -> bool:
        """Whether the template shows the images of a turn before its texts, whatever their order."""
        texts = [{"type": "text", "text": f"{_PROBE}{at}"} for at in (1, 2)]
        mixed = self._render([{"role": "user", "content": [texts[0], {"type": "image"}, texts[1]]}])
        bare = self._render([{"role": "user", "content": texts}])
        same = next((at for at, (a, b) in enumerate(zip(mixed, bare, strict=False)) if a != b), 0)
        return mixed != bare and same <= mixed.find(f"{_PROBE}1")

    def _has_system(self) -> bool:
        """Whether the template includes the system prompt."""
        return _PROBE in self._render([_turn("system", _PROBE), _turn("user", "?")])

    def _template_has_images(self) -> bool:
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
        pages = list(labelled_images(request))
        if not pages:
            raise ImageRequired(
                f"{self._hf_model.spec} answers about one image, and there is none.",
                hint="Ask about pages or photos, or use a model that was trained for chat.",
            )
        ending = _schema_text(request)
        text = PROMPT_FORMATS[self._hf_model.kind].format(
            self._hf_model.plain(f"{question_of(request)}{ending}")
        )
        given = made = 0
        for label, image in pages:
            inputs = self._hf_model.processor(
                images=decode_image(image), text=text, return_tensors="pt"
            )
            written = ""
            reply = self._hf_model.generate(inputs, limit, self.name)
            try:
                for event in reply:
                    if isinstance(event, Usage):
                        given, made = given + event.input_tokens, made + event.output_tokens
                        continue
                    piece = event if written else event.lstrip()
                    written += piece
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
    """Conversation in the form of transformers' processors.

    Args:
        plain: breaks up special tokens in a text.
        separate: the system prompt is a turn of its own; else it begins the first one.
    """
    system = f"{request.system}{_schema_text(request)}"
    turns: list[dict[str, Any]] = [
        {
            "role": turn.role,
            "content": [
                {"type": "image", "image": decode_image(part)}
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


def name_pictures(request: Request) -> Request:
    """Request that says at the start of each turn which picture is which page.

    For templates that part the pictures from the headings before them.
    """
    turns = []
    for turn in request.turns:
        labels = [label for label, _ in labelled_images(replace(request, turns=(turn,)))]
        names = [
            f"Picture {at} is page [{label}].\n" for at, label in enumerate(labels, 1) if label
        ]
        turns.append(replace(turn, parts=("".join(names), *turn.parts)) if names else turn)
    return replace(request, turns=tuple(turns))


def labelled_images(request: Request) -> Iterator[tuple[int | None, EncodedImage]]:
    """Images of a request, each with the label of the text before it."""
    label = None
    for turn in request.turns:
        for part in turn.parts:
            if isinstance(part, EncodedImage):
                yield label, part
            elif found := _HEADING.match(part):
                label = int(found[1])


def question_of(request: Request) -> str:
    """Question of a request: the last text of the last turn, without its prefix."""
    texts = [part for part in request.turns[-1].parts if isinstance(part, str)]
    return texts[-1].removeprefix("Question:").strip() if texts else ""


def decode_image(image: EncodedImage) -> Image.Image:
    """Decode an image to RGB."""
    return Image.open(io.BytesIO(image.data)).convert("RGB")


def _schema_text(request: Request) -> str:
    if request.schema is None:
        return ""
    schema = json.dumps(dict(request.schema), ensure_ascii=False)
    return f"\n\nReply with JSON alone, an instance of this JSON schema:\n{schema}"


def _turn(role: str, text: str) -> dict[str, Any]:
    return {"role": role, "content": [{"type": "text", "text": text}]}
