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

from surveys.sentences import Sentence


class Explained(NamedTuple):
    """What a code means, in a few words, and the cure for any fault of its kind."""

    meaning: Sentence
    cure: Sentence


CATALOGUE = {
    # the file
    "too-large": Explained(
        Sentence("the file is larger than any instrument"),
        Sentence("Split it into several instruments."),
    ),
    "not-utf-8": Explained(
        Sentence("the file is not saved as UTF-8"),
        Sentence("Save it with the encoding UTF-8."),
    ),
    "control-character": Explained(
        Sentence("an invisible character that no text may have"),
        Sentence("Delete it, or type the line anew."),
    ),
    "tab": Explained(
        Sentence("a tab indents a line"),
        Sentence("Indent by spaces, two for each step."),
    ),
    "not-yaml": Explained(
        Sentence("the file cannot be read as YAML"),
        Sentence(
            "Look at this line and the one before for a missing quote, colon, bracket or space."
        ),
    ),
    "alias": Explained(
        Sentence("an anchor (&) or an alias (*)"),
        Sentence("Write the text out where it is used."),
    ),
    "tag": Explained(
        Sentence("a YAML tag (!)"),
        Sentence("Delete the tag; put quotes round a text."),
    ),
    "too-deep": Explained(
        Sentence("things nested deeper than any instrument"),
        Sentence("Take levels out; no instrument needs twenty."),
    ),
    "several-documents": Explained(
        Sentence("a second document in one file"),
        Sentence("One instrument, one file."),
    ),
    # its structure
    "wrong-type": Explained(
        Sentence("a value of another kind than belongs there"),
        Sentence("The message says what belongs there."),
    ),
    "empty": Explained(
        Sentence("a list or a mapping with nothing in it"),
        Sentence("Put something in it, or delete the key."),
    ),
    "duplicate-key": Explained(
        Sentence("the same key twice in one mapping"),
        Sentence("Keep one of them."),
    ),
    "duplicate-value": Explained(
        Sentence("the same value twice in one list"),
        Sentence("Delete one of them."),
    ),
    "unknown-key": Explained(
        Sentence("a key that nobody reads"),
        Sentence("Correct the spelling, or delete it: nobody would read it."),
    ),
    "missing-key": Explained(
        Sentence("a key that must be there is not"),
        Sentence("Add it."),
    ),
    "unknown-value": Explained(
        Sentence("a word that is not one of the possible ones"),
        Sentence("Write one of the words the message lists."),
    ),
    "out-of-range": Explained(
        Sentence("a number outside its bounds"),
        Sentence("Write a number within the bounds."),
    ),
    # keys of the author's own
    "bad-key": Explained(
        Sentence("a key that breaks the pattern of keys"),
        Sentence("Small letters, digits and `_`, beginning with a letter, such as `went_wrong`."),
    ),
    "other-key": Explained(
        Sentence("the key of another instrument"),
        Sentence("Write the key this one has, or begin a new instrument."),
    ),
    "reserved-key": Explained(
        Sentence("a key that forms or exports need for themselves"),
        Sentence("Choose another: forms and exports use this one themselves."),
    ),
    "duplicate-question": Explained(
        Sentence("two questions with one key"),
        Sentence("Give one another key."),
    ),
    # texts
    "empty-text": Explained(
        Sentence("a text with nothing in it"),
        Sentence("Write the words."),
    ),
    "missing-language": Explained(
        Sentence("a text without one of the languages"),
        Sentence("Add the words, or take the language out of `languages`."),
    ),
    "unknown-language": Explained(
        Sentence("a language that Touchstone does not speak"),
        Sentence("Write `en`, `fr`, `es` or `ar`."),
    ),
    "unlisted-language": Explained(
        Sentence("a text in a language that `languages` does not name"),
        Sentence("Add the language to `languages`, or delete the words."),
    ),
    "long-end": Explained(
        Sentence("a short end of a scale of more than eight words"),
        Sentence("Shorten it: it stands on a phone, beside the other end."),
    ),
    # questions
    "unknown-type": Explained(
        Sentence("a type that does not exist"),
        Sentence("Write one of the types, such as `yes_no`."),
    ),
    "not-for-type": Explained(
        Sentence("a key that does not go with this type"),
        Sentence("Delete the key, or change the type."),
    ),
    "missing-choices": Explained(
        Sentence("a question to choose from without choices"),
        Sentence("Add them."),
    ),
    "duplicate-choice": Explained(
        Sentence("two choices with one key"),
        Sentence("Give one another key."),
    ),
    "min-above-max": Explained(
        Sentence("a smallest answer above the largest"),
        Sentence("Exchange them."),
    ),
    "unknown-measure": Explained(
        Sentence("a meaning that results do not know"),
        Sentence("Write one of the meanings, such as `problem`."),
    ),
    "measure-twice": Explained(
        Sentence("two questions with one meaning"),
        Sentence("Keep it on one: results would count twice."),
    ),
    "required-folded": Explained(
        Sentence("a required question in a folded section"),
        Sentence("Delete it, or unfold the section."),
    ),
    # conditions
    "unknown-question": Explained(
        Sentence("a condition on a question that does not exist"),
        Sentence("Name the key of an earlier question."),
    ),
    "own-answer": Explained(
        Sentence("a condition of a question on itself"),
        Sentence("Name a question before it."),
    ),
    "later-question": Explained(
        Sentence("a condition on a question that comes later"),
        Sentence("Move that question before this one."),
    ),
    "impossible-value": Explained(
        Sentence("a condition on an answer that can never be given"),
        Sentence("Write an answer that can be given."),
    ),
    "unknown-comparison": Explained(
        Sentence("a comparison that does not exist"),
        Sentence("Write one of the comparisons, such as `at_least`."),
    ),
    # scales
    "draw-count": Explained(
        Sentence("a draw of none, or of more scales than there are"),
        Sentence("Write a number from 1 to as many as there are."),
    ),
    "second-draw": Explained(
        Sentence("a second draw in one instrument"),
        Sentence("Draw all of them at one place."),
    ),
    "unknown-scale": Explained(
        Sentence("a scale that scales.yaml does not have"),
        Sentence("Write the key of a scale in `scales.yaml`."),
    ),
    "missing-level": Explained(
        Sentence("a scale without behaviours at 7, 4 or 1"),
        Sentence("Add two or three behaviours."),
    ),
    "behaviour-count": Explained(
        Sentence("not two or three behaviours at a level"),
        Sentence(
            "Write two or three: one of them must fit a bank, a shop, a hotel and a public office."
        ),
    ),
    "duplicate-behaviour": Explained(
        Sentence("the same behaviour twice"),
        Sentence("Write another."),
    ),
    "no-scales": Explained(
        Sentence("there is no scales.yaml to take scales from"),
        Sentence("Put one beside the file."),
    ),
    # cases
    "case-name": Explained(
        Sentence("a case in a file of another name"),
        Sentence("Name the file by its number and its key, such as `07-promised-tuesday.yaml`."),
    ),
    "duplicate-case": Explained(
        Sentence("two cases with one key or one number"),
        Sentence("Give one of them another."),
    ),
    "rating-count": Explained(
        Sentence("a case with one rating, or with more than four"),
        Sentence("Write two to four: the scales on which the case says most."),
    ),
    "rating-order": Explained(
        Sentence("ratings in another order than the scales"),
        Sentence("Put them in the order of `scales.yaml`, in which shoppers meet them."),
    ),
}
"""Every code. A meaning goes on a sentence; a cure is sentences, and they are the guide’s."""


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


MOST_FAULTS = 500
"""After so many nobody reads on, and a hostile file should not keep the checker busy."""


class EnoughFaults(Exception):
    """:data:`MOST_FAULTS` have been found; the rest of the file is not looked at."""


class Findings:
    """The faults found so far in one file, at most :data:`MOST_FAULTS`."""

    def __init__(self, file: str) -> None:
        self.file = file
        self._faults: set[Fault] = set()

    def add(self, code: str, place: Place, message: str) -> None:
        """Raises :class:`EnoughFaults` with the last that it takes."""
        if code not in CATALOGUE:
            raise KeyError(f"{code} is not in the catalogue of faults")
        self._faults.add(Fault(self.file, place.line, place.column, code, message))
        if len(self._faults) >= MOST_FAULTS:
            raise EnoughFaults

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
