"""Library questions: what is asked of documents as such, which no page prints."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

Asked = Literal["document_count", "documents", "page_count"]

NOTES: Mapping[Asked, str] = {
    "document_count": "This asks how many documents there are, which is not printed on a page:"
    " search for them.",
    "documents": "This asks which documents there are, which is not printed on a page:"
    " search for them.",
    "page_count": "This asks how many pages a document has, which these pages do not say.",
}
"""Why a question is not answered from pages."""

_DOCUMENTS = (
    r"(?:documents?|files?|pdfs?|dokumente?n?|dateie?n?|documentos?|archivos|fichiers?|documenti)"
)
_COUNT = re.compile(
    r"\b(?:how many|what number of|number of|in how many|wie viele|in wie vielen|combien de|cuántos"
    rf"|quanti)\s+(?:\w+\s)?{_DOCUMENTS}\b|몇\s?(?:개의\s?)?(?:문서|파일)|(?:문서|파일)\S* 몇",
    re.IGNORECASE,
)
_NEEDED = re.compile(
    r"\b(?:listed|required|needed|necessary|enclosed|attached|submit\w*|bring|hand(?:ed)? in)\b",
    re.IGNORECASE,
)
"""Documents of which a list on a page speaks, not those of the library."""
_WHICH = re.compile(
    rf"^\W*(?:what|which|welche|quels|qué|quali)\s(?:of (?:my|the|your)\s)?{_DOCUMENTS}\b"
    r"(?: do (?:i|we|you) have| are (?:there|about|in (?:the|this|my) (?:library|collection|folder))"
    r"| (?:is|are) about| (?:talk|deal|mention|discuss|speak|contain)\w*| gibt es| handeln| habe ich"
    r"| parlent| hablan| parlano)"
    rf"|^\W*(?:list|show|name|give)(?: me)?(?: all)?(?: (?:the|my|of))*\s{_DOCUMENTS}\b"
    r"|(?:어떤|무슨) (?:문서|파일)",
    re.IGNORECASE,
)
_PAGES = re.compile(
    r"(?<!on )\bhow many pages (?:does|do|has|have|is|are)\b|\bhow many pages long\b"
    r"|\bwie ?viele seiten (?:hat|haben|umfasst|enthält)|\bcombien de pages (?:a|compte|contient|comporte)\b"
    r"|\bcuántas páginas (?:tiene|hay)|\bquante pagine (?:ha|sono)"
    r"|몇\s?(?:쪽|페이지)\s?(?:인가|이야|이나|짜리|입니까|이에요|예요|으로|로 되어)",
    re.IGNORECASE,
)
_PRINTED_PAGES = re.compile(
    r"\d[\s-]*(?:pages?\b|pp\b|seiten?\b|páginas?\b|pagine\b|쪽|페이지)|\bpages?[:\s]+\d",
    re.IGNORECASE,
)


def library_question(question: str) -> Asked | None:
    """What a question asks of documents as such; None for what pages may say.

    >>> library_question("How many documents mention rope?"), library_question("What is rope?")
    ('document_count', None)
    >>> library_question("Which documents are about rope?"), library_question("Which documents are required?")
    ('documents', None)
    """
    if not _NEEDED.search(question):
        if _COUNT.search(question):
            return "document_count"
        if _WHICH.search(question):
            return "documents"
    return "page_count" if _PAGES.search(question) else None


def says_pages(text: str) -> bool:
    """Whether a text has a number of pages."""
    return bool(_PRINTED_PAGES.search(text))
