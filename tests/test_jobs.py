from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pymupdf
import pytest
from bombs import nested_forms
from fastapi.testclient import TestClient
from live_server import files_below, pdf_of, wait_for_no_files

from api.http.app import create_app
from api.http.routes import document_routes
from api.http.routes.upload import with_plain_name
from api.jobs.ingest_job import JobIngest
from api.jobs.job import Job, JobFile, new_job_id, now, read_job, write_file, write_job
from api.jobs.job_error import JobStoreUnusable
from api.jobs.job_queue import LARGE_FILES, JobQueue
from api.jobs.owner import Owner, inheritance
from api.jobs.spool import ABANDONED_AFTER, spool_folder, sweep
from api.jobs.store import KEEP_JOBS, JobStore
from api.settings import Settings
from ingest.add import AddSettings
from ingest.file_state import document_id
from ingest.files.render import RenderSettings
from ingest.library.home import Home
from ingest.library.library import Library
from ingest.page import Document
from ingest.verify import verify


@contextmanager
def open_app(home: Home, **settings: Any) -> Iterator[TestClient]:
    plain = {"ocr": "none", "workers": 1, "dpi": 40, "encoder": "minilm", "images": "none"}
    settings = {**plain, **settings}
    app = create_app(home, Settings(**settings), hosts={"testserver"})
    with TestClient(app) as client:
        yield client


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def sent(*files: tuple[str, bytes]) -> Any:
    return [("files", file) for file in files]


def until(client: TestClient, job_id: str, *states: str) -> dict[str, Any]:
    """The job once it is in one of these states."""
    for _ in range(1_200):
        job: dict[str, Any] = client.get(f"/v1/jobs/{job_id}").json()
        if job["state"] in states:
            return job
        time.sleep(0.05)
    raise AssertionError(job)


def events_of(text: str) -> list[tuple[str, Any, str]]:
    """Name, data and id of each event."""
    found = []
    for block in text.strip().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if line[0] != ":")
        if fields:
            found.append((fields["event"], json.loads(fields["data"]), fields["id"]))
    return found


class TestUpload:
    def test_an_upload_is_a_job(self, home: Home) -> None:
        with open_app(home) as client:
            files = sent(("a.pdf", pdf_of(2, "a")), ("b.pdf", b"%PDF-1.7 no more"))
            response = client.post("/v1/documents", files=files)
            job = response.json()
            assert response.status_code == 202
            assert response.headers["location"] == f"/v1/jobs/{job['id']}"
            assert (job["state"], job["problem"], len(job["files"])) == ("queued", None, 2)
            assert [file["status"] for file in job["files"]] == [None, None]
            job = until(client, job["id"], "done")
            assert [file["status"] for file in job["files"]] == [201, 422]
            assert job["files"][1]["error"].startswith("b.pdf")
            assert (job["page_count"], job["pages_done"]) == (2, 2)
            assert (job["documents"], job["failures"]) == (1, 1)
            assert job["created_at"] <= job["started_at"] <= job["finished_at"]
            listed = client.get("/v1/documents").json()["documents"]
            assert listed == [job["files"][0]["document"]]
            assert client.get("/v1/jobs").json() == {"jobs": [job]}
            assert files_below(home) == ["a.pdf"]
            assert Library(home).failures() == []
            assert verify(home) == []

    def test_what_is_there_already_is_no_news(self, home: Home) -> None:
        data = pdf_of(1, "a")
        with open_app(home) as client:
            assert (
                client.post("/v1/documents?wait=1", files=sent(("a.pdf", data))).status_code == 201
            )
            job = client.post("/v1/documents", files=sent(("other.pdf", data))).json()
            job = until(client, job["id"], "done")
            assert [(f["file"], f["status"]) for f in job["files"]] == [("other.pdf", 200)]
            assert len(client.get("/v1/documents").json()["documents"]) == 1
            assert files_below(home) == ["a.pdf", "other.pdf"]

    def test_a_job_of_nothing_readable_fails_as_a_waiting_request_does(self, home: Home) -> None:
        with open_app(home) as client:
            job = client.post("/v1/documents", files=sent(("x.png", b""))).json()
            job = until(client, job["id"], "failed")
            waited = client.post("/v1/documents?wait=true", files=sent(("x.png", b"")))
            assert waited.status_code == job["problem"]["status"] == 422
            told = waited.json()
            assert told["files"] == job["files"]
            assert told["request_id"]
            assert {
                **job["problem"],
                "request_id": told["request_id"],
                "files": job["files"],
            } == told
            assert files_below(home) == []

    def test_two_files_of_one_name(self, home: Home) -> None:
        files = sent(
            ("a.pdf", pdf_of(1, "a")), ("a.pdf", pdf_of(1, "b")), ("a.pdf", pdf_of(1, "a"))
        )
        with open_app(home) as client:
            results = client.post("/v1/documents?wait=true", files=files).json()["files"]
            assert [r["status"] for r in results] == [201, 201, 201]
            ids = [r["document"]["document"] for r in results]
            assert ids[0] == ids[2] != ids[1]
            assert files_below(home) == ["a.pdf", "a.pdf"]

    @pytest.mark.parametrize(
        ("content", "kind", "status"),
        [
            (b"", "application/json", 422),
            (b"files=x", "application/x-www-form-urlencoded", 415),
            (b'--b\r\nContent-Disposition: form-data; name="files"\r\n\r\nx\r\n--b--\r\n', "b", 422),
            (b'--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\nx\r\n--b--\r\n', "b", 422),
            (b"--b--\r\n", "b", 422),
            (b"no form", "b", 400),
            (b'--b\r\nContent-Disposition: form-data; filename="x"\r\n\r\nx\r\n--b--\r\n', "b", 400),
        ],
    )  # fmt: skip
    def test_what_is_no_upload(self, home: Home, content: bytes, kind: str, status: int) -> None:
        kind = "multipart/form-data; boundary=b" if kind == "b" else kind
        with open_app(home) as client:
            response = client.post("/v1/documents", content=content, headers={"Content-Type": kind})
            assert response.status_code == status
            assert response.headers["content-type"] == "application/problem+json"
            assert client.get("/v1/jobs").json() == {"jobs": []}
            assert files_below(home) == []

    def test_a_name_in_the_extended_form_alone(self, home: Home) -> None:
        head = "Content-Disposition: form-data; name=\"files\"; filename*=UTF-8''%EB%93%B1%EB%8C%80.pdf"
        content = b"--b\r\n" + head.encode() + b"\r\n\r\n" + pdf_of(1, "a") + b"\r\n--b--\r\n"
        with open_app(home) as client:
            response = client.post(
                "/v1/documents?wait=true",
                content=content,
                headers={"Content-Type": "multipart/form-data; boundary=b"},
            )
            assert [f["file"] for f in response.json()["files"]] == ["등대.pdf"]

    def test_a_full_disk_is_a_507_and_leaves_nothing(
        self, home: Home, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(_: int) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        with open_app(home) as client:
            monkeypatch.setattr(os, "fsync", full)
            response = client.post("/v1/documents", files=sent(("a.pdf", pdf_of(1, "a"))))
            monkeypatch.undo()
            assert response.status_code == 507
            assert response.json()["type"] == "urn:pageglass:problem:disk-full"
            assert files_below(home) == []
            assert client.get("/v1/jobs").json() == {"jobs": []}

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
    @pytest.mark.parametrize("size", [100, 3_000_000])
    def test_so_is_one_that_is_full_already(
        self, home: Home, monkeypatch: pytest.MonkeyPatch, size: int
    ) -> None:
        plain = Path.open

        def open_full(path: Path, mode: str = "r", *rest: Any) -> Any:
            return plain(Path("/dev/full"), "wb") if mode == "xb" else plain(path, mode, *rest)

        with open_app(home) as client:
            monkeypatch.setattr(Path, "open", open_full)
            response = client.post("/v1/documents", files=sent(("a.pdf", b"x" * size)))
            monkeypatch.undo()
            assert response.status_code == 507
            assert response.json()["type"] == "urn:pageglass:problem:disk-full"

    def test_the_queue_is_bounded(self, home: Home) -> None:
        with open_app(home, job_queue=2) as client:
            with home.writing():
                for name in "ab":
                    response = client.post("/v1/documents", files=sent((name, pdf_of(1, name))))
                    assert response.status_code == 202
                refused = client.post("/v1/documents", files=sent(("c", pdf_of(1, "c"))))
                assert refused.status_code == 503
                assert refused.json()["type"] == "urn:pageglass:problem:job-queue-full"
                assert refused.headers["retry-after"]
            for job in client.get("/v1/jobs").json()["jobs"]:
                until(client, job["id"], "done")

    def test_a_request_without_its_turn_is_given_up(
        self, home: Home, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(document_routes, "WRITER_WAIT", 0.5)
        with open_app(home) as client, home.writing():
            response = client.post("/v1/documents?wait=true", files=sent(("a", pdf_of(1, "a"))))
            assert response.status_code == 503
            assert response.json()["type"] == "urn:pageglass:problem:home-busy"
            assert response.headers["retry-after"]
            assert [job["state"] for job in client.get("/v1/jobs").json()["jobs"]] == ["cancelled"]

    def test_a_request_for_what_another_is_adding_is_not_given_up(
        self, home: Home, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(document_routes, "WRITER_WAIT", 1.0)
        data = pdf_of(150, "large")
        with open_app(home) as client:
            first = client.post("/v1/documents", files=sent(("a.pdf", data))).json()
            until(client, first["id"], "running", "done")
            response = client.post("/v1/documents?wait=true", files=sent(("b.pdf", data)))
            assert response.status_code == 200
            assert until(client, first["id"], "done")["files"][0]["status"] == 201


class TestCancel:
    def test_a_queued_job_is_cancelled_at_once(self, home: Home) -> None:
        with open_app(home) as client:
            with home.writing():
                job = client.post("/v1/documents", files=sent(("a.pdf", pdf_of(1, "a")))).json()
                response = client.delete(f"/v1/jobs/{job['id']}")
                assert (response.status_code, response.json()["state"]) == (200, "cancelled")
                again = client.delete(f"/v1/jobs/{job['id']}")
                assert again.status_code == 409
                assert again.json()["type"] == "urn:pageglass:problem:job-finished"
            later = client.post("/v1/documents?wait=true", files=sent(("b.pdf", pdf_of(1, "b"))))
            assert later.status_code == 201
            assert [d["name"] for d in client.get("/v1/documents").json()["documents"]] == ["b.pdf"]
        assert files_below(home) == ["b.pdf"]

    def test_a_running_job_ends_at_its_next_event_and_keeps_what_is_whole(self, home: Home) -> None:
        with open_app(home) as client:
            files = sent(("small.pdf", pdf_of(1, "small")), ("large.pdf", pdf_of(300, "large")))
            job = client.post("/v1/documents", files=files).json()
            while until(client, job["id"], "running", "queued")["documents"] == 0:
                pass
            assert client.delete(f"/v1/jobs/{job['id']}").status_code == 202
            job = until(client, job["id"], "cancelled")
            assert [file["status"] for file in job["files"]] == [201, None]
            assert job["pages_done"] < job["page_count"] == 301
            listed = client.get("/v1/documents").json()["documents"]
            assert [document["name"] for document in listed] == ["small.pdf"]
        assert files_below(home) == ["small.pdf"]
        assert verify(home) == []

    def test_a_job_ends_also_while_a_page_takes_for_ever(self, home: Home) -> None:
        with open_app(home, file_timeout=600) as client:
            job = client.post("/v1/documents", files=sent(("endless.pdf", nested_forms(9)))).json()
            until(client, job["id"], "running")
            # The one reading worker has begun with it by then.
            readers = client.app.state.engine.readers()  # type: ignore[attr-defined]
            while not readers.stats()["running"]:
                time.sleep(0.05)
            assert client.delete(f"/v1/jobs/{job['id']}").status_code == 202
            until(client, job["id"], "cancelled")
            # And gives it up.
            later = client.post("/v1/documents?wait=true", files=sent(("b.pdf", pdf_of(1, "b"))))
            assert later.status_code == 201

    def test_there_is_no_such_job(self, home: Home) -> None:
        with open_app(home) as client:
            for method, path in (("GET", ""), ("DELETE", ""), ("GET", "/events")):
                response = client.request(method, f"/v1/jobs/nothing{path}")
                assert response.status_code == 404
                assert response.json()["type"] == "urn:pageglass:problem:job-not-found"


class TestEvents:
    def test_events_lead_from_the_state_to_the_end(self, home: Home) -> None:
        with open_app(home) as client:
            files = sent(("a.pdf", pdf_of(40, "a")), ("b.pdf", b"no PDF"))
            job = client.post("/v1/documents", files=files).json()
            response = client.get(f"/v1/jobs/{job['id']}/events")
            assert response.headers["content-type"].startswith("text/event-stream")
            events = events_of(response.text)
            names = [name for name, _, _ in events]
            assert (names[0], names[-1]) == ("job", "end")
            assert set(names[1:-1]) == {"progress", "file"}
            results = {data["file"]: data["status"] for name, data, _ in events if name == "file"}
            assert results == {"a.pdf": 201, "b.pdf": 422}
            done = [data["pages_done"] for name, data, _ in events if name == "progress"]
            assert done == sorted(done)
            ids = [int(id_) for _, _, id_ in events]
            assert ids == sorted(ids)
            ended = client.get(f"/v1/jobs/{job['id']}").json()
            assert events[-1][1] == ended
            assert ended["pages_done"] == 40

            late = client.get(f"/v1/jobs/{job['id']}/events")
            assert [(name, data) for name, data, _ in events_of(late.text)] == [
                ("job", ended), ("end", ended),
            ]  # fmt: skip
            again = client.get(
                f"/v1/jobs/{job['id']}/events", headers={"Last-Event-ID": str(ids[-1])}
            )
            assert (again.status_code, again.content) == (204, b"")


class TestSeveralServers:
    def test_a_job_goes_on_in_the_next_server(self, home: Home) -> None:
        with home.writing():
            with open_app(home) as client:
                job = client.post("/v1/documents", files=sent(("a.pdf", pdf_of(2, "a")))).json()
            with open_app(home) as client:
                assert client.get(f"/v1/jobs/{job['id']}").json()["state"] == "queued"
        with open_app(home) as client:
            assert until(client, job["id"], "done")["files"][0]["status"] == 201
        assert files_below(home) == ["a.pdf"]

    def test_a_server_takes_over_from_one_that_ends(self, home: Home) -> None:
        with open_app(home) as second:
            with home.writing(), open_app(home) as first:
                job = first.post("/v1/documents", files=sent(("a.pdf", pdf_of(2, "a")))).json()
                assert second.get(f"/v1/jobs/{job['id']}").json()["state"] == "queued"
            assert until(second, job["id"], "done")["files"][0]["status"] == 201

    def test_a_job_is_followed_and_cancelled_through_another_server(self, home: Home) -> None:
        with open_app(home) as first, open_app(home) as second:
            with home.writing():
                job = first.post("/v1/documents", files=sent(("a.pdf", pdf_of(2, "a")))).json()
                assert second.delete(f"/v1/jobs/{job['id']}").status_code == 202
                events = events_of(second.get(f"/v1/jobs/{job['id']}/events").text)
            assert (events[-1][0], events[-1][1]["state"]) == ("end", "cancelled")
            wait_for_no_files(home)

    def test_a_job_without_its_files_says_so(self, home: Home) -> None:
        with home.writing(), open_app(home) as client:
            job = client.post("/v1/documents", files=sent(("a.pdf", pdf_of(2, "a")))).json()
        shutil.rmtree(home.root / "jobs" / job["id"])
        with open_app(home) as client:
            ended = until(client, job["id"], "failed")
            assert ended["problem"]["type"] == "urn:pageglass:problem:job-files-lost"

    def test_a_password_is_kept_in_memory_alone(self, home: Home) -> None:
        password = "correct horse battery"
        pdf = pymupdf.open("pdf", pdf_of(1, "secret"))
        locked = pdf.tobytes(encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw=password)
        with home.writing(), open_app(home) as client:
            job = client.post(
                "/v1/documents", files=sent(("a.pdf", locked)), data={"password": password}
            ).json()
            written = [p.read_bytes() for p in home.root.rglob("*") if p.is_file()]
            assert not any(password.encode() in data for data in written)
        with open_app(home) as client:
            ended = until(client, job["id"], "failed")
            assert ended["problem"]["type"] == "urn:pageglass:problem:job-password-lost"
            assert files_below(home) == []
            again = client.post(
                "/v1/documents?wait=true",
                files=sent(("a.pdf", locked)),
                data={"password": password},
            )
            assert again.status_code == 201


DOCUMENT = Document("0" * 20, "0" * 64, "a.pdf", ("/a\udcff.pdf",), "pdf", "A", 2, 9, "r", "now")


def a_job(owner: str = "me", *ids: str, files: int = 1) -> Job:
    held = tuple(JobFile("a.pdf", id_, 9) for id_ in ids or ["0" * 20] * files)
    return Job(new_job_id(), owner, held, now())


def test_a_job_survives_being_written() -> None:
    file = JobFile("a.pdf", DOCUMENT.id, 9, 201, DOCUMENT)
    job = Job(
        "j", "me", (file, JobFile("b", "1" * 20, 0)), now(), "running", page_count=2, version=7
    )
    assert read_job(write_job(job), list(map(write_file, job.files))) == job


def test_the_store_keeps_the_newest_of_what_has_ended(home: Home) -> None:
    store = JobStore(home)
    store.insert(waiting := a_job())
    for number in range(KEEP_JOBS + 5):
        ended = Job(f"j{number}", "me", (), now(), "done", finished_at=f"2999-01-01T{number:06}")
        store.insert(ended)
    store.insert(Job("old", "me", (), now(), "done", finished_at="2020-01-01T00:00:00"))
    store.prune()
    kept = {job.id for job in store.recent(5_000)}
    assert kept == {waiting.id, *(f"j{number}" for number in range(5, KEEP_JOBS + 5))}
    store.close()


class TestTurns:
    def turn(self, home: Home, job: Job, cut_off: bool = False) -> Job:
        """What is saved of a turn; one that is cut off says nothing of what it added."""
        saved = [job]

        def update(changed: Job, lasting: bool) -> None:
            if cut_off and changed.files != job.files:
                raise KeyboardInterrupt
            saved.append(changed)

        for position in range(len(job.files)):
            (folder := spool_folder(home, job.id)).mkdir(parents=True, exist_ok=True)
            (folder / str(position)).write_bytes(pdf_of(2, "a"))
        plain = AddSettings(RenderSettings(ocr="none", dpi=40), encoders=("minilm",))
        turn = JobIngest(home, job, plain, update, lambda job: None)
        with pytest.raises(KeyboardInterrupt) if cut_off else nullcontext():
            turn.run()
        return saved[-1]

    def test_what_a_turn_added_that_was_cut_off_counts_as_added(self, home: Home) -> None:
        name = document_id(hashlib.sha256(pdf_of(2, "a")).hexdigest())
        cut_off = self.turn(home, a_job("me", name), cut_off=True)
        assert cut_off.started_at
        assert [file.status for file in cut_off.files] == [None]
        assert [d.id for d in Library(home).documents()] == [name]
        assert [file.status for file in self.turn(home, cut_off.requeued()).files] == [201]
        assert [file.status for file in self.turn(home, a_job("me", name)).files] == [200]


def test_a_file_that_is_no_store_says_so(home: Home) -> None:
    (home.root / "jobs.sqlite3").write_bytes(b"no database " * 100)
    with pytest.raises(JobStoreUnusable, match="cannot be used"):
        JobStore(home).recent(1)


def test_a_store_of_a_later_version_is_left_alone(home: Home) -> None:
    with closing(sqlite3.connect(home.root / "jobs.sqlite3")) as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(JobStoreUnusable, match="format 99"):
        JobStore(home).recent(1)


def test_a_save_writes_what_has_changed(home: Home) -> None:
    store = JobStore(home)
    store.insert(job := a_job("me", files=3))
    settled = replace(job.files[1], status=201, document=DOCUMENT)
    later = replace(job, state="running", files=(job.files[0], settled, job.files[2]))
    store.save(later, job.files)
    assert store.find(job.id) == later
    store.close()


def test_a_server_does_not_start_over_jobs_that_it_cannot_read(home: Home) -> None:
    (home.root / "jobs.sqlite3").write_bytes(b"no database " * 100)
    with pytest.raises(JobStoreUnusable, match="cannot be used"):
        create_app(home)


def test_only_the_owner_changes_a_job(home: Home) -> None:
    store = JobStore(home)
    store.insert(job := a_job("first"))
    (taken,) = store.adopt("first", "second")
    assert (taken.owner, taken.version) == ("second", 1)
    late = replace(job, state="done", files=(replace(job.files[0], status=422),))
    store.save(late, job.files)
    assert store.find(job.id) == taken
    store.close()


def test_an_owner_is_dead_once_its_lock_is_free(home: Home) -> None:
    owner = Owner(home)
    with inheritance(home, owner.id) as dead:
        assert not dead
    owner.release()
    with inheritance(home, owner.id) as dead:
        assert dead
        with inheritance(home, owner.id) as twice:
            assert not twice


class TestQueue:
    def test_large_jobs_leave_a_lane(self) -> None:
        queue = JobQueue(3)
        large = [
            queue.add(a_job("me", *(f"{n}-{i}" for i in range(LARGE_FILES + 1)))) for n in "abc"
        ]
        small = queue.add(a_job("me", "small"))
        order = []
        while (entry := queue.next()) is not None:
            entry.running = True
            order.append(entry)
        assert order == [large[0], large[1], small]
        large[0].running = False
        queue.remove(large[0])
        assert queue.next() is large[2]

    def test_one_lane_takes_all(self) -> None:
        queue = JobQueue(1)
        entry = queue.add(a_job("me", *map(str, range(LARGE_FILES + 1))))
        assert queue.next() is entry

    def test_jobs_with_a_file_in_common_wait_for_each_other(self) -> None:
        queue = JobQueue(3)
        first, second, third = (queue.add(a_job("me", *ids)) for ids in ("ab", "bc", "d"))
        first.running = True
        assert queue.is_shared(first)
        assert not queue.is_shared(third)
        assert queue.next() is third
        third.running = True
        assert queue.next() is None
        queue.remove(first)
        assert queue.next() is second


def test_a_sweep_keeps_what_jobs_wait_for(home: Home) -> None:
    job = a_job("me", "1" * 20)
    kept = [home.root / "jobs" / job.id / "0", home.uploads / ("1" * 20) / "a.pdf"]
    left = [home.root / "jobs" / "gone" / "0", home.uploads / ("2" * 20) / "a.pdf"]
    past = time.time() - 2 * ABANDONED_AFTER
    for path in (*kept, *left):
        path.parent.mkdir(parents=True)
        path.write_bytes(b"x")
        os.utime(path.parent, (past, past))
    sweep(home, [job])
    assert [path.exists() for path in (*kept, *left)] == [True, True, False, False]


@pytest.mark.parametrize(
    ("given", "name"),
    [
        (b"form-data; name=\"files\"; filename*=UTF-8''a%20b.pdf", b"a b.pdf"),
        (b"form-data; name=\"files\"; filename*=iso-8859-1'en'caf%E9.pdf", "café.pdf".encode()),
        (b"form-data; name=\"files\"; FileName*=UTF-8''%22%3B%0d%0ax", b"_;\r\nx"),
        (b"form-data; name=\"files\"; filename*=nonsense''x", b"upload"),
        (b"form-data; name=\"files\"; filename*=UTF-8''%ff", b"upload"),
        (b'form-data; name="files"; filename="plain.pdf"; filename*=UTF-8\'\'other', b"plain.pdf"),
        (b'form-data; name="files"', None),
    ],
)
def test_a_part_has_a_plain_name(given: bytes, name: bytes | None) -> None:
    found = with_plain_name(given)
    assert found is not None
    assert (b'filename="' in found) == (name is not None)
    if name is not None:
        assert found.split(b'filename="')[1].split(b'"')[0] == name
