"""Clean URLs: without what would let others in, such as passwords and signatures."""

from __future__ import annotations

import re
from urllib.parse import urlsplit, urlunsplit

_SECRET = re.compile(
    r"x-(amz|goog|oss|cos|ms)-.*|awsaccesskeyid|googleaccessid|key-pair-id|policy|expires"
    r"|.*(signature|token|secret|password|passwd|credential|api_?key|auth).*|sig|key|pwd|jwt|code",
    re.IGNORECASE,
)
_SHARED_ACCESS = re.compile(
    r"s[evprtskrig]|ss|spr|sip|skoid|sktid|skt|ske|sks|skv|saoid|suoid|scid|sdd"
)
"""Parameters beside the `sig` of Azure."""


def clean_url(url: str) -> str:
    """URL without user name, password, fragment, and signatures or tokens.

    >>> clean_url("https://ada:pw@example.org/a.pdf?page=2&X-Amz-Signature=1f#top")
    'https://example.org/a.pdf?page=2'
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return re.sub(r"//[^/]*@", "//", url).partition("?")[0]
    pairs = [pair for pair in parts.query.split("&") if pair]
    names = {pair.partition("=")[0] for pair in pairs}
    shared = "sig" in names
    kept = [pair for pair in pairs if not _is_secret(pair.partition("=")[0], shared)]
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, "&".join(kept), ""))


def _is_secret(name: str, shared: bool) -> bool:
    return bool(_SECRET.fullmatch(name)) or (shared and bool(_SHARED_ACCESS.fullmatch(name)))
