"""Web app in a browser: bytes, requests and times to first paint, answer and page image.

Run `python -m benchmarks.web_app`; it needs playwright and Chromium. The server is warm: each
address is opened once before it is measured, in a browser of its own without a cache.
"""

from __future__ import annotations

import statistics
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from live_server import live_server  # noqa: E402
from web_browser import Visit, browser  # noqa: E402

from api.http.routes.web_routes import load_web_app  # noqa: E402
from ingest.add import add  # noqa: E402
from ingest.library.home import Home  # noqa: E402

RUNS = 5
QUESTION = "Who was in charge of repairing the lens?"
WHEN = """(selector) => new Promise((resolve) => {
  const look = () => {
    const found = document.querySelector(selector);
    if (found && (found.tagName !== "IMG" || found.naturalWidth)) resolve(performance.now());
    else requestAnimationFrame(look);
  };
  look();
})"""
PAINT = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime"

SIZES = """() => {
  const all = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
  const sum = (part, size) => all.filter((e) => part(e.name)).reduce((n, e) => n + e[size], 0);
  const code = (name) => name.includes("/app/") || name === location.href;
  const image = (name) => name.includes("/image");
  const [files, packed] = ["decodedBodySize", "encodedBodySize"];
  return [all.length, sum(code, files), sum(code, packed), sum(image, packed)];
}"""


def measure(launched: Any, url: str, path: str, selector: str) -> dict[str, float]:
    """Figures of one visit with an empty cache."""
    window = Visit(launched, url)
    page = window.open(path)
    shown = page.evaluate(WHEN, selector)
    page.wait_for_load_state("networkidle")
    paint, (requests, files, code, images) = page.evaluate(PAINT), page.evaluate(SIZES)
    window.close()
    return {
        "requests": requests, "files": files, "code": code, "images": images, "paint": paint,
        "shown": shown,
    }  # fmt: skip


def print_size() -> None:
    """Print the bytes of the whole app: as files, without vendored modules, as served."""
    web = load_web_app()
    page = len(web.index.encode())
    files = {name: len(content) for name, content in web.files.items()}
    vendored = sum(size for name, size in files.items() if name.startswith("vendor/"))
    served = page + sum(map(len, web.packed.values()))
    total = page + sum(files.values())
    print(
        f"{total / 1e3:.1f} KB of files, {vendored / 1e3:.1f} vendored; {served / 1e3:.1f} served"
    )


def main() -> None:
    """Print the size of the app, then a row a screen: medians."""
    print_size()
    with TemporaryDirectory() as folder:
        home = Home(Path(folder, "home"))
        list(add(home, [ROOT / "data" / "samples"]))
        with live_server(home.root) as server, browser() as launched:
            listed = server.client.get("/v1/documents", params={"q": "annual"}).json()
            key = f"{listed['documents'][0]['document']}-4"
            screens = [
                ("home", "/", ".shelf img"),
                ("answer: first words", f"/ask?q={QUESTION}", ".chip"),
                ("answer: page image", f"/ask?q={QUESTION}", ".beside .sheet img"),
                ("search", "/search?q=lens", ".page-hits img"),
                ("photos", "/search?q=a boat&photos=1", ".photo-grid img"),
                ("page", f"/p/{key}", ".viewer .sheet img"),
                ("library", "/docs", ".row img"),
            ]
            print(
                "| screen | requests | files KB | served KB | images KB | first paint ms | shown ms |"
            )
            print("|---|---|---|---|---|---|---|")
            for name, path, selector in screens:
                measure(launched, server.url, path, selector)
                runs = [measure(launched, server.url, path, selector) for _ in range(RUNS)]
                of = {field: statistics.median(run[field] for run in runs) for field in runs[0]}
                print(
                    f"| {name} | {of['requests']:.0f} | {of['files'] / 1e3:.1f} |"
                    f" {of['code'] / 1e3:.1f} |"
                    f" {of['images'] / 1e3:.0f} | {of['paint']:.0f} | {of['shown']:.0f} |"
                )


if __name__ == "__main__":
    main()
