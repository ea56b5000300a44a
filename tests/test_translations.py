"""The desk in French and Spanish: every sentence is there, whole, and fills the same braces."""

from __future__ import annotations

import ast
import re
import string

import pytest

from surveys.translation import LANGUAGES
from tests.rig import catalogues

TRANSLATED = [language for language in LANGUAGES if language != "en"]
MEND = "run `python -m tests.rig.catalogues` and translate what it leaves empty"


def fields(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_sentence_is_translated(language: str) -> None:
    translated = catalogues.read(language)
    wanted = {message.id for message in catalogues.source() if message.id}
    known = {message.id: message for message in translated if message.id}
    assert wanted - set(known) == set(), MEND
    assert set(known) - wanted == set(), f"nobody says this any more: {MEND}"
    assert [message.id for message in known.values() if not catalogues.done(message)] == [], MEND


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_fills_the_same_braces_and_keeps_the_markup(language: str) -> None:
    for message in catalogues.read(language):
        for english, said in catalogues.forms(message):
            # “one site” may be said without its number in any language.
            assert fields(said) <= fields(english) | {"n"}, said
            assert fields(english) - fields(said) <= {"n"}, said
            assert re.findall(r"<[^>]+>", english) == re.findall(r"<[^>]+>", said), said
            assert english[:1].isspace() == said[:1].isspace(), said
            assert english[-1:].isspace() == said[-1:].isspace(), said


@pytest.mark.parametrize("language", TRANSLATED)
def test_the_file_is_as_the_tool_writes_it(language: str) -> None:
    file = catalogues.FOLDER / f"{language}.po"
    assert file.read_text(encoding="utf-8") == catalogues.written(catalogues.read(language)), MEND


def test_a_sentence_is_a_literal_where_it_is_made() -> None:
    """Else it would be shown to no translator. (One made of another's template was one there.)"""
    for file in sorted((catalogues.ROOT / "surveys").rglob("*.py")):
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and ast.unparse(call.func) in catalogues.FUNCTIONS:
                first = call.args[0]
                literal = isinstance(first, ast.Constant) or "template" in ast.unparse(first)
                assert literal, f"{file.name}:{call.lineno}"


def test_the_tool_finds_sentences_everywhere() -> None:
    found = {message.id for message in catalogues.source() if message.id}
    assert "To the content" in found  # a template
    assert "Go back and try again." in found  # a module
    assert ("{n} site.", "{n} sites.") in found  # two forms
