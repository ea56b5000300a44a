"""One act of the audit: what it is called, and how it is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from string import Formatter

from surveys.sentences import Sentence

Values = Mapping[str, object]
"""What a sentence may name: ``who``, ``site``, ``reason`` …; what is not known is missing or ""."""

PLAINLY = Sentence("{who}: {action}, {subject}")


@dataclass(frozen=True, init=False)
class Act:
    """``name`` is what the act is called where one is chosen, ``sentences`` how it is told: by the
    first whose values are all known."""

    name: Sentence
    sentences: tuple[Sentence, ...]

    def __init__(self, name: Sentence, *sentences: Sentence) -> None:
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "sentences", sentences)

    def told(self, values: Values) -> Sentence:
        for sentence in (*self.sentences, PLAINLY):
            named = {name for _, name, _, _ in Formatter().parse(sentence.template) if name}
            if all(values.get(name, "") not in ("", None) for name in named):
                return Sentence(sentence.template, **{name: values[name] for name in named})
        raise AssertionError  # who, action and subject are always known
