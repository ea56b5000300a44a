"""Checking an instrument from its first key to its last question."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from surveys import grammar
from surveys.condition_checks import Question, check_conditions
from surveys.faults import Findings, did_you_mean, listed, shown
from surveys.grammar import LANGUAGES, MAX_PHOTOS, MEASURES, TYPES
from surveys.instrument import Choice, Item
from surveys.scale_checks import Scales
from surveys.yaml_tree import Node

_ROOT = ("instrument", "title", "source", "mode", "review", "languages", "sections")
_MAX_TEXT = 100_000
_MAX_UNIT = 12


def check_instrument(findings: Findings, root: Node, scales: Callable[[], Scales | None]) -> None:
    """Check a whole instrument. ``scales`` gives the scales it may refer to, once it does."""
    _Check(findings, scales).root(root)


class _Check:
    def __init__(self, findings: Findings, scales: Callable[[], Scales | None]) -> None:
        self._findings = findings
        self._scales = scales
        self._languages: tuple[str, ...] = ()
        self._questions: list[Question] = []
        self._lines: dict[str, int] = {}
        self._measures: dict[str, int] = {}
        self._draw_line: int | None = None

    # --- the root and its sections ------------------------------------------------------------

    def root(self, node: Node) -> None:
        parts = grammar.mapping(
            self._findings, node, "an instrument", required=_ROOT, optional=("careless",)
        )
        if "languages" in parts:
            self._read_languages(parts["languages"])
        if "instrument" in parts:
            grammar.key(self._findings, parts["instrument"], "the key of an instrument")
        if "title" in parts:
            grammar.text(self._findings, parts["title"], "`title`", self._languages)
        if "source" in parts:
            grammar.word(self._findings, parts["source"], "source", grammar.SOURCES)
        if "mode" in parts:
            grammar.word(self._findings, parts["mode"], "mode", grammar.MODES)
        if "review" in parts:
            self._review(parts["review"])
        if "careless" in parts:
            self._careless(parts["careless"])
        if "sections" in parts:
            for section in grammar.entries(self._findings, parts["sections"], "`sections`"):
                self._section(section)
        check_conditions(self._findings, self._questions)

    def _read_languages(self, node: Node) -> None:
        languages: list[str] = []
        for entry in grammar.entries(self._findings, node, "`languages`"):
            if not isinstance(entry.value, str) or entry.value not in LANGUAGES:
                message = f"{shown(entry.value)} is not a language here: write {listed(LANGUAGES)}"
                self._findings.add("unknown-language", entry.place, message)
            elif entry.value in languages:
                message = f"{entry.value} is in the list already: delete one of them"
                self._findings.add("duplicate-value", entry.place, message)
            else:
                languages.append(entry.value)
        self._languages = tuple(languages)

    def _review(self, node: Node) -> None:
        if isinstance(node.value, str) and grammar.REVIEW.fullmatch(node.value):
            return
        message = f"{shown(node.value)} is not a review: write none, required, or after-72h"
        self._findings.add("unknown-value", node.place, message)

    def _careless(self, node: Node) -> None:
        parts = grammar.mapping(self._findings, node, "`careless`", required=("seconds_per_item",))
        if "seconds_per_item" in parts:
            seconds = parts["seconds_per_item"]
            grammar.number(self._findings, seconds, "`seconds_per_item`", low=0, high=600)

    def _section(self, node: Node) -> None:
        parts = grammar.mapping(
            self._findings, node, "a section", required=("title", "items"), optional=("folded",)
        )
        if "title" in parts:
            grammar.text(self._findings, parts["title"], "`title`", self._languages)
        folded = "folded" in parts and grammar.flag(self._findings, parts["folded"], "`folded`")
        if "items" in parts:
            for entry in grammar.entries(self._findings, parts["items"], "`items`"):
                self._entry(entry, folded)

    def _entry(self, node: Node, folded: bool) -> None:
        keys = node.value if isinstance(node.value, dict) else {}
        if "draw" in keys:
            self._draw(node)
        elif "scales" in keys and "key" not in keys:
            self._all_scales(node)
        else:
            self._item(node, folded)

    # --- scales -------------------------------------------------------------------------------

    def _draw(self, node: Node) -> None:
        parts = grammar.mapping(self._findings, node, "a draw", required=("draw", "from"))
        if self._draw_line is not None:
            message = f"the draw in line {self._draw_line} is enough: put all drawn scales there"
            self._findings.add("second-draw", node.keys["draw"], message)
            return
        self._draw_line = node.keys["draw"].line
        if "from" in parts:
            grammar.word(self._findings, parts["from"], "place to draw from", ("scales",))
        scales = self._known_scales(node)
        count = parts["draw"]
        if grammar.number(self._findings, count, "`draw`", whole=True) is None or scales is None:
            return
        if not 1 <= count.value <= len(scales.plain):
            message = f"{count.value} cannot be drawn: write a number from 1 to {len(scales.plain)}"
            self._findings.add("draw-count", count.place, message)
        self._take(node, scales, scales.short, "name, question and ends")

    def _all_scales(self, node: Node) -> None:
        parts = grammar.mapping(self._findings, node, "an entry of scales", required=("scales",))
        grammar.word(self._findings, parts["scales"], "choice of scales", ("all",))
        scales = self._known_scales(node)
        if scales is not None:
            self._take(node, scales, scales.full, "behaviours and coaching")

    def _take(self, node: Node, scales: Scales, spoken: tuple[str, ...], what: str) -> None:
        for key in scales.plain:
            self._ask(Item(key=key, type="scale", ask={}), Node(key, node.place), None)
        self._in_our_languages(node, scales, spoken, what)

    def _in_our_languages(
        self, node: Node, scales: Scales, spoken: tuple[str, ...], what: str
    ) -> None:
        for language in self._languages if scales.sound else ():
            if language not in spoken:
                message = (
                    f"the scales have no {what} in {language}: add them to scales.yaml, or take"
                    f" {language} out of `languages`"
                )
                self._findings.add("missing-language", node.place, message)

    def _known_scales(self, node: Node) -> Scales | None:
        """The scales referred to; None, and then it has been said why, if there are none."""
        scales = self._scales()
        if scales is None:
            message = "there is no scales.yaml beside this file: put one there"
            self._findings.add("no-scales", node.place, message)
        return scales if scales is not None and scales.plain else None

    # --- questions ----------------------------------------------------------------------------

    def _item(self, node: Node, folded: bool) -> None:
        type_ = self._type(node)
        known = TYPES.get(type_ or "", frozenset().union(*TYPES.values()))
        optional = sorted(known - {"key", "type", "ask"})
        needed = ["key", "type", "ask"] if "ask" in known else ["key", "type"]
        parts = self._parts(node, type_, needed, optional)
        for name in ("ask", "help"):
            if name in parts:
                grammar.text(self._findings, parts[name], f"`{name}`", self._languages)
        if "touchpoint" in parts:
            grammar.key(self._findings, parts["touchpoint"], "a touchpoint")
        if "short" in parts:
            grammar.flag(self._findings, parts["short"], "`short`")
        if "required" in parts:
            self._required(parts["required"], folded)
        if "measures" in parts:
            self._measure(parts["measures"], type_)
        if "unit" in parts:
            self._unit(parts["unit"])
        item = self._readable(node, parts, type_)
        if "key" in parts and (key := self._key(parts["key"], type_)):
            self._ask(Item(key=key, **item), parts["key"], parts.get("show_if"))
        if type_ == "scale" and "key" in parts:
            self._scale(parts)

    def _type(self, node: Node) -> str | None:
        """The type of an item, or None (said already, or for ``missing-key`` to say)."""
        if not isinstance(node.value, dict) or "type" not in node.value:
            return None
        type_ = node.value["type"]
        if isinstance(type_.value, str) and type_.value in TYPES:
            return str(type_.value)
        hint = did_you_mean(type_.value, TYPES) if isinstance(type_.value, str) else ""
        message = f"{shown(type_.value)} is not a type: {hint}write {listed(TYPES)}"
        self._findings.add("unknown-type", type_.place, message)
        return None

    def _parts(
        self, node: Node, type_: str | None, needed: list[str], optional: list[str]
    ) -> dict[str, Node]:
        """The item's entries; keys that only other types have are told apart from unknown ones."""
        elsewhere = frozenset().union(*TYPES.values()).difference(needed, optional)
        if isinstance(node.value, dict):
            for key in sorted(elsewhere & set(node.value)):
                message = f"`{key}` does not go with the type {type_}: delete it"
                if key == "ask":
                    message = "a scale is asked in the words of scales.yaml: delete `ask`"
                self._findings.add("not-for-type", node.keys[key], message)
            values = {key: value for key, value in node.value.items() if key not in elsewhere}
            places = {key: place for key, place in node.keys.items() if key not in elsewhere}
            node = Node(values, node.place, places)
        return grammar.mapping(
            self._findings, node, "a question", required=needed, optional=optional
        )

    def _key(self, node: Node, type_: str | None) -> str | None:
        reserved = () if type_ == "scale" else grammar.RESERVED
        return grammar.key(self._findings, node, "the key of a question", reserved)

    def _ask(self, item: Item, node: Node, show_if: Node | None) -> None:
        if item.key in self._lines:
            message = (
                f"{item.key} is asked in line {self._lines[item.key]} already:"
                " give this one another key, or delete it"
            )
            self._findings.add("duplicate-question", node.place, message)
            return
        self._lines[item.key] = node.place.line
        self._questions.append(Question(item, show_if))

    def _scale(self, parts: dict[str, Node]) -> None:
        key = parts["key"]
        scales = self._known_scales(key)
        if scales is None or not isinstance(key.value, str):
            return
        if key.value not in scales.plain:
            hint = did_you_mean(key.value, scales.plain)
            message = (
                f"scales.yaml has no scale {shown(key.value)}: {hint}write {listed(scales.plain)}"
            )
            self._findings.add("unknown-scale", key.place, message)
            return
        short = "short" in parts and parts["short"].value is True
        spoken = scales.short if short else scales.full
        what = "name, question and ends" if short else "behaviours and coaching"
        self._in_our_languages(key, scales, spoken, what)

    def _required(self, node: Node, folded: bool) -> None:
        if grammar.flag(self._findings, node, "`required`") and folded:
            message = "a folded section is optional, all of it: delete `required`, or unfold it"
            self._findings.add("required-folded", node.place, message)

    def _measure(self, node: Node, type_: str | None) -> None:
        if not isinstance(node.value, str) or node.value not in MEASURES:
            hint = did_you_mean(node.value, MEASURES) if isinstance(node.value, str) else ""
            message = (
                f"{shown(node.value)} means nothing to results: {hint}write {listed(MEASURES)}"
            )
            self._findings.add("unknown-measure", node.place, message)
            return
        if type_ is not None and type_ not in MEASURES[node.value]:
            message = (
                f"only a question of type {listed(MEASURES[node.value])} can measure"
                f" `{node.value}`: change the type, or delete `measures`"
            )
            self._findings.add("not-for-type", node.place, message)
        if node.value in self._measures:
            message = (
                f"the question in line {self._measures[node.value]} measures `{node.value}`"
                " already: keep it on one of them, or results count twice"
            )
            self._findings.add("measure-twice", node.place, message)
        self._measures.setdefault(node.value, node.place.line)

    def _unit(self, node: Node) -> None:
        if isinstance(node.value, str) and 0 < len(node.value.strip()) <= _MAX_UNIT:
            return
        message = f"`unit` is a short sign like min or €, at most {_MAX_UNIT} characters: write one"
        self._findings.add("wrong-type", node.place, message)

    def _readable(self, node: Node, parts: dict[str, Node], type_: str | None) -> dict[str, Any]:
        """What an answer must be like, as far as it is sound: no type if that is not."""
        before = len(self._findings)
        choices: tuple[Choice, ...] = ()
        if type_ in ("choice", "choices"):
            if "choices" not in parts:
                message = f"a question of type {type_} has nothing to choose from: add `choices`"
                self._findings.add("missing-choices", node.place, message)
            else:
                choices = self._choices(parts["choices"])
        low, high = self._bounds(parts, type_)
        length = self._most(parts, "max_length", _MAX_TEXT)
        photos = self._most(parts, "max_photos", MAX_PHOTOS)
        return {
            "type": type_ if type_ and len(self._findings) == before else "",
            "ask": {},
            "choices": choices,
            "min": low,
            "max": high,
            "max_length": length,
            "max_photos": photos,
        }

    def _most(self, parts: dict[str, Node], name: str, high: int) -> int | None:
        if name not in parts:
            return None
        most = grammar.number(
            self._findings, parts[name], f"`{name}`", whole=True, low=1, high=high
        )
        return None if most is None else int(most)

    def _bounds(
        self, parts: dict[str, Node], type_: str | None
    ) -> tuple[float | None, float | None]:
        whole = type_ in ("integer", "duration")
        least = 0 if type_ == "duration" else None
        low, high = (
            grammar.number(self._findings, parts[name], f"`{name}`", whole=whole, low=least)
            if name in parts
            else None
            for name in ("min", "max")
        )
        if low is not None and high is not None and low > high:
            message = f"`min` {low} is above `max` {high}, so nothing fits: exchange them"
            self._findings.add("min-above-max", parts["min"].place, message)
            return None, None
        return low, high

    def _choices(self, node: Node) -> tuple[Choice, ...]:
        found: dict[str, Choice] = {}
        for entry in grammar.entries(self._findings, node, "`choices`"):
            parts = grammar.mapping(self._findings, entry, "a choice", required=("key", "label"))
            if "label" in parts:
                grammar.text(self._findings, parts["label"], "`label`", self._languages)
            if "key" not in parts:
                continue
            key = grammar.key(self._findings, parts["key"], "the key of a choice")
            if key in found:
                message = f"{shown(key)} is a choice here already: give this one another key"
                self._findings.add("duplicate-choice", parts["key"].place, message)
            elif key is not None:
                found[key] = Choice(key, {})
        return tuple(found.values())
