"""Check of the answering model: its name, key and address; asks no provider."""

from __future__ import annotations

from urllib.parse import urlsplit

from api.diagnostics.finding import Finding
from api.network import KEYS
from api.settings import Settings
from generation.models.model import SPECS, resolve_spec


def check_model(settings: Settings) -> Finding:
    """Check the model that writes answers, and that its key is set; shows no key."""
    spec = resolve_spec(settings.model)
    if spec == "extractive":
        return Finding(
            "answers", spec, "ok", "used: quotes the pages word for word, no language model"
        )
    provider, _, name = spec.partition(":")
    if name.strip() and provider == "transformers":
        return Finding("answers", spec, "ok", "used: a model on this machine")
    if name.strip() and provider in ("bedrock", "vertex"):
        return Finding("answers", spec, "ok", "used: Claude, with the cloud's own credentials")
    if not name.strip() or provider not in KEYS:
        return Finding(
            "answers", spec, "broken", "unknown", f"Set PAGEGLASS_MODEL to extractive, or {SPECS}."
        )
    access = settings.access(spec)
    place = (
        f"at {_address(access.base_url)}" if access.base_url else "at its provider's own address"
    )
    if access.key or access.base_url or provider == "ollama":
        key = f"{KEYS[provider]} is set" if access.key else "no key, which that server may not want"
        return Finding("answers", spec, "ok", f"used: asked {place}, sees the pages; {key}")
    return Finding(
        "answers", spec, "broken", f"{KEYS[provider]} is not set", f"Set {KEYS[provider]}."
    )


def _address(url: str) -> str:
    """URL without a user name, a password or a query."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="").geturl()
