"""Checking a file of scales, and a scale as the plain data that instruments take in."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from surveys import grammar
from surveys.faults import Findings, listed
from surveys.grammar import ANCHORED, LANGUAGES, MAX_END_WORDS, SCALE_LEVELS, STATUSES
from surveys.yaml_tree import Node

_SHORT = ("name", "ask", "low", "high")  # what a customer's phone shows
_LETTER = re.compile(r"\w")


@dataclass(frozen=True)
class Scales:
    """The scales of one file by key, and the languages in which they can be shown.

    ``short`` are the languages of the names, questions and ends, ``full`` those of the behaviours.
    ``sound`` is False when the file has faults; then ``plain`` may lack parts.
    """

    plain: dict[str, dict[str, Any]]
    short: tuple[str, ...]
    full: tuple[str, ...]
    sound: bool


def check_scales(findings: Findings, root: Node) -> Scales:
    """Check a whole file of scales."""
    before = len(findings)
    top = grammar.mapping(findings, root, "a file of scales", required=("scales",))
    scales: dict[str, Node] = {}
    if "scales" in top:
        if isinstance(top["scales"].value, dict):
            scales = top["scales"].value
        else:
            message = (
                f"`scales` is {top['scales'].kind}: write one entry for each scale, by its key"
            )
            findings.add("wrong-type", top["scales"].place, message)
        if scales == {} and isinstance(top["scales"].value, dict):
            findings.add("empty", top["scales"].place, "`scales` has no scale: write one")
    full = _languages(node for scale in scales.values() for node in _full_texts(scale))
    short = _languages(node for scale in scales.values() for node in _short_texts(scale))
    short = tuple(language for language in LANGUAGES if language in {*short, *full})
    for key, scale in scales.items():
        named = Node(key, top["scales"].keys[key])
        grammar.key(findings, named, "the key of a scale", grammar.RESERVED)
        _check_scale(findings, scale, key, short, full)
    plain = {key: scale.plain() for key, scale in scales.items()}
    return Scales(plain, short, full, sound=len(findings) == before and bool(plain))


def _check_scale(
    findings: Findings, node: Node, key: str, short: Collection[str], full: Collection[str]
) -> None:
    required = ("level", "status", *_SHORT, "anchors", "coaching")
    parts = grammar.mapping(findings, node, f"the scale {key}", required=required)
    if "level" in parts:
        grammar.word(findings, parts["level"], "level of a scale", SCALE_LEVELS)
    if "status" in parts:
        grammar.word(findings, parts["status"], "status of a scale", STATUSES)
    for name in _SHORT:
        if name in parts:
            grammar.text(findings, parts[name], f"`{name}`", short)
    for name in ("low", "high"):
        if name in parts:
            _check_end(findings, parts[name], name)
    if "coaching" in parts:
        grammar.text(findings, parts["coaching"], "`coaching`", full)
    if "anchors" in parts:
        _check_anchors(findings, parts["anchors"], key, full)


def _check_end(findings: Findings, node: Node, name: str) -> None:
    if not isinstance(node.value, dict):
        return
    for language, part in node.value.items():
        if not isinstance(part.value, str):
            continue
        words = sum(1 for word in part.value.split() if _LETTER.search(word))
        if words > MAX_END_WORDS:
            message = (
                f"`{name}` has {words} words in {language}; on a phone there is room for"
                f" {MAX_END_WORDS}: shorten it"
            )
            findings.add("long-end", part.place, message)


def _check_anchors(findings: Findings, node: Node, key: str, full: Collection[str]) -> None:
    if not isinstance(node.value, dict):
        message = (
            f"`anchors` is {node.kind}: write the levels {listed(ANCHORED, 'and')}, each a list"
        )
        findings.add("wrong-type", node.place, message)
        return
    seen: dict[tuple[str, str], str] = {}
    for level, behaviours in node.value.items():
        if level not in ANCHORED:
            message = (
                f"behaviours stand at {listed(ANCHORED, 'and')} only: move or delete `{level}`"
            )
            findings.add("unknown-key", node.keys[level], message)
            continue
        listing = grammar.entries(findings, behaviours, f"level {level}")
        if listing and len(listing) not in (2, 3):
            message = f"level {level} of {key} has {len(listing)} behaviours: write two or three"
            findings.add("behaviour-count", behaviours.place, message)
        for behaviour in listing:
            words = grammar.text(findings, behaviour, f"a behaviour at level {level}", full)
            for language, text in words.items():
                if (language, text) in seen:
                    first = seen[language, text]
                    message = f"this behaviour stands at level {first} already: write another"
                    findings.add("duplicate-behaviour", behaviour.value[language].place, message)
                seen.setdefault((language, text), level)
    for level in ANCHORED:
        if level not in node.value:
            message = f"{key} has no behaviours at level {level}: add `{level}:` with two or three"
            findings.add("missing-level", node.place, message)


def _languages(nodes: Iterator[Node]) -> tuple[str, ...]:
    found = {language for node in nodes if isinstance(node.value, dict) for language in node.value}
    return tuple(language for language in LANGUAGES if language in found)


def _short_texts(scale: Node) -> Iterator[Node]:
    if isinstance(scale.value, dict):
        yield from (scale.value[name] for name in _SHORT if name in scale.value)


def _full_texts(scale: Node) -> Iterator[Node]:
    if not isinstance(scale.value, dict):
        return
    if "coaching" in scale.value:
        yield scale.value["coaching"]
    anchors = scale.value.get("anchors")
    if anchors is not None and isinstance(anchors.value, dict):
        for behaviours in anchors.value.values():
            if isinstance(behaviours.value, list):
                yield from behaviours.value
