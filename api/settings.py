"""Settings from the environment and the settings file, and providers' keys.

Nothing else reads the environment. Options on the command line win over
settings. Owns no connections and opens no files.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from platformdirs import user_data_path
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from api.environment import PREFIX, environment_settings
from api.network import KEYS, plain_address, plain_rate, token_fault
from api.settings_file import read_settings_file, settings_path
from ingest.error import ConfigurationError

if TYPE_CHECKING:
    from generation.providers.access import Access
    from ingest.encoders.encoder import Encoding
    from ingest.fetch.fetch_policy import FetchPolicy
    from ingest.index.server import Server
    from ingest.readers.limits import ReadLimits
    from ingest.replica.object_store import ObjectStore


class InvalidSetting(ConfigurationError):
    """A setting has a value that is not allowed."""

    code = "invalid-setting"


class Settings(BaseModel):
    """Settings of the program, read once at the start and passed on as plain values.

    What is not given comes from the environment, PAGEGLASS_ before its name.
    """

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True, frozen=True)

    home: Path = Field(
        default_factory=lambda: user_data_path("pageglass", appauthor=False),
        description="The data folder.",
    )
    host: str = Field(default="127.0.0.1", description="The address that `serve` listens on.")
    port: int = Field(default=8000, ge=0, le=65_535, description="Its port; 0 takes any free one.")
    token: SecretStr | None = Field(default=None, description="The token that clients must show.")
    tokens_file: Path | None = Field(
        default=None, description="A file of tokens with names and scopes, read as it changes."
    )
    rate_limit: str | None = Field(
        default=None, description='Requests of a token or address, as "600/minute"; unset, all.'
    )
    max_concurrent: int | None = Field(
        default=None,
        ge=0,
        description="Requests of a token or address at once; 0 for no limit; unset, 32 of a token.",
    )
    max_connections: int = Field(default=500, ge=1, description="Connections open at once.")
    root_path: str | None = Field(
        default=None,
        pattern=r"^(/[\w.~-]+)*$",
        description="Path that a proxy strips, such as /pages.",
    )
    trusted_proxies: str | None = Field(
        default=None, description="Addresses whose X-Forwarded headers count; unset, none."
    )
    certfile: Path | None = Field(default=None, description="TLS certificate (PEM) of `serve`.")
    keyfile: Path | None = Field(default=None, description="Its private key (PEM).")
    audit_log: Path | None = Field(default=None, description="File that says who asked what.")
    audit_text: bool = Field(default=False, description="Whether it has the words of questions.")
    traces: str | None = Field(
        default=None,
        pattern=r"^https?://\S+$",
        description="OTLP receiver of traces over HTTP; unset, none are made.",
    )
    model: str = Field(default="extractive", description="Model that writes answers.")
    anthropic_url: str | None = Field(
        default=None, pattern=r"^https?://\S+$", description="Address of anthropic: models."
    )
    openai_url: str | None = Field(
        default=None, pattern=r"^https?://\S+$", description="Address of openai: models."
    )
    ollama_url: str | None = Field(
        default=None, pattern=r"^https?://\S+$", description="Address of ollama: models."
    )
    temperature: float | None = Field(
        default=None, ge=0, le=2, description="Temperature of models; unset, the provider's."
    )
    detail: Literal["auto", "low", "high"] = Field(
        default="auto", description="Detail of images, for providers that know it."
    )
    max_output_tokens: int | None = Field(default=None, ge=16, description="Tokens of a reply.")
    device_map: str | None = Field(default=None, description="Local models among devices.")
    load_in: str | None = Field(default=None, description="Bits of local models' weights.")
    model_timeout: float = Field(
        default=120.0, gt=0, description="Seconds to wait for the next piece of a reply."
    )
    model_retries: int = Field(
        default=3, ge=0, le=10, description="How often a call that failed at once is tried again."
    )
    encoder: str | None = Field(
        default=None, description="Encoder of pages; unset, what the home has, or minilm and e5."
    )
    images: str | None = Field(
        default=None, description="Encoder of photos; unset, what the home has, or conse-e5."
    )
    video: str | None = Field(default=None, description="Encoder of videos; unset, as the home.")
    quantization: str | None = Field(
        default=None, description="Quantization of rows; unset, what the home has, or fp16."
    )
    device: str = Field(default="auto", description="Device of torch models.")
    dtype: str = Field(default="auto", description="Their number type: fp32, fp16 or bf16.")
    batch: int = Field(default=0, ge=0, description="Pages a batch; 0 as many as fit.")
    score_device: Literal["auto", "cpu", "cuda"] = Field(
        default="auto", description="Device that scores pages."
    )
    device_cache_mb: int = Field(default=2_000, ge=16, description="GPU megabytes for rows.")
    rerank: str = Field(
        default="auto", description="Reranker: auto, none, ms-marco or cross-encoder:MODEL."
    )
    ocr: str = Field(default="rapidocr", description="OCR of print without a good text layer.")
    office: str = Field(default="libreoffice", description="Reader of office documents.")
    fps: float = Field(default=0, ge=0, le=30, description="Frames a second of videos.")
    speech: str = Field(default="none", description="Who recognizes speech of recordings.")
    dpi: int = Field(default=144, ge=36, le=600, description="Resolution of page images.")
    workers: int = Field(default=0, ge=0, description="Processes that read files; 0 is one a core.")
    file_timeout: float = Field(
        default=240.0,
        ge=0,
        description="Seconds to open a file and for each four of its pages; 0 for no limit.",
    )
    reader_memory_mb: int = Field(
        default=2_048, ge=512, description="Megabytes that a process which reads files may hold."
    )
    evidence_pages: int = Field(default=5, ge=1, le=50, description="Pages for an answer.")
    chroma: str | None = Field(
        default=None, description="A Chroma server, http(s)://HOST:PORT, for the embedded Chroma."
    )
    chroma_tenant: str = Field(default="default_tenant", description="Its tenant.")
    chroma_database: str = Field(default="default_database", description="Its database.")
    chroma_token: SecretStr | None = Field(default=None, description="Its token.")
    store: str | None = Field(
        default=None, description="A bucket or folder to publish to, or to mirror (fsspec URL)."
    )
    cache_mb: int = Field(
        default=10_000, ge=1, description="Megabytes that a mirror keeps of what it fetched."
    )
    log_level: Literal["debug", "info", "warning", "error"] | None = Field(
        default=None, description="Lowest level logged; unset, info for servers, else warning."
    )
    log_format: Literal["text", "json"] = Field(default="text", description="Of log lines.")
    shard_pages: int = Field(default=500_000, ge=1, description="Of a shard, by --shards auto.")
    exhaustive_pages: int = Field(
        default=1_000, ge=0, description="Pages up to which all are scored exactly."
    )
    max_upload_mb: int = Field(
        default=200, ge=1, description="Megabytes of an upload over HTTP, all files together."
    )
    fetch_mb: int = Field(
        default=50, ge=1, description="The largest file fetched by its URL, in megabytes."
    )
    fetch_private: bool = Field(
        default=False, description="Whether URLs may lead to private addresses; over HTTP never."
    )
    job_queue: int = Field(default=100, ge=1, description="Unfinished upload jobs at most.")
    job_lanes: int = Field(default=3, ge=1, le=32, description="Upload jobs that run at once.")

    def __init__(self, **given: Any) -> None:
        super().__init__(**environment_settings() | given)

    def encoding(self) -> Encoding:
        """Device, number type and batch size of encoders."""
        from ingest.encoders.encoder import Encoding

        return Encoding(self.device, self.dtype, self.batch)

    def read_limits(self, seconds: float | None = None) -> ReadLimits:
        """Limits of the processes that read files; `seconds` None takes the setting."""
        from ingest.readers.limits import ReadLimits

        return ReadLimits(self.file_timeout if seconds is None else seconds, self.reader_memory_mb)

    def fetch_policy(self, *, served: bool = False) -> FetchPolicy:
        """Policy of files by URL; `served` never allows private addresses."""
        from ingest.fetch.fetch_policy import FetchPolicy

        return FetchPolicy(self.fetch_mb * 1_000_000, self.fetch_private and not served)

    def access(self, spec: str) -> Access:
        """Access to a model, "PROVIDER:MODEL": key, address, timeouts and device."""
        from generation.models.model import resolve_spec
        from generation.providers.access import Access

        provider = resolve_spec(spec).partition(":")[0]
        key = os.environ.get(KEYS.get(provider, ""), "").strip()
        url = {
            "anthropic": self.anthropic_url,
            "openai": self.openai_url,
            "ollama": self.ollama_url,
        }.get(provider)
        return Access(
            key or None,
            url,
            self.model_timeout,
            self.model_retries,
            self.device,
            self.dtype,
            self.device_map,
            self.load_in,
            self.temperature,
            self.detail,
            self.max_output_tokens,
        )

    def chroma_server(self) -> Server | None:
        """Chroma server that holds the records; None for the embedded Chroma."""
        from ingest.index.server import Server

        if self.chroma is None:
            return None
        token = self.chroma_token.get_secret_value() if self.chroma_token else None
        return Server(self.chroma, self.chroma_tenant, self.chroma_database, token)

    def published(self) -> ObjectStore | None:
        """Object store that homes are published to or mirrored from; None without one."""
        from ingest.replica.object_store import ObjectStore

        return None if self.store is None else ObjectStore(self.store, self.cache_mb)

    @field_validator("store")
    @classmethod
    def _plain_store(cls, url: str | None) -> str | None:
        """Accept a URL with a path and no more: a password in it would be shown."""
        if not url or not url.strip():
            return None
        protocol, found, place = url.strip().partition("://")
        if not (protocol and found and place.strip("/")) or "@" in place or "::" in url:
            raise ValueError(
                "it must be a URL such as s3://BUCKET/PREFIX or file:///FOLDER, without credentials"
            )
        return url.strip().rstrip("/")

    @field_validator("chroma")
    @classmethod
    def _plain_address(cls, url: str | None) -> str | None:
        """Accept an http or https address and no more: a password in it would be shown."""
        return plain_address(url)

    @field_validator("token", "chroma_token")
    @classmethod
    def _usable_token(cls, token: SecretStr | None) -> SecretStr | None:
        """Take an empty variable for none, and refuse what no header can carry."""
        if token is None or not token.get_secret_value().strip():
            return None
        if reason := token_fault(token.get_secret_value()):
            raise ValueError(reason)
        return token

    @field_validator("rate_limit")
    @classmethod
    def _usable_rate(cls, rate: str | None) -> str | None:
        """Accept a number of requests a second, minute, hour or day."""
        return plain_rate(rate)

    @field_validator("tokens_file", "audit_log")
    @classmethod
    def _no_blank_path(cls, path: Path | None) -> Path | None:
        """Take an empty variable for none."""
        return path if path and str(path).strip() not in {"", "."} else None


def read_settings(**values: Any) -> Settings:
    """Settings from the environment, else from the settings file; `values` come first.

    Raises:
        InvalidSetting: a value is not allowed; the message does not repeat it.
        InvalidSettingsFile: the file cannot be read.
    """
    given = {*values, *environment_settings()}
    from_file = {
        name: value
        for name, value in read_settings_file().items()
        if name in Settings.model_fields and name not in given
    }
    try:
        return Settings(**from_file, **values)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = "_".join(str(part) for part in first["loc"])
        variable = f"{PREFIX}{name.upper()}"
        where = f"{settings_path()}: {name}" if name in from_file else variable
        raise InvalidSetting(
            f"{name if name in values else where}: {first['msg']}.",
            hint="Correct it, or leave it out.",
        ) from None
