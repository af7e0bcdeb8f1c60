"""Search for a text, with its filters and the pages that it names, for every door."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from api.rag.asked_pages import find_asked_pages
from api.rag.query_filters import apply_filters
from ingest.filter import ALL_PAGES, PageFilter
from retrieval.near import NAMED
from retrieval.query.page_question import read_page_question
from retrieval.query.syntax import parse_query

if TYPE_CHECKING:
    from retrieval.hit import Hit
    from retrieval.search import Searcher


def search_text(
    searcher: Searcher,
    query: str,
    *,
    top: int,
    images: bool = False,
    filter: PageFilter = ALL_PAGES,
) -> list[Hit]:
    """Find the pages that fit a text, those first that it asks for by number.

    `file:NAME` and `tag:NAME` in it restrict the pages. A page that is asked for has the
    signal `named`, and a score no lower than the best of the others.

    Args:
        top: pages at most.
        images: only photos and figures, by what they show; no page is asked for by number.
        filter: restricts the pages.

    Raises:
        EmptyQuery: the query is blank, its filters left out.
        DocumentNotFound: a file that the query names does not exist, or is ambiguous.
        ImageIndexNotFound: images are searched, and there is no index of them.
    """
    text, filter = apply_filters(searcher.library, query, filter)
    others = searcher.search(text, top=top, images=images, filter=filter)
    named = [] if images else _named_pages(searcher, text, filter, top)
    if not named:
        return others
    best = max((hit.score for hit in (*named, *others)), default=0.0)
    first = [replace(hit, score=best, signals={**hit.signals, NAMED: 1.0}) for hit in named]
    keys = {hit.page.key for hit in first}
    return [*first, *(hit for hit in others if hit.page.key not in keys)][:top]


def _named_pages(searcher: Searcher, text: str, filter: PageFilter, top: int) -> list[Hit]:
    """Hits of the pages that a text asks for by number; a phrase in quotation marks is words."""
    asked = read_page_question(text)
    if asked is None or asked.kind != "pages" or parse_query(text).text != text:
        return []
    found = find_asked_pages(searcher, text, filter, top)
    return list(found.hits) if found else []
