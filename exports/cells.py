"""Cells as text that no file and no spreadsheet trips over.

What is done to a text, wherever it goes:

- Characters that cannot be stored in every file (NUL and the other control characters, halves of a
  surrogate pair) become U+FFFD, the sign for a character that was lost. Tabs stay; every kind of
  line end becomes a line feed.

And for a spreadsheet:

- A text that a spreadsheet would take for a formula gets a leading ``'``: one whose first letter is
  ``=``, ``+``, ``-`` or ``@`` (full-width and small forms too), whatever spaces or invisible
  characters stand before it; and one that begins with a tab or a line end (OWASP, *CSV Injection*).
"""

from __future__ import annotations

import re

LOST = "\ufffd"
EXCEL_CELL = 32_767
"""UTF-16 units that a cell of Excel holds: one a letter, two an emoji. It spills a longer text over
the rows below."""

_LINE_ENDS = re.compile("\r\n?")
_UNSTORABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_INVISIBLE = "\\s\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff"
_FORMULA = re.compile(f"[\t\n\r]|[{_INVISIBLE}]*[=+\\-@＝＋－＠﹦﹢﹣﹫]")


def storable(text: str) -> str:
    """The text without what a file cannot hold."""
    if text.isprintable():
        return text
    return _UNSTORABLE.sub(LOST, _LINE_ENDS.sub("\n", text))


def guarded(text: str) -> str:
    """A storable text that no spreadsheet takes for a formula."""
    text = storable(text)
    if text[:1].isalnum():
        return text
    return f"'{text}" if _FORMULA.match(text) else text


def shortened(text: str) -> str:
    """A text that fits a cell of Excel, and says so where it was cut."""
    if len(text) <= EXCEL_CELL // 2:
        return text
    units = text.encode("utf-16-le")
    if len(units) <= 2 * EXCEL_CELL:
        return text
    # Half of a pair at the cut is left out.
    return f"{units[: 2 * (EXCEL_CELL - 2)].decode('utf-16-le', 'ignore')} …"


def number(value: float) -> str:
    """Ten decimals at most, none that say nothing, never an exponent."""
    text = f"{value:.10f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
