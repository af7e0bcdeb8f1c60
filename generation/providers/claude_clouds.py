"""Claude by Amazon Bedrock and Vertex AI, with the SDK's classes.

Region, project and credentials are those of the clouds' own tools, which the SDK reads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from generation.providers.access import Access
from generation.providers.anthropic import Anthropic
from ingest.error import ConfigurationError
from ingest.extras import require

if TYPE_CHECKING:
    from anthropic import Anthropic as Client


class CloudUnconfigured(ConfigurationError):
    """The region or project of a cloud is not known."""

    code = "cloud-unconfigured"


class CloudClaude(Anthropic):
    """Claude in a cloud.

    Args:
        provider: "bedrock" or "vertex".
        model: the cloud's name of it.
        access: `key` is a bearer token; without one, the cloud's own credentials count.
    """

    def __init__(self, provider: str, model: str, access: Access) -> None:
        self._setup(f"{provider}:{model}", model, access)
        self._provider = provider

    def _client(self) -> Client:
        import anthropic

        access = self._access
        kind = (
            anthropic.AnthropicBedrock if self._provider == "bedrock" else anthropic.AnthropicVertex
        )
        key = "api_key" if self._provider == "bedrock" else "access_token"
        more = {key: access.key} if access.key else {}
        if access.base_url:
            more["base_url"] = access.base_url
        try:
            client: Client = kind(timeout=access.timeouts(), max_retries=0, **more)  # type: ignore[assignment, arg-type]
        except ValueError as error:
            raise CloudUnconfigured(
                f"{self.name} cannot be reached: {error}",
                hint="Set AWS_REGION for bedrock; CLOUD_ML_REGION and"
                " ANTHROPIC_VERTEX_PROJECT_ID for vertex.",
            ) from None
        return client


def load_cloud(provider: str, model: str, access: Access) -> CloudClaude:
    """Load Claude of a cloud.

    Raises:
        MissingExtra: the cloud's credentials need packages that are not installed.
    """
    feature = f"The model {provider}:{model}"
    require("anthropic", "httpx2", extra=provider, feature=feature)
    if provider == "bedrock":
        require("botocore", extra=provider, feature=feature)
    elif not access.key:
        require("google.auth", extra=provider, feature=feature)
    return CloudClaude(provider, model, access)
