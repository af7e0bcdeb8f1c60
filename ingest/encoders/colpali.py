"""ColPali-family encoder: late interaction over page images, one row a patch.

colpali-engine runs the models, or transformers where it has the class (the -hf
checkpoints). Faysse et al. 2024 (arXiv:2407.01449). The
checkpoint's config names the model class. A page's rows are those that the model
was trained to match: every patch with its box, and the tokens of the prompt, whose
boxes are empty. Padding is removed. A query keeps the engine's augmentation tokens.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from importlib.metadata import version
from typing import Any

import torch
from PIL import Image

from ingest.encoders.batch import TokenBudget, run_batches
from ingest.encoders.checkpoint import LOAD_ERRORS, Checkpoint, find_checkpoint
from ingest.encoders.device import choose_attention, choose_device, choose_dtype, dtype_name
from ingest.encoders.encoder import Encoding, Modality
from ingest.encoders.loading.adapter import merge_adapter
from ingest.encoders.loading.families import ENGINE, FALLBACK, find_base, find_family
from ingest.encoders.loading.load_report import LoadReport, check_missing, inspect_load
from ingest.encoders.loading.qwen_forward import add_positions, project, remove_padding
from ingest.encoders.patches import PatchPreparer, PreparedPage, collate, load_processor
from ingest.page import PageVectors, QueryVectors, Rendered

HINT = "Download the model again, or give a checkpoint of colpali-engine or transformers."


class ColPaliEncoder:
    """A model of colpali-engine as an `Encoder`; see the module.

    Args:
        model: a hub id, a hub id with `@revision`, or a local folder; a LoRA adapter names its base.

    Raises:
        WeightsMissing, InvalidCheckpoint, DeviceUnavailable
    """

    modality: Modality = "page"
    calibrated = False
    cosine_range = (0.0, 1.0)
    batch_pages = 32

    def __init__(self, model: str, encoding: Encoding) -> None:
        checkpoint = find_checkpoint(model, FALLBACK)
        self._base = find_base(checkpoint)
        self._family = find_family(checkpoint, self._base)
        self.family = self._family.name
        self.name = f"colpali:{checkpoint.spec}"
        self.model = f"{self.family} {checkpoint.title}"
        self._folder = str(checkpoint.folder)
        self._device = choose_device(encoding.device)
        self._dtype = choose_dtype(encoding.dtype, self._device)
        self._network = self._load(checkpoint)
        self.dim = int(getattr(self._network, "dim", 0) or self._network.config.embedding_dim)
        check_missing(checkpoint, self._report, self._network, self._probe)
        if self._base is not checkpoint:
            merge_adapter(self._network)
        self.provenance = {
            "colpali-engine": version("colpali-engine"),
            "transformers": version("transformers"),
            "dtype": dtype_name(self._dtype),
        }
        self._budget = TokenBudget.start(self._device, encoding.batch)

    def preparer(self) -> PatchPreparer | None:
        """Preprocessing in workers; None on a CPU, where the model takes most of the time."""
        return None if self._device.type == "cpu" else self._prepare

    def encode_pages(self, pages: Sequence[Rendered]) -> list[PageVectors]:
        """Encode pages: a row for each token of the processed page, without padding."""
        ready: list[PreparedPage] = [
            page.prepared.get(self.name) or self._prepare(page) for page in pages
        ]
        lengths = [len(one.boxes) for one in ready]
        encoded: dict[int, PageVectors] = {}
        for positions, rows in run_batches(
            lengths, self._budget, lambda some: self._forward([ready[i] for i in some])
        ):
            for i, vectors in zip(positions, rows, strict=True):
                encoded[i] = PageVectors(vectors, ready[i].boxes)
        return [encoded[i] for i in range(len(pages))]

    def encode_queries(self, queries: Sequence[str]) -> list[QueryVectors]:
        """Encode queries: one row a token, augmentation tokens included.

        All rows have equal weight, as in training.
        """
        encoded = []
        # One at a time: PaliGemma was trained with full attention over the query, but transformers
        # 5.23 uses causal attention as soon as a query in the batch is padded.
        for query in queries:
            batch = self._processor.process_queries([query])
            rows = self._rows(batch)[0].float().cpu().numpy()
            tokens = batch["input_ids"][0].tolist()
            encoded.append(QueryVectors(rows, self._decode(tokens), even=True))
        return encoded

    @cached_property
    def _prepare(self) -> PatchPreparer:
        half = self._dtype != torch.float32
        return PatchPreparer(self._family.processor_path, self._folder, half)

    def _probe(self) -> list[torch.Tensor]:
        """Rows of a small page and of a query, to see which weights they depend on."""
        page = self._processor.process_images([Image.new("RGB", (112, 112), "white")])
        page = {name: tensor for name, tensor in page.items() if name != "labels"}
        return [self._rows(page), self._rows(self._processor.process_queries(["lamp"]))]

    @property
    def _processor(self) -> Any:
        return load_processor(self._family.processor_path, self._folder)

    def _load(self, checkpoint: Checkpoint) -> Any:
        try:
            family = self._family.network_class()
            network, info = family.from_pretrained(
                self._folder,
                dtype=self._dtype,
                attn_implementation=choose_attention(
                    self._device, self._dtype, self._family.model_type
                ),
                output_loading_info=True,
                trust_remote_code=False,
            )
            infos = [info]
            if self._base is not checkpoint:
                infos.append(inspect_load(family, str(self._base.folder)))
        except LOAD_ERRORS as error:
            raise checkpoint.load_error(error, HINT) from error
        self._report = LoadReport.read(*infos)
        if hasattr(getattr(network, "model", None), "lm_head"):
            # Next-token logits are not used, and take half a gigabyte a page for ColPali.
            network.model.lm_head = torch.nn.Identity()
        return network.to(self._device).eval()

    def _forward(self, ready: Sequence[PreparedPage]) -> list[torch.Tensor]:
        """Run one batch of pages; rows stay on the device."""
        tokenizer = self._processor.tokenizer
        features = [one.features for one in ready]
        rows = self._rows(collate(features, tokenizer.padding_side, tokenizer.pad_token_id))
        left = tokenizer.padding_side == "left"
        # Trimmed by the known lengths: reading the attention mask would wait for the GPU.
        return [
            one[-len(page.boxes) :] if left else one[: len(page.boxes)]
            for one, page in zip(rows, ready, strict=True)
        ]

    @torch.inference_mode()
    def _rows(self, batch: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Unit rows (batch, tokens, dim) in fp32, zeros for padding.

        A row of unit length in bf16 is off by up to 0.4 %, so its length is set again.
        """
        grids = "image_grid_thw" in batch
        engine = self._family.library == ENGINE
        if grids:
            batch = add_positions(self._network, batch)
            batch = remove_padding(batch) if engine else batch
        sent = {name: self._send(tensor) for name, tensor in batch.items()}
        rows = project(self._network, sent) if grids and engine else self._network(**sent)
        if not isinstance(rows, torch.Tensor):  # of a class of transformers
            rows = rows.embeddings
        return torch.nn.functional.normalize(rows.float(), dim=-1)

    def _send(self, tensor: torch.Tensor) -> torch.Tensor:
        """Copy a tensor to the device, asynchronously from pinned memory to a GPU."""
        if self._device.type == "cuda":
            tensor = tensor.pin_memory()
        tensor = tensor.to(self._device, non_blocking=True)
        return tensor.to(self._dtype) if tensor.is_floating_point() else tensor

    def _decode(self, tokens: Sequence[int]) -> tuple[str, ...]:
        """The text of each token of a query, empty for special tokens."""
        special = set(self._processor.tokenizer.all_special_ids)
        return tuple(
            "" if token in special else self._processor.tokenizer.decode([token]).strip()
            for token in tokens
        )
