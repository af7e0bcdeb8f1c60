"""Lexical query: what is looked for in the full-text index, in index forms."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ingest.forms.spelling import query_spellings
from ingest.forms.whole.find_forms import find_whole_forms
from ingest.forms.whole.form import WholeForm
from retrieval.query.glossary.glossary import Glossary
from retrieval.query.named_place import NO_PLACES, NamedPlaces, read_places
from retrieval.query.syntax import parse_query
from retrieval.query.terms import content_terms

MAX_ACRONYM_TERMS = 2
"""A query with more words than this is about more than its acronym."""

NO_GLOSSARY = Glossary(())


@dataclass(frozen=True, slots=True)
class Translation:
    """A word of the pages for one of the query's, and how much it counts, 0..1."""

    term: str
    weight: float


@dataclass(frozen=True, slots=True)
class LexicalQuery:
    """A query as the full-text index sees it.

    `text` is the query without its syntax, for encoders. `terms` are its content terms,
    `forms` further index tokens: second forms of its words and its whole forms.
    `whole_forms` are those that rank pages before likeness. `prefixes`, `expansions` (the line
    items of a ratio), `required` and `excluded` are expressions of FTS5.
    `places` are pages, figures and tables that it names; `translations` are words of the
    pages for those that are in another language.
    """

    text: str
    terms: tuple[str, ...] = ()
    forms: tuple[str, ...] = ()
    whole_forms: tuple[WholeForm, ...] = ()
    prefixes: tuple[str, ...] = ()
    expansions: tuple[str, ...] = ()
    required: str = ""
    excluded: str = ""
    places: NamedPlaces = NO_PLACES
    translations: tuple[Translation, ...] = ()

    @classmethod
    def of(
        cls, query: str, *, images: bool = False, glossary: Glossary = NO_GLOSSARY
    ) -> LexicalQuery:
        """Lexical query of a query as typed; no words are looked for where `images` are."""
        if images:
            return cls(query)
        parsed = parse_query(query)
        terms = content_terms(parsed.text)
        whole = find_whole_forms(parsed.text)
        asked = [token for form in whole for token in form.asked]
        short = len(set(terms)) <= MAX_ACRONYM_TERMS
        return cls(
            parsed.text,
            tuple(terms),
            tuple(dict.fromkeys([*query_spellings(parsed.text), *asked])),
            tuple(form for form in whole if short or form.kind != "acronym"),
            parsed.prefixes,
            glossary.expand(parsed.text),
            parsed.required,
            parsed.excluded,
            read_places(parsed.text),
        )

    @property
    def unrestricted(self) -> LexicalQuery:
        """The query for pages that are given, whatever its syntax asks for."""
        return replace(self, required="", excluded="")
