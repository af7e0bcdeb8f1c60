"""Tiny text late-interaction models with random weights, in three formats."""

from __future__ import annotations

import json
import string
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from tiny_models import SIZES, TEXTS, calm
from tokenizers import (
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)
from transformers import PreTrainedTokenizerFast

DIM = 24
QUERY = 16
DOCUMENT = 40
"""Tokens of a question and of a document."""
SPECIAL = {
    "unk_token": "[UNK]",
    "cls_token": "[CLS]",
    "sep_token": "[SEP]",
    "pad_token": "[PAD]",
    "mask_token": "[MASK]",
}


def make_colbert(folder: Path) -> Path:
    """BERT on WordPiece, as `MultiVectorEncoder` saves itself: marks spelled out, questions filled up with masks."""
    from sentence_transformers.multi_vector_encoder.modules import MultiVectorMask

    expansion = {"strategy": "fixed", "attend": False, "length": QUERY}
    mask = MultiVectorMask(skiplist_words=list(string.punctuation))
    prompts = {"query": "[Q] ", "document": "[D] "}
    return _save(folder, make_bert(folder / "plain"), prompts, mask, query_expansion=expansion)


def make_prompted(folder: Path) -> Path:
    """ModernBERT on bytes with plain words before a text, which change how its first word is spelled; padded in front."""
    prompts = {"query": "question: ", "document": "passage: "}
    return _save(folder, _make_modern_bert(folder / "plain", padding_side="left"), prompts)


def make_pylate(folder: Path) -> Path:
    """ModernBERT on bytes as PyLate 1 saves it (GTE-ModernColBERT): two modules, the rest in one config."""
    from safetensors.torch import save_file

    _make_modern_bert(folder, more=("[Q] ", "[D] "))
    dense = {"in_features": SIZES["hidden_size"], "out_features": DIM, "bias": False}
    dense |= {"activation_function": "torch.nn.modules.linear.Identity"}
    (folder / "1_Dense").mkdir()
    save_file(_make_projection(), folder / "1_Dense" / "model.safetensors")
    kinds = {"": "sentence_transformers.models.Transformer", "1_Dense": "pylate.models.Dense.Dense"}
    modules = [
        {"idx": i, "name": str(i), "path": path, "type": kind}
        for i, (path, kind) in enumerate(kinds.items())
    ]
    whole = {
        "prompts": {},
        "default_prompt_name": None,
        "similarity_fn_name": "MaxSim",
        "query_prefix": "[Q] ",
        "document_prefix": "[D] ",
        "query_length": QUERY,
        "document_length": DOCUMENT,
        "attend_to_expansion_tokens": False,
        "skiplist_words": list(string.punctuation),
    }
    for name, values in {
        "1_Dense/config.json": dense,
        "modules.json": modules,
        "config_sentence_transformers.json": whole,
        "sentence_bert_config.json": {"max_seq_length": DOCUMENT - 1, "do_lower_case": False},
    }.items():
        (folder / name).write_text(json.dumps(values))
    return folder


def make_stanford(folder: Path) -> Path:
    """BERT as Stanford's ColBERT saves it: the projection among the weights, marks that are words of the vocabulary."""
    from safetensors.torch import load_file, save_file

    make_bert(folder)
    weights = load_file(folder / "model.safetensors")
    whole = {f"bert.{name}": weight for name, weight in weights.items()} | _make_projection()
    save_file(whole, folder / "model.safetensors", {"format": "pt"})
    config = json.loads((folder / "config.json").read_text())
    config["architectures"] = ["HF_ColBERT"]
    (folder / "config.json").write_text(json.dumps(config))
    told = {"doc_maxlen": DOCUMENT, "query_maxlen": QUERY, "mask_punctuation": True}
    marks = {"query_token_id": "[unused0]", "doc_token_id": "[unused1]"}
    (folder / "artifact.metadata").write_text(json.dumps(told | marks))
    return folder


def make_bert(folder: Path) -> Path:
    """A bare BERT: no model of late interaction, nor of pictures."""
    from transformers import BertConfig, BertModel

    tokenizer = _end(_train_wordpiece())
    config = BertConfig(
        vocab_size=len(tokenizer),
        max_position_embeddings=128,
        pad_token_id=tokenizer.pad_token_id,
        **SIZES,
    )
    calm(BertModel(config)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _make_modern_bert(folder: Path, more: Sequence[str] = (), **how: Any) -> Path:
    from transformers import ModernBertConfig, ModernBertModel

    tokenizer = _end(_train_bpe(), **how)
    tokenizer.add_tokens(list(more))
    ends = ("bos", "cls"), ("eos", "sep"), ("cls", "cls"), ("sep", "sep"), ("pad", "pad")
    ids = {f"{a}_token_id": getattr(tokenizer, f"{b}_token_id") for a, b in ends}
    config = ModernBertConfig(
        vocab_size=len(tokenizer), max_position_embeddings=128, **ids, **SIZES
    )
    calm(ModernBertModel(config)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _make_projection() -> dict[str, torch.Tensor]:
    torch.manual_seed(5)
    return {"linear.weight": torch.randn(DIM, SIZES["hidden_size"])}


def _save(
    folder: Path, plain: Path, prompts: dict[str, str], *masks: torch.nn.Module, **how: Any
) -> Path:
    """As `MultiVectorEncoder` saves itself, with a projection that leaves lengths at one."""
    from sentence_transformers import MultiVectorEncoder
    from sentence_transformers.base.modules import Dense, Normalize, Transformer

    dense = Dense(
        SIZES["hidden_size"],
        DIM,
        bias=False,
        activation_function=torch.nn.Identity(),
        init_weight=_make_projection()["linear.weight"],
        module_input_name="token_embeddings",
    )
    transformer = Transformer(str(plain), document_length=DOCUMENT, **how)
    modules = [transformer, dense, *masks, Normalize(module_input_name="token_embeddings")]
    network = MultiVectorEncoder(modules=modules, prompts=prompts, device="cpu")
    network.save_pretrained(str(folder / "colbert"))
    return folder / "colbert"


def _train_wordpiece() -> Tokenizer:
    """BERT's own: lower case, words apart from punctuation, a token a Chinese character."""
    inner = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    inner.normalizer = normalizers.BertNormalizer(lowercase=True)
    inner.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    inner.decoder = decoders.WordPiece()
    alphabet = [*string.ascii_lowercase, *string.digits, *string.punctuation, *"東京灯台"]
    trainer = trainers.WordPieceTrainer(
        vocab_size=300,
        initial_alphabet=alphabet,
        special_tokens=[*SPECIAL.values(), "[unused0]", "[unused1]"],
        show_progress=False,
    )
    inner.train_from_iterator(TEXTS, trainer)
    return inner


def _train_bpe() -> Tokenizer:
    """ModernBERT's: bytes, a space belongs to the word after it."""
    inner = Tokenizer(models.BPE())
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=[*SPECIAL.values()],
        show_progress=False,
    )
    inner.train_from_iterator(TEXTS, trainer)
    return inner


def _end(inner: Tokenizer, **how: Any) -> PreTrainedTokenizerFast:
    """A text between [CLS] and [SEP]."""
    ends = [(token, inner.token_to_id(token)) for token in ("[CLS]", "[SEP]")]
    inner.post_processor = processors.TemplateProcessing(
        "[CLS] $A [SEP]", "[CLS] $A [SEP] $B [SEP]", ends
    )
    return PreTrainedTokenizerFast(tokenizer_object=inner, **SPECIAL, **how)
