"""`pageglass text PAGE_OR_FILE...`: the words of pages in reading order."""

from __future__ import annotations

from typing import Annotated

import typer

from api.cli.commands.extract import open_pages
from api.cli.exits import ExitCode
from api.cli.options import HomeOption, JsonOption, PasswordFileOption, PasswordOption
from api.cli.password import read_password
from api.cli.session import session


def text(
    ctx: typer.Context,
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="PAGE_OR_FILE...",
            help="Pages of the library (DOCUMENT-NUMBER or FILE-NUMBER), or PDFs and images by"
            " path or URL.",
        ),
    ],
    markdown: Annotated[
        bool, typer.Option("--markdown", help="With marks for headings, lists and table rows.")
    ] = False,
    password: PasswordOption = False,
    password_file: PasswordFileOption = None,
    json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Print the words of pages in reading order; --json adds their boxes."""
    found = session(ctx, json=json)
    from api.page_text import page_fields, page_markdown, page_text
    from api.printable import plain

    secret = read_password(password, password_file)
    any_words = False
    for source in sources:
        for page in open_pages(found, home, source, secret):
            any_words = any_words or bool(page.words)
            if json:
                found.terminal.record(page_fields(page.page, page.words))
                continue
            found.terminal.note(plain(str(page.page)))
            shown = page_markdown(page.words) if markdown else page_text(page.words)
            found.terminal.result("\n".join(map(plain, shown.split("\n"))))
    if not any_words:
        raise typer.Exit(ExitCode.NOTHING)
