"""Embed the names and WordNet definitions of the ImageNet classes for `ingest.encoders.embedded.conse`.

    python data/make_labels.py

Writes ingest/encoders/embedded/labels.npy (1000, 384) fp16, in the classifier's order, in
MiniLM's space, and e5/labels.npz in e5's: the classes about their mean, and the mean of
the captions in data/e5_captions.json for each script. e5/questions.npz has the means of
the questions in data/e5_questions.json, e5/words.npz the words in data/e5_words.json by
script. Names and definitions come with timm.
Run again when the weights of MiniLM or e5 change.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from ingest.encoders.embedded.e5.conse_e5 import ConseE5Encoder
from ingest.encoders.embedded.e5.e5 import load_e5
from ingest.encoders.embedded.e5.e5_encoder import E5Encoder
from ingest.encoders.embedded.minilm import load_minilm
from ingest.encoders.embedded.weights import Weights
from ingest.page import Vectors

TARGET = Path(__file__).parents[1] / "ingest" / "encoders" / "embedded" / "labels.npy"
CAPTIONS = Path(__file__).with_name("e5_captions.json")
QUESTIONS = Path(__file__).with_name("e5_questions.json")
WORDS = Path(__file__).with_name("e5_words.json")


SYNSETS = Weights(
    "timm",
    "timm",
    "data/_info/imagenet_synsets.txt",
    "70002b0ff5de60a3a17a82dbfcff291931f96225ddf941ad2e182fc39e183d15",
)
LEMMAS = Weights(
    "timm",
    "timm",
    "data/_info/imagenet_synset_to_lemma.txt",
    "1b8babda187421a4bde0c9c5a197c36f6bdda962f7ca11ffb2813806cbb2178f",
)
DEFINITIONS = Weights(
    "timm",
    "timm",
    "data/_info/imagenet_synset_to_definition.txt",
    "191e227d48fc8c7b7e2d2a3cac41fc8b2eb517d9d2819d0edbc91c5767250eed",
)


def read_labels() -> list[str]:
    """A text a class: its names, a colon, its definition."""
    synsets = SYNSETS.verified().read_text(encoding="utf-8").split()
    lemmas, definitions = _read_table(LEMMAS), _read_table(DEFINITIONS)
    return [f"{lemmas[synset]}: {definitions[synset]}" for synset in synsets]


def embed_labels() -> Vectors:
    """The classes' texts in e5's space, about their mean."""
    rows = load_e5(0).embed_queries(read_labels())
    return np.asarray(rows - rows.mean(axis=0))


def embed_means(path: Path = CAPTIONS) -> dict[str, Vectors]:
    """The mean (384,) of the texts of each script, in e5's space."""
    samples: dict[str, list[str]] = json.loads(path.read_text(encoding="utf-8"))
    return {
        script: np.asarray(load_e5(0).embed_queries(texts).mean(axis=0))
        for script, texts in samples.items()
    }


def embed_words() -> dict[str, Vectors]:
    """Everyday words (n, 384) of each script, in e5's space."""
    samples: dict[str, list[str]] = json.loads(WORDS.read_text(encoding="utf-8"))
    return {script: load_e5(0).embed_words(words) for script, words in samples.items()}


def _read_table(weights: Weights) -> dict[str, str]:
    """WordNet id to text, a tab between them."""
    lines = weights.verified().read_text(encoding="utf-8").splitlines()
    return dict(line.split("\t", 1) for line in lines)


if __name__ == "__main__":
    np.save(TARGET, load_minilm(0).embed(read_labels()).astype(np.float16))
    means = {name: mean.astype(np.float16) for name, mean in embed_means(QUESTIONS).items()}
    np.savez(E5Encoder.MEANS, **means)
    words = {name: rows.astype(np.float16) for name, rows in embed_words().items()}
    np.savez(E5Encoder.WORDS, **words)
    made = {"labels": embed_labels(), **embed_means()}
    np.savez(ConseE5Encoder.LABELS, **{name: v.astype(np.float16) for name, v in made.items()})
