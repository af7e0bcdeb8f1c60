"""The web app in a real browser, over a real server and a real library."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pymupdf
import pytest
from live_server import LiveServer, live_server, pdf_of
from make_library import copy_home
from web_browser import Visit, browser, missing
from wire_server import Wire, serving, streaming

from ingest.library.home import Home

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(bool(missing()), reason=missing() or "has a browser"),
]
SAMPLES = Path(__file__).parents[1] / "data" / "samples"
LENS = "Who was in charge of repairing the lens?"
VOLUNTEERS = "What can volunteers do?"
TOKEN = "a-long-random-text-of-a-server"
FILES = "input[type=file]:not([webkitdirectory])"
Open = Callable[..., Visit]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with browser() as launched:
        yield launched


@pytest.fixture(scope="module")
def server(sample_home: Home, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """Over a copy of the samples, which tests only add to and take theirs from."""
    home = copy_home(sample_home, tmp_path_factory.mktemp("web") / "home")
    with live_server(home.root) as running:
        running.client.post("/v1/search", json={"query": "lens"})
        yield running


@pytest.fixture(scope="module")
def guarded(
    sample_home: Home, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[LiveServer, Wire]]:
    """A server with a token, and a language model that says what a test tells it."""
    root = copy_home(sample_home, tmp_path_factory.mktemp("guarded") / "home").root
    with serving() as wire:
        settings = {"token": TOKEN, "model": "openai:m", "openai_url": wire.url}
        with live_server(root, **settings) as running:
            yield running, wire


@pytest.fixture
def visit(chromium: Any, server: LiveServer) -> Iterator[Open]:
    """Opens windows; at the end none may have seen a fault."""
    opened: list[Visit] = []

    def open_window(url: str = server.url, **options: Any) -> Visit:
        opened.append(Visit(chromium, url, **options))
        return opened[-1]

    yield open_window
    for window in opened:
        window.close()


def page_of(server: LiveServer, name: str, number: int = 1) -> str:
    listed = server.client.get("/v1/documents").json()["documents"]
    return next(f"{d['document']}-{number}" for d in listed if d["name"] == name)


def send(name: str, content: bytes) -> dict[str, Any]:
    return {"name": name, "mimeType": "application/pdf", "buffer": content}


def asked(page: Any, question: str = LENS) -> Any:
    page.locator("textarea").fill(question)
    page.keyboard.press("Enter")
    page.locator(".cost").wait_for()
    return page


def sign_in(page: Any) -> Any:
    page.get_by_label("Token").fill(TOKEN)
    page.keyboard.press("Enter")
    return page


def until(page: Any, condition: str, *arguments: Any) -> None:
    """Wait for a condition; the app's policy lets no text be evaluated in the page itself."""
    deadline = time.monotonic() + 30
    while not page.evaluate(condition, *arguments):
        assert time.monotonic() < deadline, condition
        page.wait_for_timeout(50)


def covers(outer: dict[str, float], x: float, y: float) -> bool:
    across = outer["x"] <= x <= outer["x"] + outer["width"]
    return across and outer["y"] <= y <= outer["y"] + outer["height"]


# --- answers


def test_an_answer_lights_its_words_on_the_page(visit: Open, server: LiveServer) -> None:
    page = asked(visit().open("/"))
    assert "Hanneke Vos" in page.locator(".turn .text").inner_text()
    page.locator(".beside .sheet img").first.wait_for()
    words = server.client.get(f"/v1/pages/{page_of(server, 'annual-report.pdf', 4)}").json()[
        "words"
    ]
    left, top, right, bottom = next(w["box"] for w in words if w["text"] == "Hanneke")
    image = page.locator(".beside .sheet img").first.bounding_box()
    lit = page.locator(".beside .mark.active").first.bounding_box()
    x, y = image["x"] + (left + right) / 2 * image["width"], image["y"] + (top + bottom) / 2 * image["height"]  # fmt: skip
    assert covers(lit, x, y)
    assert lit["height"] < 2.5 * (bottom - top) * image["height"]  # the line, not the page
    assert "Verified: printed on the page" in page.locator(".beside header").inner_text()


def test_a_citation_opens_and_arrows_step(visit: Open) -> None:
    page = asked(visit().open("/"), VOLUNTEERS)
    page.locator("button.chip").nth(1).hover()
    name = page.locator(".sources li").nth(1).locator("small").inner_text()
    page.get_by_text(name).last.wait_for()
    page.locator("button.chip").nth(1).click()
    assert page.locator("button.chip").nth(1).get_attribute("aria-pressed") == "true"
    assert "cite=0.2" in page.url
    page.locator(".turn h1").click()
    page.keyboard.press("ArrowLeft")
    page.wait_for_url("**cite=0.1**")
    page.keyboard.press("o")
    page.locator(".viewer .mark.quote").first.wait_for()


def test_a_follow_up_is_part_of_the_conversation(visit: Open) -> None:
    page = asked(visit().open("/"))
    page.get_by_label("Ask a follow-up question").fill("How long did it take her?")
    page.keyboard.press("Enter")
    page.locator(".turn").nth(1).locator(".cost").wait_for()
    assert "27 months" in page.locator(".turn").nth(1).inner_text()
    before = page.locator(".talk").inner_text()
    page.reload()
    page.locator(".turn").nth(1).locator(".cost").wait_for()
    assert page.locator(".talk").inner_text() == before  # kept, and not asked again
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as Markdown").click()
    text = Path(download.value.path()).read_text(encoding="utf-8")
    assert f"## {LENS}" in text
    assert re.search(r"^\[\^1\]: \[annual-report\.pdf, 4\]\(http://", text, re.M)


def test_a_declined_question_says_so_and_shows_the_nearest(visit: Open) -> None:
    page = asked(visit().open("/"), "the boiling point of tungsten?")
    assert "No answer." in page.locator(".verdict").inner_text()
    assert page.locator(".turn .near li").count() > 2
    assert page.locator(".chip.quote").count() == 0


def test_an_answer_that_cites_nothing_is_shown_as_not_checked(
    visit: Open, guarded: tuple[LiveServer, Wire]
) -> None:
    server, wire = guarded
    wire.replies[:] = [streaming("openai", ["Somebody was."])]
    window = visit(server.url)
    window.expected = {401}
    window.open("/")
    page = asked(sign_in(window.page), LENS)
    assert "Somebody was." in page.locator(".turn .text").inner_text()
    assert "Not checked." in page.locator(".verdict").inner_text()
    assert "cites none of the pages" in page.locator(".turn .note").inner_text()
    assert page.locator(".turn .near").count() == 0


def test_stop_keeps_the_text_so_far_and_ends_the_models_request(
    visit: Open, guarded: tuple[LiveServer, Wire]
) -> None:
    server, wire = guarded
    reply = streaming("openai", ["Somebody was", *[", and was"] * 400])
    reply.pieces = [part for piece in reply.pieces for part in (piece, 0.05)]  # 20 s in all
    wire.replies[:] = [reply]
    wire.hung_up.clear()
    window = visit(server.url)
    window.expected = {401}
    page = sign_in(window.open("/"))
    page.locator("textarea").fill(LENS)
    page.keyboard.press("Enter")
    page.locator(".turn .text", has_text="Somebody was").wait_for()
    page.get_by_role("button", name="Stop").click()
    page.locator(".turn .note", has_text="Stopped.").wait_for()
    kept = page.locator(".turn .text").inner_text()
    assert kept.startswith("Somebody was")
    assert wire.hung_up.wait(10)
    assert page.get_by_label("Ask a follow-up question").is_visible()
    page.reload()
    page.locator(".turn .note", has_text="Stopped.").wait_for()
    assert page.locator(".turn .text").inner_text() == kept  # and it is not asked again
    assert page.get_by_role("button", name="Stop").count() == 0


# --- search


def test_a_search_is_narrowed_by_facets(visit: Open) -> None:
    page = visit().open("/search?q=lens")
    page.locator(".page-hits li").first.wait_for()
    assert "lens" in page.locator("mark").first.inner_text().lower()
    page.locator(".facets").get_by_label("project-deck.pdf").check()
    until(page, "() => document.querySelectorAll('.facets input[type=checkbox]').length === 1")
    names = page.locator(".page-hits b").all_inner_texts()
    assert set(names) == {"project-deck.pdf"}
    page.get_by_label("Images").check()
    page.get_by_text("Nothing was found.").wait_for()
    page.go_back()
    page.locator(".page-hits li").first.wait_for()
    page.go_back()
    page.locator(".page-hits b", has_text="annual-report.pdf").first.wait_for()
    assert page.url.endswith("/search?q=lens")


def first_photo(page: Any, name: str) -> None:
    page.locator(".photo-grid li:first-child img").wait_for()
    until(page, "name => document.querySelector('.photo-grid li img')?.alt === name", name)


def test_photos_are_found_by_text_and_composed(visit: Open) -> None:
    window = visit()
    window.expected.add(
        422
    )  # A photo that is added and taken away leaves nothing, until words come.
    page = window.open("/")
    page.locator("textarea").fill("a red bicycle by a wall")
    page.get_by_role("button", name="Photos").click()
    first_photo(page, "bicycle-wall.png")
    page.get_by_label("More like sailboat.png").click()
    page.get_by_label("Leave out").first.click()
    first_photo(page, "sailboat.png")
    page.get_by_label("Less like sailboat.png").click()
    page.locator(".part.minus").wait_for()
    assert {"like=", "unlike="} <= set(re.findall(r"(?:un)?like=", page.url))
    page.get_by_label("Add words").fill("a teapot")
    page.keyboard.press("Enter")
    first_photo(page, "teapot.jpg")


def test_a_pasted_picture_finds_its_like(visit: Open, server: LiveServer) -> None:
    page = visit().open("/")
    page.locator("textarea").wait_for()
    page.evaluate(
        """async (url) => {
          const blob = await (await fetch(url)).blob();
          const clipboardData = new DataTransfer();
          clipboardData.items.add(new File([blob], "pasted.webp", { type: blob.type }));
          const paste = { clipboardData, bubbles: true, cancelable: true };
          document.querySelector("textarea").dispatchEvent(new ClipboardEvent("paste", paste));
        }""",
        f"/v1/pages/{page_of(server, 'balloon.webp')}/image",
    )
    first_photo(page, "balloon.webp")


def test_a_dropped_picture_finds_its_like_and_outlives_a_reload(
    visit: Open, server: LiveServer
) -> None:
    page = visit().open("/")
    picture = page.evaluate_handle(
        """async (url) => {
          const blob = await (await fetch(url)).blob();
          const dropped = new DataTransfer();
          dropped.items.add(new File([blob], "mine.webp", { type: blob.type }));
          return dropped;
        }""",
        f"/v1/pages/{page_of(server, 'balloon.webp')}/image",
    )
    page.dispatch_event(".ask-box", "drop", {"dataTransfer": picture})
    first_photo(page, "balloon.webp")
    page.reload()
    first_photo(page, "balloon.webp")


# --- a page


def test_the_viewer_zooms_turns_finds_and_maps(visit: Open, server: LiveServer) -> None:
    key = page_of(server, "annual-report.pdf", 4)
    page = visit().open(f"/p/{key}?q=lens+repair")
    sheet = page.locator(".viewer .sheet")
    before = sheet.bounding_box()
    page.get_by_label("Zoom in").click()
    page.wait_for_url("**z=**")
    assert sheet.bounding_box()["width"] > before["width"]
    page.keyboard.press("0")
    page.get_by_label("Rotate").click()
    page.wait_for_url("**turn=90**")
    turned = sheet.bounding_box()
    assert turned["width"] > turned["height"]
    page.keyboard.press("/")
    page.keyboard.type("Hanneke Vos")
    page.locator(".mark.find").first.wait_for()
    assert page.get_by_text("1 / 1").is_visible()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="The whole question").click()
    page.locator("img.map").wait_for()
    page.locator(".map-words").get_by_role("button", name="lens").click()
    until(page, "() => document.querySelector('img.map')?.naturalWidth > 0")
    assert "token=" in page.locator("img.map").get_attribute("src")


def test_a_question_about_this_page_is_answered_from_it(visit: Open, server: LiveServer) -> None:
    page = visit().open(f"/p/{page_of(server, 'annual-report.pdf', 3)}?q=lens+repair")
    page.get_by_role("link", name="Ask about this page").click()
    with page.expect_request("**/v1/ask") as sent:
        page.reload()
    body = sent.value.post_data_json
    assert (body["first_page"], body["last_page"], len(body["documents"])) == (3, 3, 1)
    page.locator(".turn").wait_for()
    asked_pages = page.locator("a[href*='/p/']")
    asked_pages.first.wait_for()
    assert all("-3" in link.get_attribute("href") for link in asked_pages.all())


def test_words_can_be_selected_and_the_filmstrip_leads_on(visit: Open, server: LiveServer) -> None:
    page = visit().open(f"/p/{page_of(server, 'annual-report.pdf', 4)}?q=lens")
    page.locator(".words span").first.wait_for()
    page.evaluate("getSelection().selectAllChildren(document.querySelector('.words'))")
    assert "led by the glass conservator Hanneke Vos" in page.evaluate("String(getSelection())")
    page.locator(".filmstrip li.hit").first.wait_for()
    page.keyboard.press("]")
    page.locator(".filmstrip a[aria-current]", has_text="5").wait_for()
    page.go_back()
    page.locator(".filmstrip a[aria-current]", has_text="4").wait_for()
    with page.expect_download() as download:
        page.get_by_role("link", name="Original").click()
    assert Path(download.value.path()).read_bytes() == (SAMPLES / "annual-report.pdf").read_bytes()


# --- the library


def test_from_an_empty_library_to_an_answer(visit: Open, tmp_path: Path) -> None:
    with live_server(tmp_path / "home") as empty:
        window = visit(empty.url)
        page = window.open("/")
        page.get_by_text("Let us read your documents").wait_for()
        page.get_by_role("button", name="Or try the 12 samples").wait_for()
        page.set_input_files(FILES, [send("lamps.pdf", pdf_of(1, "the lamps"))])
        page.locator(".row .title").wait_for()
        page.locator(".brand").click()
        page.locator(".shelf li").wait_for()
        asked(page, "Which record of the lamps was counted again?")
        assert "Record 1 of the lamps" in page.locator(".turn .text").inner_text()
        window.context.close()


def test_a_dropped_folder_is_read_through(visit: Open, tmp_path: Path) -> None:
    inside = tmp_path / "argon" / "deeper"
    inside.mkdir(parents=True)
    (tmp_path / "argon" / "argon-one.pdf").write_bytes(pdf_of(1, "argon one"))
    (inside / "argon-two.pdf").write_bytes(pdf_of(1, "argon two"))
    page = visit().open("/docs?q=argon")
    box = page.locator(".drop-zone").bounding_box()
    browser = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(tmp_path / "argon")], "dragOperationsMask": 1}
    at = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    for kind in ("dragEnter", "dragOver", "drop"):
        browser.send("Input.dispatchDragEvent", {"type": kind, **at, "data": data})
    for name in ("argon-one.pdf", "argon-two.pdf"):
        page.locator(".row", has_text=name).wait_for()
    assert page.locator(".upload").count() == 2  # by the zone alone, not by the screen too


def test_removing_can_be_undone_until_it_is_done(visit: Open, server: LiveServer) -> None:
    for name in ("zinc-one.pdf", "zinc-two.pdf"):
        server.upload((name, pdf_of(1, name)), wait=True)
    window = visit()
    window.page.clock.install()
    page = window.open("/docs?q=zinc")
    for name in ("zinc-one.pdf", "zinc-two.pdf"):
        page.locator(".row", has_text=name).get_by_role("checkbox").check()
    page.locator(".bulk").get_by_role("button", name="Remove").click()
    page.get_by_text("Nothing was found.").wait_for()
    page.get_by_role("button", name="Undo").click()
    page.locator(".row").nth(1).wait_for()
    assert server.client.get("/v1/documents", params={"q": "zinc"}).json()["count"] == 2
    page.locator(".row", has_text="zinc-one.pdf").get_by_label(re.compile("^Remove: ")).click()
    page.get_by_role("button", name="Undo").wait_for()
    with page.expect_response(lambda answer: answer.request.method == "DELETE") as removed:
        page.clock.fast_forward(7_000)
    assert removed.value.ok
    assert server.client.get("/v1/documents", params={"q": "zinc"}).json()["count"] == 1
    assert page.locator(".row").count() == 1


def test_titles_and_tags_are_edited(visit: Open, server: LiveServer) -> None:
    server.upload(("neon.pdf", pdf_of(1, "neon")), wait=True)
    page = visit().open("/docs?q=neon")
    page.get_by_label(re.compile("^Rename: ")).click()
    page.get_by_label(re.compile("^Title of ")).fill("The neon papers")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="The neon papers", exact=True).wait_for()
    page.get_by_label(re.compile("^Tags: ")).click()
    page.get_by_label(re.compile("^Tags of ")).fill("gas, light")
    page.keyboard.press("Enter")
    page.locator(".row .tag", has_text="gas").click()
    page.wait_for_url("**/docs?tag=gas")
    assert page.locator(".row").count() == 1


def test_a_file_that_cannot_be_read_says_why_and_what_to_do(
    visit: Open, server: LiveServer
) -> None:
    page = visit().open("/docs")
    page.set_input_files(FILES, [send("broken.pdf", b"%PDF-1.7\nnothing")])
    reason = page.locator(".upload.failed .reason")
    reason.wait_for()
    assert len(reason.locator("b").inner_text()) > 10
    assert reason.get_by_role("button", name="Try again").is_visible()
    locked = pymupdf.open("pdf", pdf_of(1, "radon"))
    content = locked.tobytes(encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw="sesame")
    page.set_input_files(FILES, [send("locked.pdf", content)])
    page.get_by_label("Password of locked.pdf").fill("sesame")
    page.keyboard.press("Enter")
    page.locator(".upload.done", has_text="locked.pdf").wait_for()


def test_an_upload_is_followed_and_cancelled(visit: Open) -> None:
    page = visit().open("/docs")
    page.set_input_files(FILES, [send("long.pdf", pdf_of(600, "long"))])
    page.locator(".upload .state", has_text=re.compile(r"\d+ of \d+ pages")).wait_for()
    page.get_by_label("Cancel: long.pdf").click()
    page.locator(".upload.cancelled").wait_for()
    assert page.locator(".row", has_text="long.pdf").count() == 0


def test_long_lists_make_only_the_rows_near_the_view(visit: Open, server: LiveServer) -> None:
    listed = server.client.get("/v1/documents").json()["documents"]
    key = page_of(server, "annual-report.pdf", 4)
    long_page = {**server.client.get(f"/v1/pages/{key}").json(), "pages": 1_000}

    def documents(route: Any) -> None:
        start = int(parse_qs(urlsplit(route.request.url).query).get("cursor", ["0"])[0])
        part = [{**listed[0], "document": f"{n:020x}"} for n in range(start, start + 200)]
        following = str(start + 200) if start < 9_800 else None
        route.fulfill(json={"documents": part, "count": 10_000, "next_cursor": following})

    page = visit().page
    page.route("**/v1/documents?*", documents)
    page.route("**/v1/pages/*/image?*", lambda route: route.fulfill(body=b"", content_type="image/svg+xml"))  # fmt: skip
    page.route(f"**/v1/pages/{key}", lambda route: route.fulfill(json=long_page))
    page.goto(f"{server.url}/docs")
    page.get_by_text("10,000 documents").wait_for()
    for count in (400, 600):  # each end of the list brings the next part
        page.evaluate("scrollTo(0, document.body.scrollHeight)")
        until(page, f"() => document.querySelector('ul.rows').offsetHeight >= {count} * 68")
    assert 5 < page.locator(".row").count() < 60
    page.goto(f"{server.url}/p/{key}")
    page.locator(".filmstrip li").first.wait_for()
    page.evaluate("document.querySelector('.filmstrip').scrollTo(0, 136 * 990)")
    page.locator(".filmstrip small", has_text="995").wait_for()
    assert page.locator(".filmstrip li").count() < 40


# --- sign-in


def test_a_token_is_asked_for_once(visit: Open, guarded: tuple[LiveServer, Wire]) -> None:
    server, _ = guarded
    window = visit(server.url)
    window.expected = {401}
    page = window.open("/docs?q=annual")
    page.get_by_label("Token").fill("wrong")
    page.keyboard.press("Enter")
    page.get_by_text("This token is not accepted.").wait_for()
    sign_in(page).wait_for_url("**/docs?q=annual")
    until(page, "() => document.querySelector('.row img')?.naturalWidth > 0")
    (cookie,) = window.context.cookies()
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
    assert page.evaluate("document.cookie") == ""
    assert TOKEN not in page.evaluate("JSON.stringify({...localStorage, ...sessionStorage})")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/signin")
    page.goto(f"{server.url}/docs")
    page.wait_for_url("**/signin?next=**")


# --- looks, access and safety


def test_a_phone_shows_one_column_in_both_schemes(visit: Open, server: LiveServer) -> None:
    phone = {"width": 390, "height": 844}
    window = visit(viewport=phone, has_touch=True, is_mobile=True)
    background = "getComputedStyle(document.body).backgroundColor"
    for path in ("/", "/search?q=lens", "/docs", f"/p/{page_of(server, 'annual-report.pdf', 4)}", "/status"):  # fmt: skip
        page = window.open(path)
        page.locator("main h1").first.wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
        for scheme, colour in (("dark", "rgb(22, 23, 21)"), ("light", "rgb(250, 248, 243)")):
            page.emulate_media(color_scheme=scheme)
            assert page.evaluate(background) == colour
    for name in ("Library", "Status"):
        assert page.get_by_role("link", name=name).is_visible()


def test_the_theme_is_switched_against_the_system_and_kept(visit: Open) -> None:
    page = visit(color_scheme="dark").open("/status")
    background = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(background) == "rgb(22, 23, 21)"
    page.get_by_role("button", name="Dark or light").click()
    assert page.evaluate(background) == "rgb(250, 248, 243)"
    page.reload()
    page.locator("main h1").first.wait_for()
    assert page.evaluate(background) == "rgb(250, 248, 243)"


def test_hostile_words_are_words(visit: Open, server: LiveServer) -> None:
    attack = "Barium is kept in <img src=x onerror=alert(1)><script>alert(2)</script> javascript:alert(3)."
    pdf = pymupdf.open()
    pdf.set_metadata({"title": attack})
    pdf.new_page().insert_text((72, 72), attack)
    name = "<svg onload=alert(4)>.pdf"
    assert server.upload((name, pdf.tobytes()), wait=True).status_code == 201
    document = server.client.get("/v1/documents", params={"q": "barium"}).json()["documents"][0]
    window = visit()
    for path in ("/docs?q=barium", "/search?q=barium", f"/p/{document['document']}-1?q=barium", "/ask?q=Where+is+barium+kept%3F"):  # fmt: skip
        page = window.open(path)
        page.get_by_text("onerror=alert(1)").first.wait_for(state="attached")
        page.wait_for_timeout(300)
        assert page.locator("img[src=x], main script, svg[onload]").count() == 0


def test_back_and_reload_bring_the_same_state(visit: Open) -> None:
    page = asked(visit().open("/"), VOLUNTEERS)
    answer = page.url
    page.locator(".sources button").nth(1).click()
    page.wait_for_url("**cite=0.2**")
    page.reload()
    page.locator("button.chip.active", has_text="2").wait_for()
    page.go_back()
    page.locator("button.chip.active", has_text="1").wait_for()
    assert page.url == answer
    page.go_back()
    page.locator(".home h1").wait_for()


def test_keys_lead_through_results_and_show_themselves(visit: Open) -> None:
    page = visit().open("/search?q=lens")
    page.locator(".page-hits li").first.wait_for()
    page.keyboard.press("?")
    page.get_by_role("dialog").wait_for()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("o")
    page.locator(".viewer").wait_for()


def test_korean_texts_are_complete_and_shown(visit: Open) -> None:
    page = visit(locale="ko-KR").open("/")
    page.get_by_role("heading", name="무엇을 알고 싶으신가요?").wait_for()
    assert page.evaluate("document.documentElement.lang") == "ko"
    folder = Path(__file__).parents[1] / "api" / "web"
    keys = {
        name: set(re.findall(r'^  "?([\w-]+)"?:', (folder / f"text/{name}.js").read_text(), re.M))
        for name in ("en", "ko")
    }
    assert keys["en"] == keys["ko"]
    code = "\n".join(path.read_text() for path in folder.rglob("*.js"))
    assert set(re.findall(r'\bt\("([\w-]+)"', code)) <= keys["en"]


def test_every_screen_is_accessible(visit: Open, server: LiveServer) -> None:
    """What axe-core finds: names, roles, contrast, focus order."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    window = visit()
    paths = ["/", f"/ask?q={LENS}", "/ask?q=the boiling point of tungsten?", "/search?q=lens", "/search?q=a boat&photos=1", "/docs", "/status", "/signin", f"/p/{page_of(server, 'annual-report.pdf', 4)}?q=lens&map=all"]  # fmt: skip
    for path in paths:
        page = window.open(path)
        page.locator("main h1, main .cost").first.wait_for()
        page.wait_for_load_state("networkidle")
        # In the dark all but the colours is the same, and every colour is on these screens;
        # words over a page's image have none.
        schemes = {"light": {}, "dark": {"runOnly": ["color-contrast"]}}
        for scheme, rules in list(schemes.items())[: 1 + path.startswith(("/ask", "/docs", "/p/"))]:
            page.emulate_media(color_scheme=scheme)
            found = axe.run(page, {"exclude": [[".words"]]}, rules).response["violations"]
            told = [(v["id"], [n["html"][:160] for n in v["nodes"]][:3]) for v in found]
            assert told == [], (scheme, path)
