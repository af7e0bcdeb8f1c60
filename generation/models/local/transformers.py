"""Transformers chat model: a local vision-language model, `transformers:MODEL`.

A model with a chat template gets the whole request. BLIP-2, InstructBLIP and BLIP for
questions take one image and a line of text: they are asked about each page by itself,
and the answers come one a line with the labels of their pages.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from PIL import Image

from generation.answer import Usage
from generation.context.limits import Limits
from generation.models.conversation import (
    conversation,
    decode_image,
    labelled_images,
    name_pictures,
    text_turn,
    video_metadata,
)
from generation.models.local.hf_model import HfModel
from generation.models.local.local_limits import limits_of_context
from generation.models.local.page_by_page import PAGE_BY_PAGE, SHORT_ANSWER, prompt_of
from generation.models.local.unsupported import UNSUPPORTED_HINT
from generation.providers.access import Access, ImageRequired, ReplyEmpty
from generation.providers.retry import without_reasoning
from generation.request import EncodedImage, Request
from generation.text.reasoning import ReasoningFilter, is_reasoning_model, opens_reasoning
from ingest.encoders.checkpoint import LOAD_ERRORS, InvalidCheckpoint, reason

TAKE_CLIPS = ("qwen2_vl", "qwen2_5_vl", "qwen3_vl", "qwen3_vl_moe")
"""Kinds of `HfModel` whose processors are told the times of frames."""
_PROBE = "pageglass"


class TransformersChatModel:
    """Chat model over a local vision-language model.

    Args:
        hf_model: the network with its processor.
        access: temperature, detail of images, and tokens of a reply at most.

    Raises:
        InvalidCheckpoint: it cannot be asked.
    """

    def __init__(self, hf_model: HfModel, access: Access | None = None) -> None:
        self._hf_model = hf_model
        self._access = access or Access()
        self.name = f"transformers:{hf_model.spec}"
        self._lock = threading.Lock()
        if not self._hf_model.has_chat and self._hf_model.kind not in PAGE_BY_PAGE:
            raise InvalidCheckpoint(
                f"{self._hf_model.spec} has no chat template, so it cannot be asked.",
                hint="Use a model that was trained for chat; this one may write captions.",
            )

    @cached_property
    def limits(self) -> Limits:
        """Limits by the model's context and its processor."""
        model = self._hf_model
        context = model.context if model.reads_prompt_back else None
        found = limits_of_context(None if self.page_by_page else context, self._image_tokens)
        if self.page_by_page:
            found = replace(found, max_frames=0)
        return found.at_detail(self._access.detail)

    def _image_tokens(self, image: Image.Image) -> int:
        """Tokens that an image adds to a prompt."""
        text = {"type": "text", "text": "?"}
        shown = [{"type": "image", "image": image}, text]
        counts = [
            len(self._encode([[{"role": "user", "content": content}]])["input_ids"][0])
            for content in (shown, [text])
        ]
        return counts[0] - counts[1]

    def _encode(
        self, prompts: Sequence[Sequence[dict[str, Any]]], clips: Sequence[Mapping[str, Any]] = ()
    ) -> Mapping[str, Any]:
        """Input tensors of conversations, padded on the left; `clips` is their videos' metadata.

        Raises:
            InvalidCheckpoint: the processor refuses them.
        """
        try:
            found: Mapping[str, Any] = self._hf_model.processor.apply_chat_template(
                [list(turns) for turns in prompts],
                add_generation_prompt=True,
                tokenize=True,
                return_dict=True,
                return_tensors="pt",
                padding=len(prompts) > 1,
                **({"processor_kwargs": _video_options(clips)} if clips else {}),
            )
        except LOAD_ERRORS as error:
            raise InvalidCheckpoint(
                f"{self._hf_model.spec} cannot be asked this: {reason(error)}.",
                hint=UNSUPPORTED_HINT,
            ) from error
        return found

    @property
    def page_by_page(self) -> bool:
        """Whether it takes one image at a time."""
        return self._hf_model.kind in PAGE_BY_PAGE

    def reply(self, request: Request) -> Iterator[str | Usage]:
        """Stream the reply; closing the iterator stops the model.

        One reply at a time: another waits. A schema becomes a part of the text,
        since decoding is not constrained to it.

        Raises:
            PromptTooLong, OutOfDeviceMemory, ImageRequired, InvalidCheckpoint
            ReplyEmpty: there was reasoning and no answer.
        """
        yield from without_reasoning(self._reply(request), self._reasoning(request))

    def reply_each(self, requests: Sequence[Request]) -> list[str]:
        """Reply to several requests of one limit at once, without streaming.

        The replies are those to each request alone; "" where there was reasoning alone.

        Raises:
            PromptTooLong, OutOfDeviceMemory, InvalidCheckpoint
        """
        limit = self._limit(requests[0])
        with self._lock:
            clips = [one for request in requests for one in video_metadata(request)]
            inputs = self._encode(
                [self._turns(request) for request in requests], clips if self._takes_clips else ()
            )
            texts = self._hf_model.reply_each(inputs, limit, temperature=self._access.temperature)
        replies = []
        for request, text in zip(requests, texts, strict=True):
            reply = without_reasoning(iter([text]), self._reasoning(request))
            try:
                replies.append("".join(piece for piece in reply if isinstance(piece, str)))
            except ReplyEmpty:
                replies.append("")
        return replies

    def _reasoning(self, request: Request) -> ReasoningFilter:
        return ReasoningFilter(
            hold=request.schema is not None or is_reasoning_model(self.name),
            wary=True,
            opened=self._opens_reasoning,
        )

    def _limit(self, request: Request) -> int:
        """Tokens of a reply."""
        reasons = self._opens_reasoning or is_reasoning_model(self.name)
        return self._access.output_tokens(request.max_tokens, reasons=reasons)

    def _reply(self, request: Request) -> Iterator[str | Usage]:
        limit = self._limit(request)
        with self._lock:
            if self.page_by_page:
                yield from self._each_page(request, limit)
            else:
                clips = video_metadata(request) if self._takes_clips else ()
                inputs = self._encode([self._turns(request)], clips)
                yield from self._generate(inputs, limit)

    def _generate(self, inputs: Mapping[str, Any], limit: int) -> Iterator[str | Usage]:
        return self._hf_model.generate(
            inputs, limit, self.name, temperature=self._access.temperature
        )

    def _turns(self, request: Request) -> list[dict[str, Any]]:
        """A request as the chat template takes it.

        Raises:
            InvalidCheckpoint: the template leaves images out.
        """
        if self._puts_images_first:
            request = name_pictures(request)
        turns = conversation(
            request, self._hf_model.plain, separate=self._has_system(), clips=self._takes_clips
        )
        has_images = any(
            isinstance(part, EncodedImage) for turn in request.turns for part in turn.flat
        )
        if has_images and not self._template_has("image"):
            raise InvalidCheckpoint(
                f"The chat template of {self._hf_model.spec} leaves images out.",
                hint=UNSUPPORTED_HINT,
            )
        return turns

    @cached_property
    def _puts_images_first(self) -> bool:
        """Whether the template shows the images of a turn before its texts, whatever their order."""
        texts = [{"type": "text", "text": f"{_PROBE}{at}"} for at in (1, 2)]
        mixed = self._render([{"role": "user", "content": [texts[0], {"type": "image"}, texts[1]]}])
        bare = self._render([{"role": "user", "content": texts}])
        same = next((at for at, (a, b) in enumerate(zip(mixed, bare, strict=False)) if a != b), 0)
        return mixed != bare and same <= mixed.find(f"{_PROBE}1")

    @cached_property
    def _opens_reasoning(self) -> bool:
        """Whether the template begins the reply with an opening think tag."""
        if self.page_by_page:
            return False
        return opens_reasoning(self._render([text_turn("user", "?")], add_generation_prompt=True))

    def _has_system(self) -> bool:
        """Whether the template includes the system prompt."""
        return _PROBE in self._render([text_turn("system", _PROBE), text_turn("user", "?")])

    @cached_property
    def _takes_clips(self) -> bool:
        """Whether it was trained on videos with the times of their frames, and takes them here."""
        model = self._hf_model
        has_processor = getattr(model.processor, "video_processor", None) is not None
        return model.kind in TAKE_CLIPS and has_processor and self._template_has("video")

    def _template_has(self, kind: str) -> bool:
        """Whether the template shows images, or videos."""
        bare = text_turn("user", "?")
        shown = {"role": "user", "content": [{"type": kind}, *bare["content"]]}
        return self._render([shown]) != self._render([bare])

    def _render(self, turns: Sequence[dict[str, Any]], **options: bool) -> str:
        from jinja2 import TemplateError

        try:
            return str(self._hf_model.processor.apply_chat_template(list(turns), **options))
        except TemplateError:
            return ""

    def _each_page(self, request: Request, limit: int) -> Iterator[str | Usage]:
        pages = list(labelled_images(request))
        if not pages:
            raise ImageRequired(
                f"{self._hf_model.spec} answers about one image, and there is none.",
                hint="Ask about pages or photos, or use a model that was trained for chat.",
            )
        text = prompt_of(self._hf_model.kind, request, self._hf_model.plain)
        if self._hf_model.kind == "blip-vqa":
            limit = min(limit, SHORT_ANSWER)
        given = made = 0
        for label, image in pages:
            inputs = self._hf_model.processor(
                images=decode_image(image), text=text, return_tensors="pt"
            )
            written = ""
            reply = self._generate(inputs, limit)
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


def _video_options(clips: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Options of a processor for frames that were chosen already."""
    return {"video_metadata": list(clips), "do_sample_frames": False}
