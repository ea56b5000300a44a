"""The author's guide: what it shows is sound, and what it lists is what there is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from exports import words, writers
from surveys import grammar, poster_words
from surveys.checking import check_file
from surveys.conditions import COMPARISONS
from surveys.web.words import all_words

GUIDE = (Path(__file__).parent.parent / "docs" / "instruments.md").read_text("utf-8")
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
HEAD = """\
instrument: example
title: {en: Example}
source: customer
mode: routine
review: none
languages: [en]
sections:
  - title: {en: Part}
    items:
"""


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_every_example_is_sound(example: str, tmp_path: Path) -> None:
    if example.startswith("#"):
        assert "yaml-language-server" in example
        return
    whole = example
    if not example.startswith("instrument:"):
        whole = HEAD + "".join(f"      {line}\n" for line in example.splitlines())
    file = tmp_path / "example.yaml"
    file.write_text(whole, "utf-8")
    assert check_file(file) == []


@pytest.mark.parametrize(
    "words",
    [
        (*grammar.TYPES, *grammar.LATER_TYPES),
        grammar.MEASURES,
        grammar.SOURCES,
        grammar.MODES,
        grammar.LANGUAGES,
        (*COMPARISONS, "one_of", "answered", "any", "all", "not"),
        sorted(frozenset().union(*grammar.TYPES.values())),
    ],
    ids=["types", "measures", "sources", "modes", "languages", "conditions", "keys"],
)
def test_the_guide_leaves_nothing_out(words: tuple[str, ...]) -> None:
    prose = re.sub(r"^```.*?^```", "", GUIDE, flags=re.MULTILINE | re.DOTALL)
    told = set(re.findall(r"[a-z][a-z_-]*", " ".join(re.findall(r"`[^`]+`", prose))))
    assert set(words) - told == set()


@pytest.mark.parametrize(
    "spoken",
    [
        *(all_words(), poster_words.QUESTION, poster_words.SENTENCE, poster_words.CAMERA),
        *(poster_words.FOLD, poster_words.GLUE, writers.EXCEL),
        *(words.YES, words.NO, *words.MOMENTS.values()),
    ],
)
def test_forms_speak_the_languages_that_pages_posters_and_downloads_speak(
    spoken: Mapping[str, object],
) -> None:
    assert set(spoken) == set(grammar.LANGUAGES)
