"""`POST /v1/extract`: pages of the library as JSON that fits a schema, each value with its place."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from api.evidence import chat_of
from api.extract_command import describe, read_pages
from api.routing import Running, problems
from generation.prompt import Evidence
from generation.schema import BadSchema, check_schema, ready_schemas

router = APIRouter(prefix="/v1")
MOST_PAGES = 50


class ExtractRequest(BaseModel):
    """What to read, and into which shape."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"pages": ["invoice.pdf-1"], "schema": "invoice"}]},
    )

    pages: list[Annotated[str, Field(max_length=300)]] = Field(
        min_length=1, max_length=MOST_PAGES, description="DOCUMENT-NUMBER or FILE-NUMBER."
    )
    wanted: str | dict[str, Any] = Field(
        alias="schema", description="The name of a ready schema, or a JSON Schema."
    )


@router.post("/extract", responses=problems(404, 409, 422, 429, 502, 503, 504))
def extract_pages(wanted: ExtractRequest, engine: Running) -> dict[str, Any]:
    """The pages as one record; 422 where the schema requires what they do not show."""
    schema = wanted.wanted
    if isinstance(schema, str):
        ready = ready_schemas()
        if schema not in ready:
            raise BadSchema(
                f"There is no schema {schema!r}.", remedy=f"Send one, or name: {', '.join(ready)}."
            )
        schema = dict(ready[schema])
    library = engine.library()
    pages = [library.page(key) for key in wanted.pages]
    evidence = [
        Evidence(label, page, library.words(page), partial(library.image, page), 1.0)
        for label, page in enumerate(pages, 1)
    ]
    record = read_pages(evidence, check_schema(schema), chat_of(engine.model()))
    return {"pages": [page.key for page in pages], **describe(record)}
