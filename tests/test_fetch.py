"""Files by URL: from public addresses, within limits, to the address that was checked."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from typer.testing import CliRunner

import ingest.fetch.fetch as fetch_module
from api.cli.main import app
from ingest.error import PageglassError
from ingest.fetch.addresses import is_public
from ingest.fetch.fetch import fetch, file_name
from ingest.fetch.fetch_policy import FetchPolicy, UrlRefused, UrlUnreachable, is_url
from ingest.library.home import Home
from ingest.library.names import shown_name

SAMPLES = Path(__file__).parents[1] / "data" / "samples"
PHOTO = (SAMPLES / "bicycle-wall.png").read_bytes()
ANY = FetchPolicy(allow_private=True)


@contextmanager
def web_server() -> Iterator[tuple[str, list[str]]]:
    """Address of a server of files, and the Host headers that it got."""
    hosts: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            hosts.append(self.headers["Host"])
            target = {"/loop": "/loop", "/away": "http://127.0.0.1:9/x", "/moved": "/photo.png"}
            if self.path in target:
                self.send_response(302)
                self.send_header("Location", target[self.path])
                self.end_headers()
                return
            body = {"/page": b"<html>hello</html>", "/large": PHOTO * 3}.get(self.path, PHOTO)
            self.send_response(404 if self.path == "/none" else 200)
            self.send_header("Content-Type", "text/html" if self.path == "/page" else "image/png")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", hosts
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True), ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("127.0.0.1", False), ("10.1.2.3", False), ("172.16.0.1", False), ("192.168.1.1", False),
        ("169.254.169.254", False), ("100.64.0.1", False), ("0.0.0.0", False), ("224.0.0.1", False),
        ("255.255.255.255", False), ("::1", False), ("::", False), ("fe80::1%eth0", False),
        ("fc00::1", False), ("fec0::1", False), ("::ffff:127.0.0.1", False),
        ("::ffff:169.254.169.254", False), ("::127.0.0.1", False), ("64:ff9b::7f00:1", False),
        ("64:ff9b::5db8:d70e", True), ("2002:7f00:1::", False), ("ff02::1", False),
    ],
)  # fmt: skip
def test_addresses_of_the_public_internet(address: str, public: bool) -> None:
    assert is_public(address) == public


def test_a_file_is_kept_under_its_url(tmp_path: Path) -> None:
    with web_server() as (base, _):
        path = fetch(f"{base}/a/photo.png?size=2#part", tmp_path, ANY)
    assert path.read_bytes() == PHOTO
    assert shown_name(path.name) == f"{base}/a/photo.png?size=2"


def test_redirects_are_followed_a_few_times(tmp_path: Path) -> None:
    with web_server() as (base, _):
        assert fetch(f"{base}/moved", tmp_path, ANY).read_bytes() == PHOTO
        with pytest.raises(UrlRefused, match="leads on"):
            fetch(f"{base}/loop", tmp_path, ANY)


def test_private_addresses_are_refused(tmp_path: Path) -> None:
    with web_server() as (base, hosts):
        for url in (base, base.replace("127.0.0.1", "localhost"), "http://[::ffff:127.0.0.1]/"):
            with pytest.raises(UrlRefused, match="private network"):
                fetch(url, tmp_path, FetchPolicy())
    assert hosts == []


def test_one_private_address_among_several_is_enough(tmp_path: Path) -> None:
    mixed = lambda _host, _port: ["93.184.215.14", "10.0.0.1"]  # noqa: E731
    with pytest.raises(UrlRefused, match="private network"):
        fetch("http://photos.example/a.png", tmp_path, FetchPolicy(), resolve=mixed)


def test_the_connection_goes_to_the_address_that_was_checked(tmp_path: Path) -> None:
    asked: list[str] = []

    def rebinding(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    with web_server() as (base, hosts):
        port = base.rpartition(":")[2]
        fetch(f"http://photos.example:{port}/a.png", tmp_path, ANY, resolve=rebinding)
    assert asked == ["photos.example"]
    assert hosts == [f"photos.example:{port}"]


def test_a_redirect_is_checked_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The server's address counts as public as long as it is called photos.example.
    monkeypatch.setattr(fetch_module, "is_public", lambda address: address == "127.0.0.1")

    def resolve(host: str, _port: int) -> list[str]:
        return ["127.0.0.1"] if host == "photos.example" else ["127.0.0.2"]

    with web_server() as (base, hosts):
        port = base.rpartition(":")[2]
        with pytest.raises(UrlRefused, match="private network"):
            fetch(f"http://photos.example:{port}/away", tmp_path, FetchPolicy(), resolve=resolve)
    assert len(hosts) == 1


@pytest.mark.parametrize(
    ("path", "words"),
    [("/page", "neither a PDF nor an image, but text/html"), ("/large", "larger than")],
)
def test_what_is_no_file_or_too_large_is_refused(path: str, words: str, tmp_path: Path) -> None:
    with web_server() as (base, _), pytest.raises(UrlRefused, match=words):
        fetch(base + path, tmp_path, FetchPolicy(2 * len(PHOTO), allow_private=True))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("url", ["http://user:secret@127.0.0.1/a.png", "http:///a.png"])
def test_urls_that_are_not_fetched(url: str, tmp_path: Path) -> None:
    with pytest.raises(PageglassError) as caught:
        fetch(url, tmp_path, ANY)
    assert "secret" not in str(caught.value)


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    with web_server() as (base, _), pytest.raises(UrlUnreachable, match="status 404"):
        fetch(f"{base}/none", tmp_path, ANY)
    with pytest.raises(UrlUnreachable, match="cannot be fetched"):
        fetch("http://127.0.0.1:9/a.png", tmp_path, ANY)


def test_a_long_url_has_a_short_name() -> None:
    long = "https://example.org/" + "a" * 1_000
    assert len(file_name(long)) <= 200
    assert file_name(long) != file_name(long + "b")
    assert is_url(long)


@pytest.mark.parametrize(
    "url", ["\x01}", "http://[::1", "ftp://a.org/c.png", "http://u:p@a.org/a.png"]
)
def test_what_is_no_url_is_refused(url: str, tmp_path: Path) -> None:
    with pytest.raises(UrlRefused):
        fetch(url, tmp_path, FetchPolicy())
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("classify", "{url}", "--labels", "bicycle,cat", "--json"), '"bicycle"'),
        (("extract", "{url}", "--schema", "form", "--json"), "the schema requires"),
        (("search", "--like", "{url}", "--top", "1", "--json"), "bicycle-wall.png"),
    ],
)
def test_commands_take_urls(
    command: tuple[str, ...], words: str, sample_home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    with web_server() as (url, hosts):
        args = [part.format(url=f"{url}/photo.png") for part in command]
        args += ["--home", str(sample_home.root)]
        refused = CliRunner().invoke(app, args)
        assert refused.exit_code != 0
        assert not hosts
        monkeypatch.setenv("PAGEGLASS_FETCH_PRIVATE", "true")
        done = CliRunner().invoke(app, args)
        assert words in done.stdout + done.stderr
        assert len(hosts) == 1
