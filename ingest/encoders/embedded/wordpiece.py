"""WordPiece tokenizer of uncased BERT, built from the vocabulary beside this file.

Gives the tokens of sentence-transformers/all-MiniLM-L6-v2's own tokenizer.json
(a test compares them). The vocabulary is BERT's, under Apache-2.0: see NOTICE.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer

from ingest.encoders.embedded.weights import BERT_VOCAB

CLS, SEP = 101, 102
"""Ids of the tokens before and after a text."""
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


def load_wordpiece() -> Tokenizer:
    """Build the WordPiece tokenizer, once a process: threads may share it.

    It neither pads nor truncates, and adds no special tokens.

    Raises:
        WeightsMissing, WeightsChanged: the vocabulary is not there, or not as it should be.
    """
    return _build(BERT_VOCAB.verified())


@cache
def _build(vocabulary: Path) -> Tokenizer:
    model = WordPiece.from_file(str(vocabulary), unk_token="[UNK]", max_input_chars_per_word=100)
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = BertNormalizer(
        clean_text=True, handle_chinese_chars=True, strip_accents=None, lowercase=True
    )
    tokenizer.pre_tokenizer = BertPreTokenizer()
    tokenizer.add_special_tokens(list(SPECIAL))
    return tokenizer
