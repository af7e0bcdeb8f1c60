"""Errors of search.

InvalidInputError   EmptyQuery
NotFoundError       PageNotEncoded
ConflictError       ImageIndexNotFound, VideoIndexNotFound
UnavailableError    LibraryChanging
"""

from __future__ import annotations

from ingest.error import ConflictError, InvalidInputError, NotFoundError, UnavailableError


class EmptyQuery(InvalidInputError):
    """The query is blank, or its parts cancel out."""

    code = "empty-query"


class PageNotEncoded(NotFoundError):
    """An encoder has no vectors of a page."""

    code = "page-not-encoded"


class ImageIndexNotFound(ConflictError):
    """The library has no index of images."""

    code = "image-index-not-found"


class VideoIndexNotFound(ConflictError):
    """The library has no index of videos."""

    code = "video-index-not-found"


class LibraryChanging(UnavailableError):
    """Documents were removed faster than they could be searched."""

    code = "library-changing"
