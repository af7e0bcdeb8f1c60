"""A file in the layout of e5's checkpoint with random weights, and BERT in plain NumPy."""

from __future__ import annotations

import math
import struct
from pathlib import Path

import numpy as np

DIM, LAYERS, HEADS, POSITIONS = 64, 2, 2, 16
PIECES = ["<s>", "<pad>", "</s>", "<unk>", "▁", "▁la", "mp", "▁lamp", "s", "<mask>"]
SCORES = [0, 0, 0, 0, -3, -2, -2, -3.5, -1, 0]
MATRICES = {"q": DIM, "k": DIM, "v": DIM, "ao": DIM, "fi": 4 * DIM, "fo": DIM}

Weights = dict[str, np.ndarray]


def write_checkpoint(path: Path) -> Weights:
    """Write the file; returns the weights that it holds, matrices as (out, in)."""
    rng = np.random.default_rng(0)
    weights: Weights = {}
    tensors: dict[str, bytes] = {}

    def matrix(name: str, rows: int, columns: int) -> None:
        numbers = rng.integers(0, 16, (rows, columns // 32, 32)).astype(np.uint8)
        scales = rng.uniform(0.01, 0.03, (rows, columns // 32)).astype(np.float16)
        weights[name] = ((numbers - 8.0) * scales[..., None]).reshape(rows, columns)
        tensors[name] = b"".join(
            scale.tobytes() + (block[:16] | block[16:] << 4).tobytes()
            for block, scale in zip(numbers.reshape(-1, 32), scales.reshape(-1), strict=True)
        )

    def vector(name: str, size: int, middle: float = 0.0) -> None:
        weights[name] = rng.normal(middle, 0.1, size).astype(np.float32)
        tensors[name] = weights[name].tobytes()

    matrix("emb.word", len(PIECES), DIM)
    vector("emb.pos", POSITIONS * DIM)
    vector("emb.type", 2 * DIM)
    norms = ["emb.ln", *(f"l{i}.{kind}" for i in range(LAYERS) for kind in ("aln", "oln"))]
    for norm in norms:
        vector(f"{norm}.w", DIM, middle=1)
        vector(f"{norm}.b", DIM)
    for i in range(LAYERS):
        for name, rows in MATRICES.items():
            matrix(f"l{i}.{name}.w", rows, 4 * DIM if name == "fo" else DIM)
            vector(f"l{i}.{name}.b", rows)
    path.write_bytes(_layout(tensors))
    return weights


def _layout(tensors: dict[str, bytes]) -> bytes:
    encoded = [piece.encode() for piece in PIECES]
    edges = np.cumsum([0, *map(len, encoded)], dtype="<u4")
    replacement = struct.pack("<IBI", ord("\t"), 1, ord(" "))
    sizes = (1, DIM, LAYERS, HEADS, 4 * DIM, len(PIECES), POSITIONS, 2)
    head = struct.pack("<4sI7ifi", b"E5S1", *sizes, 1e-12, 32)
    head += struct.pack("<5iQ", len(PIECES), 0, 2, 1, 3, int(edges[-1])) + edges.tobytes()
    head += np.array(SCORES, "<f4").tobytes() + b"".join(encoded)
    head += struct.pack("<iI", 1, len(replacement)) + replacement
    at = len(head) + 4 + sum(2 + len(name) + 21 for name in tensors)
    directory, body = struct.pack("<i", len(tensors)), b""
    for name, data in tensors.items():
        directory += struct.pack("<H", len(name)) + name.encode()
        directory += struct.pack("<BIQQ", 0, 0, at + len(body), len(data))
        body += data
    return head + directory + body


def forward(weights: Weights, rows: np.ndarray) -> np.ndarray:
    """The mean of the last hidden state, from rows (n, dim)."""
    at = _normalized(weights, "emb.ln", rows)
    for i in range(LAYERS):
        query, key, value = (
            _product(weights, f"l{i}.{part}", at).reshape(len(rows), HEADS, -1) for part in "qkv"
        )
        mixed = np.zeros_like(query)
        for head in range(HEADS):
            scores = query[:, head] @ key[:, head].T / math.sqrt(DIM // HEADS)
            powers = np.exp(scores - scores.max(axis=1, keepdims=True))
            mixed[:, head] = powers / powers.sum(axis=1, keepdims=True) @ value[:, head]
        mixed = _product(weights, f"l{i}.ao", mixed.reshape(len(rows), DIM))
        at = _normalized(weights, f"l{i}.aln", at + mixed)
        wide = _product(weights, f"l{i}.fi", at)
        wide = wide * (1 + np.vectorize(math.erf)(wide / math.sqrt(2))) / 2
        at = _normalized(weights, f"l{i}.oln", at + _product(weights, f"l{i}.fo", wide))
    return at.mean(axis=0)


def _product(weights: Weights, name: str, at: np.ndarray) -> np.ndarray:
    return at @ weights[f"{name}.w"].T + weights[f"{name}.b"]


def _normalized(weights: Weights, name: str, at: np.ndarray) -> np.ndarray:
    centered = at - at.mean(axis=1, keepdims=True)
    scaled = centered / np.sqrt((centered**2).mean(axis=1, keepdims=True) + 1e-12)
    return scaled * weights[f"{name}.w"] + weights[f"{name}.b"]
