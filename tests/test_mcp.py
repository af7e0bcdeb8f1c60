"""The MCP server: the official SDK over stdio and HTTP."""

from __future__ import annotations

import base64
import io
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp_types import ImageContent, TextContent
from PIL import Image
from test_ask_events import FOLLOW_UP, LENS

from ingest.library.home import Home

ROOT = Path(__file__).parents[1]


async def converse(client: Client) -> None:
    """Two turns, the second a follow-up; then the page it cites."""
    tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    assert set(tools) == {"search", "ask", "ask_image", "extract", "get_page"}
    for tool in tools.values():
        assert tool.annotations is not None
        assert tool.annotations.read_only_hint
    assert tools["ask"].output_schema is not None

    found = await client.call_tool("search", {"query": LENS, "top": 2})
    assert found.structured_content is not None
    assert found.structured_content["hits"][0]["number"] == 4

    first: Any = await client.call_tool("ask", {"question": LENS})
    answer = first.structured_content
    assert "Hanneke Vos" in answer["text"]
    history = [{"role": "user", "text": LENS}, {"role": "assistant", "text": answer["text"]}]
    second: Any = await client.call_tool("ask", {"question": FOLLOW_UP, "history": history})
    answer = second.structured_content
    assert "lens" in answer["searched"]
    citation = answer["citations"][0]
    assert citation["verified"]

    whole: Any = await client.call_tool(
        "ask", {"question": LENS, "documents": ["annual-report.pdf"], "whole": True}
    )
    assert whole.is_error
    assert "extractive reads no whole document" in whole.content[0].text

    page = await client.call_tool(
        "get_page", {"page": citation["page"], "highlight": [citation["quote"]]}
    )
    text, image = page.content
    assert isinstance(text, TextContent)
    assert isinstance(image, ImageContent)
    with Image.open(io.BytesIO(base64.b64decode(image.data))) as picture:
        assert picture.format == "WEBP"

    kinds = {"type": "object", "properties": {"full_name": {"type": "string"}}}
    record: Any = await client.call_tool(
        "extract", {"document": "volunteer-form.pdf", "schema": kinds}
    )
    assert record.structured_content["data"] == {"full_name": "Priya Lanwarne"}
    both = {"document": "volunteer-form.pdf", "pages": ["volunteer-form.pdf-1"], "schema": "form"}
    assert (await client.call_tool("extract", both)).is_error
    scan = (ROOT / "data" / "samples" / "scanned-letter.pdf").read_bytes()
    parts = [{"data": base64.b64encode(scan).decode()}, {"text": "What is this page about?"}]
    asked: Any = await client.call_tool("ask_image", {"parts": parts})
    assert asked.structured_content["query"] == "What is this page about?"
    private = {"parts": [{"url": "http://127.0.0.1/a.png"}, {"text": "What is it?"}]}
    refused = await client.call_tool("ask_image", private)
    assert refused.is_error

    wrong = await client.call_tool("get_page", {"page": "nothing-1"})
    assert wrong.is_error


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


@pytest.mark.slow
def test_stdio(sample_home: Home, tmp_path: Path) -> None:
    server = StdioServerParameters(
        command=sys.executable,
        args=["-m", "api.cli.main", "--home", str(sample_home.root), "mcp"],
        cwd=ROOT,
        env=environment(),
    )

    async def run() -> None:
        with (tmp_path / "log").open("w") as log:
            async with Client(stdio_client(server, errlog=log)) as client:
                await converse(client)

    anyio.run(run)


@pytest.fixture
def listening(sample_home: Home) -> Any:
    command = [sys.executable, "-m", "api.cli.main", "mcp", "--http", "--port", "0"]
    server = subprocess.Popen(
        [*command, "--home", str(sample_home.root)],
        cwd=ROOT,
        env=environment(),
        stderr=subprocess.PIPE,
        text=True,
    )
    assert server.stderr is not None
    found = re.search(r"http://\S+", server.stderr.readline())
    assert found
    yield found[0]
    server.terminate()
    server.communicate(timeout=20)


def test_http(listening: str) -> None:
    async def run() -> None:
        async with Client(listening) as client:
            await converse(client)

    anyio.run(run)
    strange = httpx2.post(listening, json={}, headers={"Host": "elsewhere.example"})
    assert strange.status_code == 421
