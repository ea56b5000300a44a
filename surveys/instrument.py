"""Instruments: what is asked, of whom, in which words.

A YAML file becomes a *resolved document* (plain JSON, scales written out, all languages), the
document becomes an :class:`Instrument`, and the document's hash is its version. Everything that
shows, checks or scores a form reads the :class:`Instrument`; nothing else reads the document.

This module is pure: no clock, no database, no web. The checker that explains faults in a file to
its author is :mod:`surveys.checking`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import rfc8785

Text = Mapping[str, str]
"""The same words in several languages: language code to text."""

Condition = Mapping[str, Any]
"""A ``show_if``; its meaning is :func:`surveys.conditions.holds`."""

LEVELS = (1, 2, 3, 4, 5, 6, 7)
MOMENTS = ("worse", "expected", "better")


@dataclass(frozen=True)
class Scale:
    """One of the behaviour scales; its key is the dimension it measures.

    ``anchors`` gives the behaviours seen at levels 7, 4 and 1; ``low`` and ``high`` are the short
    ends for a customer's phone; ``coaching`` says what to do on Monday to move one level up.
    """

    key: str
    level: str
    status: str
    name: Text
    ask: Text
    low: Text
    high: Text
    anchors: Mapping[int, tuple[Text, ...]]
    coaching: Text


@dataclass(frozen=True)
class Choice:
    """One answer to choose: what is stored, and what it is called."""

    key: str
    label: Text


@dataclass(frozen=True)
class Item:
    """One question (or ``note``). ``type`` is a type of the contract's table.

    ``scale`` is there for items of type ``scale``; ``short`` then says that only its ends are
    shown. ``drawn`` marks a scale that may or may not be among those that are asked.
    """

    key: str
    type: str
    ask: Text
    help: Text | None = None
    required: bool = False
    show_if: Condition | None = None
    touchpoint: str | None = None
    measures: str | None = None
    choices: tuple[Choice, ...] = ()
    min: float | None = None
    max: float | None = None
    unit: str | None = None
    max_length: int | None = None
    max_photos: int | None = None
    scale: Scale | None = None
    short: bool = False
    drawn: bool = False


@dataclass(frozen=True)
class Draw:
    """A place in a section where ``count`` of ``items`` (all scales) are asked, in balance."""

    count: int
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Section:
    """A titled part of a form. ``folded`` ones stand closed under the Send button, all optional."""

    title: Text
    entries: tuple[Item | Draw, ...]
    folded: bool = False

    @property
    def items(self) -> Iterator[Item]:
        for entry in self.entries:
            if isinstance(entry, Draw):
                yield from entry.items
            else:
                yield entry


@dataclass(frozen=True)
class Instrument:
    """A form's whole meaning. Equal documents are equal instruments, of the same version."""

    key: str
    title: Text
    source: str
    mode: str
    review: str
    languages: tuple[str, ...]
    careless_seconds_per_item: float | None
    sections: tuple[Section, ...]
    document: Mapping[str, Any] = field(repr=False, compare=False)

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Instrument:
        """Read a resolved document, as :func:`surveys.checking.resolve` makes it.

        The document must be sound: it came out of the checker or out of the database.
        """
        return cls(
            key=document["instrument"],
            title=document["title"],
            source=document["source"],
            mode=document["mode"],
            review=document["review"],
            languages=tuple(document["languages"]),
            careless_seconds_per_item=document.get("careless", {}).get("seconds_per_item"),
            sections=tuple(_section(section) for section in document["sections"]),
            document=document,
        )

    @cached_property
    def version(self) -> str:
        """The first twelve hex digits of the SHA-256 of the canonical (RFC 8785) document."""
        return hashlib.sha256(rfc8785.dumps(dict(self.document))).hexdigest()[:12]

    @property
    def form(self) -> str:
        """``key@version``, as a submission names it."""
        return f"{self.key}@{self.version}"

    @cached_property
    def items(self) -> Mapping[str, Item]:
        """Every item by key, in form order, the drawn scales among them."""
        return {item.key: item for section in self.sections for item in section.items}

    @cached_property
    def photos(self) -> frozenset[str]:
        """The keys of the questions that are answered with photos."""
        return frozenset(key for key, item in self.items.items() if item.type == "photo")

    @cached_property
    def draw(self) -> Draw | None:
        """The form's draw, if it has one (the checker allows at most one)."""
        for section in self.sections:
            for entry in section.entries:
                if isinstance(entry, Draw):
                    return entry
        return None


def _section(document: Mapping[str, Any]) -> Section:
    return Section(
        title=document["title"],
        entries=tuple(_entry(entry) for entry in document["items"]),
        folded=document.get("folded", False),
    )


def _entry(document: Mapping[str, Any]) -> Item | Draw:
    if "draw" in document:
        items = tuple(_scale_item(scale, short=True, drawn=True) for scale in document["scales"])
        return Draw(count=document["draw"], items=items)
    if document["type"] == "scale":
        return _scale_item(document["scale"], short=document.get("short", False), entry=document)
    return Item(
        key=document["key"],
        type=document["type"],
        ask=document["ask"],
        choices=tuple(Choice(c["key"], c["label"]) for c in document.get("choices", ())),
        min=document.get("min"),
        max=document.get("max"),
        unit=document.get("unit"),
        max_length=document.get("max_length"),
        max_photos=document.get("max_photos"),
        **_common(document),
    )


def _scale_item(
    scale: Mapping[str, Any],
    *,
    short: bool,
    drawn: bool = False,
    entry: Mapping[str, Any] | None = None,
) -> Item:
    anchors = {int(level): tuple(texts) for level, texts in scale["anchors"].items()}
    known = {name: scale[name] for name in ("key", "level", "status", "name", "ask")}
    ends = {name: scale[name] for name in ("low", "high", "coaching")}
    return Item(
        key=scale["key"],
        type="scale",
        ask=scale["ask"],
        scale=Scale(anchors=anchors, **known, **ends),
        short=short,
        drawn=drawn,
        **_common(entry or {}),
    )


def _common(document: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "help": document.get("help"),
        "required": document.get("required", False),
        "show_if": document.get("show_if"),
        "touchpoint": document.get("touchpoint"),
        "measures": document.get("measures"),
    }
