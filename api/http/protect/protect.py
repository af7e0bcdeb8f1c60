"""Protection stack: the middleware that every application of the server has."""

from __future__ import annotations

from collections.abc import Collection

from starlette.applications import Starlette

from api.http.protect.access import AccessMiddleware
from api.http.protect.audit import AuditLog, AuditMiddleware
from api.http.protect.body_limit import BodyLimitMiddleware
from api.http.protect.content_type import ContentTypeMiddleware
from api.http.protect.rate_limit import RateLimitMiddleware
from api.http.protect.security_headers import SecurityHeadersMiddleware
from api.http.protect.sessions import Sessions
from api.http.protect.tokens import Tokens
from api.http.request_log import RequestLogMiddleware
from api.settings import Settings

TOKEN_CONCURRENT = 32
"""Requests of one token at once: fewer than the threads that requests share."""


def read_server_tokens(settings: Settings) -> Tokens:
    """Tokens of the settings.

    Raises:
        InvalidTokens
    """
    single = settings.token.get_secret_value() if settings.token else None
    return Tokens(single, settings.tokens_file)


def add_protection(
    app: Starlette, settings: Settings, sessions: Sessions, hosts: Collection[str] = ()
) -> None:
    """Put an application behind limits, access control, the request log and headers.

    Args:
        hosts: names besides loopback's that are served where no token is set.

    Raises:
        AuditLogUnusable
    """
    concurrent = settings.max_concurrent
    if concurrent is None:
        concurrent = TOKEN_CONCURRENT if sessions.tokens.wanted else 0
    # The last that is added sees a request first.
    app.add_middleware(ContentTypeMiddleware)
    app.add_middleware(BodyLimitMiddleware, largest_upload=settings.max_upload_mb * 1_000_000)
    app.add_middleware(RateLimitMiddleware, rate=settings.rate_limit or "", concurrent=concurrent)
    if settings.audit_log:
        audit = AuditLog(settings.audit_log, settings.audit_text)
        app.add_middleware(AuditMiddleware, log=audit)
    app.add_middleware(AccessMiddleware, sessions=sessions, hosts=hosts)
    app.add_middleware(RequestLogMiddleware)
    app.add_middleware(SecurityHeadersMiddleware)
