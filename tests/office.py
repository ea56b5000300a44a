"""Files as LibreOffice opens them: the cells, with their types."""

from __future__ import annotations

import os
import shutil
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

Page = list[list[ET.Element | None]]
"""Rows of cells; None is a blank one."""

NAMES = {
    "office": "urn:oasis:names:tc:opendocument:xmlns:office:1.0",
    "table": "urn:oasis:names:tc:opendocument:xmlns:table:1.0",
    "text": "urn:oasis:names:tc:opendocument:xmlns:text:1.0",
}
TRUTHS = {"of:=TRUE()": True, "of:=FALSE()": False}
"""LibreOffice has no cells of true and false, and makes these of Excel's."""
WINDOWS = {"en": "1033", "fr": "1036", "es": "3082"}

needed = pytest.mark.skipif(
    shutil.which("soffice") is None and not os.environ.get("CI"),
    reason="LibreOffice is not installed: apt-get install libreoffice-calc-nogui",
)


def csv_filter(separator: str, language: str, *, days: bool = False) -> str:
    """A CSV opened where ``language`` is set; ``days`` recognises dates, as Excel always does."""
    special = "true" if days else "false"
    return f"CSV:{ord(separator)},34,76,1,,{WINDOWS[language]},false,{special}"


def opened(*files: Path, filter_: str = "Calc MS Excel 2007 XML") -> list[dict[str, Page]]:
    """The pages of each file, by name. Fails where a cell is a formula."""
    folder = files[0].parent
    subprocess.run(
        [
            *("soffice", f"-env:UserInstallation={(folder / 'office').as_uri()}"),
            *("--headless", "--convert-to", "fods", f"--infilter={filter_}"),
            *("--outdir", str(folder), *map(str, files)),
        ],
        check=True,
        capture_output=True,
        timeout=240,
    )
    return [_pages(ET.parse(file.with_suffix(".fods"))) for file in files]


def _pages(tree: ET.ElementTree[ET.Element]) -> dict[str, Page]:
    return {
        attribute(table, "table:name") or "": _page(table)
        for table in tree.iterfind(".//table:table", NAMES)
    }


def _page(table: ET.Element) -> Page:
    found = []
    for row in table.iterfind(".//table:table-row", NAMES):
        line: list[ET.Element | None] = []
        for cell in row.iterfind("table:table-cell", NAMES):
            assert attribute(cell, "table:formula") in (None, *TRUTHS), ET.tostring(cell)
            repeated = int(attribute(cell, "table:number-columns-repeated") or 1)
            empty = attribute(cell, "office:value-type") is None
            line += [None if empty else cell] * min(repeated, 200)
        times = int(attribute(row, "table:number-rows-repeated") or 1)
        found += [line] * min(times, 200)
    while found and not any(cell is not None for cell in found[-1]):
        found.pop()
    return found


def attribute(element: ET.Element, name: str) -> str | None:
    space, _, local = name.partition(":")
    return element.get(f"{{{NAMES[space]}}}{local}")


def said(cell: ET.Element | None) -> str:
    """The text that is shown."""
    if cell is None:
        return ""
    paragraphs = []
    for paragraph in cell.iterfind("text:p", NAMES):
        words = paragraph.text or ""
        for child in paragraph:
            tag = child.tag.rpartition("}")[2]
            times = int(child.get(f"{{{NAMES['text']}}}c") or 1)
            words += {"s": " " * times, "tab": "\t"}.get(tag, "".join(child.itertext()))
            words += child.tail or ""
        paragraphs.append(words)
    return "\n".join(paragraphs)


def meant(cell: ET.Element | None) -> str | float | bool | None:
    """The value: a number, a text, True or False; days and moments in ISO 8601."""
    kind = None if cell is None else attribute(cell, "office:value-type")
    if cell is None or kind is None:
        return None
    if (formula := attribute(cell, "table:formula")) is not None:
        return TRUTHS[formula]
    if kind in ("float", "percentage"):
        return float(attribute(cell, "office:value") or "")
    if kind == "date":
        return attribute(cell, "office:date-value")
    return said(cell)
