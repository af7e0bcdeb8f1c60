"""The tokenizer built from the vocabulary gives the tokens of the published tokenizer.json."""

from __future__ import annotations

import sys
import unicodedata
from pathlib import Path

import pymupdf
import pytest
from published import published_model
from tokenizers import Tokenizer

from ingest.encoders.embedded.weights import BERT_VOCAB, WeightsChanged
from ingest.encoders.embedded.wordpiece import SPECIAL, load_wordpiece

ROOT = Path(__file__).parents[1]
TEXTS = (
    "The lighthouse at Tarrow Head was first lit in 1874, and re-lit in October.",
    "Ünïcödé naïve façade — “quotes”, e\u0301 and \u212b; ﬁgure ½ x² 10 µm",
    "등대의 등불은 여섯 시에 켜진다. 灯台の光は六時に点く。灯塔在六点钟亮灯。カタカナ ﾊﾝｶｸ",
    "Маяк зажгли в 1874 году. Ο φάρος άναψε. المنارة أضيئت. המגדלור הודלק. प्रकाशस्तंभ ประภาคาร",
    "[CLS] a [SEP] b [MASK] [PAD] [UNK] [cls] ##ing ## # [X]",
    "tab\tnew\nline\r\x00\x07\ufeff\u200b\u00ad\u2028\u3000\ufffd zero\u200dwidth",
    "a" * 99 + " " + "b" * 100 + " " + "c" * 101 + " " + "é" * 100,
    "$1,234.56 (5%) a_b-c/d\\e ~!@#^&*`|<>?{}+= 👩‍👩‍👧 🏳️‍🌈 𝔘𝔫𝔦 𠀀",
    "",
    " ",
)


@pytest.fixture(scope="module")
def published() -> Tokenizer:
    tokenizer = Tokenizer.from_file(str(Path(published_model(), "tokenizer.json")))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def assert_same(texts: list[str], published: Tokenizer) -> None:
    ours = load_wordpiece().encode_batch(texts, add_special_tokens=False)
    theirs = published.encode_batch(texts, add_special_tokens=False)
    for text, mine, other in zip(texts, ours, theirs, strict=True):
        assert mine.ids == other.ids, text
        assert mine.offsets == other.offsets, text
        assert mine.word_ids == other.word_ids, text


def test_texts_of_many_scripts(published: Tokenizer) -> None:
    assert_same(list(TEXTS), published)


def test_every_assigned_character_alone_and_inside_a_word(published: Tokenizer) -> None:
    signs = [
        chr(point)
        for point in range(sys.maxunicode + 1)
        if unicodedata.category(chr(point)) not in {"Cn", "Cs", "Co"}
    ]
    assert len(signs) > 140_000
    runs = ["".join(signs[at : at + 64]) for at in range(0, len(signs), 64)]
    assert_same(runs, published)
    assert_same([f"ab{sign}cd {sign}" for sign in signs[::7]], published)


def test_the_samples_and_the_documents_of_the_project(published: Tokenizer) -> None:
    texts = [path.read_text(encoding="utf-8") for path in ROOT.glob("docs/*.md")]
    texts.append((ROOT / "LICENSE").read_text(encoding="utf-8"))
    for path in (ROOT / "data" / "samples").glob("*.pdf"):
        with pymupdf.open(path) as pdf:
            texts += [page.get_text() for page in pdf]
    lines = [line for text in texts for line in (text, *text.splitlines(), *text.split())]
    assert len(lines) > 10_000
    assert_same(lines, published)


def test_special_tokens_have_berts_numbers() -> None:
    tokenizer = load_wordpiece()
    assert [tokenizer.token_to_id(token) for token in SPECIAL] == [0, 100, 101, 102, 103]
    assert tokenizer.get_vocab_size() == 30_522


def test_a_vocabulary_that_was_changed_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = tmp_path / "vocab.txt"
    changed.write_bytes(BERT_VOCAB.path().read_bytes().replace(b"lighthouse", b"lamphouses"))
    monkeypatch.setattr(type(BERT_VOCAB), "path", lambda self: changed)
    with pytest.raises(WeightsChanged):
        load_wordpiece()
