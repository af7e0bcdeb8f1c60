from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import ValidationError
from typer.testing import CliRunner

from api.cli.main import app
from api.network import is_loopback
from api.settings import Settings, read_settings

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


@pytest.fixture
def settings_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    path = tmp_path / "pageglass" / "config.toml"
    path.parent.mkdir()
    return path


def test_environment_over_file_over_default(
    settings_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings_file.write_text('dpi = 200\nmodel = "anthropic:x"\ntoken = "s3cret-token"\n')
    monkeypatch.setenv("PAGEGLASS_MODEL", "openai:y")
    settings = read_settings()
    assert (settings.dpi, settings.model, settings.workers) == (200, "openai:y", 0)
    assert read_settings(dpi=300).dpi == 300
    shown = CliRunner().invoke(app, ["config", "--json"])
    rows = {row["setting"]: row for row in map(json.loads, shown.stdout.splitlines())}
    assert set(rows) == set(Settings.model_fields)
    assert (rows["dpi"]["value"], rows["dpi"]["origin"]) == (200, "settings file")
    assert (rows["model"]["value"], rows["model"]["origin"]) == ("openai:y", "environment")
    assert rows["workers"]["origin"] == "default"
    assert "s3cret" not in shown.output + CliRunner().invoke(app, ["config"]).output


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("dpi = 7", "dpi"),
        ("dpi = ", "cannot be read"),
        ("dpi 200", "cannot be read"),
        ("\xff", "cannot be read"),
    ],
)
def test_a_settings_file_that_is_wrong(settings_file: Path, text: str, said: str) -> None:
    settings_file.write_bytes(text.encode("latin-1"))
    done = CliRunner().invoke(app, ["list"])
    assert done.exit_code == 2
    assert str(settings_file) in done.stderr
    assert said in done.stderr


def test_a_line_that_names_no_setting(settings_file: Path) -> None:
    settings_file.write_text('encodr = "conse"\n')
    done = CliRunner().invoke(app, ["list"])
    assert done.exit_code == 0
    assert "encodr in the settings file is no setting: encoder may be meant." in done.stderr


def test_the_template_is_a_settings_file_of_defaults(settings_file: Path) -> None:
    template = CliRunner().invoke(app, ["config", "--template"]).stdout
    lines = [line.removeprefix("# ") for line in template.splitlines() if " = " in line]
    assert len(lines) == len(Settings.model_fields)
    settings_file.write_text("\n".join(line for line in lines if not line.endswith("= ")))
    assert read_settings() == Settings()
    assert CliRunner().invoke(app, ["config", "--path"]).stdout.strip() == str(settings_file)
