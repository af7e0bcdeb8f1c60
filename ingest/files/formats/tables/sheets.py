"""Sheets fitted to pages: as wide as one, nothing hidden."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

from ingest.files.formats.tables.column_widths import widen_columns

PAGE = {"page-width": "420mm", "page-height": "297mm"}
"""A3 in landscape: as wide as can be read in a page image."""
_LAYOUT = re.compile(r"<style:page-layout-properties\b[^>]*?(/?)>")
_SCALED = re.compile(
    r'\s(?:style:scale-to(?:-pages|-X|-Y)?|fo:page-(?:width|height)|style:print-orientation)="[^"]*"'
)
_CELL = re.compile(r"(<style:table-cell-properties\b)")
_WRAP = re.compile(r'\sfo:wrap-option="[^"]*"')
_DEFAULT = re.compile(
    r'(<style:style style:name="Default" style:family="table-cell"[^>]*[^/]>)'
    r"(?!<style:table-cell-properties\b)"
)
_HEIGHT = re.compile(r'\sstyle:row-height="[^"]*"')
_HIDDEN = re.compile(r'\stable:visibility="(?:collapse|filter)"')
_TABLE = re.compile(
    r"(<table:table(?=[\s>])[^>]*>(?:(?!<table:table-row\b|<table:table-header-rows\b"
    r"|<table:table-row-group\b|</table:table>).)*)"
    r"(<table:table-row\b(?![^>]*number-rows-repeated)(?:\s[^>]*[^/])?>.*?</table:table-row>)",
    re.DOTALL,
)


def fit_sheets(path: Path) -> Path:
    """Write a copy of an ODS file whose sheets are printed one page wide."""
    fitted = path.with_name(f"{path.stem}-fitted.ods")
    with zipfile.ZipFile(path) as before, zipfile.ZipFile(fitted, "w") as after:
        for member in before.infolist():
            data = before.read(member)
            if member.filename == "styles.xml":
                data = wrap_cells(fit_layouts(data.decode())).encode()
            elif member.filename == "content.xml":
                content = show_hidden(data.decode())
                data = wrap_cells(repeat_first_rows(widen_columns(content))).encode()
            kind = zipfile.ZIP_STORED if member.filename == "mimetype" else zipfile.ZIP_DEFLATED
            after.writestr(member, data, kind)
    return fitted


def fit_layouts(styles: str) -> str:
    """Page layouts with `PAGE` as their page, and sheets scaled to its width."""
    size = "".join(f' fo:{key}="{value}"' for key, value in PAGE.items())
    more = f'{size} style:print-orientation="landscape" style:scale-to-X="1" style:scale-to-Y="0"'

    def fit(found: re.Match[str]) -> str:
        bare = _SCALED.sub("", found[0])
        end = len("/>") if found[1] else len(">")
        return bare[:-end] + more + bare[-end:]

    return _LAYOUT.sub(fit, styles)


def wrap_cells(styles: str) -> str:
    """Cell styles with lines that wrap, and rows as high as they need.

    Else a cell shows what fits into its column where the next one is filled.
    """
    wrapped = _CELL.sub(lambda found: found[1] + ' fo:wrap-option="wrap"', _WRAP.sub("", styles))
    wrapped = _DEFAULT.sub(r'\1<style:table-cell-properties fo:wrap-option="wrap"/>', wrapped)
    return _HEIGHT.sub("", wrapped).replace(
        'style:use-optimal-row-height="false"', 'style:use-optimal-row-height="true"'
    )


def show_hidden(content: str) -> str:
    """Sheets, rows and columns that are hidden or filtered out, shown."""
    return _HIDDEN.sub("", content).replace('table:display="false"', 'table:display="true"')


def repeat_first_rows(content: str) -> str:
    """Tables whose first row is printed on each page, where nothing else is said."""
    return _TABLE.sub(r"\1<table:table-header-rows>\2</table:table-header-rows>", content)
