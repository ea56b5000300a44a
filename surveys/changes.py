"""What changed between two versions of an instrument, in words for whoever publishes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from surveys.instrument import Instrument, Item, Scale, Section, Text
from surveys.sentences import Sentence

_HEAD = {"source": "source", "mode": "mode", "review": "review"}
_ITEM = ("type", "required", "show_if", "touchpoint", "measures", "min", "max", "unit")
_MORE = ("max_length", "max_photos", "short", "drawn")


def changes(old: Instrument, new: Instrument) -> list[Sentence]:
    """One line each, the head of the form first, then its questions; empty if nothing changed.

    Keys and words of the grammar stand in them as they do in the file.
    """
    return [*_head(old, new), *_sections(old, new), *_items(old, new)]


def _head(old: Instrument, new: Instrument) -> Iterator[Sentence]:
    for name in _HEAD:
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            yield Sentence("{name}: {before} → {after}", name=name, before=before, after=after)
    for language in new.languages:
        if language not in old.languages:
            yield Sentence("language added: {language}", language=language)
    for language in old.languages:
        if language not in new.languages:
            yield Sentence("language removed: {language}", language=language)
    if set(old.languages) == set(new.languages) and old.languages != new.languages:
        yield Sentence("order of languages: {order}", order=", ".join(new.languages))
    before, after = old.careless_seconds_per_item, new.careless_seconds_per_item
    if before != after:
        yield Sentence(
            "careless under {before} → {after} seconds an item",
            before=_or_nothing(before),
            after=_or_nothing(after),
        )
    if old.title != new.title:
        yield Sentence("title reworded ({languages})", languages=_reworded(old.title, new.title))


def _sections(old: Instrument, new: Instrument) -> Iterator[Sentence]:
    if len(old.sections) != len(new.sections):
        yield Sentence(
            "sections: {before} → {after}", before=len(old.sections), after=len(new.sections)
        )
    for number, (before, after) in enumerate(zip(old.sections, new.sections, strict=False), 1):
        if before.title != after.title:
            yield Sentence(
                "title of section {number} reworded ({languages})",
                number=number,
                languages=_reworded(before.title, after.title),
            )
        if after.folded and not before.folded:
            yield Sentence("section {number} is folded now", number=number)
        if before.folded and not after.folded:
            yield Sentence("section {number} is unfolded now", number=number)
    counts = [None if one.draw is None else one.draw.count for one in (old, new)]
    if counts[0] != counts[1]:
        yield Sentence(
            "scales drawn: {before} → {after}",
            before=_or_nothing(counts[0]),
            after=_or_nothing(counts[1]),
        )


def _items(old: Instrument, new: Instrument) -> Iterator[Sentence]:
    for key, item in new.items.items():
        if key not in old.items:
            yield Sentence("added: {key} ({type})", key=key, type=item.type)
    for key, item in old.items.items():
        if key not in new.items:
            yield Sentence("removed: {key} ({type})", key=key, type=item.type)
    common = [key for key in new.items if key in old.items]
    if common != [key for key in old.items if key in new.items]:
        yield Sentence("order of questions: {order}", order=", ".join(new.items))
    for key in common:
        yield from _item(old.items[key], new.items[key])
        if _home(old, key) != _home(new, key):
            yield Sentence(
                "{key}: section {before} → {after}",
                key=key,
                before=_home(old, key),
                after=_home(new, key),
            )


def _item(old: Item, new: Item) -> Iterator[Sentence]:
    words = dict(_texts(old)), dict(_texts(new))
    reworded = [
        f"{name} ({_reworded(words[0][name], text)})"
        for name, text in words[1].items()
        if name in words[0] and words[0][name] != text
    ]
    fresh = [name for name in words[1] if name not in words[0]]
    gone = [name for name in words[0] if name not in words[1]]
    if reworded:
        yield Sentence("reworded: {key}: {texts}", key=new.key, texts=", ".join(reworded))
    if fresh:
        yield Sentence("new words: {key}: {texts}", key=new.key, texts=", ".join(fresh))
    if gone:
        yield Sentence("words taken out: {key}: {texts}", key=new.key, texts=", ".join(gone))
    for name in (*_ITEM, *_MORE):
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            yield _changed(new.key, name, before, after)
    for name in ("level", "status"):
        before, after = getattr(old.scale, name, None), getattr(new.scale, name, None)
        if before != after:
            yield _changed(new.key, name, before, after)
    order = [[choice.key for choice in item.choices] for item in (old, new)]
    if set(order[0]) == set(order[1]) and order[0] != order[1]:
        yield Sentence(
            "changed: {key}: order of choices {order}", key=new.key, order=", ".join(order[1])
        )


def _changed(key: str, name: str, before: Any, after: Any) -> Sentence:
    return Sentence(
        "changed: {key}: {name} {before} → {after}",
        key=key,
        name=name,
        before=_or_nothing(before),
        after=_or_nothing(after),
    )


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
        return Sentence("nothing")
    if isinstance(value, bool):
        return Sentence("yes") if value else Sentence("no")
    if isinstance(value, Mapping):
        return json.dumps(value, ensure_ascii=False)
    return str(value)
