"""Model loader: a model by its name. The only file that imports every provider."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generation.models.model import SPECS, ChatModel, UnknownModel, VisionModel, resolve_spec
from generation.providers.access import Access
from ingest.extras import require

if TYPE_CHECKING:
    from generation.models.local.hf_model import HfModel


def load_model(spec: str, access: Access | None = None) -> VisionModel:
    """Load the model named `spec`: "extractive", or PROVIDER:MODEL.

    Raises:
        UnknownModel: there is no such model.
        ApiKeyMissing: its provider needs a key, and `access` has none.
        MissingExtra: it runs on packages that are not installed.
    """
    if spec == "extractive":
        from generation.models.extractive import Extractive

        return Extractive()
    from generation.models.chat_vision import ChatVisionModel

    return ChatVisionModel(load_chat(spec, access))


def load_chat(spec: str, access: Access | None = None) -> ChatModel:
    """Load the language model that `spec` names: PROVIDER:MODEL.

    Args:
        spec: "anthropic:MODEL", "openai:MODEL" (any server that speaks OpenAI's
            protocol), "gemini:MODEL", "openrouter:MODEL", "ollama:MODEL", "bedrock:MODEL" or
            "vertex:MODEL" (Claude by AWS or Google Cloud), or "transformers:MODEL" (a model
            on this machine). See `resolve_spec` for shorter names.
        access: how it is reached; without it, its provider's own server and no key,
            or the best device here.

    Raises:
        UnknownModel: there is no such model, or it writes nothing of its own.
        ApiKeyMissing: its provider needs a key, and `access` has none.
        MissingExtra: it runs on packages that are not installed.
        WeightsMissing, InvalidCheckpoint, DeviceUnavailable, OutOfDeviceMemory: a model
            on this machine cannot run.
    """
    access = access or Access()
    spec = resolve_spec(spec)
    provider, _, name = spec.partition(":")
    if name.strip():
        match provider:
            case "anthropic":
                require("anthropic", "httpx2", extra=provider, feature=f"The model {spec}")
                from generation.providers.anthropic import Anthropic

                return Anthropic(name, access)
            case "bedrock" | "vertex":
                from generation.providers.claude_clouds import load_cloud

                return load_cloud(provider, name, access)
            case "ollama":
                from generation.providers.ollama import Ollama

                return Ollama(name, access)
            case "gemini":
                require("google.genai", "httpx2", extra=provider, feature=f"The model {spec}")
                from generation.providers.gemini import Gemini

                return Gemini(name, access)
            case "openai" | "openrouter":
                require("openai", "httpx2", extra="openai", feature=f"The model {spec}")
                from generation.providers.openai import OpenAi

                return OpenAi(name, access, provider=provider)
            case "transformers":
                require_transformers(spec)
                from generation.models.local.transformers import TransformersChatModel

                return TransformersChatModel(load_hf_model(name, access), access)
    if spec == "extractive":
        raise UnknownModel(
            "The extractive model writes nothing of its own.",
            hint=f"Name a language model: {SPECS}.",
        )
    raise UnknownModel(
        f"There is no model called {spec!r}.",
        hint=f"Use extractive, which needs no key and no GPU, or {SPECS}.",
    )


def load_hf_model(model: str, access: Access) -> HfModel:
    """Load a model of transformers onto the devices that `access` names.

    Raises:
        WeightsMissing, InvalidCheckpoint, DeviceUnavailable, OutOfDeviceMemory, MissingExtra
    """
    from generation.models.local.hf_model import HfModel

    return HfModel(
        model,
        access.device,
        access.dtype,
        device_map=access.device_map,
        load_in=access.load_in,
    )


def require_transformers(spec: str) -> None:
    """Check that a model of transformers can be loaded at all.

    Raises:
        MissingExtra: its packages are not installed.
    """
    modules = ("torch", "transformers", "huggingface_hub", "jinja2")
    require(*modules, extra="models", feature=f"The model {spec}")
