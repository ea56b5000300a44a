"""What changed between two versions of an instrument, in words for whoever publishes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from surveys.faults import listed
from surveys.instrument import Instrument, Item, Scale, Section, Text

_HEAD = {"source": "source", "mode": "mode", "review": "review"}
_ITEM = ("type", "required", "show_if", "touchpoint", "measures", "min", "max", "unit")
_MORE = ("max_length", "short", "drawn")


def changes(old: Instrument, new: Instrument) -> list[str]:
    """One line each, the head of the form first, then its questions; empty if nothing changed."""
    return [*_head(old, new), *_sections(old, new), *_items(old, new)]


def _head(old: Instrument, new: Instrument) -> Iterator[str]:
    for name in _HEAD:
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            yield f"{name}: {before} → {after}"
    for language in new.languages:
        if language not in old.languages:
            yield f"language added: {language}"
    for language in old.languages:
        if language not in new.languages:
            yield f"language removed: {language}"
    if set(old.languages) == set(new.languages) and old.languages != new.languages:
        yield f"order of languages: {', '.join(new.languages)}"
    before, after = old.careless_seconds_per_item, new.careless_seconds_per_item
    if before != after:
        yield f"careless under {_or_nothing(before)} → {_or_nothing(after)} seconds an item"
    if old.title != new.title:
        yield f"title reworded ({_reworded(old.title, new.title)})"


def _sections(old: Instrument, new: Instrument) -> Iterator[str]:
    if len(old.sections) != len(new.sections):
        yield f"sections: {len(old.sections)} → {len(new.sections)}"
    for number, (before, after) in enumerate(zip(old.sections, new.sections, strict=False), 1):
        if before.title != after.title:
            yield f"title of section {number} reworded ({_reworded(before.title, after.title)})"
        if before.folded != after.folded:
            yield f"section {number} is {'folded' if after.folded else 'unfolded'} now"
    counts = [None if one.draw is None else one.draw.count for one in (old, new)]
    if counts[0] != counts[1]:
        yield f"scales drawn: {_or_nothing(counts[0])} → {_or_nothing(counts[1])}"


def _items(old: Instrument, new: Instrument) -> Iterator[str]:
    for key, item in new.items.items():
        if key not in old.items:
            yield f"added: {key} ({item.type})"
    for key, item in old.items.items():
        if key not in new.items:
            yield f"removed: {key} ({item.type})"
    common = [key for key in new.items if key in old.items]
    if common != [key for key in old.items if key in new.items]:
        yield f"order of questions: {', '.join(new.items)}"
    for key in common:
        yield from _item(old.items[key], new.items[key])
        if _home(old, key) != _home(new, key):
            yield f"{key}: section {_home(old, key)} → {_home(new, key)}"


def _item(old: Item, new: Item) -> Iterator[str]:
    words = dict(_texts(old)), dict(_texts(new))
    reworded = [
        f"{name} ({_reworded(words[0][name], text)})"
        for name, text in words[1].items()
        if name in words[0] and words[0][name] != text
    ]
    reworded += [f"{name} (new)" for name in words[1] if name not in words[0]]
    reworded += [f"{name} (gone)" for name in words[0] if name not in words[1]]
    if reworded:
        yield f"reworded: {new.key}: {listed(reworded, 'and')}"
    for name in (*_ITEM, *_MORE):
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            yield f"changed: {new.key}: {name} {_or_nothing(before)} → {_or_nothing(after)}"
    for name in ("level", "status"):
        before, after = getattr(old.scale, name, None), getattr(new.scale, name, None)
        if before != after:
            yield f"changed: {new.key}: {name} {_or_nothing(before)} → {_or_nothing(after)}"
    order = [[choice.key for choice in item.choices] for item in (old, new)]
    if set(order[0]) == set(order[1]) and order[0] != order[1]:
        yield f"changed: {new.key}: order of choices {', '.join(order[1])}"


def _texts(item: Item) -> Iterator[tuple[str, Text]]:
    """Every text of an item, by a name that tells which."""
    if item.scale is None:
        yield "ask", item.ask
    else:
        yield from _scale_texts(item.scale)
    if item.help is not None:
        yield "help", item.help
    for choice in item.choices:
        yield f"choice {choice.key}", choice.label


def _scale_texts(scale: Scale) -> Iterator[tuple[str, Text]]:
    for name in ("name", "ask", "low", "high", "coaching"):
        yield name, getattr(scale, name)
    for level, behaviours in scale.anchors.items():
        for number, behaviour in enumerate(behaviours, 1):
            yield f"behaviour {level}/{number}", behaviour


def _home(instrument: Instrument, key: str) -> int:
    return next(
        number for number, section in enumerate(instrument.sections, 1) if _holds(section, key)
    )


def _holds(section: Section, key: str) -> bool:
    return any(item.key == key for item in section.items)


def _reworded(old: Text, new: Text) -> str:
    """The languages in which a text differs."""
    languages = dict.fromkeys([*old, *new])
    return ", ".join(one for one in languages if old.get(one) != new.get(one))


def _or_nothing(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return json.dumps(value, ensure_ascii=False)
    return str(value)
