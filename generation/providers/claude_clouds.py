"""Claude by Amazon Bedrock and Vertex AI, with the SDK's classes.

Region, project and credentials are those of the clouds' own tools, which the SDK reads.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from generation.answer import Usage
from generation.providers.access import Access
from generation.providers.amend import Amendments
from generation.providers.anthropic import Anthropic
from generation.request import Request
from ingest.error import ConfigurationError
from ingest.extras import require

if TYPE_CHECKING:
    from anthropic import Anthropic as Client

SCOPE = "https://www.googleapis.com/auth/cloud-platform"
MAX_REASON_CHARS = 200
"""Characters of a cloud tool's own message in an error."""


class CloudUnconfigured(ConfigurationError):
    """The region, project or credentials of a cloud cannot be found or used."""

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

    def check(self) -> str:
        """Look for region, project and credentials; say what was found.

        No request is sent to the model, so expired credentials may pass.

        Raises:
            CloudUnconfigured: one of them is not there.
        """
        with self._client() as client:
            if self._provider == "bedrock":
                place = f"region {client.aws_region}"  # type: ignore[attr-defined]
                signed = "a bearer token" if self._access.key else _aws_credentials()
            else:
                signed, project = _google_credentials(self._access.key)
                project = getattr(client, "project_id", None) or project
                if not project:
                    raise CloudUnconfigured(
                        f"{self.name} cannot be reached: no project is set.",
                        hint="Set ANTHROPIC_VERTEX_PROJECT_ID.",
                    )
                place = f"region {client.region}, project {project}"  # type: ignore[attr-defined]
        return f"{place}, {signed}"

    def _stream(
        self, client: Client, request: Request, amendments: Amendments
    ) -> Iterator[str | Usage]:
        # RuntimeError is the SDK's where it finds no credentials or no project.
        errors: tuple[type[Exception], ...] = (*_credential_errors(self._provider), RuntimeError)
        try:
            yield from super()._stream(client, request, amendments)
        except errors as error:
            self.check()
            if isinstance(error, RuntimeError):
                raise
            raise _unusable(self._provider, error) from None

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


def _aws_credentials() -> str:
    """What AWS's own tools found to sign with."""
    import boto3

    try:
        found = boto3.Session().get_credentials()
        keys = found.get_frozen_credentials() if found else None
    except _credential_errors("bedrock") as error:
        raise _unusable("bedrock", error) from None
    if found is None or keys is None or not keys.access_key:
        raise CloudUnconfigured(
            "No AWS credentials were found.",
            hint="Run `aws configure` or `aws sso login`, or set AWS_ACCESS_KEY_ID and"
            " AWS_SECRET_ACCESS_KEY, or AWS_BEARER_TOKEN_BEDROCK.",
        )
    return f"AWS credentials by {found.method}"


def _google_credentials(key: str | None) -> tuple[str, str | None]:
    """What Google's own tools found to sign with, and the project that comes with it."""
    if key:
        return "an access token", None
    import google.auth

    try:
        found, project = google.auth.default(scopes=[SCOPE])
    except _credential_errors("vertex") as error:
        raise CloudUnconfigured(
            f"No Google Cloud credentials were found: {_first_line(error)}",
            hint="Run `gcloud auth application-default login`, or set"
            " GOOGLE_APPLICATION_CREDENTIALS.",
        ) from None
    return f"Google Cloud credentials ({type(found).__module__})", project


def _credential_errors(provider: str) -> tuple[type[Exception], ...]:
    """What a cloud's own tools raise."""
    if provider == "bedrock":
        from botocore.exceptions import BotoCoreError

        return (BotoCoreError,)
    try:
        from google.auth.exceptions import GoogleAuthError
    except ImportError:
        # With an access token, Google's tools are not needed.
        return ()
    return (GoogleAuthError,)


def _unusable(provider: str, error: Exception) -> CloudUnconfigured:
    again = {"bedrock": "aws sso login", "vertex": "gcloud auth application-default login"}
    return CloudUnconfigured(
        f"The cloud's credentials for {provider} cannot be used: {_first_line(error)}",
        hint=f"Sign in again: `{again[provider]}`.",
    )


def _first_line(error: Any) -> str:
    return str(error).strip().partition("\n")[0][:MAX_REASON_CHARS]


def load_cloud(provider: str, model: str, access: Access) -> CloudClaude:
    """Load Claude of a cloud.

    Raises:
        MissingExtra: the cloud's credentials need packages that are not installed.
    """
    feature = f"The model {provider}:{model}"
    require("anthropic", "httpx2", extra=provider, feature=feature)
    if provider == "bedrock":
        require("boto3", "botocore", extra=provider, feature=feature)
    elif not access.key:
        require("google.auth", extra=provider, feature=feature)
    return CloudClaude(provider, model, access)
