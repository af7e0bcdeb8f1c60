"""Update of a library's vocabulary: new words come, those that are gone leave.

Words are taken from the full-text index, of a sample of its pages where there are many.
One word stands for all its forms: the one that is on most pages. Text without spaces
between words is indexed in pairs of characters, and has no words here.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from ingest.disk.atomic import discard
from ingest.encoders.encoder import Encoder, WordEncoder
from ingest.encoders.load import load_encoder
from ingest.forms.snowball import load_stemmer
from ingest.forms.terms import UNSPACED
from ingest.index.index import Index
from ingest.index.inverted.lists import document_name
from ingest.index.quantization import to_int8
from ingest.index.vocabulary.vocabulary_file import InvalidVocabulary, Vocabulary, read_vocabulary
from ingest.library.library import Library
from ingest.page import Document, Vectors

MAX_WORDS = 20_000
"""The words that are on most pages."""
MIN_PAGES = 2
MIN_LETTERS, MAX_LETTERS = 3, 20
"""Letters of a word: shorter ones are too often none, longer ones are several."""
SAMPLED_PAGES = 20_000
MAX_CHANGED = 200
"""One of so many pages that is new lets the vocabulary be made again."""
_UNSPACED = re.compile(f"[{UNSPACED}]")


def is_outdated(index: Index, documents: Sequence[Document]) -> bool:
    """Whether an index should have a vocabulary of these documents, and has not."""
    if index.manifest.modality != "passage":
        return False
    held = _read(index)
    if held is None:
        return True
    known = set(held.documents)
    wanted = {document_name(document): document for document in documents}
    new = sum(document.page_count for name, document in wanted.items() if name not in known)
    total = sum(document.page_count for document in documents)
    return new > total // MAX_CHANGED or not known <= wanted.keys()


def update_vocabulary(encoder: Encoder, index: Index, library: Library) -> bool:
    """Bring the vocabulary of an encoder of words up to the library.

    Returns whether it was not. The writer's lock must be held.
    """
    documents = library.documents()
    if not is_outdated(index, documents):
        return False
    if not isinstance(encoder, WordEncoder):  # one of several devices, or pooled
        encoder = load_encoder(index.manifest.encoder)
    if not isinstance(encoder, WordEncoder):
        return False
    words = sorted(choose_words(library.index_bodies(SAMPLED_PAGES)))
    vectors = _embed(words, encoder.embed_words, _read(index))
    names = [document_name(document) for document in documents]
    Vocabulary(words, to_int8(vectors), names).write(index.vocabulary_path)
    return True


def prune_vocabulary(index: Index, library: Library) -> None:
    """Take words from the vocabulary that no page has any more.

    The writer's lock must be held.
    """
    try:
        held = read_vocabulary(index.vocabulary_path)
    except InvalidVocabulary:
        discard(index.vocabulary_path)
        return
    if held is None:
        return
    there = library.held_terms(held.words)
    kept = np.array([word in there for word in held.words], bool)
    names = {document_name(document) for document in library.documents()}
    documents = [name for name in held.documents if name in names]
    words = [word for word in held.words if word in there]
    rows = to_int8(held.vectors[kept])
    Vocabulary(words, rows, documents).write(index.vocabulary_path)


def check_vocabulary(index: Index, documents: Sequence[Document]) -> Iterator[str]:
    """A sentence where the vocabulary is damaged, or of documents that are gone."""
    name = index.manifest.encoder
    try:
        held = read_vocabulary(index.vocabulary_path)
    except InvalidVocabulary as error:
        yield f"The vocabulary of {name} cannot be read: {error}"
        return
    if held and not set(held.documents) <= {document_name(document) for document in documents}:
        yield f"The vocabulary of {name} has words of documents that are gone."


def choose_words(bodies: Iterable[str]) -> list[str]:
    """The words of a vocabulary, by the terms of pages.

    >>> choose_words(["the lamp of 1873", "lamps and lamps", "lamps", "a keeper"])
    ['lamps']
    """
    forms: Counter[str] = Counter()
    for body in bodies:
        forms.update({form for form in body.split() if _is_word(form)})
    stem = load_stemmer("porter")().stemWord
    words: dict[str, str] = {}
    pages: Counter[str] = Counter()
    for form, count in forms.most_common():
        root = stem(form)
        words.setdefault(root, form)
        pages[root] += count
    return [words[root] for root, count in pages.most_common(MAX_WORDS) if count >= MIN_PAGES]


def _is_word(form: str) -> bool:
    return MIN_LETTERS <= len(form) <= MAX_LETTERS and form.isalpha() and not _UNSPACED.search(form)


def _embed(
    words: Sequence[str],
    embed: Callable[[Sequence[str]], Vectors],
    held: Vocabulary | None,
) -> Vectors:
    """Vectors (n, dim) of words; those that are known are taken over."""
    known = {word: at for at, word in enumerate(held.words)} if held else {}
    new = [word for word in words if word not in known]
    vectors = embed(new)
    if held is None or len(new) == len(words):
        return vectors
    places = [at for word in words if (at := known.get(word)) is not None]
    old = held.vectors
    rows = np.empty((len(words), old.shape[1]), np.float32)
    is_new = np.array([word not in known for word in words], bool)
    rows[is_new], rows[~is_new] = vectors, old[places]
    return rows


def _read(index: Index) -> Vocabulary | None:
    """The vocabulary of an index; None where it has none, or a damaged one."""
    try:
        return read_vocabulary(index.vocabulary_path)
    except InvalidVocabulary:
        return None
