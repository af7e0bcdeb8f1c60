"""Architecture page: the generated parts of docs/architecture.md, from the source's docstrings.

Run `python docs/make_architecture.py` after a file was added, moved or described anew.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "architecture.md"
FOLDERS = ("ingest", "retrieval", "generation", "api", "pageglass", "benchmarks")
LAYERS = FOLDERS[:-1]
BASE = "PageglassError"
WIDTH = 28


@dataclass(frozen=True)
class ErrorClass:
    """An error class as its source defines it."""

    name: str
    code: str | None
    bases: tuple[str, ...]
    path: str


def docstring(path: Path) -> str:
    """A module's docstring; empty where it has none."""
    return ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""


def first_line(path: Path) -> str:
    """The first line of a module's docstring, without the full stop."""
    return docstring(path).split("\n")[0].rstrip(".")


def tree() -> str:
    """Every folder and file with the first line of its docstring."""
    return "\n".join(
        line for folder in FOLDERS if (ROOT / folder).is_dir() for line in _walk(ROOT / folder)
    )


def _walk(folder: Path) -> Iterator[str]:
    depth = len(folder.relative_to(ROOT).parts) - 1
    init = folder / "__init__.py"
    yield _row(depth, f"{folder.name}/", first_line(init) if init.exists() else "")
    for path in sorted(folder.glob("*.py")):
        if path.name != "__init__.py":
            yield _row(depth + 1, path.name, first_line(path))
    for inner in sorted(path.parent for path in folder.glob("*/__init__.py")):
        yield from _walk(inner)


def _row(depth: int, name: str, text: str) -> str:
    return f"{'  ' * depth + name:{WIDTH}}  {text}".rstrip()


def error_families() -> str:
    """The tree of error families that the docstring of ingest/error.py draws."""
    block = re.search(r"(?:^ {4}.*\n)+", docstring(ROOT / "ingest" / "error.py"), re.MULTILINE)
    if block is None:
        raise ValueError("The docstring of ingest/error.py draws no tree.")
    return re.sub(r"^ {4}", "", block[0], flags=re.MULTILINE).rstrip()


def error_classes() -> dict[str, ErrorClass]:
    """Every class below `PageglassError`, by name."""
    found: dict[str, ErrorClass] = {}
    for folder in LAYERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ClassDef):
                    bases = tuple(base.id for base in node.bases if isinstance(base, ast.Name))
                    where = path.relative_to(ROOT).as_posix()
                    found[node.name] = ErrorClass(node.name, _code(node), bases, where)
    known = {BASE}
    while more := {name for name, each in found.items() if known & set(each.bases)} - known:
        known |= more
    return {name: each for name, each in found.items() if name in known}


def _code(node: ast.ClassDef) -> str | None:
    for statement in node.body:
        match statement:
            case (
                ast.Assign(targets=[ast.Name(id="code")], value=ast.Constant(value=str(code)))
                | ast.AnnAssign(target=ast.Name(id="code"), value=ast.Constant(value=str(code)))
            ):
                return code
    return None


def error_table() -> str:
    """The codes of each family, and where its classes are."""
    classes = error_classes()
    families = [BASE, *re.findall(r"── (\w+)", error_families())]

    def family(name: str) -> str:
        while name not in families:
            name = next(base for base in classes[name].bases if base in classes)
        return name

    rows = ["| family | code | class | file |", "|---|---|---|---|"]
    below = sorted(
        (families.index(family(each.name)), each.path, each.name)
        for each in classes.values()
        if each.name not in families
    )
    for at, path, name in below:
        rows.append(f"| {families[at]} | `{classes[name].code}` | {name} | {path} |")
    return "\n".join(rows)


def generate(page: str) -> str:
    """`page` with its generated parts made anew."""
    parts = {
        "tree": f"```\n{tree()}\n```",
        "error families": f"```\n{error_families()}\n```",
        "error codes": error_table(),
    }
    for name, text in parts.items():
        opening, closing = f"<!-- generated: {name} -->\n", "<!-- end -->"
        head, found, rest = page.partition(opening)
        _, ended, tail = rest.partition(closing)
        if not (found and ended):
            raise ValueError(f"{PAGE.name} has no place for: {name}.")
        page = f"{head}{opening}{text}\n{closing}{tail}"
    return page


if __name__ == "__main__":
    PAGE.write_text(generate(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
