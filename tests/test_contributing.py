"""The worked examples of CONTRIBUTING.md."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TEXT = (Path(__file__).parents[1] / "CONTRIBUTING.md").read_text(encoding="utf-8")
EXAMPLES = {
    section.partition("\n")[0]: re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    for section in TEXT.split("\n## ")
}


def test_each_plug_has_an_example() -> None:
    with_code = {title for title, blocks in EXAMPLES.items() if blocks}
    assert with_code == {"Add an encoder", "Add a model", "Add a file kind"}


@pytest.mark.parametrize("title", [title for title, blocks in EXAMPLES.items() if blocks])
def test_an_example_runs(title: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    code = compile("\n".join(EXAMPLES[title]), f"CONTRIBUTING.md, {title}", "exec")
    exec(code, {"__name__": "example"})
