"""Title pages: first pages of documents, for who wrote them and when."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from api.rag.asked_pages import page_hit
from ingest.page import Page

if TYPE_CHECKING:
    from ingest.filter import PageFilter
    from retrieval.hit import Hit
    from retrieval.search import Searcher

MAX_DOCUMENTS = 2
"""Documents of the first hits whose title page is shown, at most."""
_DOCUMENT = r"(?:report|paper|document|study|article|thesis|book|survey|handbook|manual|guide|bericht|dokument|studie)"
_ASKS = re.compile(
    r"\bwho (?:wrote|authored|prepared|published|compiled|edited)\b|\bauthors?\b|\bwritten by\b|\bpublishers?\b"
    r"|\b(?:what|which) (?:academic |university )?(?:degrees?|qualifications?|title) (?:does|do|did|has|have)\b"
    r"|\baffiliat\w+|\b(?:what|which) (?:university|institute|institution|department) (?:is|are|was|were|does|do)\b"
    rf"|\bwhen (?:was|were|is) .*\b(?:written|published)\b|\bdate of (?:the |this )?(?:\w+ )?{_DOCUMENT}\b"
    r"|\bpublication date\b|\b(?:autor|autoren|autorin|verfasser\w*|herausgeber\w*)\b"
    r"|\bwer (?:hat|schrieb)\b.*\b(?:geschrieben|verfasst|schrieb)|\bwann wurde .*veröffentlicht"
    r"|\bakademische\w* (?:grad|titel)|저자|작성자|지은이|누가\s?(?:썼|쓴|작성)|학위|소속|발행일|작성일"
    r"|언제\s?(?:발행|작성|출판|발간)",
    re.IGNORECASE,
)


def asks_for_title_page(question: str) -> bool:
    """Whether a question asks who wrote a document, with what degree, where, or when.

    >>> asks_for_title_page("What degree does the author have?"), asks_for_title_page("Who pays?")
    (True, False)
    """
    return bool(_ASKS.search(question))


def with_title_pages(
    searcher: Searcher, question: str, hits: Sequence[Hit], filter: PageFilter, top: int
) -> list[Hit]:
    """Hits with the first page of each of the first documents after its first hit.

    Only for a question that a title page answers; other hits as given.
    """
    if not hits or not asks_for_title_page(question) or filter.first or filter.tags:
        return list(hits)
    first = {hit.page.document_id: hit for hit in reversed(hits[:top])}
    ids = list(dict.fromkeys(hit.page.document_id for hit in hits[:top]))[:MAX_DOCUMENTS]
    shown = {hit.page.key for hit in hits[:top]}
    found: list[Hit] = []
    for hit in hits:
        found.append(hit)
        document = hit.page.document_id
        if hit is not first.get(document) or document not in ids:
            continue
        page = Page(document, 1, hit.page.document_name)
        if page.key not in shown:
            found.append(page_hit(searcher, question, page, filter))
    return found
