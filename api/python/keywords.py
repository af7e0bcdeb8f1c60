"""Keyword arguments of the Python client: settings, ingest and training options."""

from __future__ import annotations

import os
from typing import Literal, TypedDict


class SettingsKeywords(TypedDict, total=False):
    """Settings by keyword: those of `api.settings.Settings` but the data folder."""

    host: str
    port: int
    token: str | None
    tokens_file: str | os.PathLike[str] | None
    audit_log: str | os.PathLike[str] | None
    audit_text: bool
    rate_limit: str | None
    max_concurrent: int | None
    max_connections: int
    root_path: str | None
    trusted_proxies: str | None
    certfile: str | os.PathLike[str] | None
    keyfile: str | os.PathLike[str] | None
    traces: str | None
    model: str
    anthropic_url: str | None
    openai_url: str | None
    ollama_url: str | None
    temperature: float | None
    detail: Literal["auto", "low", "high"]
    max_output_tokens: int | None
    device_map: str | None
    load_in: str | None
    model_timeout: float
    model_retries: int
    encoder: str | None
    images: str | None
    video: str | None
    quantization: str | None
    device: str
    dtype: str
    batch: int
    score_device: Literal["auto", "cpu", "cuda"]
    device_cache_mb: int
    rerank: str
    ocr: str
    office: str
    fps: float
    speech: str
    dpi: int
    workers: int
    file_timeout: float
    reader_memory_mb: int
    evidence_pages: int
    chroma: str | None
    chroma_tenant: str
    chroma_database: str
    chroma_token: str | None
    store: str | None
    cache_mb: int
    log_level: Literal["debug", "info", "warning", "error"] | None
    log_format: Literal["text", "json"]
    shard_pages: int
    exhaustive_pages: int
    max_upload_mb: int
    fetch_mb: int
    fetch_private: bool
    job_queue: int
    job_lanes: int


class IngestKeywords(TypedDict, total=False):
    """Options of one ingest, named as those of `pageglass ingest` (docs/cli.md)."""

    encoder: str | None
    images: str | None
    video: str | None
    beside: bool
    device: str | None
    dtype: str | None
    batch: int | None
    pool: int | None
    quantization: str | None
    password: str | None
    ocr: str | None
    office: str | None
    fps: float | None
    speech: str | None
    dpi: int | None
    workers: int | None
    file_timeout: float | None
    tag_with: str | os.PathLike[str] | None
    caption: str | None
    caption_prompt: str | None
    prune: bool
    retry: bool
    redo: bool
    again: bool
    rebuild: bool
    ray: str | None
    shards: int | Literal["auto"] | None


class TrainingKeywords(TypedDict, total=False):
    """Options of a training, named as those of `pageglass finetune`.

    They are described in docs/finetune.md.
    """

    epochs: int
    batch: int
    accumulate: int
    lr: float
    warmup: float
    weight_decay: float
    val_share: float
    seed: int
    freeze_image: bool
    freeze_text: bool
    device: str
    dtype: str
    force: bool
