"""An instrument's document as the YAML that its author might have written.

For versions whose text was not kept: to be read, edited and published again. Checked beside the
same scales it comes out as the same version, since comments and the order of keys are no part of
one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_HEAD = ("instrument", "title", "source", "mode", "review", "languages", "careless")
_ITEM = ("key", "type", "required", "short", "min", "max", "unit", "max_length", "max_photos")
_MORE = ("touchpoint", "measures", "show_if", "ask", "help")
_WORD = re.compile(r"[a-z][a-z0-9_-]*")
_CONSTANTS = ("true", "false", "null")


def write(document: Mapping[str, Any], scales: Sequence[str]) -> str:
    """The text of a resolved document; ``scales`` are the keys of scales.yaml, in file order.

    Scales are referred to, never written out: a draw as a draw, all of them in their order as
    ``{scales: all}``, others one by one.
    """
    return "\n".join(_lines(document, list(scales))) + "\n"


def _lines(document: Mapping[str, Any], scales: list[str]) -> Iterator[str]:
    for name in _HEAD:
        if name in document:
            yield f"{name}: {_flow(document[name])}"
    yield "sections:"
    for section in document["sections"]:
        yield f"  - title: {_flow(section['title'])}"
        if section.get("folded"):
            yield "    folded: true"
        yield "    items:"
        for entry in _entries(section["items"], scales):
            yield from _entry(entry)


def _entries(items: Sequence[Any], scales: list[str]) -> Iterator[Mapping[str, Any]]:
    """The entries of a section as a file has them."""
    place = 0
    while place < len(items):
        run = items[place : place + len(scales)]
        if scales and [_plain_scale(item) for item in run] == scales:
            yield {"scales": "all"}
            place += len(scales)
            continue
        item = items[place]
        place += 1
        if "draw" in item:
            yield {"draw": item["draw"], "from": "scales"}
        elif item["type"] == "scale":
            yield {**item, "key": item["scale"]["key"]}
        else:
            yield item


def _plain_scale(item: Mapping[str, Any]) -> str | None:
    """The key of a scale that is asked with nothing said about how."""
    return str(item["scale"]["key"]) if set(item) == {"type", "scale"} else None


def _entry(entry: Mapping[str, Any]) -> Iterator[str]:
    if "key" not in entry:
        yield f"      - {_flow(entry)}"
        return
    known = [name for name in (*_ITEM, *_MORE) if name in entry]
    for number, name in enumerate(known):
        yield f"      {'  ' if number else '- '}{name}: {_flow(entry[name])}"
    if "choices" in entry:
        yield "        choices:"
        for choice in entry["choices"]:
            yield f"          - {_flow(choice)}"


def _flow(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_flow(key)}: {_flow(value[key])}" for key in _order(value)) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_flow, value)) + "]"
    if isinstance(value, str) and _WORD.fullmatch(value) and value not in _CONSTANTS:
        return value
    return json.dumps(value, ensure_ascii=False)


def _order(mapping: Mapping[str, Any]) -> Sequence[str]:
    """As a person writes it; what the database gives back is sorted by letters."""
    first = [name for name in ("key", "draw", "en", "fr", "es", "ar") if name in mapping]
    return [*first, *(name for name in mapping if name not in first)]
