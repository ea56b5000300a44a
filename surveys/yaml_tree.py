"""A YAML file as a tree of nodes that know their place.

ruamel.yaml's parser gives the events; the tree is our own, because a fault must name the exact
line and column of every key and value, all faults of a file must be found at once, and a hostile
file must not grow: no aliases (the "billion laughs"), no tags, bounded size and depth.

Scalars follow the core schema of YAML 1.2: ``true``, ``false``, ``null``, ``~``, integers and
decimals are themselves, everything else is text, so ``no`` stays text and so does a date.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, StreamMark
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from surveys.faults import Findings, Place, shown

MAX_BYTES = 256 * 1024
MAX_NODES = 10_000
MAX_DEPTH = 20
"""The largest that ships has 70,000 bytes, 1,500 nodes and 12 levels."""

_SHOWN = 100  # places of one and the same slip that are told; a binary file has no end of them

_INTEGER = re.compile(r"[-+]?[0-9]+")
_DECIMAL = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_UNPRINTABLE = re.compile(
    "[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
)
_LARGEST = 2**53 - 1  # what canonical JSON can carry
_NO_CHARACTER = re.compile(r"\\U(?!00(?:0[0-9A-Fa-f]|10))[0-9A-Fa-f]{8}")
_TAB_INDENT = re.compile(r"^ *\t", re.MULTILINE)
_CONSTANTS = {"true": True, "false": False, "null": None, "~": None, "": None}


@dataclass
class Node:
    """A value and where it begins: a scalar, a ``list[Node]``, or a ``dict[str, Node]``.

    ``keys`` gives the places of a mapping's keys, which are kept as the text they are in the file.
    """

    value: Any
    place: Place
    keys: dict[str, Place] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """What it is, in words for a message."""
        return _KINDS[type(self.value)]

    def plain(self) -> Any:
        """The value without places: what ``json.dumps`` would take. Texts lose outer spaces."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value.strip() if isinstance(self.value, str) else self.value


_KINDS: dict[type, str] = {
    dict: "a mapping",
    list: "a list",
    str: "a text",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    type(None): "empty",
}


def read(path: Path) -> bytes:
    """What :func:`parse` takes of the file at ``path``: never more than it would accept.

    Raises ``OSError`` when there is no such file or it may not be opened.
    """
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)


def parse(data: bytes, findings: Findings) -> Node | None:
    """The tree of a file's bytes; None, with findings, if they are no tree."""
    text = _decode(data, findings)
    if text is None:
        return None
    tree = _Builder(findings).build(text)
    if tree is not None and tree.value is None:
        findings.add("empty", tree.place, "there is nothing in this file: write an instrument")
        return None
    return tree


def _decode(data: bytes, findings: Findings) -> str | None:
    if len(data) > MAX_BYTES:
        message = f"a file has at most {MAX_BYTES:,} bytes: split it, or shorten its texts"
        findings.add("too-large", Place(1, 1), message)
        return None
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8")
        message = (
            f"the byte 0x{data[error.start]:02X} is not UTF-8 (the file looks like Latin-1 or"
            " another old encoding): save it again with the encoding UTF-8"
        )
        findings.add("not-utf-8", _place_after(before), message)
        return None
    text = text.removeprefix("\ufeff")
    unprintable = list(islice(_UNPRINTABLE.finditer(text), _SHOWN))
    for match in unprintable:
        place = _place_after(text[: match.start()])
        message = f"the invisible character U+{ord(match[0]):04X} stands here: delete it"
        findings.add("control-character", place, message)
    return None if unprintable else text


def _place_after(text: str) -> Place:
    lines = re.split("\r\n|\n|\r", text)
    return Place(len(lines), len(lines[-1]) + 1)


class _Unreadable(Exception):
    """Reading cannot go on; the reason is among the findings."""


class _Builder:
    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._nodes = 0

    def build(self, text: str) -> Node | None:
        try:
            return self._document(YAML(typ="safe", pure=True).parse(text))
        except _Unreadable:
            return None
        except MarkedYAMLError as error:
            self._explain(error, text)
            return None
        except (ValueError, OverflowError):
            self._explain_escape(text)
            return None

    def _explain_escape(self, text: str) -> None:
        """The parser makes characters of escapes without a look at their numbers."""
        found = _NO_CHARACTER.search(text)
        place = _place_after(text[: found.start()]) if found else Place(1, 1)
        self._findings.add("not-yaml", place, "this escape stands for no character: take it out")

    def _document(self, events: Iterator[Event]) -> Node | None:
        root: Node | None = None
        for event in events:
            if isinstance(event, DocumentStartEvent):
                if root is not None:
                    message = "a second document begins here: put it in a file of its own"
                    self._stop("several-documents", event, message)
            elif isinstance(event, NodeEvent):
                root = self._node(event, events, 1)
        return root or Node(None, Place(1, 1))

    def _node(self, event: Event, events: Iterator[Event], depth: int) -> Node:
        place = _place(event.start_mark)
        if isinstance(event, AliasEvent) or getattr(event, "anchor", None) is not None:
            self._stop("alias", event, "anchors and aliases are not read: write the text out here")
        if getattr(event, "tag", None) not in (None, "!"):
            self._stop("tag", event, "a tag (a word after !) is not read: delete it")
        self._nodes += 1
        if self._nodes > MAX_NODES:
            self._stop("too-large", event, f"more than {MAX_NODES:,} keys and values: split it")
        if depth > MAX_DEPTH:
            self._stop("too-deep", event, f"nested deeper than {MAX_DEPTH}: take levels out")
        if isinstance(event, ScalarEvent):
            return self._scalar(event, place)
        if isinstance(event, SequenceStartEvent):
            items = []
            while not isinstance(inner := next(events), SequenceEndEvent):
                items.append(self._node(inner, events, depth + 1))
            return Node(items, place)
        return self._mapping(place, events, depth)

    def _mapping(self, place: Place, events: Iterator[Event], depth: int) -> Node:
        node = Node({}, place)
        while not isinstance(event := next(events), MappingEndEvent):
            key = self._node(event, events, depth + 1)
            value = self._node(next(events), events, depth + 1)
            if not isinstance(event, ScalarEvent):
                message = f"{key.kind} cannot be a key: write a word"
                self._findings.add("wrong-type", key.place, message)
            elif event.value in node.value:
                first = node.keys[event.value]
                message = f"{shown(event.value)} was given in line {first.line}: keep one of them"
                self._findings.add("duplicate-key", key.place, message)
            else:
                node.value[event.value] = value
                node.keys[event.value] = key.place
        return node

    def _scalar(self, event: ScalarEvent, place: Place) -> Node:
        value = _value(event)
        if isinstance(value, int | float) and not -_LARGEST <= value <= _LARGEST:
            message = (
                f"{shown(str(event.value))} is larger than a number can be: take a smaller one"
            )
            self._findings.add("out-of-range", place, message)
            value = 0
        if isinstance(value, str) and (found := _UNPRINTABLE.search(value)):
            message = f"this text holds the invisible character U+{ord(found[0]):04X}: take it out"
            self._findings.add("control-character", place, message)
            value = _UNPRINTABLE.sub(" ", value)
        return Node(value, place)

    def _stop(self, code: str, event: Event, message: str) -> None:
        self._findings.add(code, _place(event.start_mark), message)
        raise _Unreadable

    def _explain(self, error: MarkedYAMLError, text: str) -> None:
        tabs = list(islice(_TAB_INDENT.finditer(text), _SHOWN))
        for match in tabs:
            message = "a tab indents this line: YAML takes spaces only, two for each step"
            self._findings.add("tab", _place_after(text[: match.end() - 1]), message)
        if tabs:
            return
        mark = error.problem_mark or error.context_mark
        place = _place(mark) if mark else Place(1, 1)
        why = " ".join(str(part) for part in (error.context, error.problem) if part)
        message = (
            f"{why}: look here and in the line before for a missing quote, colon, bracket or space"
        )
        self._findings.add("not-yaml", place, " ".join(message.split()))


def _place(mark: StreamMark) -> Place:
    return Place(mark.line + 1, mark.column + 1)


def _value(event: ScalarEvent) -> Any:
    text = str(event.value)
    if not event.implicit[0]:  # quoted
        return text
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if len(text) <= 400 and _INTEGER.fullmatch(text):
        return int(text)
    if len(text) <= 400 and _DECIMAL.fullmatch(text):
        return float(text)
    return text
