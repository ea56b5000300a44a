"""The words an instrument file may use, and the checks that every part of the grammar shares.

Each function here reads one node, adds to the findings what is wrong with it, and answers what it
could make out, so that checking goes on and an author hears of all faults at once.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping

from surveys.conditions import COMBINATIONS
from surveys.faults import Findings, did_you_mean, listed, shown
from surveys.sentences import Sentence
from surveys.yaml_tree import Node

KEY = re.compile(r"[a-z][a-z0-9_]{0,62}")
LANGUAGES = {
    "en": Sentence("English"),
    "fr": Sentence("French"),
    "es": Sentence("Spanish"),
    "ar": Sentence("Arabic"),
}
"""The languages that forms, posters and downloads speak."""

SOURCES = ("customer", "shopper", "manager", "staff", "partner", "forecast")
FORECAST = "forecast"
FORECASTS = ("manager_forecast", "staff_forecast")
"""What ``forecast`` becomes in a submission, by whose link it came."""

SUBMISSION_SOURCES = (*(source for source in SOURCES if source != FORECAST), *FORECASTS)
"""Who a submission can be from."""

MODES = ("routine", "joint-work")
REVIEW = re.compile(r"none|required|after-[1-9][0-9]{0,3}h")
MAX_PHOTOS = 10
SCALE_LEVELS = ("employee", "management")
STATUSES = ("provisional", "passed")
ANCHORED = ("7", "4", "1")
MAX_END_WORDS = 8

_EVERY = frozenset({"key", "type", "help", "show_if"})
_ASKED = _EVERY | {"ask", "required", "touchpoint", "measures"}
TYPES: Mapping[str, frozenset[str]] = {
    "scale": _EVERY | {"required", "touchpoint", "short"},
    "moment": _ASKED,
    "yes_no": _ASKED,
    "choice": _ASKED | {"choices"},
    "choices": _ASKED | {"choices"},
    "integer": _ASKED | {"min", "max", "unit"},
    "number": _ASKED | {"min", "max", "unit"},
    "text": _ASKED | {"max_length"},
    "contact": _EVERY | {"ask", "touchpoint", "max_length"},  # never required, never a figure
    "date": _ASKED,
    "time": _ASKED,
    "datetime": _ASKED,
    "duration": _ASKED | {"min", "max"},
    "photo": _ASKED | {"max_photos"},
    "place": _ASKED,
    "note": _EVERY | {"ask"},
}
"""Each type, with the keys that a question of this type may have."""

MEASURES: Mapping[str, tuple[str, ...]] = {
    "problem": ("yes_no",),
    "told": ("yes_no",),
    "return": ("yes_no",),
    "receipt": ("yes_no",),
    "rule_cited": ("yes_no",),
    "rule_words": ("text",),
    "promise_made": ("yes_no",),
    "promise_words": ("text",),
    "promise_due": ("date", "datetime"),
    "handovers": ("integer",),
    "wait_minutes": ("integer", "number"),
    "waited": ("duration",),
    "visited_at": ("datetime",),
    "left_at": ("time", "datetime"),
    "position": ("place",),
    "receipt_photo": ("photo",),
    "expenses": ("number",),
    "visit_reason": ("choice", "choices"),
    "observed_minutes": ("integer",),
    "acceptable": ("yes_no",),
}
"""What results take a question to mean, with the types that can mean it."""

RESERVED = frozenset(
    {
        # the fields of the HTML form and of a submission
        *("id", "form", "token", "language", "asked", "answers", "files", "replaces", "secret"),
        *("secret_sha256", "sent_at", "started_at", "finished_at", "code", "submit"),
        # the first columns of the table `submissions`
        *("submission_id", "site_id", "site", "region", "source", "mode", "started_local"),
        *("finished_local", "received_utc", "day", "status", "flags"),
        # the words of conditions
        *COMBINATIONS,
    }
)
"""Names a question cannot have as its key."""


def mapping(
    findings: Findings,
    node: Node,
    what: str,
    *,
    required: Iterable[str] = (),
    optional: Iterable[str] = (),
) -> dict[str, Node]:
    """The entries of a mapping whose keys are known."""
    if not isinstance(node.value, dict):
        example = listed(required or optional, "and")
        message = f"{what} is {node.kind}: write a mapping with {example}"
        findings.add("wrong-type", node.place, message)
        return {}
    known = [*required, *optional]
    for key, place in node.keys.items():
        if key not in known:
            hint = did_you_mean(key, known) or f"{what} may have {listed(known, 'and')}; "
            message = f"{shown(key)} is not a key of {what}: {hint}correct or delete it"
            findings.add("unknown-key", place, message)
    for key in required:
        if key not in node.value:
            findings.add("missing-key", node.place, f"{what} has no `{key}`: add `{key}: …`")
    return {key: value for key, value in node.value.items() if key in known}


def entries(findings: Findings, node: Node, what: str) -> list[Node]:
    """The entries of a list that may not be empty."""
    if not isinstance(node.value, list):
        message = f"{what} is {node.kind}: write a list, each entry after a dash"
        findings.add("wrong-type", node.place, message)
        return []
    if not node.value:
        findings.add("empty", node.place, f"{what} is an empty list: put something in it")
    return list(node.value)


def word(findings: Findings, node: Node, what: str, among: Collection[str]) -> str | None:
    """One of a closed list of words."""
    if isinstance(node.value, str) and node.value in among:
        return node.value
    hint = did_you_mean(node.value, among) if isinstance(node.value, str) else ""
    message = f"{shown(node.value)} is not a {what}: {hint}write {listed(among)}"
    findings.add("unknown-value", node.place, message)
    return None


def key(findings: Findings, node: Node, what: str, reserved: Collection[str] = ()) -> str | None:
    """A key of the author's own; answered even if reserved, so that conditions on it are found."""
    if not isinstance(node.value, str):
        findings.add("bad-key", node.place, f"{what} is {node.kind}: write a word in small letters")
        return None
    if not KEY.fullmatch(node.value):
        message = (
            f"{shown(node.value)} cannot be {what}: begin with a small letter a–z, go on with"
            " a–z, 0–9 and _, at most 63 in all"
        )
        findings.add("bad-key", node.place, message)
        return None
    if node.value in reserved:
        message = (
            f"{shown(node.value)} is a name that forms and exports use themselves: choose another"
        )
        findings.add("reserved-key", node.place, message)
    return node.value


def flag(findings: Findings, node: Node, what: str) -> bool:
    """true or false."""
    if isinstance(node.value, bool):
        return node.value
    message = f"{what} is {node.kind}: write true or false"
    findings.add("wrong-type", node.place, message)
    return False


def number(
    findings: Findings,
    node: Node,
    what: str,
    *,
    whole: bool = False,
    low: float | None = None,
    high: float | None = None,
) -> float | None:
    """A number, if asked a whole one, from ``low`` to ``high``."""
    kinds = int if whole else int | float
    if isinstance(node.value, bool) or not isinstance(node.value, kinds):
        expected = "a whole number" if whole else "a number"
        findings.add("wrong-type", node.place, f"{what} is {node.kind}: write {expected}")
        return None
    if (low is not None and node.value < low) or (high is not None and node.value > high):
        bounds = f"from {low} to {high}" if high is not None else f"of at least {low}"
        message = f"{what} is {node.value}: write a number {bounds}"
        findings.add("out-of-range", node.place, message)
        return None
    return node.value


def text(findings: Findings, node: Node, what: str, languages: Collection[str]) -> dict[str, str]:
    """A text in all of ``languages`` and no others (in whichever it comes if that is empty)."""
    if not isinstance(node.value, dict):
        example = ", ".join(f"{language}: …" for language in languages or LANGUAGES)
        message = f"{what} is {node.kind}: write it once for each language, {{{example}}}"
        findings.add("wrong-type", node.place, message)
        return {}
    found = {}
    for language, part in node.value.items():
        if _language(findings, node, language, languages) and _words(
            findings, part, what, language
        ):
            found[language] = part.value.strip()
    for language in languages:
        if language not in node.value:
            message = f"{what} has no words in {language}: add `{language}: …`"
            findings.add("missing-language", node.place, message)
    return found


def _language(findings: Findings, node: Node, language: str, languages: Collection[str]) -> bool:
    place = node.keys[language]
    if language not in LANGUAGES:
        hint = did_you_mean(language, LANGUAGES)
        message = f"{shown(language)} is not a language here: {hint}write {listed(LANGUAGES)}"
        findings.add("unknown-language", place, message)
        return False
    if languages and language not in languages:
        message = (
            f"{language} is not among the instrument’s languages: add it there, or delete this"
        )
        findings.add("unlisted-language", place, message)
        return False
    return True


def _words(findings: Findings, part: Node, what: str, language: str) -> bool:
    if not isinstance(part.value, str) and part.value is not None:
        message = f"{what} in {language} is {part.kind}: write a text, in quotes"
        findings.add("wrong-type", part.place, message)
        return False
    if part.value is None or not part.value.strip():
        message = f"{what} has nothing to say in {language}: write the words"
        findings.add("empty-text", part.place, message)
        return False
    return True
