"""ONNX network of multilingual-e5-small, with its matrices in 4 bits.

BERT's architecture (Devlin et al. 2019, arXiv:1810.04805): twelve layers, normalized
after each sum. Matrices stay in the checkpoint's 4 bits, as the operator
MatMulNBits, which onnxruntime and OpenVINO both have: 12 MB in place of 81 MB.
The word embeddings, four fifths of the weights, are no part of the network: rows
are looked up in the file.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from ingest.encoders.embedded.e5.e5_checkpoint import BLOCK, Blocks, E5Checkpoint
from ingest.encoders.embedded.runtime.onnx_graph import MICROSOFT, OnnxGraph, Tensors

OPSET = 20
INT8_ACTIVATIONS = 4
"""The operator's accuracy level: inputs of a product are rounded to int8 in blocks of 32."""


def build_network(checkpoint: E5Checkpoint) -> bytes:
    """The network as a serialized ONNX model: "rows" to "mean" (texts, dim).

    Rows (texts, n, dim) are sums of word, position and type embeddings; the mean is over the tokens. Texts
    that run together have the same number of tokens.
    """
    graph = _Graph(checkpoint)
    at = graph.normalize("rows", "emb.ln")
    for layer in range(checkpoint.layers):
        at = graph.add_layer(at, f"l{layer}.")
    axes = graph.constant(np.array([1], np.int64))
    graph.add("ReduceMean", [at, axes], "mean", keepdims=0)
    takes: Tensors = {"rows": ("float32", ["texts", "n", checkpoint.dim])}
    return graph.serialize(takes, {"mean": ("float32", ["texts", checkpoint.dim])}, OPSET)


class _Graph(OnnxGraph):
    def __init__(self, checkpoint: E5Checkpoint) -> None:
        super().__init__()
        self._checkpoint = checkpoint

    def add_layer(self, at: str, prefix: str) -> str:
        """Self-attention, then the feed-forward part, each added to its input."""
        queries, keys, values = (self.add_heads(at, f"{prefix}{part}") for part in "qkv")
        scale = self.constant(np.array(1 / math.sqrt(self._head_size), np.float32))
        keys = self.add("Transpose", [keys], perm=[0, 1, 3, 2])
        scores = self.add("MatMul", [self.add("Mul", [queries, scale]), keys])
        mixed = self.add("MatMul", [self.add("Softmax", [scores], axis=-1), values])
        mixed = self.add("Transpose", [mixed], perm=[0, 2, 1, 3])
        shape = self.constant(np.array([0, -1, self._checkpoint.dim], np.int64))
        mixed = self.project(self.add("Reshape", [mixed, shape]), f"{prefix}ao")
        at = self.normalize(self.add("Add", [at, mixed]), f"{prefix}aln")
        wide = self.add("Gelu", [self.project(at, f"{prefix}fi")])
        narrow = self.project(wide, f"{prefix}fo")
        return self.normalize(self.add("Add", [at, narrow]), f"{prefix}oln")

    def add_heads(self, at: str, name: str) -> str:
        """A projection split into heads (texts, heads, n, dim / heads)."""
        shape = self.constant(np.array([0, -1, self._checkpoint.heads, self._head_size], np.int64))
        split = self.add("Reshape", [self.project(at, name), shape])
        return self.add("Transpose", [split], perm=[0, 2, 1, 3])

    def project(self, at: str, name: str) -> str:
        """A product with a 4-bit matrix, with its bias."""
        blocks = self._checkpoint.blocks(f"{name}.w")
        product = self.add(
            "MatMulNBits",
            [
                at,
                self.constant(_pack(blocks)),
                self.constant(blocks["scale"].astype(np.float32).reshape(-1)),
            ],
            domain=MICROSOFT,
            N=blocks.shape[0],
            K=blocks.shape[1] * BLOCK,
            bits=4,
            block_size=BLOCK,
            accuracy_level=INT8_ACTIVATIONS,
        )
        return self.add("Add", [product, self.constant(self._checkpoint.values(f"{name}.b"))])

    def normalize(self, at: str, name: str) -> str:
        """A layer norm."""
        weight, bias = (self.constant(self._checkpoint.values(f"{name}.{kind}")) for kind in "wb")
        return self.add(
            "LayerNormalization", [at, weight, bias], axis=-1, epsilon=self._checkpoint.epsilon
        )

    @property
    def _head_size(self) -> int:
        return self._checkpoint.dim // self._checkpoint.heads


def _pack(blocks: Blocks) -> npt.NDArray[np.uint8]:
    """Numbers as the operator takes them (rows, blocks, 16): neighbours share a byte.

    The file has number i and number i + 16 of a block in one byte.
    """
    pairs: npt.NDArray[Any] = np.ascontiguousarray(blocks["pairs"]).view("<u2")
    first = pairs & 0x0F | pairs >> 4 & 0xF0
    second = pairs >> 4 & 0x0F | pairs >> 8 & 0xF0
    return np.concatenate([first, second], axis=-1).astype(np.uint8)
