"""``instruments/schema.json``, by which editors complete and underline, against the checker."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from surveys import grammar, publishing
from surveys.checking import SHIPPED, check_file
from surveys.conditions import COMPARISONS
from surveys.faults import Findings
from surveys.yaml_tree import parse
from tests.test_checking import ASK, CASES, SOUND, form, marked, scale
from tests.test_instrument_guide import EXAMPLES

SCHEMA = json.loads((SHIPPED / "schema.json").read_text("utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)

STRUCTURE = {
    *("wrong-type", "empty", "unknown-key", "missing-key", "unknown-value", "out-of-range"),
    *("bad-key", "reserved-key", "empty-text", "unknown-language", "unknown-type"),
    *("not-for-type", "missing-choices", "unknown-measure", "unknown-comparison"),
    *("missing-level", "behaviour-count", "duplicate-value"),
}
"""What a schema can say. The other faults need two places of a file, or another file."""


def structured(data: bytes) -> Any:
    """The file as an editor's YAML reader hands it to the schema; None if it is no YAML."""
    findings = Findings("x")
    tree = parse(data, findings)
    unreadable = {"out-of-range", "control-character", "duplicate-key", "wrong-type"}
    if tree is None or {fault.code for fault in findings.sorted()} & unreadable:
        return None
    return tree.plain()


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("name", ["scales.yaml", *publishing.SHIPPED_FILES])
def test_what_ships_fits_the_schema(name: str) -> None:
    data = structured((SHIPPED / name).read_bytes())
    assert [error.message for error in VALIDATOR.iter_errors(data)] == []


@pytest.mark.parametrize("name", ["scales.yaml", *publishing.SHIPPED_FILES])
def test_what_ships_tells_editors_of_the_schema(name: str) -> None:
    first = (SHIPPED / name).read_text("utf-8").splitlines()[0]
    assert first == "# yaml-language-server: $schema=schema.json"


@pytest.mark.parametrize(
    "example", [one for one in EXAMPLES if one.startswith(("instrument:", "case:"))]
)
def test_whole_examples_of_the_guide_fit(example: str) -> None:
    assert VALIDATOR.is_valid(structured(example.encode()))


SLIPS = [
    (code, document)
    for code, source in CASES
    if code in STRUCTURE and (document := structured(marked(source)[0])) is not None
]


@pytest.mark.parametrize(
    ("code", "document"), SLIPS, ids=[f"{index}-{code}" for index, (code, _) in enumerate(SLIPS)]
)
def test_a_fault_of_structure_is_underlined_too(code: str, document: object) -> None:
    assert not VALIDATOR.is_valid(document)


def test_there_is_a_slip_for_every_fault_of_structure() -> None:
    assert {code for code, _ in SLIPS} == STRUCTURE


@pytest.mark.parametrize("type_", [*grammar.TYPES, "other"])
def test_the_keys_of_every_type_are_the_same(type_: str, tmp_path: Path) -> None:
    """Every key with every type: schema and checker agree whether it may stand there."""
    parts = {
        "help": "{en: Help}",
        "required": "true",
        "show_if": "{before: true}",
        "touchpoint": "line",
        "choices": "[{key: x, label: {en: X}}]",
        "min": "1",
        "max": "2",
        "unit": "min",
        "max_length": "9",
        "max_photos": "4",
        "short": "true",
        **{f"measures: {measure} #": "" for measure in grammar.MEASURES},
    }
    file = tmp_path / "form.yaml"
    basis = f"- {{key: before, type: yes_no, {ASK}}}\n- key: waiting\n  type: {type_}"
    if "ask" in grammar.TYPES.get(type_, {"ask"}):
        basis += f"\n  {ASK}"
    if "choices" in grammar.TYPES.get(type_, ()):
        basis += "\n  choices: [{key: x, label: {en: X}}]"
        del parts["choices"]
    for name, value in {"": "", **parts}.items():
        more = f"\n  {name}: {value}" if name else ""
        file.write_text(form(basis + more))
        sound = check_file(file) == []
        assert VALIDATOR.is_valid(structured(file.read_bytes())) == sound, (type_, name)


def test_the_words_are_the_same() -> None:
    definitions = SCHEMA["$defs"]
    question = definitions["question"]["properties"]
    head = definitions["instrument"]["properties"]
    assert question["type"]["enum"] == list(grammar.TYPES)
    assert question["measures"]["enum"] == list(grammar.MEASURES)
    assert set(question) == frozenset().union(*grammar.TYPES.values())
    assert head["source"]["enum"] == list(grammar.SOURCES)
    assert head["mode"]["enum"] == list(grammar.MODES)
    assert head["review"]["pattern"] == f"^({grammar.REVIEW.pattern})$"
    assert head["languages"]["items"]["enum"] == list(grammar.LANGUAGES)
    assert list(definitions["text"]["properties"]) == list(grammar.LANGUAGES)
    assert set(definitions["comparison"]["properties"]) == {*COMPARISONS, "one_of", "answered"}
    assert definitions["key"]["pattern"] == f"^{grammar.KEY.pattern}$"
    assert definitions["scale"]["properties"]["status"]["enum"] == list(grammar.STATUSES)
    assert definitions["scale"]["properties"]["level"]["enum"] == list(grammar.SCALE_LEVELS)
    anchors = definitions["scale"]["properties"]["anchors"]
    assert anchors["required"] == list(grammar.ANCHORED)
    reserved = definitions["scales_file"]["properties"]["scales"]["propertyNames"]["allOf"][1]
    assert reserved == {"not": {"enum": sorted(grammar.RESERVED)}}


def test_every_key_has_a_word_of_help_for_the_editor() -> None:
    for name, part in SCHEMA["$defs"]["question"]["properties"].items():
        assert part["description"], name


@given(data=st.data())
def test_what_the_schema_refuses_the_checker_refuses(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    whole = data.draw(st.sampled_from([SOUND, scale()]))
    words = whole.split(" ")
    place = data.draw(st.integers(0, len(words) - 1))
    words[place] = data.draw(
        st.sampled_from(
            ["7", "-1", "true", "x", "{}", "[]", "{en: X}", "scale", "min:", "key:", ""]
        )
    )
    torn = " ".join(words).encode()
    document = structured(torn)
    file = tmp_path_factory.getbasetemp() / "schema.yaml"
    file.write_bytes(torn)
    if document is not None and not VALIDATOR.is_valid(document):
        assert check_file(file) != []
