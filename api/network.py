"""Network checks: tokens that a header carries, and addresses of this machine."""

from __future__ import annotations

import ipaddress


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
