"""Contract: what /openapi.json says and what the server does, by schemathesis.

A short seeded run; `make fuzz` runs a long one with PAGEGLASS_FUZZ_EXAMPLES.
"""

from __future__ import annotations

import contextlib
import os
import random
import warnings
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from live_server import live_server
from make_library import copy_home
from schemathesis.core.failures import FailureGroup

from ingest.library.home import Home

EXAMPLES = int(os.environ.get("PAGEGLASS_FUZZ_EXAMPLES", "8"))
SEED = int(os.environ.get("PAGEGLASS_FUZZ_SEED", "1"))
SEMANTIC = (
    "empty-query",
    "unreadable-file",
    "invalid-schema",
    "invalid-search",
    "invalid-highlight",
    "invalid-picture-question",
    "invalid-whole-question",
    "url-refused",
    "invalid-cursor",
    "invalid-edit",
)
"""Problems of requests that are well-formed; a schema cannot say what a file holds."""
LABELS = (
    "GET /health", "GET /ready", "GET /metrics", "GET /v1/models", "GET /v1/models/{model}",
    "POST /v1/search", "POST /v1/search/image", "POST /v1/ask", "POST /v1/chat/completions",
    "POST /v1/ask/image", "GET /v1/pages/{page}/text", "POST /v1/extract", "GET /v1/documents", "POST /v1/documents",
    "GET /v1/documents/{document}", "PATCH /v1/documents/{document}",
    "DELETE /v1/documents", "DELETE /v1/documents/{document}", "GET /v1/documents/{document}/file", "GET /v1/jobs", "GET /v1/jobs/{job}",
    "GET /v1/jobs/{job}/events", "DELETE /v1/jobs/{job}", "GET /v1/pages/{page}/image",
    "GET /v1/pages/{page}/map", "GET /v1/pages/{page}", "GET /v1/pages/{page}/explanation",
    "GET /v1/status", "GET /v1/tags", "GET /v1/folders", "GET /v1/session", "POST /v1/session", "DELETE /v1/session",
)  # fmt: skip


@pytest.fixture(scope="module")
def app(
    sample_home: Home, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Any, httpx2.Client]]:
    """Description and client of a server over a copy of the samples."""
    home = copy_home(sample_home, tmp_path_factory.mktemp("contract") / "home")
    with live_server(home.root) as server:
        server.until_ready()
        yield schemathesis.openapi.from_url(f"{server.url}/openapi.json"), server.client


def operations(schema: Any) -> dict[str, Any]:
    return {found.ok().label: found.ok() for found in schema.get_all_operations()}


def is_semantic(failure: Any, response: Any) -> bool:
    """Whether a well-formed request was refused for what it means."""
    said = response.text
    return type(failure).__name__ == "RejectedPositiveData" and (
        any(f"problem:{code}" in said for code in SEMANTIC)
        or "Value error" in said
        or "there is no" in said
        or "compare takes two files" in said
        or "are not read, only text" in said
    )


def check(case: Any) -> None:
    response = case.call(timeout=120)  # a machine at its limit
    assert response.status_code < 500 or response.status_code == 503, response.text
    try:
        case.validate_response(response)
    except FailureGroup as group:
        told = [one for one in group.exceptions if not is_semantic(one, response)]
        if response.status_code == 413:  # refused by its size, before it is read
            told = [one for one in told if type(one).__name__ != "AcceptedNegativeData"]
        if case.media_type == "multipart/form-data":  # every field of a form is text
            told = [one for one in told if type(one).__name__ != "AcceptedNegativeData"]
        assert not told, f"{told} {response.text[:500]}"


def run(operation: Any, mode: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        strategy = operation.as_strategy(generation_mode=mode)
        body = given(case=strategy)(check)
        limited = settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            derandomize=False,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],
        )
        # Nothing of a request without parameters can be wrong.
        with contextlib.suppress(Unsatisfiable):
            seed(SEED)(limited(body))()


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.filterwarnings("ignore")
def test_the_description_is_kept(app: tuple[Any, httpx2.Client], label: str) -> None:
    operation = operations(app[0])[label]
    for mode in schemathesis.GenerationMode:
        run(operation, mode)


@pytest.mark.filterwarnings("ignore")
def test_every_operation_is_tried(app: tuple[Any, httpx2.Client]) -> None:
    assert set(operations(app[0])) == set(LABELS)


PATHS = ["/v1/search", "/v1/ask", "/v1/ask/image", "/v1/chat/completions", "/v1/extract", "/v1/documents", "/v1/search/image"]  # fmt: skip
PIECES = [
    b'{"query":', b'"lens"', b"}", b"{", b"[", b"]", b"null", b"1e999", b"\xff\xfe", b"\x00", b',"top":',
    b"-1", b'"messages":[{"role":"user","text":"x"}]', b"--x\r\n", b"--x--\r\n", b'"\\ud800"', b" ",
    b'Content-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n%PDF-1.7\r\n',
    b'Content-Disposition: form-data; name="files"; filename*=UTF-8\'\'a.png\r\n\r\n\x89PNG\r\n',
    b"[" * 500, b'{"a":' * 200, b'"schema":{"$ref":"#"}',
]  # fmt: skip
TYPES = ["application/json", "multipart/form-data; boundary=x", "multipart/form-data", "text/plain", "", "application/x-www-form-urlencoded", "application/json; charset=utf-7"]  # fmt: skip


def test_odd_bytes_are_refused_and_never_crash_the_server(app: tuple[Any, httpx2.Client]) -> None:
    rng = random.Random(SEED)
    for _ in range(EXAMPLES * 20):
        body = b"".join(rng.choice(PIECES) for _ in range(rng.randint(0, 8)))
        headers = {"Content-Type": rng.choice(TYPES)}
        response = app[1].post(rng.choice(PATHS), content=body, headers=headers)
        assert response.status_code < 500, (body, headers, response.text)
        assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "given_type",
    ["text/plain", "application/x-www-form-urlencoded", "", "text/plain;application/json"],
)
def test_json_that_does_not_say_so_is_refused(
    app: tuple[Any, httpx2.Client], path: str, given_type: str
) -> None:
    """A browser sends these types to other sites without asking them first."""
    response = app[1].post(path, content=b'{"query": "lens"}', headers={"Content-Type": given_type})
    assert response.status_code == 415
    assert "application/json" in response.headers["Accept"]


@pytest.mark.parametrize(("method", "path"), [("PUT", "/v1/search"), ("POST", "/health"), ("PATCH", "/v1/documents")])  # fmt: skip
def test_methods_that_are_none_name_those_that_are(
    app: tuple[Any, httpx2.Client], method: str, path: str
) -> None:
    response = app[1].request(method, path)
    assert response.status_code == 405
    assert response.headers["Allow"]
    assert response.headers["content-type"] == "application/problem+json"


def test_days_are_text(app: tuple[Any, httpx2.Client]) -> None:
    assert app[1].post("/v1/search", json={"query": "lens", "until": 0}).status_code == 422
    assert (
        app[1].post("/v1/search", json={"query": "lens", "until": "2030-01-31"}).status_code == 200
    )


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/search", b'{"query": "lens", "first_page": 9223372036854775808}'),
        ("/v1/search", b'{"query": "lens", "last_page": 9223372036854775808}'),
        ("/v1/search", b'{"query": "lens", "tags": ["\\ud800"]}'),
        ("/v1/search", b'{"query": "lens", "documents": ["\\ud800"]}'),
        ("/v1/search", b'{"query": "\\ud800"}'),
        ("/v1/ask", b'{"query": "\\ud800"}'),
        ("/v1/chat/completions", b'{"model": "pageglass", "messages": [{"role": "user", "content": "\\ud800"}]}'),
    ],
)  # fmt: skip
def test_odd_numbers_and_letters_are_refused(
    app: tuple[Any, httpx2.Client], path: str, body: bytes
) -> None:
    response = app[1].post(path, content=body, headers={"Content-Type": "application/json"})
    assert response.status_code in (400, 422), response.text
