"""Quoted phrases: where it says what a question quotes."""

from __future__ import annotations

from collections.abc import Sequence

from generation.extractive.page.passage import Passage
from generation.extractive.question.question_terms import question_stems
from ingest.forms.terms import split_terms
from retrieval.query.syntax import split_phrases
from retrieval.query.terms import content_stems

MIN_WORDS = 2
"""Words of a phrase, at least: one word is found as any other."""
_LOCATING = content_stems(
    "page pages slide section paragraph document file book contain contains contained say says said"
    " state states stated find found stand stands written write appear appears mention mentioned occur"
    " read text sentence passage phrase word words line place quote"
    " seite dokument datei steht stehen enthält gesagt geschrieben erwähnt satz stelle wort worte finde"
    " findet kommt vor page contient dit trouve écrit phrase página contiene dice aparece escrito frase"
    " pagina contiene dice trova scritto 페이지에 쪽에 문서에 파일에 문장은 구절은 문구가 라는 라고 말이 나오는 나와 적혀 쓰여"
    " ページ 文書 文章 書いて あり 页 文件 写着 出现"
)
"""Words that ask where a phrase stands, and nothing of it."""


def find_phrase(question: str, passages: Sequence[Passage]) -> Passage | None:
    """The first passage with a phrase that a question asks the place of, or None."""
    phrases, rest = split_phrases(question)
    wanted = [terms for phrase in phrases if len(terms := split_terms(phrase)) >= MIN_WORDS]
    other = {stem for stem in question_stems(rest) - _LOCATING if len(stem) > 1}
    if len(wanted) != 1 or other:  # a single letter is a particle
        return None
    phrase = f" {' '.join(wanted[0])} "
    return next((p for p in passages if phrase in f" {' '.join(split_terms(p.text))} "), None)
