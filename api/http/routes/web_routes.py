"""Web app: its page at every screen's address, and its files."""

from __future__ import annotations

import base64
import gzip
import hashlib
import html
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from api.http.protect.access import SCREENS

WEB = Path(__file__).parents[2] / "web"
IMMUTABLE = "public, max-age=31536000, immutable"
TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
POLICY = (
    "default-src 'none'; script-src 'self' '{script}'; style-src 'self'; img-src 'self' blob: data:;"
    " media-src 'self'; connect-src 'self'; base-uri 'self'; form-action 'none'; frame-ancestors 'none';"
    " require-trusted-types-for 'script'; trusted-types 'none'"
)

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True)
class WebApp:
    """Files of the web app by their path, and a digest of them all."""

    index: str
    files: dict[str, bytes]
    packed: dict[str, bytes]
    digest: str


@cache
def load_web_app() -> WebApp:
    """Read the web app; its files are small."""
    paths = sorted(path for path in WEB.rglob("*") if path.suffix in TYPES)
    files = {path.relative_to(WEB).as_posix(): path.read_bytes() for path in paths}
    digest = hashlib.sha256()
    for name, content in files.items():
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    index = (WEB / "index.html").read_text(encoding="utf-8")
    packed = {name: gzip.compress(content, mtime=0) for name, content in files.items()}
    return WebApp(index, files, packed, digest.hexdigest()[:16])


async def screen(request: Request) -> Response:
    """Page of the web app; which screen it shows is in the address."""
    web = load_web_app()
    root = html.escape(f"{request.scope.get('root_path', '')}/", quote=True)
    page = web.index.replace("{root}", root).replace("{digest}", web.digest)
    script = page.partition('<script type="importmap">')[2].partition("</script>")[0]
    hashed = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    headers = {
        "Content-Security-Policy": POLICY.format(script=f"sha256-{hashed}"),
        "Cache-Control": "no-cache",
    }
    return Response(page, headers=headers, media_type="text/html")


for path in (*sorted(SCREENS), "/p/{page}"):
    router.add_api_route(path, screen, methods=["GET", "HEAD"])


@router.get("/app/samples")
async def list_samples() -> list[str]:
    """Names of the samples that a first user may try; empty where they are not installed."""
    return sorted(find_samples())


@router.get("/app/samples/{name}")
def sample(name: str) -> Response:
    """Sample file."""
    if (path := find_samples().get(name)) is None:
        raise HTTPException(404)
    return Response(path.read_bytes(), media_type="application/octet-stream")


@cache
def find_samples() -> dict[str, Path]:
    """Samples by name: those of a wheel, or of a checkout."""
    for folder in (WEB.parent / "samples", WEB.parents[1] / "data" / "samples"):
        if folder.is_dir():
            return {path.name: path for path in folder.iterdir() if path.is_file()}
    return {}


@router.api_route("/app/{digest}/{name:path}", methods=["GET", "HEAD"])
async def file(digest: str, name: str, request: Request) -> Response:
    """File of the web app; its address changes with the content."""
    web = load_web_app()
    if digest != web.digest or name not in web.files:
        raise HTTPException(404)
    headers = {"Cache-Control": IMMUTABLE, "Vary": "Accept-Encoding"}
    content = web.files[name]
    if "gzip" in request.headers.get("accept-encoding", ""):
        content, headers["Content-Encoding"] = web.packed[name], "gzip"
    return Response(content, headers=headers, media_type=TYPES[Path(name).suffix])
