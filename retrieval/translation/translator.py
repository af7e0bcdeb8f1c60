"""Translator: foreign words of a question to words of the library's vocabulary.

E5's vector of a word is near that of its translation, and nearer to some words than to
any other, whatever is asked: of a term's cosine its mean with the everyday words of the
question's script that it is nearest to is subtracted (a local scaling as CSLS, Conneau et
al. 2018, arXiv:1710.04087). The choice is among words that pages print.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ingest.encoders.embedded.e5.script import find_script
from ingest.encoders.encoder import WordEncoder
from ingest.forms.languages.languages import STOP_WORDS
from ingest.index.index import Index
from ingest.index.tensor_layout import FileIdentity
from ingest.index.vocabulary.vocabulary_file import Vocabulary, read_vocabulary
from ingest.page import Vectors
from ingest.trace import span
from retrieval.query.encode import QueryEncoder
from retrieval.query.lexical import LexicalQuery, Translation
from retrieval.shards.shard import Shard
from retrieval.shards.statistics import Statistics
from retrieval.translation.foreign_words import foreign_words

NEAREST_SHARE = 1 / 6
"""Share of the everyday words whose cosines with a term are averaged."""
MIN_COSINE, SURE_COSINE = 0.04, 0.08
"""Corrected cosines of the least near translation, and of one that is sure."""
COMMON_BONUS = 0.006
"""Added for each e-fold of the pages that have a term: a wrong one is most often rare."""
CHOICES = 8
"""Terms that are near enough to be chosen by their pages."""
KEPT_HUBS, KEPT_QUESTIONS = 16, 64


@dataclass(frozen=True, slots=True)
class _Choice:
    term: str
    cosine: float


class Translator:
    """Translates questions, from any thread.

    Args:
        encoder: has the encoder of words, where a library has a vocabulary.
    """

    def __init__(self, encoder: QueryEncoder) -> None:
        self._encoder = encoder
        self._read: dict[str, Vocabulary] = {}
        self._words: dict[tuple[str, ...], Vectors] = {}
        self._hubs: dict[tuple[FileIdentity, str], Vectors] = {}

    @span("translate")
    def translate(self, query: LexicalQuery, shards: Sequence[Shard]) -> LexicalQuery:
        """The query with translations of its foreign words, where there are any.

        Raises:
            InvalidVocabulary: a file is damaged.
        """
        statistics = Statistics(shards)
        words = foreign_words(query.text, statistics.frequency, statistics.page_count)
        vocabularies = self._vocabularies(shards) if words else []
        if not vocabularies:
            return query
        encoder = self._encoder.encoder(vocabularies[0][0])
        if not isinstance(encoder, WordEncoder):
            return query
        asked, script = self._embed(encoder, words), find_script(query.text)
        found: list[list[_Choice]] = [[] for _ in words]
        for _, vocabulary in vocabularies:
            hubs = self._hub_means(vocabulary, encoder, script)
            for choices, nearest in zip(found, _nearest(vocabulary, asked, hubs), strict=True):
                choices += nearest
        chosen = [_choose(choices, statistics) for choices in found]
        return replace(query, translations=_weigh(chosen))

    def _embed(self, encoder: WordEncoder, words: Sequence[str]) -> Vectors:
        """Vectors of words (n, dim), kept: an answer asks for those of its search again."""
        key = tuple(words)
        if (known := self._words.get(key)) is not None:
            return known
        if len(self._words) >= KEPT_QUESTIONS:
            self._words.clear()
        self._words[key] = vectors = encoder.embed_words(words)
        return vectors

    def _vocabularies(self, shards: Sequence[Shard]) -> list[tuple[Index, Vocabulary]]:
        """The vocabulary of each shard that has one, with its index."""
        found = []
        for shard in shards:
            for index in shard.indexes:
                key = str(index.vocabulary_path)
                vocabulary = read_vocabulary(index.vocabulary_path, self._read.get(key))
                if vocabulary and vocabulary.words:
                    self._read[key] = vocabulary
                    found.append((index, vocabulary))
        return found

    def _hub_means(self, vocabulary: Vocabulary, encoder: WordEncoder, script: str) -> Vectors:
        """How near each term (n,) is to everyday words that it does not translate."""
        key = (vocabulary.identity, script)
        if (known := self._hubs.get(key)) is not None:
            return known
        sample = encoder.sample_words(script)
        cosines = vocabulary.vectors @ sample.T
        nearest = max(round(len(sample) * NEAREST_SHARE), 1)
        means: Vectors = np.sort(cosines, axis=1)[:, -nearest:].mean(axis=1)
        if len(self._hubs) >= KEPT_HUBS:
            self._hubs.clear()
        self._hubs[key] = means
        return means


def _nearest(vocabulary: Vocabulary, asked: Vectors, hubs: Vectors) -> list[list[_Choice]]:
    """Terms nearest to each word, with their corrected cosines."""
    cosines = asked @ vocabulary.vectors.T - hubs
    count = min(CHOICES, cosines.shape[1])
    found = []
    for row in cosines:
        places = np.argpartition(-row, count - 1)[:count]
        choices = [_Choice(vocabulary.words[at], float(row[at])) for at in places.tolist()]
        found.append([choice for choice in choices if choice.cosine >= MIN_COSINE])
    return found


def _choose(choices: Sequence[_Choice], statistics: Statistics) -> _Choice | None:
    """The best term of a word; None for a stop word, and where none is near."""
    pages = statistics.frequency({choice.term for choice in choices})

    def score(choice: _Choice) -> tuple[float, str]:
        return choice.cosine + COMMON_BONUS * math.log(max(pages[choice.term], 1)), choice.term

    best = max(choices, key=score, default=None)
    return best if best and best.term not in STOP_WORDS else None


def _weigh(chosen: Sequence[_Choice | None]) -> tuple[Translation, ...]:
    """Translations by how sure they are, as shares of the foreign words."""
    weights: dict[str, float] = {}
    for choice in chosen:
        if choice:
            sure = (choice.cosine - MIN_COSINE) / (SURE_COSINE - MIN_COSINE)
            weights[choice.term] = weights.get(choice.term, 0.0) + min(sure, 1.0) / len(chosen)
    return tuple(Translation(term, weight) for term, weight in weights.items() if weight)
