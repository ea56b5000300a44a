"""Sentences that can be said in another language later.

Domain code speaks English; the desk speaks its reader's language. A :class:`Sentence` is the
English text, to be printed and compared as any other, and remembers what it was made of.
"""

from __future__ import annotations

import json
from collections.abc import Mapping


class Sentence(str):
    """``Sentence("There is no site “{site_id}”.", site_id="x7")``.

    ``template`` must be a literal where it is made, so that translators are shown it; ``values``
    fill its braces and may be sentences themselves. Without values braces mean nothing.
    """

    __slots__ = ("template", "values")

    template: str
    values: Mapping[str, object]

    def __new__(cls, template: str, /, **values: object) -> Sentence:
        made = super().__new__(cls, template.format(**values) if values else template)
        made.template = template
        made.values = values
        return made


def kept(sentence: Sentence) -> str:
    """A sentence as text to be stored; :func:`read` makes it again."""
    values = {
        name: {"sentence": kept(value)} if isinstance(value, Sentence) else value
        for name, value in sentence.values.items()
    }
    return json.dumps({"template": sentence.template, "values": values}, ensure_ascii=False)


def read(text: str) -> Sentence:
    """The sentence that :func:`kept` stored."""
    found = json.loads(text)
    values = {
        name: read(value["sentence"]) if isinstance(value, dict) else value
        for name, value in found["values"].items()
    }
    return Sentence(found["template"], **values)
