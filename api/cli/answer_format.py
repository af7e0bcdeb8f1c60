"""Formats in which `ask` writes an answer."""

from __future__ import annotations

from enum import StrEnum


class AnswerFormat(StrEnum):
    """Format of an answer: for people, Markdown, a web page, or JSON."""

    TEXT = "text"
    MD = "md"
    HTML = "html"
    JSON = "json"
