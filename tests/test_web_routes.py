"""Files of the web app: what each screen loads, and that it stays small."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

import pytest

from api.http.routes.web_routes import load_web_app

LIMIT = 104_000
"""Bytes of files that a screen loads, in one language, before images."""
ALL = 150_300
SERVED = 61_000
"""Bytes of the whole app: as files, and as it is served, compressed."""
VENDORED = {
    "preact": "vendor/preact.js", "preact/hooks": "vendor/hooks.js", "htm": "vendor/htm.js",
}  # fmt: skip
SCREENS = [name for name in load_web_app().files if name.startswith("screens/")]


def imported(name: str, seen: set[str]) -> set[str]:
    """A module and all that it imports, those aside that it imports later."""
    if name not in seen:
        seen.add(name)
        code = load_web_app().files[name].decode()
        if not name.startswith("vendor/"):
            for path in re.findall(r'(?:^import|\bfrom) "([^"]+)";', code, re.M):
                own = posixpath.normpath(posixpath.join(posixpath.dirname(name), path))
                imported(VENDORED.get(path, own), seen)
        elif "hooks" in name:
            imported(VENDORED["preact"], seen)
    return seen


def test_the_app_is_small() -> None:
    web = load_web_app()
    page = len(web.index.encode())
    assert page + sum(map(len, web.files.values())) <= ALL
    assert page + sum(map(len, web.packed.values())) <= SERVED


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("screen", SCREENS)
def test_a_screen_loads_little(screen: str, language: str) -> None:
    web = load_web_app()
    loaded = imported("main.js", set()) | imported(screen, set())
    loaded |= {"style.css", "theme.js", "icon.svg", f"text/{language}.js"}
    size = len(web.index.encode()) + sum(len(web.files[name]) for name in loaded)
    assert size <= LIMIT, (screen, size)


def test_every_module_is_loaded_by_some_screen() -> None:
    web = load_web_app()
    loaded = imported("main.js", set()).union(*(imported(screen, set()) for screen in SCREENS))
    assert {name for name in web.files if Path(name).suffix == ".js"} - loaded == {
        "theme.js", "text/en.js", "text/ko.js",
    }  # fmt: skip
