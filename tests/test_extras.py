"""Extras: each is declared, and whatever needs one without it says so in a sentence with the command."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from typer.testing import CliRunner

import pageglass
from api.cli.main import app
from api.diagnostics.examine import examine
from api.http.errors import error_body
from api.settings import Settings
from generation.models.captioner import load_captioner
from generation.models.load import load_model
from generation.providers.access import Access
from ingest.choose import choose_page_encoder
from ingest.encoders.encoder import Encoding
from ingest.encoders.load import load_encoder
from ingest.extras import EXTRAS, MissingExtra, find_missing, require
from ingest.library.home import Home
from ingest.replica.object_store import ObjectStore
from retrieval.evaluate.interval import difference, interval
from retrieval.evaluate.plot import draw_results

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
OPTIONAL = sorted({module for extra in EXTRAS.values() for module in extra.modules})


def distribution_name(requirement: str) -> str:
    """The distribution that a requirement names, as PyPI normalises it."""
    return re.sub(r"[-_.]+", "-", re.split(r"[^\w.-]", requirement)[0]).lower()


@pytest.fixture
def blocked(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Nothing that an extra brings can be found or imported."""
    for module in OPTIONAL:
        monkeypatch.setitem(sys.modules, module, None)
    return monkeypatch


def test_extras_are_those_of_the_project_with_their_packages() -> None:
    declared = PROJECT["optional-dependencies"]
    assert set(declared) == {*EXTRAS, "all"}
    assert declared["all"] == [f"pageglass[{','.join(EXTRAS)}]"]
    owners = packages_distributions()
    for name, extra in EXTRAS.items():
        brought = {distribution_name(requirement) for requirement in declared[name]}
        # A part of a namespace is named as its distribution is.
        modules = {
            module.replace(".", "-") if "." in module else distribution_name(owners[module][0])
            for module in extra.modules
        }
        assert modules == brought, name


def test_the_docs_list_every_extra() -> None:
    text = (ROOT / "docs" / "install.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE) == [*EXTRAS, "all"]


def test_the_core_names_no_package_of_an_extra() -> None:
    core = {distribution_name(requirement) for requirement in PROJECT["dependencies"]}
    for name in EXTRAS:
        extra = {distribution_name(text) for text in PROJECT["optional-dependencies"][name]}
        assert not core & extra, name


def test_require_names_the_feature_the_packages_and_the_command(
    blocked: pytest.MonkeyPatch,
) -> None:
    require("numpy", extra="models", feature="Nothing")
    with pytest.raises(MissingExtra) as caught:
        require("numpy", "torch", "scipy", extra="models", feature="The encoder clip:X")
    assert caught.value.code == "missing-extra"
    assert caught.value.message == (
        "The encoder clip:X needs torch and scipy, which are not installed."
    )
    assert caught.value.hint == "Run: pip install 'pageglass[models]'."
    assert find_missing("numpy", "mcp", "no_such_module") == ["mcp", "no_such_module"]


@pytest.mark.parametrize(
    ("spec", "pool"),
    [("colpali:o/m", 0), ("text:o/m", 0), ("clip:o/m", 0), ("clip:ViT-B-32/x", 0), ("minilm", 2)],
)
def test_encoders(blocked: pytest.MonkeyPatch, spec: str, pool: int) -> None:
    with pytest.raises(MissingExtra, match=r"'pageglass\[models\]'"):
        load_encoder(spec, Encoding(pool_factor=pool))


def test_auto_takes_the_embedded_encoder(blocked: pytest.MonkeyPatch) -> None:
    encoder, why = choose_page_encoder()
    assert encoder == "minilm"
    assert "pageglass[models] is not installed" in why


@pytest.mark.parametrize(
    ("spec", "extra"),
    [
        ("anthropic:m", "anthropic"),
        ("openai:m", "openai"),
        ("gemini:m", "gemini"),
        ("transformers:o/m", "models"),
    ],
)
def test_models(blocked: pytest.MonkeyPatch, spec: str, extra: str) -> None:
    for load in (load_model, load_captioner):
        with pytest.raises(MissingExtra, match=rf"{spec} needs .*'pageglass\[{extra}\]'"):
            load(spec, Access(key="k"))


def test_evaluation(blocked: pytest.MonkeyPatch) -> None:
    command = r"'pageglass\[eval\]'"
    with pytest.raises(MissingExtra, match=command):
        draw_results([])
    with pytest.raises(MissingExtra, match=command):
        interval([0.0, 1.0], ["", ""])
    with pytest.raises(MissingExtra, match=command):
        difference({"a": 0.0, "b": 1.0}, {"a": 1.0, "b": 1.0}, {})


@pytest.mark.parametrize("url", ["file:///folder", "s3://bucket/prefix"])
def test_object_stores(blocked: pytest.MonkeyPatch, url: str) -> None:
    with pytest.raises(MissingExtra, match=rf"{url} needs fsspec.*'pageglass\[store\]'"):
        ObjectStore(url).read("key")


def test_an_object_store_whose_driver_alone_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    from fsspec.registry import _registry  # type: ignore[import-untyped]

    monkeypatch.setitem(sys.modules, "s3fs", None)
    for protocol in ("s3", "s3a"):
        monkeypatch.delitem(_registry, protocol, raising=False)
    with pytest.raises(MissingExtra, match=r"needs s3fs.*'pageglass\[store\]'"):
        ObjectStore("s3://bucket/prefix").read("key")


@pytest.mark.parametrize(
    ("arguments", "extra"),
    [
        ("ingest F --encoder colpali:o/m", "models"),
        ("ingest F --encoder text:o/m", "models"),
        ("ingest F --images clip:o/m", "models"),
        ("ingest F --caption transformers:o/m", "models"),
        ("ingest F --caption anthropic:m", "anthropic"),
        ("ask what --model anthropic:m", "anthropic"),
        ("ask what --model openai:m", "openai"),
        ("ask what --model gemini:m", "gemini"),
        ("ask what --model transformers:o/m", "models"),
        ("mcp", "mcp"),
        ("mcp --http --port 0", "mcp"),
        ("finetune --pairs F/pairs.jsonl --base ViT-B-32/x --out F/out", "models"),
        ("eval F", "eval"),
        ("eval --compare F/a.json F/b.json", "eval"),
    ],
)
def test_commands(
    blocked: pytest.MonkeyPatch, own_home: Home, tmp_path: Path, arguments: str, extra: str
) -> None:
    for key in ("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "GEMINI_API_KEY"):
        blocked.setenv(key, "k")
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "teapot.jpg").write_bytes((ROOT / "data/samples/teapot.jpg").read_bytes())
    given = [
        part.replace("F", str(folder)) if part[0] == "F" else part for part in arguments.split()
    ]
    home = [] if given[0] == "finetune" else ["--home", str(own_home.root)]
    done = CliRunner().invoke(app, [*given, *home], catch_exceptions=True)
    assert isinstance(done.exception, (MissingExtra, SystemExit)), done.output
    said = f"{done.output} {done.exception}"
    assert f"pip install 'pageglass[{extra}]'" in " ".join(said.split())


def test_the_python_interface(blocked: pytest.MonkeyPatch, own_home: Home, tmp_path: Path) -> None:
    (tmp_path / "pairs.jsonl").touch()
    with pageglass.open(own_home.root) as library:
        calls: dict[str, Callable[[], object]] = {
            "models": lambda: library.finetune(tmp_path / "pairs.jsonl", "ViT-B-32/x", tmp_path),
            "eval": lambda: library.evaluate(tmp_path),
            "openai": lambda: library.ask("what", model="openai:m"),
        }
        blocked.setenv("OPENAI_API_KEY", "k")
        for extra, call in calls.items():
            with pytest.raises(MissingExtra, match=rf"'pageglass\[{extra}\]'"):
                call()


def test_a_store_of_the_settings(blocked: pytest.MonkeyPatch, own_home: Home) -> None:
    findings = {f.topic: f for f in examine(own_home, Settings(store="s3://bucket/prefix"))}
    assert findings["store"].state == "broken"
    assert "'pageglass[store]'" in findings["store"].hint


def test_doctor_tells_which_extras_are_installed(tmp_path: Path) -> None:
    def look() -> dict[str, str]:
        found = examine(Home(tmp_path / "home"), Settings())
        return {f.name: f"{f.state} {f.detail} {f.hint}" for f in found if f.topic == "extra"}

    assert set(look()) == set(EXTRAS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "mcp_types", None)
        without = look()
    assert without["mcp"].startswith("note")
    assert "not installed (mcp_types)" in without["mcp"]
    assert "pip install 'pageglass[mcp]'" in without["mcp"]
    assert without["openai"].startswith("ok")


def test_over_http_it_is_a_problem_of_its_own() -> None:
    body = error_body(MissingExtra("It needs x.", hint="Run: pip install 'pageglass[models]'."))
    assert body["status"] == 500
    assert body["type"].endswith("missing-extra")
    assert "pageglass[models]" in body["hint"]


def test_the_default_runs_where_no_extra_is_installed(tmp_path: Path) -> None:
    """Every command is loaded, a file ingested and a question answered, with all extras blocked."""
    script = f"""
import sys
for name in {OPTIONAL!r}:
    sys.modules[name] = None
import api.http.app
from api.cli.main import main
def run(*arguments):
    sys.argv[1:] = arguments
    try:
        main()
    except SystemExit as end:
        assert not end.code, end.code
if __name__ == "__main__":
    run("ingest", {str(ROOT / "data/samples/volunteer-form.pdf")!r}, "--home", {str(tmp_path / "home")!r})
    run("ask", "What is the email of the volunteer?", "--home", {str(tmp_path / "home")!r})
    run("search", "form", "--home", {str(tmp_path / "home")!r})
    run("doctor", "--home", {str(tmp_path / "home")!r})
"""
    path = tmp_path / "script.py"
    path.write_text(script, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(path)],
        capture_output=True, text=True, check=False, cwd=tmp_path, timeout=240,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr + done.stdout
    assert "volunteer-form.pdf" in done.stdout
