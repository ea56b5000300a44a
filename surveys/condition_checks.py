"""Checking the conditions of an instrument: each must be about an earlier answer that can be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from surveys.answers import expected, fits
from surveys.conditions import COMBINATIONS, COMPARISONS
from surveys.faults import Findings, did_you_mean, listed, shown
from surveys.grammar import flag, number
from surveys.instrument import Item
from surveys.yaml_tree import Node

_NUMERIC = ("scale", "integer", "number", "duration")
_UNCOMPARABLE = ("photo", "place")


@dataclass(frozen=True)
class Question:
    """What a condition needs to know of a question: ``item`` with its type, choices and bounds.

    The type is empty where these have faults of their own: then any answer may be.
    """

    item: Item
    show_if: Node | None


def check_conditions(findings: Findings, questions: list[Question]) -> None:
    """Check every ``show_if`` against the questions before it."""
    later = {question.item.key: question.item for question in reversed(questions)}
    earlier: dict[str, Item] = {}
    for question in questions:
        later.pop(question.item.key, None)
        if question.show_if is not None:
            _Condition(findings, question.item.key, earlier, later).check(question.show_if)
        earlier.setdefault(question.item.key, question.item)


class _Condition:
    def __init__(
        self,
        findings: Findings,
        own: str,
        earlier: Mapping[str, Item],
        later: Mapping[str, Item],
    ) -> None:
        self._findings = findings
        self._own = own
        self._earlier = earlier
        self._later = later

    def check(self, node: Node) -> None:
        if not isinstance(node.value, dict):
            message = f"a condition is {node.kind}: write {{question: answer}}"
            self._findings.add("wrong-type", node.place, message)
            return
        if not node.value:
            message = "a condition with nothing in it always holds: write {question: answer}"
            self._findings.add("empty", node.place, message)
        for key, value in node.value.items():
            if key in ("any", "all"):
                self._combination(key, value)
            elif key == "not":
                self.check(value)
            else:
                item = self._item(node, key)
                if item is not None and item.type:
                    self._about(item, value)

    def _combination(self, key: str, node: Node) -> None:
        if not isinstance(node.value, list):
            message = f"`{key}` is {node.kind}: write a list of conditions"
            self._findings.add("wrong-type", node.place, message)
            return
        if not node.value:
            message = f"`{key}` has no condition in it: write one"
            self._findings.add("empty", node.place, message)
        for part in node.value:
            self.check(part)

    def _item(self, node: Node, key: str) -> Item | None:
        place = node.keys[key]
        if key == self._own:
            message = f"{key} cannot wait for its own answer: name a question before it"
            self._findings.add("own-answer", place, message)
        elif key in self._earlier:
            return self._earlier[key]
        elif key in self._later:
            message = f"{key} comes later than {self._own}: move it before, or name another"
            self._findings.add("later-question", place, message)
        else:
            known = [*self._earlier, *COMBINATIONS]
            hint = did_you_mean(key, known)
            message = f"there is no question {shown(key)}: {hint}name a question before this one"
            self._findings.add("unknown-question", place, message)
        return None

    def _about(self, item: Item, node: Node) -> None:
        if item.type in ("note", "contact"):
            why = (
                "a note has no answer"
                if item.type == "note"
                else "a contact is put away, erasable, as soon as it arrives"
            )
            message = f"{why}, so nothing can depend on {item.key}: name another question"
            self._findings.add("impossible-value", node.place, message)
        elif item.type in _UNCOMPARABLE and not _only_asks_for_an_answer(node):
            message = (
                f"the answer to {item.key} cannot be compared: write {{answered: true}}, or"
                " name another question"
            )
            self._findings.add("impossible-value", node.place, message)
        elif isinstance(node.value, dict):
            self._comparisons(item, node)
        else:
            self._value(item, node)

    def _comparisons(self, item: Item, node: Node) -> None:
        if not node.value:
            message = "a comparison with nothing in it: write {at_least: 3}, for example"
            self._findings.add("empty", node.place, message)
        for name, bound in node.value.items():
            if name == "answered":
                flag(self._findings, bound, "`answered`")
            elif name == "one_of":
                self._one_of(item, bound)
            elif name in COMPARISONS:
                self._bound(item, name, bound)
            else:
                known = (*COMPARISONS, "one_of", "answered")
                message = (
                    f"{shown(name)} is not a comparison:"
                    f" {did_you_mean(name, known)}write {listed(known)}"
                )
                self._findings.add("unknown-comparison", node.keys[name], message)

    def _one_of(self, item: Item, node: Node) -> None:
        if not isinstance(node.value, list) or not node.value:
            code = "empty" if node.value == [] else "wrong-type"
            self._findings.add(code, node.place, "`one_of` names no list of answers: write [a, b]")
            return
        for value in node.value:
            self._value(item, value)

    def _bound(self, item: Item, name: str, node: Node) -> None:
        if item.type not in _NUMERIC:
            message = f"{item.key} is not a number, so `{name}` never holds: name its answers"
            self._findings.add("impossible-value", node.place, message)
            return
        bound = number(self._findings, node, f"`{name}`")
        if bound is None:
            return
        low, high = (1, 7) if item.type == "scale" else (item.min, item.max)
        if item.type == "duration" and low is None:
            low = 0
        compare = COMPARISONS[name]
        nearest = high if name in ("at_least", "more_than") else low
        if nearest is not None and not compare(nearest, bound):
            message = f"`{name}: {bound}` never holds for {item.key}: {expected(item)}"
            self._findings.add("impossible-value", node.place, message)

    def _value(self, item: Item, node: Node) -> None:
        if isinstance(node.value, list | dict):
            message = f"an answer cannot be {node.kind} here: write one value"
            self._findings.add("wrong-type", node.place, message)
            return
        value = [node.value] if item.type == "choices" else node.value
        if value == "" or not fits(item, value):
            message = f"{item.key} is never {shown(node.value)}: {expected(item)}"
            self._findings.add("impossible-value", node.place, message)


def _only_asks_for_an_answer(node: Node) -> bool:
    return isinstance(node.value, dict) and set(node.value) == {"answered"}
