"""The digest of a submission, and the JSON text it is kept as.

JSON is read so that nothing sent is lost (:func:`read`), then brought to what RFC 8785 can carry
(:func:`normalise`), then hashed (:func:`digest`). A phone that does the same has the same digest.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from typing import Any

import rfc8785

MAX_DEPTH = 50
"""Levels of objects and lists within a submission; its own form has four."""

MAX_INTEGER = 2**53
"""Integers up to here are the same number to everybody (IEEE 754)."""

SERVER_TIMES = ("started_at", "finished_at")
"""What the server fills in for a plain HTML post, and what its digest therefore leaves out."""

_SURROGATE = re.compile("[\ud800-\udfff]")
_REPLACEMENT = "\ufffd"
_compact = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
).encode


MAX_ALIKE = 1000
"""Tries, in one object, to tell keys apart that differ by their surrogates only (45 such keys)."""


class TangledError(ValueError):
    """It cannot be brought to a text; the message says why, in a sentence."""


class TooDeepError(TangledError):
    """Objects and lists within each other, more than ``MAX_DEPTH`` levels."""

    def __init__(self) -> None:
        super().__init__(
            f"Objects and lists stand more than {MAX_DEPTH} levels within each other: a submission"
            " has four levels."
        )


class TooAlikeError(TangledError):
    """Many keys that differ by their surrogates only: telling them apart would take for ever."""

    def __init__(self) -> None:
        super().__init__("Many keys are the same but for letters that are none (lone surrogates).")


def read(body: bytes) -> Any:
    """The value of a JSON text in UTF-8, with numbers that no float can hold kept as their text.

    ``3.0`` stays a float, ``3`` an integer. ``1e400``, ``NaN`` and integers above 2^53 become
    text. Raises ``ValueError`` (with words for the sender) when it is not JSON.
    """
    try:
        return json.loads(
            body.decode("utf-8-sig"), parse_float=_float, parse_int=_integer, parse_constant=str
        )
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8 at byte {error.start}") from error
    except json.JSONDecodeError as error:
        raise ValueError(f"{error.msg} at line {error.lineno}, column {error.colno}") from error
    except RecursionError as error:
        raise ValueError("lists and objects within each other without end") from error


def normalise(value: Any, depth: int = 0) -> Any:
    """``value`` with lone surrogates as U+FFFD (keys too) and impossible numbers as their text.

    Raises :class:`TangledError`.
    """
    if isinstance(value, str):
        return _text(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if -MAX_INTEGER <= value <= MAX_INTEGER else _long(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if depth >= MAX_DEPTH:
        raise TooDeepError
    if isinstance(value, dict):
        return _object(value, depth)
    return [normalise(element, depth + 1) for element in value]


def digest(record: dict[str, Any], *, plain: bool = False) -> str:
    """The SHA-256 (hex) of a normalised submission, ``files`` sorted by sha256.

    ``plain``: it came from the HTML form, so the times are the server's own and left out.
    """
    left_out = SERVER_TIMES if plain else ()
    content = {key: value for key, value in record.items() if key not in left_out}
    files = content.get("files")
    if isinstance(files, list) and all(
        isinstance(file, dict) and isinstance(file.get("sha256"), str) for file in files
    ):
        content["files"] = sorted(files, key=lambda file: file["sha256"])
    return hashlib.sha256(canonical(content)).hexdigest()


def canonical(value: Any) -> bytes:
    """RFC 8785 of a normalised value."""
    if _is_simple(value):
        # The same bytes (a test holds it so), fifteen times as fast.
        return _compact(value).encode()
    return rfc8785.dumps(_carried(value))


def text(value: Any) -> str:
    """A normalised value as it is stored: compact JSON, keys sorted.

    Unlike RFC 8785 this keeps 3.0 apart from 3, which is the difference between an answer that
    does not fit and one that does. A NUL stands as ``\\u0000``, so that every database takes it.
    """
    return _compact(value)


def _is_simple(value: Any) -> bool:
    """Whether ``json`` writes it as RFC 8785 does: no floats, keys that sort alike everywhere."""
    if isinstance(value, float):
        return False
    if isinstance(value, dict):
        return all(key.isascii() and _is_simple(inner) for key, inner in value.items())
    if isinstance(value, list):
        return all(map(_is_simple, value))
    return True


def _carried(value: Any) -> Any:
    """2^53 itself is exact, but the library stops one short of it; as a float it is the same."""
    if isinstance(value, int) and abs(value) == MAX_INTEGER:
        return float(value)
    if isinstance(value, dict):
        return {key: _carried(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_carried(inner) for inner in value]
    return value


def _object(value: dict[Any, Any], depth: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    tries = 0
    for key, inner in value.items():
        name = _text(key)
        while name in found:  # two that differed only by their surrogates: keep both
            name += _REPLACEMENT
            tries += 1
            if tries > MAX_ALIKE:
                raise TooAlikeError
        found[name] = normalise(inner, depth + 1)
    return found


def _text(value: str) -> str:
    return value if value.isascii() else _SURROGATE.sub(_REPLACEMENT, value)


def _float(written: str) -> float | str:
    value = float(written)
    return value if math.isfinite(value) else written


def _integer(written: str) -> int | str:
    if len(written) > 17:  # longer than 2^53; Python refuses to read thousands of digits
        return written
    value = int(written)
    return value if -MAX_INTEGER <= value <= MAX_INTEGER else written


def _long(value: int) -> str:
    try:
        return str(value)
    except ValueError:  # more digits than Python likes to write
        return hex(value)
