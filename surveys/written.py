"""Durations and positions as people write them into a field: read, and written again."""

from __future__ import annotations

import re

_SECONDS = re.compile(r"\d{1,9}", re.ASCII)
_CLOCK = re.compile(r"(?:(\d{1,3}):(?=\d\d[:.,]))?(\d{1,5})[:.,]([0-5]\d)", re.ASCII)
_PART = re.compile(r"[-+]?\d{1,15}(?:\.(\d{1,15}))?", re.ASCII)
_FIGURES = {ord(digit): str(n % 10) for n, digit in enumerate("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹")}
_SIGNS = _FIGURES | str.maketrans({"،": ",", "؛": ";", "٫": ".", "−": "-", "°": None})
_METRES_A_DEGREE = 111_320


def seconds(text: str) -> int | None:
    """The seconds of ``3:20``, ``1:03:20`` or ``200``; None where it is neither.

    ``3.20`` is read as ``3:20``, for not every keypad has a colon. A number alone is seconds.
    """
    text = text.translate(_SIGNS)
    if _SECONDS.fullmatch(text):
        return int(text)
    found = _CLOCK.fullmatch(text)
    if found is None:
        return None
    hours, minutes, rest = (int(part or 0) for part in found.groups())
    return hours * 3600 + minutes * 60 + rest


def clock(duration: int) -> str:
    """Seconds as ``3:20``: minutes, however many, and seconds."""
    return f"{duration // 60}:{duration % 60:02d}"


def position(text: str) -> dict[str, float] | None:
    """The position in ``48.2082, 16.3738`` or ``48.2082, 16.3738, 25`` (metres); None if there is
    none. Decimal commas are read where spaces or semicolons stand between the numbers.

    Written without metres it is as exact as its digits: accurate to half of the last one, which is
    some 6 m for four decimals. 0 would say that it cannot be wrong.
    """
    text = text.translate(_SIGNS)
    parts = re.split(r"\s*;\s*|,?\s+", text) if re.search(r"[;\s]", text) else text.split(",")
    read = [_PART.fullmatch(part.replace(",", ".")) for part in parts]
    if len(read) not in (2, 3) or None in read:
        return None
    numbers = [float(part[0]) for part in read if part]
    digits = min(len(part[1] or "") for part in read[:2] if part)
    exact = max(1, round(_METRES_A_DEGREE / 2 / 10**digits))
    accuracy = numbers[2] if len(numbers) == 3 else float(exact)
    return {"latitude": numbers[0], "longitude": numbers[1], "accuracy": accuracy}
