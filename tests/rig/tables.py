"""Reading what Touchstone exports, as a program would."""

from __future__ import annotations

import csv
import io


def rows(text: str) -> list[dict[str, str]]:
    """The rows of a CSV by their headers; line ends within cells stay as they are."""
    return list(csv.DictReader(io.StringIO(text, newline="")))
