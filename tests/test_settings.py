from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from api.network import is_loopback
from api.settings import Settings

DOCS = Path(__file__).parents[1] / "docs" / "cli.md"


def test_every_setting_is_documented_with_its_default() -> None:
    rows = [line for line in DOCS.read_text().splitlines() if line.startswith("| `PAGEGLASS_")]
    documented = {row.split("`")[1]: row for row in rows}
    assert set(documented) == {f"PAGEGLASS_{name.upper()}" for name in Settings.model_fields}
    for name, field in Settings.model_fields.items():
        if isinstance(field.default, (int, str)):
            assert f"`{field.default}`" in documented[f"PAGEGLASS_{name.upper()}"]


def test_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAGEGLASS_PORT", "9001")
    monkeypatch.setenv("PAGEGLASS_HOME", "/somewhere")
    settings = Settings()
    assert (settings.port, settings.home) == (9001, Path("/somewhere"))


def test_home_is_in_the_users_data_directory(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert Settings().home == tmp_path / "pageglass"


def test_token_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAGEGLASS_TOKEN", "s3cret-token")
    settings = Settings()
    assert settings.token is not None
    assert settings.token.get_secret_value() == "s3cret-token"
    assert "s3cret" not in repr(settings) + str(settings) + settings.model_dump_json()


@pytest.mark.parametrize("blank", ["", "  "])
def test_blank_token_is_none(monkeypatch: pytest.MonkeyPatch, blank: str) -> None:
    monkeypatch.setenv("PAGEGLASS_TOKEN", blank)
    assert Settings().token is None


@pytest.mark.parametrize(
    ("name", "value"), [("PORT", "70000"), ("DPI", "0"), ("WORKERS", "-1"), ("MAX_UPLOAD_MB", "x")]
)
def test_nonsense_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"PAGEGLASS_{name}", value)
    with pytest.raises(ValidationError):
        Settings()


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("[::1]", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.168.1.2", False),
        ("localhost.example.org", False),
        ("", False),
    ],
)
def test_loopback(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback
