"""Touchpoints: the list that ships, and what a chain makes of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from surveys import codes, publishing, touchpoints
from surveys.checking import check_file
from surveys.faults import FaultyInstrument
from surveys.grammar import LANGUAGES
from surveys.installation import Installation
from surveys.moments_map import load_map
from surveys.store.database import Database
from surveys.touchpoints import SHIPPED_MAP, TouchpointError
from tests.conftest import NOW

NAMES = {"en": "Lift", "fr": "Ascenseur"}


@pytest.fixture
def db(chain: Installation) -> Database:
    return chain.database()


def keys(db: Database) -> list[str]:
    return [found.key for found in touchpoints.every(db)]


# --- the file ---------------------------------------------------------------------------------


def test_the_map_that_ships_speaks_every_language_and_names_what_the_forms_ask() -> None:
    stops = load_map(SHIPPED_MAP)
    assert all(stop.names.keys() == LANGUAGES.keys() for stop in stops)
    assert {"arrival", "line", "service", "payment", "farewell"} <= {stop.key for stop in stops}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("touchpoints: []", "empty"),
        ("touchpoints: yes", "wrong-type"),
        ("touchpoints:\n  - {key: Line, name: {en: Line}}", "bad-key"),
        ("touchpoints:\n  - {key: line}", "missing-key"),
        ("touchpoints:\n  - {key: line, name: {en: ''}}", "empty-text"),
        ("touchpoints:\n  - {key: line, name: {fr: File}}", "missing-language"),
        ("touchpoints:\n  - {key: line, name: {en: Line, tlh: tlhegh}}", "unknown-language"),
        ("touchpoints:\n" + "  - {key: line, name: {en: Line}}\n" * 2, "duplicate-value"),
    ],
)
def test_a_faulty_map_says_where_and_what(tmp_path: Path, text: str, code: str) -> None:
    file = tmp_path / "map.yaml"
    file.write_text(text, "utf-8")
    assert code in {fault.code for fault in check_file(file)}
    with pytest.raises(FaultyInstrument):
        load_map(file)


# --- the list ---------------------------------------------------------------------------------


def test_an_installation_begins_with_what_ships_and_keeps_its_own(chain: Installation) -> None:
    db = chain.database()
    shipped = [stop.key for stop in load_map(SHIPPED_MAP)]
    assert keys(db) == shipped
    touchpoints.remove(db, NOW, "parking", by="")
    touchpoints.rename(db, NOW, "table", NAMES, by="")
    again = Installation.open(chain.folder).database()
    assert keys(again) == [key for key in shipped if key != "parking"]
    assert touchpoints.name(again, "table", "fr") == "Ascenseur"


def test_a_name_is_said_in_the_language_else_in_english_else_as_the_key(db: Database) -> None:
    touchpoints.add(db, NOW, "lift", NAMES, by="")
    assert [touchpoints.name(db, "lift", language) for language in ("fr", "ar", "en")] == [
        *("Ascenseur", "Lift", "Lift")
    ]
    assert touchpoints.name(db, "made_elsewhere", "en") == "made_elsewhere"
    assert touchpoints.names(db, "es")["payment"] == "El pago"


def test_one_place_earlier_or_later_and_no_further_than_the_ends(db: Database) -> None:
    touchpoints.add(db, NOW, "lift", NAMES, by="")
    before = keys(db)
    touchpoints.move(db, NOW, "lift", earlier=True, by="")
    assert keys(db) == [*before[:-2], "lift", before[-2]]
    touchpoints.move(db, NOW, "lift", earlier=False, by="")
    touchpoints.move(db, NOW, "lift", earlier=False, by="")
    assert keys(db) == before
    touchpoints.move(db, NOW, before[0], earlier=True, by="")
    assert keys(db) == before


def test_what_is_hidden_is_offered_no_more_and_keeps_its_name(db: Database) -> None:
    touchpoints.hide(db, NOW, "line", hidden=True, by="")
    assert "line" not in {found.key for found in touchpoints.every(db, hidden=False)}
    assert touchpoints.name(db, "line", "en") == "Waiting in line"
    touchpoints.hide(db, NOW, "line", hidden=False, by="")
    assert "line" in {found.key for found in touchpoints.every(db, hidden=False)}


def test_what_a_code_or_a_form_uses_is_not_removed(db: Database) -> None:
    touchpoints.add(db, NOW, "lift", NAMES, by="")
    code = codes.issue(db, "vienna-1", "lift", "counter", NOW)
    codes.withdraw(db, code, "Torn", NOW)
    with pytest.raises(TouchpointError, match="Codes hang at “lift”"):
        touchpoints.remove(db, NOW, "lift", by="")  # answers may have come under it
    publishing.publish_shipped(db, NOW)
    with pytest.raises(TouchpointError, match="A form asks about “line”"):
        touchpoints.remove(db, NOW, "line", by="")
    assert {"lift", "line"} <= set(keys(db))


def test_keys_of_codes_that_are_not_in_the_list_are_known(db: Database) -> None:
    assert touchpoints.unlisted(db) == ["queue"]  # the chain's codes, made by the command line
    touchpoints.add(db, NOW, "queue", {"en": "The queue"}, by="")
    assert touchpoints.unlisted(db) == []


@pytest.mark.parametrize(
    ("key", "names", "says"),
    [
        ("", NAMES, "cannot be a key"),
        ("Lift", NAMES, "cannot be a key"),
        ("a b", NAMES, "cannot be a key"),
        ("x" * 64, NAMES, "cannot be a key"),
        ("line", NAMES, "“line” already"),
        ("lift", {}, "name in English"),
        ("lift", {"fr": "Ascenseur"}, "name in English"),
        ("lift", {"en": " \n"}, "name in English"),
        ("lift", {"en": "x" * 81}, "at most 80"),
        ("lift", {"en": "a\x00b"}, "one line"),
    ],
)
def test_what_cannot_be_a_touchpoint(
    db: Database, key: str, names: dict[str, str], says: str
) -> None:
    before = touchpoints.every(db)
    with pytest.raises(TouchpointError, match=says):
        touchpoints.add(db, NOW, key, names, by="")
    assert touchpoints.every(db) == before


def test_nothing_can_be_done_to_one_that_is_not_there(db: Database) -> None:
    for act in (
        lambda: touchpoints.rename(db, NOW, "lift", NAMES, by=""),
        lambda: touchpoints.move(db, NOW, "lift", earlier=True, by=""),
        lambda: touchpoints.hide(db, NOW, "lift", hidden=True, by=""),
        lambda: touchpoints.remove(db, NOW, "lift", by=""),
    ):
        with pytest.raises(TouchpointError, match="no touchpoint “lift”"):
            act()


def test_every_change_is_written_down_with_who_made_it(db: Database) -> None:
    touchpoints.add(db, NOW, "lift", NAMES, by="olu")
    touchpoints.rename(db, NOW, "lift", {"en": "Elevator"}, by="olu")
    touchpoints.move(db, NOW, "lift", earlier=True, by="olu")
    touchpoints.hide(db, NOW, "lift", hidden=True, by="olu")
    touchpoints.hide(db, NOW, "lift", hidden=False, by="olu")
    touchpoints.remove(db, NOW, "lift", by="olu")
    rows = list(db.rows("SELECT * FROM audit WHERE subject = 'touchpoint'"))
    assert sorted(row["action"] for row in rows) == [
        *("added", "hidden", "moved", "removed", "renamed", "shown again")
    ]
    assert {row["person_id"] for row in rows} == {"olu"}
    assert all(json.loads(row["detail"])["touchpoint"] == "lift" for row in rows)
