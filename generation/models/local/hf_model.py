"""Hugging Face model: a vision-language network with streamed generation.

Weights are read as data: safetensors where there are, else a checkpoint's
tensors alone. Code that comes with a model is never run.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

import torch

from generation.answer import Usage
from generation.models.local.network import (
    FALLBACK,
    Placement,
    find_loader,
    is_blip_vqa,
    load_network,
)
from generation.models.local.streamer import make_streamer, sampling, stopping
from generation.models.local.unsupported import UNSUPPORTED_HINT
from generation.providers.access import PromptTooLong
from generation.text.reasoning import is_think_tag
from ingest.encoders.checkpoint import LOAD_ERRORS, InvalidCheckpoint, find_checkpoint
from ingest.encoders.device import choose_device, is_out_of_device_memory
from ingest.encoders.encoder import OutOfDeviceMemory
from ingest.encoders.loading.load_report import missing_weights


class HfModel:
    """Vision-language network with its processor.

    Args:
        model: a hub id, a hub id with `@revision`, or a local folder.
        device, dtype: see `ingest.encoders.device`.
        device_map, load_in: see `Placement`.

    Raises:
        WeightsMissing, InvalidCheckpoint, DeviceUnavailable, MissingExtra
    """

    def __init__(
        self,
        model: str,
        device: str = "auto",
        dtype: str = "auto",
        *,
        device_map: str | None = None,
        load_in: str | None = None,
    ) -> None:
        from transformers import AutoProcessor

        checkpoint = find_checkpoint(model, FALLBACK)
        self.spec = checkpoint.spec
        self.device = choose_device(device)
        placement = Placement.choose(self.device, dtype, device_map, load_in)
        self.dtype = placement.dtype
        try:
            config, loader = find_loader(checkpoint)
            self.network, found = load_network(checkpoint, config, loader, placement)
            self.processor: Any = AutoProcessor.from_pretrained(
                str(checkpoint.folder), trust_remote_code=False
            )
        except LOAD_ERRORS as error:
            if is_out_of_device_memory(error):
                raise self.out_of_memory() from error
            raise checkpoint.load_error(error, UNSUPPORTED_HINT) from error
        if found.missing:
            raise missing_weights(checkpoint, found.missing, len(found.missing))
        answers = is_blip_vqa(config)
        self.tokenizer: Any = getattr(self.processor, "tokenizer", None)
        if self.tokenizer is None or not hasattr(self.processor, "image_processor"):
            raise InvalidCheckpoint(
                f"{self.spec} has no processor for text and images.", hint=UNSUPPORTED_HINT
            )
        self.tokenizer.padding_side = "left"  # a reply goes on at the right
        if self.tokenizer.pad_token is None:
            self.tokenizer.pad_token = self.tokenizer.eos_token
        self.kind = "blip-vqa" if answers else str(config.model_type)
        """`model_type`; "blip-vqa" for BLIP that answers questions."""
        text = config.get_text_config(decoder=True)
        self.context: int | None = getattr(text, "max_position_embeddings", None)
        encodes = answers or config.is_encoder_decoder or getattr(text, "is_encoder_decoder", False)
        self.reads_prompt_back = not encodes
        self._prompt_limit = self.context if answers or not encodes else None

    @property
    def has_chat(self) -> bool:
        """Whether the processor has a chat template."""
        return bool(getattr(self.processor, "chat_template", None))

    def plain(self, text: str) -> str:
        """Text with a space inside whatever spells a special token of the tokenizer.

        Words of a page must not end a turn or become an image token.
        transformers' own `sanitize_control_tokens` fails for processors that look
        characters up (Idefics3, in 5.23).
        """
        return self._marks.sub(lambda found: f"{found[0][0]} {found[0][1:]}", text)

    @cached_property
    def _marks(self) -> re.Pattern[str]:
        marks = {
            token.content
            for token in self.tokenizer.added_tokens_decoder.values()
            if len(token.content.strip()) > 1
        }
        longest = sorted(marks, key=lambda mark: (-len(mark), mark))
        return re.compile("|".join(map(re.escape, longest)) or r"(?!)")

    @cached_property
    def _hidden(self) -> frozenset[int]:
        """Special tokens that no reply shows.

        Tags of reasoning are none: without them reasoning could not be told apart.
        """
        added = self.tokenizer.added_tokens_decoder
        return frozenset(
            at for at, token in added.items() if token.special and not is_think_tag(token.content)
        )

    def generate(
        self,
        inputs: Mapping[str, Any],
        max_tokens: int,
        name: str,
        *,
        temperature: float | None = None,
    ) -> Iterator[str | Usage]:
        """Stream the reply's text, then the `Usage`.

        Decoded greedily, or sampled at a `temperature` above 0.

        The network runs in a thread of its own. What it raises is raised here;
        closing the iterator stops it at the next token and waits for it.

        Raises:
            PromptTooLong, OutOfDeviceMemory
        """
        from transformers import StoppingCriteriaList

        given, room = self._room(inputs, max_tokens)
        stop = threading.Event()
        streamer = make_streamer(self.tokenizer, self._hidden)
        failed: list[BaseException] = []

        def run() -> None:
            try:
                with torch.inference_mode():
                    self.network.generate(
                        **{key: self._send(value) for key, value in inputs.items()},
                        max_new_tokens=room,
                        num_beams=1,
                        **sampling(temperature),
                        streamer=streamer,
                        stopping_criteria=StoppingCriteriaList([stopping(stop)]),
                    )
            except BaseException as error:
                failed.append(error)
            finally:
                streamer.text_queue.put(streamer.stop_signal)

        thread = threading.Thread(target=run, name="pageglass-generate", daemon=True)
        thread.start()
        try:
            yield from (piece for piece in streamer if piece)
        finally:
            stop.set()
            thread.join()
        if failed:
            if is_out_of_device_memory(failed[0]):
                raise self.out_of_memory() from failed[0]
            raise failed[0]
        yield Usage(name, given, streamer.made)

    def write(self, inputs: Mapping[str, Any], max_tokens: int, beams: int = 1) -> list[str]:
        """Write a text for each input of a batch, by beam search, without the prompt.

        All inputs have the same prompt, so that none is padded.

        Raises:
            OutOfDeviceMemory
        """
        written = self._write(inputs, max_new_tokens=max_tokens, do_sample=False, num_beams=beams)
        prompt = self._decode(inputs["input_ids"][0]) if "input_ids" in inputs else ""
        return [self._decode(row).removeprefix(prompt).strip() for row in written]

    def reply_each(
        self, inputs: Mapping[str, Any], max_tokens: int, *, temperature: float | None = None
    ) -> list[str]:
        """Reply to each prompt of a batch, which is padded on the left.

        Raises:
            PromptTooLong, OutOfDeviceMemory
        """
        given, room = self._room(inputs, max_tokens)
        rows = self._write(inputs, max_new_tokens=room, num_beams=1, **sampling(temperature))
        made = rows[:, given:] if self.reads_prompt_back else rows
        kept = [[token for token in row if token not in self._hidden] for row in made.tolist()]
        return [str(self.tokenizer.decode(row)) for row in kept]

    def _room(self, inputs: Mapping[str, Any], max_tokens: int) -> tuple[int, int]:
        """Tokens of the prompt, and those that a reply may have."""
        given = int(inputs["input_ids"].shape[1]) if "input_ids" in inputs else 0
        if self._prompt_limit and given + self.reads_prompt_back > self._prompt_limit:
            raise PromptTooLong(
                f"The pages and the question are {given} tokens; the context of"
                f" {self.spec} is {self._prompt_limit}.",
                hint="Ask with fewer pages.",
            )
        if self.context and self.reads_prompt_back:
            max_tokens = min(max_tokens, self.context - given)
        return given, max_tokens

    def _write(self, inputs: Mapping[str, Any], **options: Any) -> torch.Tensor:
        try:
            with torch.inference_mode():
                sent = {key: self._send(value) for key, value in inputs.items()}
                written: torch.Tensor = self.network.generate(**sent, **options)
        except RuntimeError as error:
            if is_out_of_device_memory(error):
                raise self.out_of_memory() from error
            raise
        return written

    def _decode(self, ids: torch.Tensor) -> str:
        return str(self.tokenizer.decode(ids, skip_special_tokens=True)).strip()

    def out_of_memory(self) -> OutOfDeviceMemory:
        """Error for a device without enough memory."""
        return OutOfDeviceMemory(
            f"{self.spec} and its prompt do not fit into the memory of {self.device}.",
            hint="Ask with fewer pages, use a smaller model, load it in 8 or 4 bits, or share it"
            " among devices.",
        )

    def _send(self, value: Any) -> Any:
        if not isinstance(value, torch.Tensor):
            return value
        value = value.to(self.device)
        return value.to(self.dtype) if value.is_floating_point() else value
