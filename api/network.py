"""Network checks: tokens that a header carries, rates, and addresses."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

KEYS = {
    "anthropic": "ANTHROPIC_API_KEY",
    "openai": "OPENAI_API_KEY",
    "gemini": "GEMINI_API_KEY",
    "openrouter": "OPENROUTER_API_KEY",
    "ollama": "OLLAMA_API_KEY",
    "bedrock": "AWS_BEARER_TOKEN_BEDROCK",
    "vertex": "CLOUDSDK_AUTH_ACCESS_TOKEN",
}
"""Environment variable of each provider's key, named as its own tools name it."""


def token_fault(token: str) -> str:
    """Why a token cannot be used; empty if it can."""
    if token != token.strip():
        return "it begins or ends with a blank"
    if not token.isprintable():
        return "it has characters that a header cannot carry: take letters, digits and -._~+/="
    return ""


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address; of names, only localhost."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def plain_rate(rate: str | None) -> str | None:
    """Accept a number of requests a second, minute, hour or day."""
    if not rate or not rate.strip():
        return None
    if not re.fullmatch(r"[1-9]\d{0,6}/(second|minute|hour|day)", rate.strip()):
        raise ValueError("it must be such as 10/second or 600/minute")
    return rate.strip()


def plain_address(url: str | None) -> str | None:
    """Accept an http or https address and no more: a password in it would be shown."""
    if not url or not url.strip():
        return None
    try:
        at = urlsplit(url.strip())
        fits = at.scheme in {"http", "https"} and bool(at.hostname) and at.port != 0
    except ValueError:
        fits = False
    if not fits or "@" in at.netloc or at.path.strip("/") or at.query or at.fragment:
        raise ValueError(
            "it must be http://HOST:PORT or https://HOST:PORT; a token goes into"
            " PAGEGLASS_CHROMA_TOKEN"
        )
    return url.strip().rstrip("/")
