"""Query syntax: phrases in quotation marks, -word, word*, AND and OR.

    "early exit"  pages with the phrase, in the marks of any language
    -word         pages without the word; also -"a phrase"
    word*         pages with a word that begins so
    A AND B       pages with both; A OR B, with one of them: in capitals

What is not written so is plain words: a hyphen inside a word, a number with a sign,
a dash between spaces, an inch mark, a list such as ["a", "b"], AND in a query that is
in capitals throughout.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ingest.forms.spelling import query_spellings
from ingest.forms.terms import split_terms

_SPACED = r"[^\W\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]"
"""A character of a word in a script with blanks; Korean particles follow the quotation mark."""
_QUOTED = rf"(?<!{_SPACED})(?<![\"\[,])\"[^\"]+\"(?!{_SPACED}|\])|“[^”“]+[”“]|„[^“”\"„]+[“”\"]|«[^»«]+»|»[^«»]+«|「[^」]+」|『[^』]+』|＂[^＂]+＂"
_TOKEN = re.compile(
    rf"(?P<no>(?<!\S)-(?=[^\W\d]|[\"“„«]))?(?:(?P<quoted>{_QUOTED})"
    r"|(?P<word>[^\s\"“„«»”「『＂]+)|(?P<mark>\S))"
)
_PREFIX = re.compile(r"\w{2,}\*")
_SMALL = re.compile(r"[^\W\d_A-Z]")
MIN_EXCLUDED = 2
"""Letters of a word that is left out, at least."""


@dataclass(frozen=True, slots=True)
class ParsedQuery:
    """Query without its syntax, and what the syntax asks for.

    `text` are the words to look for. `required` and `excluded` are expressions of
    SQLite's FTS5 for the pages wanted and the pages left out, empty for all and none;
    `prefixes` are beginnings of words.
    """

    text: str
    required: str = ""
    excluded: str = ""
    prefixes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Operand:
    text: str
    expression: str
    is_required: bool
    is_excluded: bool


def parse_query(query: str) -> ParsedQuery:
    """Parse a query; one that asks for nothing but what to leave out is plain words.

    >>> parse_query('lease "ended early" -draft').required
    '"ended early"'
    >>> parse_query("stored at -18 °C - cold")
    ParsedQuery(text='stored at -18 °C - cold', required='', excluded='', prefixes=())
    """
    items = list(_items(query))
    operands = [item for item in items if isinstance(item, _Operand)]
    wanted = " ".join(
        item if isinstance(item, str) else item.text
        for item in items
        if item not in ("AND", "OR") and not (isinstance(item, _Operand) and item.is_excluded)
    )
    if not split_terms(wanted):
        return ParsedQuery(query)
    excluded = [item.expression for item in operands if item.is_excluded]
    required = [f"({chain})" if " " in chain else chain for chain in _chains(items)]
    prefixes = [
        item.expression
        for item in operands
        if item.expression.endswith("*") and not item.is_excluded
    ]
    if not (excluded or required or len(items) != len(operands)):
        wanted = query
    return ParsedQuery(
        wanted,
        required[0][1:-1]
        if len(required) == 1 and required[0][0] == "("
        else " AND ".join(required),
        " OR ".join(excluded),
        tuple(prefixes),
    )


def split_phrases(query: str) -> tuple[list[str], str]:
    """Phrases in quotation marks, and what else a query says.

    >>> split_phrases('Where does it say "ended early"?')
    (['ended early'], 'Where does it say ?')
    """
    found = [token for token in _TOKEN.finditer(query) if token["quoted"] and not token["no"]]
    rest = query
    for token in reversed(found):
        rest = rest[: token.start()] + rest[token.end() :]
    return [token["quoted"][1:-1].strip() for token in found], rest


def _items(query: str) -> Iterator[_Operand | str]:
    """Operands, and the operators AND and OR between two of them."""
    found = list(_TOKEN.finditer(query))
    capitals = not _SMALL.search(query)
    for at, token in enumerate(found):
        text = token["word"] or token["mark"] or ""
        is_between = 0 < at < len(found) - 1
        if text in ("AND", "OR") and is_between and not capitals and not token["no"]:
            yield text
        else:
            yield _operand(token)


def _operand(token: re.Match[str]) -> _Operand:
    quoted = token["quoted"]
    text = quoted[1:-1].strip() if quoted else token["word"] or token["mark"]
    terms = split_terms(text)
    phrase = f'"{" ".join(terms)}"' if terms else ""
    excluded = bool(token["no"] and phrase and len(text) >= MIN_EXCLUDED)
    if quoted:
        return _Operand(text, phrase, bool(phrase) and not excluded, excluded)
    if _PREFIX.fullmatch(text) and phrase:
        return _Operand(text[:-1], f"{phrase}*", not excluded, excluded)
    forms = [f'"{form}"' for form in query_spellings(text)]
    expression = f"({' OR '.join([phrase, *forms])})" if forms and phrase else phrase
    text = text if excluded or not token["no"] else f"-{text}"
    return _Operand(text, expression, False, excluded)


def _chains(items: Sequence[_Operand | str]) -> Iterator[str]:
    """Expressions that a page has to meet: phrases, prefixes, and words joined by AND or OR."""
    chain: list[str] = []
    last = ""
    for at, item in enumerate(items):
        if isinstance(item, str):
            last = item
            continue
        joined = bool(last) and bool(chain)
        opens = at + 1 < len(items) and isinstance(items[at + 1], str)
        if chain and not joined:
            yield " ".join(chain)
            chain = []
        if item.expression and not item.is_excluded and (joined or opens or item.is_required):
            chain += [last, item.expression] if joined else [item.expression]
        last = ""
    if chain:
        yield " ".join(chain)
