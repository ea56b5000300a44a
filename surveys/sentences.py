"""Sentences that can be said in another language later.

Domain code speaks English; the desk speaks its reader's language. A :class:`Sentence` is the
English text, to be printed and compared as any other, and remembers what it was made of.
"""

from __future__ import annotations

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
