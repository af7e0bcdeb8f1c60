"""Endpoints for sessions: a browser signs in with a token, and out again."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response

from api.http.errors import problem
from api.http.protect.sessions import COOKIE, SECONDS, Sessions, read_cookie
from api.http.protect.tokens import SCOPES, Token
from api.http.requests import SessionRequest
from api.http.routing import problems
from api.schemas.service import SessionBody

router = APIRouter(prefix="/v1", responses=problems(422))


async def _sessions(request: Request) -> Sessions:
    sessions: Sessions = request.app.state.sessions
    return sessions


OpenSessions = Annotated[Sessions, Depends(_sessions)]


@router.get("/session")
async def show_session(request: Request, sessions: OpenSessions) -> SessionBody:
    """Show whether this browser is signed in; needs no token."""
    if not sessions.tokens.wanted:
        return SessionBody(token_needed=False, signed_in=False, name=None, scopes=list(SCOPES))
    return _body(sessions.find(read_cookie(request.headers.get("cookie", ""))))


@router.post(
    "/session",
    response_model=SessionBody,
    responses={
        200: {"description": "Signed in: the cookie is HttpOnly and SameSite=Strict"},
        **problems(401),
    },
)
async def sign_in(request: Request, wanted: SessionRequest, sessions: OpenSessions) -> Response:
    """Sign a browser in with a token."""
    if not sessions.tokens.wanted:
        body = SessionBody(token_needed=False, signed_in=False, name=None, scopes=list(SCOPES))
        return JSONResponse(body.model_dump())
    token = sessions.tokens.find(wanted.token.get_secret_value().strip())
    if token is None:
        return problem(
            HTTPStatus.UNAUTHORIZED,
            "This token is not accepted.",
            "Check it: it is the text of PAGEGLASS_TOKEN or a line of the file of tokens.",
            code="no-token",
        )
    response = JSONResponse(_body(token).model_dump())
    response.set_cookie(
        COOKIE,
        sessions.start(token),
        max_age=SECONDS,
        path=_cookie_path(request),
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )
    return response


@router.delete("/session", status_code=HTTPStatus.NO_CONTENT)
async def sign_out(request: Request, sessions: OpenSessions) -> Response:
    """Sign a browser out."""
    sessions.end(read_cookie(request.headers.get("cookie", "")))
    response = Response(status_code=HTTPStatus.NO_CONTENT)
    response.delete_cookie(COOKIE, path=_cookie_path(request), httponly=True, samesite="strict")
    return response


def _body(token: Token | None) -> SessionBody:
    return SessionBody(
        token_needed=True,
        signed_in=token is not None,
        name=token.name if token else None,
        scopes=sorted(token.scopes) if token else [],
    )


def _cookie_path(request: Request) -> str:
    return f"{request.scope.get('root_path', '')}/"
