"""Commands, options, settings and links of the documentation."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer

from api.cli.main import app
from api.settings import Settings
from ingest.index.manifest import FORMAT

ROOT = Path(__file__).parents[1]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
TEXTS = {page.relative_to(ROOT).as_posix(): page.read_text(encoding="utf-8") for page in PAGES}
PROGRAM: Any = typer.main.get_command(app)
COMMANDS = PROGRAM.commands

COMMAND_LINE = re.compile(r"(?:^|[\s`/=])pageglass ([a-z]+)\b([^`\n]*)", re.MULTILINE)
CODE = re.compile(r"```\w*\n.*?```|^ {4}[^\n]*$|`[^`\n]+`", re.DOTALL | re.MULTILINE)


def command_lines(text: str) -> list[str]:
    """Every `pageglass ...` in code, without comments."""
    return [
        f"{name} {rest.split(' #')[0]}".strip()
        for code in CODE.findall(text)
        for name, rest in COMMAND_LINE.findall(code)
        if "import " not in code.splitlines()[0]
    ]


CURRENT = sorted(TEXTS.keys() - {"CHANGELOG.md"})
"""Pages that describe the program as it is; the changelog names what is gone, too."""
WRITTEN = sorted({line for page in CURRENT for line in command_lines(TEXTS[page])})


def options_of(command: Any) -> set[str]:
    """The long options of a command, or of the program itself."""
    return {
        option
        for parameter in command.params
        for option in (*parameter.opts, *parameter.secondary_opts)
        if option.startswith("--")
    }


def test_command_lines_are_found() -> None:
    assert len(WRITTEN) > 40


@pytest.mark.parametrize("line", WRITTEN)
def test_a_command_line_parses(line: str) -> None:
    name, *arguments = shlex.split(line.rstrip("\\"))
    assert name in COMMANDS
    command = COMMANDS[name]
    with command.context_class(command) as context:
        command.make_parser(context).parse_args(arguments)


@pytest.mark.parametrize("page", CURRENT)
def test_options_that_are_named_exist(page: str) -> None:
    known = {"--help"}.union(*map(options_of, (PROGRAM, *COMMANDS.values())))
    text = re.sub(r"```.*?```", "", TEXTS[page], flags=re.DOTALL)
    spans = re.findall(r"`(--[^`\n]+)`", text)
    named = {option for span in spans for option in re.findall(r"(?<!\S)--[a-z][a-z-]*", span)}
    assert named - known - BENCHMARK_OPTIONS == set()


BENCHMARK_OPTIONS = {"--build", "--search", "--cold", "--pages", "--times"}


def test_every_option_is_documented() -> None:
    everything = "\n".join(TEXTS.values())
    missing = {
        f"{name} {option}"
        for name in COMMANDS
        for option in options_of(COMMANDS[name])
        if not re.search(rf"{option}(?![a-z-])", everything)
    }
    assert missing == set()


def test_every_command_is_documented() -> None:
    rows = re.findall(r"^\| `([a-z]+)[^|]*` \|", TEXTS["docs/cli.md"], re.MULTILINE)
    assert set(COMMANDS) <= set(rows)


@pytest.mark.parametrize("page", CURRENT)
def test_settings_that_are_named_exist(page: str) -> None:
    known = {f"PAGEGLASS_{name.upper()}" for name in Settings.model_fields}
    assert set(re.findall(r"PAGEGLASS_[A-Z_]*[A-Z]", TEXTS[page])) <= known


def heading_ids(text: str) -> set[str]:
    """The anchors that a page's headings have on a forge."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), re.M)
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings
    }


@pytest.mark.parametrize("page", sorted(TEXTS))
def test_anchors_lead_somewhere(page: str) -> None:
    for target, anchor in re.findall(r"\]\(([^)#:]*)#([^)]+)\)", TEXTS[page]):
        path = (ROOT / page).parent / target if target else ROOT / page
        assert anchor in heading_ids(path.read_text(encoding="utf-8")), f"{target}#{anchor}"


@pytest.mark.parametrize("page", sorted(TEXTS))
def test_source_files_that_are_named_exist(page: str) -> None:
    named = re.findall(
        r"`((?:ingest|retrieval|generation|api|benchmarks|tests|docs)/[\w/]+\.\w+)`", TEXTS[page]
    )
    assert [name for name in named if "NAME" not in name and not (ROOT / name).exists()] == []
    modules = re.findall(r"benchmarks\.(\w+)", TEXTS[page])
    assert [name for name in modules if not (ROOT / "benchmarks" / f"{name}.py").exists()] == []


def test_the_changelog_names_the_index_format() -> None:
    newest = re.search(r"Indexes have format (\d+)", TEXTS["CHANGELOG.md"])
    assert newest is not None
    assert int(newest[1]) == FORMAT


@pytest.mark.parametrize(
    ("page", "heading", "source"),
    [
        ("docs/cli.md", "Events of `ingest`", "api/schemas/ingest_events.py"),
        ("docs/finetune.md", "With `--json`", "api/schemas/training_events.py"),
    ],
)
def test_events_are_documented(page: str, heading: str, source: str) -> None:
    table = TEXTS[page].partition(heading)[2].partition("\n## ")[0]
    documented = re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)
    written = re.findall(r'"event": "(\w+)"', (ROOT / source).read_text(encoding="utf-8"))
    assert sorted(documented) == sorted(written)
