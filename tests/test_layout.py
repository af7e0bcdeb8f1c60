"""The layout of the source: layers, folders without circles, sizes, names."""

from __future__ import annotations

import ast
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LAYERS = ("ingest", "retrieval", "generation", "api", "pageglass")
MAX_LINES = 300
MAX_FILES = 18
MAX_FIRST_LINE = 80


def sources() -> dict[str, Path]:
    """Every module of the product by its dotted name."""
    found = {}
    for layer in LAYERS:
        for path in sorted((ROOT / layer).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(modules: Mapping[str, Path]) -> dict[str, set[str]]:
    """What each module imports of the product; late and type-only imports are counted too."""
    graph: dict[str, set[str]] = {name: set() for name in modules}
    for name, path in modules.items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                wanted = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                wanted = [f"{node.module}.{alias.name}" for alias in node.names]
            else:
                continue
            for target in wanted:
                while target and target not in modules:
                    target = target.rpartition(".")[0]
                if target and target != name:
                    graph[name].add(target)
    return graph


def circles(graph: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """Strongly connected components of more than one node (Tarjan 1972)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(node: str) -> None:
        index[node] = low[node] = len(index)
        stack.append(node)
        for target in graph[node]:
            if target not in index:
                visit(target)
                low[node] = min(low[node], low[target])
            elif target in stack:
                low[node] = min(low[node], index[target])
        if low[node] == index[node]:
            at = stack.index(node)
            component = sorted(stack[at:])
            del stack[at:]
            if len(component) > 1:
                found.append(component)

    for node in graph:
        if node not in index:
            visit(node)
    return found


def siblings(package: str, graph: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """The graph among what lies directly in a package: its modules, and its folders as one node each."""
    head = f"{package}."

    def child(name: str) -> str:
        return head + name[len(head) :].partition(".")[0]

    among: dict[str, set[str]] = defaultdict(set)
    for name, targets in graph.items():
        if name.startswith(head):
            among[child(name)] |= {
                child(target)
                for target in targets
                if target.startswith(head) and child(target) != child(name)
            }
    for targets in list(among.values()):
        for target in targets:
            among.setdefault(target, set())
    return among


MODULES = sources()
GRAPH = imports(MODULES)
PACKAGES = sorted(name for name, path in MODULES.items() if path.name == "__init__.py")


def test_no_circle_among_modules() -> None:
    assert circles(GRAPH) == []


@pytest.mark.parametrize("package", PACKAGES)
def test_no_circle_among_folders(package: str) -> None:
    assert circles(siblings(package, GRAPH)) == []


def test_layers_look_back() -> None:
    ahead = [
        (name, target)
        for name, targets in GRAPH.items()
        for target in targets
        if LAYERS.index(target.partition(".")[0]) > LAYERS.index(name.partition(".")[0])
    ]
    assert ahead == []


def test_a_circle_is_found() -> None:
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == [["a", "b", "c"]]
    nested = {"p.x.a": {"p.y.b"}, "p.y.b": set(), "p.y.c": {"p.x.d"}, "p.x.d": set()}
    assert circles(nested) == []
    assert circles(siblings("p", nested)) == [["p.x", "p.y"]]


@pytest.mark.parametrize("name", sorted(MODULES))
def test_files_are_short(name: str) -> None:
    lines = MODULES[name].read_text(encoding="utf-8").count("\n")
    assert lines <= MAX_LINES


def test_folders_are_small() -> None:
    count = Counter(path.parent for path in MODULES.values())
    assert {str(folder): n for folder, n in count.items() if n > MAX_FILES} == {}


@pytest.mark.parametrize("layer", LAYERS)
def test_no_basename_twice_in_a_layer(layer: str) -> None:
    names = Counter(
        path.stem
        for name, path in MODULES.items()
        if name.partition(".")[0] == layer and path.stem != "__init__"
    )
    assert [name for name, n in names.items() if n > 1] == []


def docstrings(path: Path) -> Iterator[tuple[str, str]]:
    """Names and first lines of the docstrings of a module and of what is public in it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    yield "module", (ast.get_docstring(tree) or "").split("\n")[0]
    waiting: list[tuple[str, ast.stmt]] = [("", node) for node in tree.body]
    while waiting:
        above, node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield above + node.name, (ast.get_docstring(node) or "").split("\n")[0]
            if isinstance(node, ast.ClassDef):
                waiting += [(f"{above}{node.name}.", inner) for inner in node.body]


@pytest.mark.parametrize("name", sorted(MODULES))
def test_docstrings_begin_with_a_short_line(name: str) -> None:
    lines = dict(docstrings(MODULES[name]))
    assert lines["module"]
    assert [(what, line) for what, line in lines.items() if len(line) > MAX_FIRST_LINE] == []
