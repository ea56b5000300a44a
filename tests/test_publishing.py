"""Versions: added, never changed; one of them the newest."""

from __future__ import annotations

import copy
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as settings_of
from hypothesis import strategies as st
from ruamel.yaml import YAML

from surveys import publishing
from surveys.checking import SHIPPED, load, resolve
from surveys.installation import Installation
from surveys.instrument import Instrument
from surveys.store import settings
from surveys.store.database import Database

COUNTER = load(SHIPPED / "counter.yaml")
AT = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def reworded(instrument: Instrument, title: str) -> Instrument:
    document = copy.deepcopy(dict(instrument.document))
    document["title"] = {**document["title"], "en": title}
    return Instrument.from_document(document)


@pytest.fixture
def db(installation: Installation) -> Database:
    return installation.database()


def test_a_new_installation_has_what_ships(db: Database) -> None:
    assert publishing.keys(db) == ["counter", "counter_hour", "mirror", "visit"]
    for file in publishing.SHIPPED_FILES:
        shipped = load(SHIPPED / file)
        key = shipped.key
        assert publishing.newest(db, key) == shipped
        assert [one.form for one in publishing.versions(db, key)] == [shipped.form]


def test_publishing_adds_a_version_and_keeps_those_before(db: Database) -> None:
    other = reworded(COUNTER, "How was it?")
    assert other.version != COUNTER.version
    assert publishing.publish(db, other, AT + timedelta(days=1)) is True
    assert publishing.newest(db, "counter") == other
    assert publishing.version(db, COUNTER.form) == COUNTER
    assert {one.form for one in publishing.versions(db, "counter")} == {other.form, COUNTER.form}


def test_publishing_again_changes_nothing(db: Database) -> None:
    before = publishing.versions(db, "counter")
    assert publishing.publish(db, COUNTER, AT + timedelta(days=9)) is False
    assert publishing.versions(db, "counter") == before


def test_publishing_an_old_version_takes_a_change_back(db: Database) -> None:
    other = reworded(COUNTER, "How was it?")
    publishing.publish(db, other, AT)
    assert publishing.publish(db, COUNTER, AT) is False
    assert publishing.newest(db, "counter") == COUNTER
    assert publishing.version(db, other.form) == other


def test_whoever_publishes_is_in_the_audit_and_what_ships_is_nobodys_act(db: Database) -> None:
    def acts() -> list[tuple[str, str, str]]:
        rows = db.rows("SELECT person_id, subject, detail FROM audit WHERE action = 'published'")
        return [(row["person_id"], row["subject"], row["detail"]) for row in rows]

    assert acts() == []
    other = reworded(COUNTER, "How was it?")
    publishing.publish(db, other, AT, by="anna")
    publishing.publish(db, other, AT, by="anna")
    assert acts() == [("anna", f"instrument {other.form}", f'{{"before": "{COUNTER.version}"}}')]


def test_an_own_wording_outlives_a_restart(installation: Installation) -> None:
    own = reworded(COUNTER, "Our own words")
    publishing.publish(installation.database(), own, AT)
    again = Installation.open(installation.folder)
    assert publishing.newest(again.database(), "counter") == own
    assert publishing.publish_shipped(again.database(), AT) == []


def test_what_comes_out_of_the_database_is_what_went_in(db: Database) -> None:
    row = db.row("SELECT document FROM instruments WHERE instrument = 'visit'")
    assert row is not None
    read = Instrument.from_document(json.loads(row["document"]))
    assert read.form == load(SHIPPED / "visit.yaml").form
    assert dict(read.document) == dict(load(SHIPPED / "visit.yaml").document)


@pytest.mark.parametrize(
    "form",
    [
        "",
        "@",
        "counter",
        "counter@",
        "counter@000000000000",
        "nobody@1",
        "a@b@c",
        "x" * 999,
        "\ud800@",
        "a\0@b",
    ],
)
def test_an_unknown_version_is_none(db: Database, form: str) -> None:
    assert publishing.version(db, form) is None


def test_a_version_is_known_only_where_it_was_published(
    db: Database, tmp_path: Path, fresh_folder: Path
) -> None:
    own = reworded(COUNTER, "Only here")
    publishing.publish(db, own, AT)
    assert publishing.version(db, own.form) == own
    elsewhere = Installation.open(tmp_path / "elsewhere").database()
    assert publishing.version(elsewhere, own.form) is None


def test_a_version_is_read_once(db: Database) -> None:
    assert publishing.version(db, COUNTER.form) is publishing.version(db, COUNTER.form)


def test_a_publication_that_fails_leaves_nothing(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = reworded(COUNTER, "Never to be seen")
    with pytest.raises(RuntimeError), db.transaction():
        # inside another transaction, which is undone
        raise RuntimeError
    settings_before = settings.get(db, "newest:counter")
    db.execute("DROP TABLE settings")
    with pytest.raises(Exception, match="settings"):
        publishing.publish(db, other, AT)
    assert settings_before == COUNTER.version
    assert publishing.version(db, other.form) is None


def test_many_first_starts_at_once(tmp_path: Path) -> None:
    def start(_: int) -> list[str]:
        installation = Installation.open(tmp_path / "data")
        return [one.form for one in publishing.versions(installation.database(), "counter")]

    with ThreadPoolExecutor(6) as pool:
        assert set(map(tuple, pool.map(start, range(6)))) == {(COUNTER.form,)}


# --- a version is the hash of the meaning ----------------------------------------------------


@cache
def _read_by_another() -> tuple[dict[str, object], dict[str, dict[str, object]]]:
    yaml = YAML(typ="safe")
    form = yaml.load((SHIPPED / "counter.yaml").read_text("utf-8"))
    scales = yaml.load((SHIPPED / "scales.yaml").read_text("utf-8"))["scales"]
    for scale in scales.values():
        scale["anchors"] = {str(level): texts for level, texts in scale["anchors"].items()}
    return form, scales


def _sources() -> tuple[dict[str, object], dict[str, dict[str, object]]]:
    return copy.deepcopy(_read_by_another())


def test_an_independent_yaml_reader_makes_the_same_version() -> None:
    form, scales = _sources()
    assert Instrument.from_document(resolve(form, scales)).form == COUNTER.form


@settings_of(max_examples=20)
@given(st.randoms())
def test_the_order_of_keys_is_no_change(order) -> None:  # type: ignore[no-untyped-def]
    def shuffled(value: object) -> object:
        if isinstance(value, dict):
            keys = list(value)
            order.shuffle(keys)
            return {key: shuffled(value[key]) for key in keys}
        return [shuffled(part) for part in value] if isinstance(value, list) else value

    form, scales = _sources()
    mixed = {key: shuffled(scale) for key, scale in scales.items()}
    again = Instrument.from_document(resolve(shuffled(form), mixed))  # type: ignore[arg-type]
    assert again.form == COUNTER.form


def test_a_default_written_out_is_no_change() -> None:
    form, scales = _sources()
    for section in form["sections"]:  # type: ignore[attr-defined]
        section.setdefault("folded", False)
        for item in section["items"]:
            if "key" in item:
                item.setdefault("required", False)
    assert Instrument.from_document(resolve(form, scales)).form == COUNTER.form


def test_a_reworded_scale_is_a_new_version() -> None:
    form, scales = _sources()
    scales["culture"]["high"]["ar"] += "!"  # type: ignore[index]
    assert Instrument.from_document(resolve(form, scales)).form != COUNTER.form


def test_a_language_the_form_does_not_speak_is_no_part_of_it() -> None:
    form, scales = _sources()
    form["languages"] = ["en", "fr", "es"]
    version = Instrument.from_document(resolve(form, scales)).version
    scales["culture"]["high"]["ar"] += "!"  # type: ignore[index]
    assert Instrument.from_document(resolve(form, scales)).version == version
