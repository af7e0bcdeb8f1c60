"""Check of the answering model: name, key, address, credentials; it is not asked."""

from __future__ import annotations

from urllib.parse import urlsplit

from api.diagnostics.finding import Finding
from api.hints import hint_for
from api.network import KEYS
from api.settings import Settings
from generation.models.model import SPECS, resolve_spec
from ingest.error import PageglassError

LOOKED_AT = ("ollama", "bedrock", "vertex", "transformers")
"""Providers without a key of ours: what they need is looked for."""


def check_model(settings: Settings) -> Finding:
    """Check the model that writes answers, and that its key is set; shows no key."""
    spec = resolve_spec(settings.model)
    if spec == "extractive":
        return Finding(
            "answers", spec, "ok", "used: quotes the pages word for word, no language model"
        )
    provider, _, name = spec.partition(":")
    if name.strip() and provider in LOOKED_AT:
        try:
            return Finding("answers", spec, "ok", f"used: {_look(provider, name, settings)}")
        except PageglassError as error:
            return Finding("answers", spec, "broken", error.message, hint_for(error, "cli"))
    if not name.strip() or provider not in KEYS:
        return Finding(
            "answers", spec, "broken", "unknown", f"Set PAGEGLASS_MODEL to extractive, or {SPECS}."
        )
    access = settings.access(spec)
    place = (
        f"at {_address(access.base_url)}" if access.base_url else "at its provider's own address"
    )
    if access.key or access.base_url:
        key = f"{KEYS[provider]} is set" if access.key else "no key, which that server may not want"
        return Finding("answers", spec, "ok", f"used: asked {place}, sees the pages; {key}")
    return Finding(
        "answers", spec, "broken", f"{KEYS[provider]} is not set", f"Set {KEYS[provider]}."
    )


def _look(provider: str, name: str, settings: Settings) -> str:
    """What was found of a model, without loading or asking it.

    Raises:
        PageglassError: it cannot be used.
    """
    access = settings.access(f"{provider}:{name}")
    match provider:
        case "ollama":
            from generation.providers.ollama import BASE_URL, Ollama

            place = _address(access.base_url or BASE_URL)
            return f"asked at {place}, sees the pages; {Ollama(name, access).check()}"
        case "transformers":
            from generation.models.load import require_transformers
            from ingest.encoders.checkpoint import check_reachable

            require_transformers(f"{provider}:{name}")
            return f"a model on this machine; {check_reachable(name, 'extractive')}"
    from generation.providers.claude_clouds import load_cloud

    return f"Claude, sees the pages; {load_cloud(provider, name, access).check()}"


def _address(url: str) -> str:
    """URL without a user name, a password or a query."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="").geturl()
