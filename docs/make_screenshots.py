"""Screenshots of the web app for the README and docs/web.md, over the samples.

Run `python docs/make_screenshots.py` after the app has changed; it needs playwright and Chromium.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from PIL import Image

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from live_server import live_server  # noqa: E402
from web_browser import Visit, browser  # noqa: E402

import pageglass  # noqa: E402
from ingest.add import add  # noqa: E402
from ingest.library.home import Home  # noqa: E402

QUESTION = "Who was in charge of repairing the lens?"
WIDE = {"width": 1280, "height": 800}
HERO = "How many panes of the lantern did the sea break?"
PHONE = {"width": 390, "height": 780}


def shots(page_key: str) -> dict[str, tuple[str, dict[str, Any], str]]:
    """Path, window and what is waited for, by the name of the picture."""
    return {
        "web-answer": (f"/ask?q={QUESTION}", {"viewport": WIDE}, ".beside .mark.active"),
        "web-search": ("/search?q=a red bicycle by a wall&photos=1", {"viewport": WIDE}, ".photo-grid img"),
        "web-page": (f"/p/{page_key}?q=lens repair&map=all", {"viewport": WIDE}, "img.map"),
        "web-library": ("/docs", {"viewport": WIDE, "color_scheme": "dark"}, ".row"),
        "web-phone": (f"/ask?q={QUESTION}", {"viewport": PHONE, "is_mobile": True, "has_touch": True}, ".cost"),
    }  # fmt: skip


def save(png: bytes, name: str) -> None:
    """Keep a picture small: WebP, at the width at which pages show it."""
    with Image.open(io.BytesIO(png)) as shot:
        shot.convert("RGB").save(ROOT / "docs" / f"{name}.webp", quality=80, method=6)


def draw_hero(home: Home) -> None:
    """The picture on top of the README: a scan, the sentence that answers marked on it."""
    with pageglass.open(home.root) as lib:
        page = lib.ask(HERO, document="scanned-letter.pdf").citations[0].image(highlight=True)
    left, top, right, bottom = 0.08, 0.11, 0.92, 0.74
    width, height = page.size
    shown = page.crop(
        (round(left * width), round(top * height), round(right * width), round(bottom * height))
    )
    shown.thumbnail((820, 820))
    small = shown.convert("P", palette=Image.Palette.ADAPTIVE, colors=64)
    small.save(ROOT / "docs" / "answer.png", optimize=True)


def main() -> None:
    """Ingest the samples, serve them, and take the pictures."""
    with TemporaryDirectory() as folder:
        home = Home(Path(folder, "home"))
        list(add(home, [ROOT / "data" / "samples"]))
        draw_hero(home)
        with live_server(home.root) as server, browser() as launched:
            listed = server.client.get("/v1/documents", params={"q": "annual"}).json()
            key = f"{listed['documents'][0]['document']}-4"
            for name, (path, options, wanted) in shots(key).items():
                window = Visit(launched, server.url, **options)
                page = window.open(path)
                page.locator(wanted).first.wait_for()
                page.wait_for_load_state("networkidle")
                page.wait_for_timeout(500)
                save(page.screenshot(), name)
                window.close()


if __name__ == "__main__":
    main()
