"""What can be wrong with an instrument file: the catalogue of codes, and how a fault is shown.

A code is a stable word for programs and for looking it up in ``docs/instruments.md``; the message
beside it says what is wrong in this very file, and what to do about it. A test holds the catalogue,
the guide and the tests together.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

CATALOGUE = {
    # the file
    "too-large": "the file is larger than any instrument",
    "not-utf-8": "the file is not saved as UTF-8",
    "control-character": "an invisible character that no text may have",
    "tab": "a tab indents a line",
    "not-yaml": "the file cannot be read as YAML",
    "alias": "an anchor (&) or an alias (*)",
    "tag": "a YAML tag (!)",
    "too-deep": "things nested deeper than any instrument",
    "several-documents": "a second document in one file",
    # its structure
    "wrong-type": "a value of another kind than belongs there",
    "empty": "a list or a mapping with nothing in it",
    "duplicate-key": "the same key twice in one mapping",
    "duplicate-value": "the same value twice in one list",
    "unknown-key": "a key that nobody reads",
    "missing-key": "a key that must be there is not",
    "unknown-value": "a word that is not one of the possible ones",
    "out-of-range": "a number outside its bounds",
    # keys of the author's own
    "bad-key": "a key that breaks the pattern of keys",
    "reserved-key": "a key that forms or exports need for themselves",
    "duplicate-question": "two questions with one key",
    # texts
    "empty-text": "a text with nothing in it",
    "missing-language": "a text without one of the languages",
    "unknown-language": "a language that Touchstone does not speak",
    "unlisted-language": "a text in a language that `languages` does not name",
    "long-end": "a short end of a scale of more than eight words",
    # questions
    "unknown-type": "a type that does not exist",
    "later-type": "a type that is not there yet",
    "not-for-type": "a key that does not go with this type",
    "missing-choices": "a question to choose from without choices",
    "duplicate-choice": "two choices with one key",
    "min-above-max": "a smallest answer above the largest",
    "unknown-measure": "a meaning that results do not know",
    "measure-twice": "two questions with one meaning",
    "required-folded": "a required question in a folded section",
    # conditions
    "unknown-question": "a condition on a question that does not exist",
    "own-answer": "a condition of a question on itself",
    "later-question": "a condition on a question that comes later",
    "impossible-value": "a condition on an answer that can never be given",
    "unknown-comparison": "a comparison that does not exist",
    # scales
    "draw-count": "a draw of none, or of more scales than there are",
    "second-draw": "a second draw in one instrument",
    "unknown-scale": "a scale that scales.yaml does not have",
    "missing-level": "a scale without behaviours at 7, 4 or 1",
    "behaviour-count": "not two or three behaviours at a level",
    "duplicate-behaviour": "the same behaviour twice",
    "no-scales": "there is no scales.yaml to take scales from",
}
"""Every code, with its meaning in a few words."""


class Place(NamedTuple):
    """Where something begins in a file; both count from 1."""

    line: int
    column: int


@dataclass(frozen=True, order=True)
class Fault:
    """One thing wrong in one place. ``str()`` is the line that ``instrument check`` prints."""

    file: str
    line: int
    column: int
    code: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.code}: {self.message}"


class FaultyInstrument(Exception):
    """A file that cannot become an instrument; ``faults`` are all it has, sorted by place."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


class Findings:
    """The faults found so far in one file."""

    def __init__(self, file: str) -> None:
        self.file = file
        self._faults: set[Fault] = set()

    def add(self, code: str, place: Place, message: str) -> None:
        if code not in CATALOGUE:
            raise KeyError(f"{code} is not in the catalogue of faults")
        self._faults.add(Fault(self.file, place.line, place.column, code, message))

    def extend(self, faults: Iterable[Fault]) -> None:
        self._faults.update(faults)

    def __len__(self) -> int:
        return len(self._faults)

    def sorted(self) -> list[Fault]:
        return sorted(self._faults)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``did you mean …? Else `` if a known word is near, else nothing; it goes before the cure."""
    near = difflib.get_close_matches(word[:80].lower(), list(known), n=1, cutoff=0.6)
    return f"did you mean `{near[0]}`? Else " if near else ""


def listed(words: Iterable[object], last: str = "or") -> str:
    """``a, b or c``."""
    *most, final = [str(word) for word in words]
    return f"{', '.join(most)} {last} {final}" if most else final


def shown(value: object) -> str:
    """A value of the file as a message shows it: on one line, and not endless."""
    if value is None:
        return "nothing"
    text = value if isinstance(value, str) else json.dumps(value, default=lambda _: "…")
    text = "".join(letter if letter.isprintable() else "�" for letter in text)
    return f"`{text[:60]}…`" if len(text) > 60 else f"`{text}`"
