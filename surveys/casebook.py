"""The casebook: what happened to a customer, and at which level of which scales it stands.

Shoppers rate cases and hold their levels against the gold ones (:mod:`surveys.calibration`). A case
is a YAML file, ``NN-key.yaml``; its grammar is told to authors in ``docs/instruments.md``.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from surveys import grammar
from surveys.faults import Findings, did_you_mean, listed, shown
from surveys.instrument import LEVELS, Text
from surveys.yaml_tree import Node

LANGUAGES = ("en", "fr", "es")
"""What every case speaks: the languages shoppers read the desk in."""

FEWEST, MOST = 2, 4
"""How many scales a case is rated on."""

FILE = re.compile(r"(?P<number>[0-9]{2})-(?P<key>[a-z][a-z0-9-]{0,62})\.yaml")


@dataclass(frozen=True)
class Gold:
    """The level (1 … 7) at which a case stands on one scale, and why."""

    scale: str
    level: int
    why: Text


@dataclass(frozen=True)
class Case:
    """A story as a camera would tell it, with its gold levels in the order of the scales."""

    key: str
    title: Text
    setting: str
    story: Text
    golds: tuple[Gold, ...]

    @property
    def scales(self) -> frozenset[str]:
        return frozenset(gold.scale for gold in self.golds)

    @property
    def levels(self) -> Mapping[str, int]:
        """The gold level by scale."""
        return {gold.scale: gold.level for gold in self.golds}


Casebook = Mapping[str, Case]
"""Cases by key, in the order of their files."""


def check_case(
    findings: Findings, root: Node, file: str, beside: Iterable[str], scales: Collection[str] | None
) -> Case | None:
    """Check one case; what it says, if it has no fault.

    ``file`` is the name of its file, ``beside`` of the others in its folder, ``scales`` the keys of
    the scales in their order (None where there are none to be found).
    """
    before = len(findings)
    required = ("case", "title", "setting", "story", "ratings")
    top = grammar.mapping(findings, root, "a case", required=required)
    key = setting = None
    title: Text = {}
    story: Text = {}
    golds: list[Gold] = []
    if "case" in top:
        key = grammar.key(findings, top["case"], "the key of a case")
        if key is not None:
            _check_name(findings, top["case"], key, file, beside)
    if "title" in top:
        title = _text(findings, top["title"], "`title`")
    if "setting" in top:
        setting = grammar.key(findings, top["setting"], "a setting")
    if "story" in top:
        story = _text(findings, top["story"], "`story`")
    if "ratings" in top:
        golds = _check_ratings(findings, top["ratings"], scales)
    if len(findings) > before or key is None or setting is None:
        return None
    return Case(key, title, setting, story, tuple(golds))


def _check_name(findings: Findings, node: Node, key: str, file: str, beside: Iterable[str]) -> None:
    named = FILE.fullmatch(file)
    if named is None or named["key"] != key.replace("_", "-"):
        number = named["number"] if named else "NN"
        message = (
            f"this file is {shown(file)}: name it `{number}-{key.replace('_', '-')}.yaml`, or write"
            " the key that its name has"
        )
        findings.add("case-name", node.place, message)
        return
    for other in sorted(beside):
        found = FILE.fullmatch(other)
        if found is None or other == file:
            continue
        if found["key"] == named["key"]:
            message = f"{shown(other)} beside it has the key {key} too: choose another"
            findings.add("duplicate-case", node.place, message)
        elif found["number"] == named["number"]:
            message = f"{shown(other)} beside it has the number {named['number']} too: take another"
            findings.add("duplicate-case", node.place, message)


def _check_ratings(findings: Findings, node: Node, scales: Collection[str] | None) -> list[Gold]:
    if scales is None:
        message = "there is no scales.yaml for this case: put one beside its folder"
        findings.add("no-scales", node.place, message)
    listing = grammar.entries(findings, node, "`ratings`")
    if listing and not FEWEST <= len(listing) <= MOST:
        message = f"the case has {len(listing)} ratings: write {FEWEST} to {MOST}"
        findings.add("rating-count", node.place, message)
    golds: list[Gold] = []
    seen: list[str] = []
    for entry in listing:
        parts = grammar.mapping(findings, entry, "a rating", required=("scale", "gold", "why"))
        gold = why = None
        if "gold" in parts:
            low, high = LEVELS[0], LEVELS[-1]
            gold = grammar.number(findings, parts["gold"], "`gold`", whole=True, low=low, high=high)
        if "why" in parts:
            why = _text(findings, parts["why"], "`why`")
        scale = _scale(findings, parts["scale"], scales, seen) if "scale" in parts else None
        if scale is not None and gold is not None and why:
            golds.append(Gold(scale, int(gold), why))
    return golds


def _scale(
    findings: Findings, node: Node, scales: Collection[str] | None, seen: list[str]
) -> str | None:
    """The scale of a rating, which is added to those seen before in this case."""
    scale, order = node.value, [] if scales is None else list(scales)
    if scales is None or not isinstance(scale, str) or scale not in order:
        if scales is not None:
            hint = did_you_mean(scale, order) if isinstance(scale, str) else ""
            message = f"{shown(scale)} is not a scale: {hint}write {listed(order)}"
            findings.add("unknown-scale", node.place, message)
        return None
    if scale in seen:
        message = f"the case is rated on {scale} already: keep one of them"
        findings.add("duplicate-value", node.place, message)
    elif seen and order.index(scale) < order.index(seen[-1]):
        message = f"{scale} comes before {seen[-1]} in scales.yaml: move it up"
        findings.add("rating-order", node.place, message)
    seen.append(scale)
    return scale


def _text(findings: Findings, node: Node, what: str) -> Text:
    found = grammar.text(findings, node, what, ())
    for language in LANGUAGES:
        if isinstance(node.value, dict) and language not in node.value:
            message = f"{what} has no words in {language}: add `{language}: …`"
            findings.add("missing-language", node.place, message)
    return found
