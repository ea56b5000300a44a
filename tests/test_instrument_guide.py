"""The author's guide: what it shows is sound, and what it lists is what there is."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from exports import words, writers
from surveys import grammar, poster_words, yaml_tree
from surveys.checking import SHIPPED, check_file
from surveys.conditions import COMPARISONS
from surveys.faults import CATALOGUE, MOST_FAULTS
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
    whole, name = example, "example.yaml"
    if example.startswith("case:"):
        name = "07-promised-tuesday.yaml"
    elif not example.startswith("instrument:"):
        whole = HEAD + "".join(f"      {line}\n" for line in example.splitlines())
    file = tmp_path / name
    file.write_text(whole, "utf-8")
    assert check_file(file) == []


@pytest.mark.parametrize(
    "words",
    [
        tuple(grammar.TYPES),
        grammar.MEASURES,
        grammar.SOURCES,
        grammar.MODES,
        (*grammar.SCALE_LEVELS, *grammar.STATUSES),
        grammar.LANGUAGES,
        (*COMPARISONS, "one_of", "answered", "any", "all", "not"),
        sorted(frozenset().union(*grammar.TYPES.values())),
    ],
    ids=["types", "measures", "sources", "modes", "of-scales", "languages", "conditions", "keys"],
)
def test_the_guide_leaves_nothing_out(words: tuple[str, ...]) -> None:
    prose = re.sub(r"^```.*?^```", "", GUIDE, flags=re.MULTILINE | re.DOTALL)
    told = set(re.findall(r"[a-z][a-z_-]*", " ".join(re.findall(r"`[^`]+`", prose))))
    assert set(words) - told == set()


PLACES = {
    "The instrument": "instrument",
    "A section": "section",
    "A question": "question",
    "A draw": "draw",
    "All scales": "all_scales",
    "A condition": "condition",
    "A comparison": "comparison",
    "A file of scales": "scales_file",
    "A scale": "scale",
    "A case": "case",
    "A rating": "rating",
}
"""Headings under “Every key”, and the definitions of the schema that editors read."""

SCHEMA = json.loads((SHIPPED / "schema.json").read_text("utf-8"))["$defs"]
WITHIN = {"seconds_per_item", "label", "7", "4", "1"}
"""Keys one step further in, which stand in the row of the key they belong to."""


def properties(part: object) -> set[str]:
    """Every key that a part of the schema names."""
    if isinstance(part, list):
        return set().union(*map(properties, part))
    if not isinstance(part, dict):
        return set()
    own = part.get("properties", {})
    return set(own if isinstance(own, dict) else ()).union(*map(properties, part.values()))


def test_every_place_of_the_grammar_has_its_table() -> None:
    assert {name for name in SCHEMA if properties(SCHEMA[name])} == {*PLACES.values(), "text"}


@pytest.mark.parametrize("heading", PLACES)
def test_every_key_of_a_place_stands_in_its_table_and_no_other(heading: str) -> None:
    """The schema knows the keys that the checker knows (tests/test_instrument_schema.py)."""
    part = GUIDE.partition(f"\n### {heading}\n")[2].partition("\n#")[0]
    rows = [line for line in part.splitlines() if line.startswith("| `")]
    told = {word for row in rows for word in re.findall(r"`([^`]+)`", row.split("|")[1])}
    assert told == properties(SCHEMA[PLACES[heading]]) - WITHIN
    for word in properties(SCHEMA[PLACES[heading]]) & WITHIN:
        assert f"`{word}`" in part


def test_the_guide_names_what_a_key_cannot_be_and_the_limits() -> None:
    part = GUIDE.partition("no question can have them as its key:")[2].partition("\n#")[0]
    assert set(re.findall(r"`(\w+)`", part)) == set(grammar.RESERVED)
    assert f"at most {yaml_tree.MAX_BYTES // 1024} KiB" in GUIDE
    assert f"at most {yaml_tree.MAX_NODES:,} keys and values" in GUIDE
    assert f"(up\nto {MOST_FAULTS})" in GUIDE
    assert yaml_tree.MAX_DEPTH == 20
    assert "nested at most twenty deep" in GUIDE


def test_every_fault_has_an_example_and_the_cure_that_the_desk_gives() -> None:
    part = GUIDE.partition("\n## Every fault\n")[2]
    rows = [[cell.strip() for cell in line.split("|")] for line in part.splitlines()]
    told = {row[1].strip("`"): (row[2], row[3]) for row in rows if row[1:2] and row[1][:1] == "`"}
    assert {code: f"{cure}." for code, (_, cure) in told.items()} == {
        code: str(explained.cure) for code, explained in CATALOGUE.items()
    }
    assert all(example for example, _ in told.values())


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
