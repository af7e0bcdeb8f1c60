"""Uploads to a server that is a process of its own: many at once, left, stopped and killed."""

from __future__ import annotations

import json
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from live_server import LiveServer, files_below, live_server, pdf_of, wait_for_no_files
from make_library import copy_home

from ingest.library.home import Home
from ingest.library.library import Library
from ingest.verify import verify

SEEN: set[str] = set()
"""Jobs of tests that have ended."""
LENS = {"query": "Who was in charge of repairing the lens?", "top": 1}


@pytest.fixture(scope="module")
def shared_home(four_documents: Home, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """The home of `server`."""
    return copy_home(four_documents, tmp_path_factory.mktemp("shared") / "home")


@pytest.fixture(scope="module")
def only_server(shared_home: Home) -> Iterator[LiveServer]:
    """A server that has answered once, so that its models are loaded."""
    with live_server(shared_home.root) as server:
        server.client.post("/v1/search", json=LENS).raise_for_status()
        yield server
        assert "Traceback" not in server.log


@pytest.fixture
def server(only_server: LiveServer, shared_home: Home) -> Iterator[LiveServer]:
    """The one server, which has no upload of another test."""
    yield only_server
    for job in only_server.client.get("/v1/jobs").json()["jobs"]:
        only_server.ended(job["id"])
    for document in Library(shared_home).documents():
        if any(Path(path).is_relative_to(shared_home.uploads) for path in document.paths):
            only_server.client.delete(f"/v1/documents/{document.id}")
    SEEN.update(job["id"] for job in only_server.client.get("/v1/jobs").json()["jobs"])


def at_once(calls: list[Callable[[], Any]]) -> list[Any]:
    with ThreadPoolExecutor(len(calls)) as threads:
        together = threading.Barrier(len(calls))

        def call(one: Callable[[], Any]) -> Any:
            together.wait(30)
            return one()

        return list(threads.map(call, calls))


def form_of(name: str, data: bytes) -> bytes:
    head = f'--b\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'
    return head.encode() + data + b"\r\n--b--\r\n"


def post_and_wait(server: LiveServer, name: str, data: bytes) -> socket.socket:
    """A connection whose request for a waited upload has been sent whole."""
    host, port = server.url.removeprefix("http://").split(":")
    body = form_of(name, data)
    connection = socket.create_connection((host, int(port)))
    connection.sendall(
        f"POST /v1/documents?wait=true HTTP/1.1\r\nHost: {host}:{port}\r\n"
        f"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        + body
    )
    return connection


def jobs_of(server: LiveServer, count: int) -> list[dict[str, Any]]:
    """This test's jobs, the newest first, once there are so many."""
    for _ in range(600):
        listed: list[dict[str, Any]] = server.client.get("/v1/jobs").json()["jobs"]
        jobs = [job for job in listed if job["id"] not in SEEN]
        if len(jobs) == count:
            return jobs
        time.sleep(0.05)
    raise AssertionError((jobs, server.log[-5_000:]))


class TestManyAtOnce:
    @pytest.mark.parametrize(("wait", "one_name"), [(True, False), (False, True)])
    def test_the_same_new_file_is_added_once(
        self, server: LiveServer, shared_home: Home, wait: bool, one_name: bool
    ) -> None:
        for turn in range(2):
            data = pdf_of(2, f"turn {turn}")
            names = ["same.pdf"] * 6 if one_name else [f"name{n}.pdf" for n in range(6)]
            responses = at_once([partial(server.upload, (name, data), wait=wait) for name in names])
            if wait:
                found = [(r.status_code, r.json()["files"][0]["status"]) for r in responses]
            else:
                assert {r.status_code for r in responses} == {202}
                ended = [server.ended(r.json()["id"]) for r in responses]
                assert {job["state"] for job in ended} == {"done"}
                found = [(job["files"][0]["status"],) * 2 for job in ended]
            assert Counter(found) == {(201, 201): 1, (200, 200): 5}
        listed = server.client.get("/v1/documents").json()["documents"]
        added = [d for d in listed if d["title"].startswith("Record")]
        assert [len(d["paths"]) for d in added] == [1 if one_name else 6] * 2
        assert verify(shared_home) == []

    def test_removing_while_the_same_is_uploaded(
        self, server: LiveServer, shared_home: Home
    ) -> None:
        data = pdf_of(1, "now and again")
        document = server.upload(("a.pdf", data), wait=True).json()["files"][0]["document"]
        path = f"/v1/documents/{document['document']}"
        uploads = [lambda: server.upload(("a.pdf", data), wait=True) for _ in range(4)]
        removals = [lambda: server.client.delete(path) for _ in range(4)]
        for _ in range(3):
            responses = at_once([*uploads, *removals])
            assert {r.status_code for r in responses[:4]} <= {200, 201}
            assert {r.status_code for r in responses[4:]} <= {204, 404}
        last = server.upload(("a.pdf", data), wait=True)
        assert last.status_code in {200, 201}
        assert files_below(shared_home) == ["a.pdf"]
        assert verify(shared_home) == []

    def test_uploads_that_wait_stop_no_search(self, server: LiveServer, shared_home: Home) -> None:
        with shared_home.writing():
            waiting = [post_and_wait(server, f"{n}.pdf", pdf_of(1, str(n))) for n in range(20)]
            removals = [
                threading.Thread(target=server.client.delete, args=(f"/v1/documents/{one.id}",))
                for one in Library(shared_home).documents()[:4]
            ]
            for thread in removals:
                thread.start()
            jobs = jobs_of(server, 20)
            assert {job["state"] for job in jobs} == {"queued"}
            # With every thread of the pool waiting this would end with the lock alone.
            found = at_once([lambda: server.client.post("/v1/search", json=LENS)] * 4)
            assert {r.status_code for r in found} == {200}
        for connection in waiting:
            assert connection.recv(100).startswith(b"HTTP/1.1 201")
            connection.close()
        for thread in removals:
            thread.join(60)


class TestLanes:
    def test_a_small_upload_goes_before_the_end_of_large_ones(
        self, server: LiveServer, shared_home: Home
    ) -> None:
        large = [server.upload((f"{n}.pdf", pdf_of(400, f"volume {n}"))).json() for n in range(3)]
        server.until(large[0]["id"], lambda job: job["pages_done"])
        assert server.upload(("note.pdf", pdf_of(1, "note")), wait=True).status_code == 201
        states = [server.job(job["id"])["state"] for job in large]
        assert set(states) != {"done"}
        for job in large:
            server.client.delete(f"/v1/jobs/{job['id']}")
        for job in large:
            assert server.ended(job["id"])["state"] in {"cancelled", "done"}
        assert verify(shared_home) == []

    def test_different_files_at_once_into_nothing(self, tmp_path: Path) -> None:
        home = Home(tmp_path / "home")
        with live_server(home.root, encoder="minilm", images="none") as server:
            files = [(f"{n}.pdf", pdf_of(n, f"volume {n}")) for n in range(1, 9)]
            responses = at_once([partial(server.upload, file, wait=True) for file in files])
            assert [r.status_code for r in responses] == [201] * 8
            assert "Traceback" not in server.log
        assert verify(home) == []


class TestClientsThatGo:
    def test_what_nobody_waits_for_is_not_ingested(
        self, server: LiveServer, shared_home: Home
    ) -> None:
        with shared_home.writing():
            connection = post_and_wait(server, "gone.pdf", pdf_of(1, "gone"))
            (job,) = jobs_of(server, 1)
            connection.close()
            assert server.ended(job["id"])["state"] == "cancelled"
            wait_for_no_files(shared_home)

    def test_a_running_ingest_ends(self, server: LiveServer, shared_home: Home) -> None:
        connection = post_and_wait(server, "large.pdf", pdf_of(400, "large"))
        (job,) = jobs_of(server, 1)
        server.until(job["id"], lambda job: job["pages_done"])
        connection.close()
        ended = server.ended(job["id"])
        assert (ended["state"], ended["documents"]) == ("cancelled", 0)
        wait_for_no_files(shared_home)
        assert verify(shared_home) == []

    def test_unless_another_sent_the_same(self, server: LiveServer, shared_home: Home) -> None:
        data = pdf_of(1, "shared")
        with shared_home.writing():
            connection = post_and_wait(server, "a.pdf", data)
            (first,) = jobs_of(server, 1)
            second = server.upload(("b.pdf", data)).json()
            connection.close()
            time.sleep(0.5)
        assert server.ended(first["id"])["state"] == "done"
        assert server.ended(second["id"])["state"] == "done"
        assert files_below(shared_home) == ["a.pdf", "b.pdf"]

    def test_half_an_upload_leaves_nothing(self, server: LiveServer, shared_home: Home) -> None:
        host, port = server.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall(
                f"POST /v1/documents HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Length: 9000000\r\n"
                "Content-Type: multipart/form-data; boundary=b\r\n\r\n".encode()
                + form_of("a.pdf", b"x" * 2_000_000)[:-8]
            )
            while not files_below(shared_home):
                time.sleep(0.02)
        wait_for_no_files(shared_home)

    def test_followers_that_go_leave_no_traceback(
        self, server: LiveServer, shared_home: Home
    ) -> None:
        with shared_home.writing():
            job = server.upload(("a.pdf", pdf_of(1, "a"))).json()
            for _ in range(5):
                with server.client.stream("GET", f"/v1/jobs/{job['id']}/events") as events:
                    assert next(events.iter_lines()) == "event: job"
        assert server.ended(job["id"])["state"] == "done"


class TestStops:
    def test_a_job_pauses_when_the_server_is_stopped(self, plain_home: Home) -> None:
        with live_server(plain_home.root) as server:
            job = server.upload(("large.pdf", pdf_of(90, "large"))).json()
            server.until(job["id"], lambda job: job["pages_done"])
            events: list[tuple[str, Any]] = []
            listening = threading.Event()

            def follow() -> None:
                with server.client.stream("GET", f"/v1/jobs/{job['id']}/events") as response:
                    name = ""
                    for line in response.iter_lines():
                        listening.set()
                        if line.startswith("event: "):
                            name = line.removeprefix("event: ")
                        elif line.startswith("data: "):
                            events.append((name, json.loads(line.removeprefix("data: "))))

            thread = threading.Thread(target=follow)
            thread.start()
            assert listening.wait(30)
            server.process.send_signal(signal.SIGTERM)
            thread.join(60)
            server.wait()
            assert (events[-1][0], events[-1][1]["state"]) in {
                ("stopping", "queued"), ("stopping", "running"),
            }  # fmt: skip
            assert "Traceback" not in server.log
            assert not list((plain_home.root / "jobs").glob("*.lock"))
        with live_server(plain_home.root) as server:
            ended = server.ended(job["id"])
            assert (ended["state"], ended["files"][0]["status"]) == ("done", 201)
            assert (ended["pages_done"], ended["page_count"]) == (90, 90)
        assert files_below(plain_home) == ["large.pdf"]
        assert verify(plain_home) == []

    def test_a_killed_server_loses_no_job(self, plain_home: Home) -> None:
        with live_server(plain_home.root) as server:
            files = [(f"{n}.pdf", pdf_of(15, str(n))) for n in range(6)]
            job = server.upload(*files).json()
            waiting = [server.upload((f"w{n}.pdf", pdf_of(1, f"w{n}"))).json() for n in range(5)]
            server.until(job["id"], lambda job: job["documents"])
            server.stop(signal.SIGKILL)
        with live_server(plain_home.root) as server:
            for one in (job, *waiting):
                ended = server.ended(one["id"])
                assert ended["state"] == "done"
                assert {file["status"] for file in ended["files"]} == {201}
        assert len(files_below(plain_home)) == 11
        assert verify(plain_home) == []

    def test_a_waiting_client_is_told_of_the_job(self, plain_home: Home) -> None:
        with plain_home.writing(), live_server(plain_home.root) as server:
            connection = post_and_wait(server, "a.pdf", pdf_of(1, "a"))
            (job,) = jobs_of(server, 1)
            server.process.send_signal(signal.SIGTERM)
            answer = b""
            while piece := connection.recv(10_000):
                answer += piece
            connection.close()
            assert answer.startswith(b"HTTP/1.1 202")
            assert f"location: /v1/jobs/{job['id']}".encode() in answer.lower()
            server.wait()
