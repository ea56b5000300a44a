"""The file behind a version: kept, or written back; drafts; what a change breaks."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from surveys import instrument_files, publishing
from surveys.checking import SHIPPED, check_text, load, load_scales
from surveys.comparability import warnings
from surveys.installation import Installation
from surveys.instrument import Instrument
from surveys.instrument_files import Overtaken
from surveys.instrument_writer import write
from surveys.store.database import Database
from tests.conftest import NOW
from tests.test_checking import form

FORMS = sorted(
    file.stem for file in SHIPPED.glob("*.yaml") if "\ninstrument: " in file.read_text("utf-8")
)
COUNTER = load(SHIPPED / "counter.yaml")
VISIT = load(SHIPPED / "visit.yaml")
SCALES = list(load_scales(SHIPPED / "scales.yaml"))


@pytest.fixture
def db(installation: Installation) -> Database:
    return installation.database()


def again(instrument: Instrument, text: str) -> Instrument:
    checked = check_text(text.encode(), instrument.key)
    assert checked.faults == ()
    assert checked.instrument is not None
    return checked.instrument


def edited(instrument: Instrument, edit: Callable[[dict[str, Any]], object]) -> Instrument:
    document = copy.deepcopy(dict(instrument.document))
    edit(document)
    return Instrument.from_document(document)


# --- written back -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", FORMS)
def test_a_version_written_back_is_the_same_version(name: str) -> None:
    shipped = load(SHIPPED / f"{name}.yaml")
    text = instrument_files.written(shipped)
    assert again(shipped, text).form == shipped.form
    # As the database gives it back: keys sorted, numbers as canonical JSON has them.
    read = Instrument.from_document(json.loads(json.dumps(shipped.document, sort_keys=True)))
    assert instrument_files.written(read) == text


def test_scales_are_referred_to_and_not_written_out() -> None:
    assert "      - {draw: 3, from: scales}\n" in instrument_files.written(COUNTER)
    text = instrument_files.written(VISIT)
    assert "      - {scales: all}\n" in text
    assert "coaching" not in text


def test_scales_asked_one_by_one_stay_so() -> None:
    items = "- {key: waiting, type: scale, touchpoint: line}\n"
    items += "- {key: welcome, type: scale, short: true}"
    checked = check_text(form(items).encode(), "form")
    assert checked.instrument is not None, checked.faults
    assert again(checked.instrument, instrument_files.written(checked.instrument)).form == (
        checked.instrument.form
    )


@pytest.mark.parametrize(
    "words",
    ["quotes \" and \\ and '", "a: b # no comment", "two\nlines", "true", "{a}", "🙂 مرحبا", "- x"],
)
def test_any_words_come_back(words: str) -> None:
    other = edited(COUNTER, lambda d: d["title"].update(en=words))
    assert again(other, instrument_files.written(other)).title["en"] == words


def test_words_that_yaml_takes_for_something_else_are_quoted() -> None:
    choices = [{"key": key, "label": {"en": key}} for key in ("true", "null", "no", "a_1")]
    item = {"key": "pick", "type": "choice", "ask": {"en": "?"}, "choices": choices}
    shown = {"key": "why", "type": "text", "ask": {"en": "?"}, "show_if": {"pick": "true"}}
    other = edited(
        COUNTER,
        lambda d: d.update(
            languages=["en"],
            title={"en": "x"},
            sections=[{"title": {"en": "x"}, "items": [item, shown]}],
        ),
    )
    assert again(other, instrument_files.written(other)).form == other.form


def test_other_scales_than_those_that_ship_are_said() -> None:
    def reword(document: dict[str, Any]) -> None:
        document["sections"][0]["items"][1]["scales"][0]["low"]["en"] = "Other words"

    text = instrument_files.written(edited(COUNTER, reword))
    assert text.startswith("# The scales of this version were worded otherwise")
    assert again(COUNTER, text).form == COUNTER.form


def test_no_scales_at_all_are_no_run_of_scales() -> None:
    document = {**COUNTER.document, "sections": [{"title": {"en": "x"}, "items": []}]}
    assert "scales" not in write(document, [])


# --- kept -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["counter", "visit"])
def test_what_ships_keeps_its_file(db: Database, name: str) -> None:
    newest = publishing.newest(db, name)
    assert newest is not None
    assert instrument_files.text_of(db, newest) == (SHIPPED / f"{name}.yaml").read_text("utf-8")


def test_a_version_without_a_file_is_written_back(db: Database) -> None:
    db.execute("DELETE FROM instrument_sources")
    assert instrument_files.text_of(db, COUNTER) == instrument_files.written(COUNTER)


def test_the_command_keeps_the_file_too(installation: Installation, tmp_path: Path) -> None:
    from click.testing import CliRunner  # noqa: PLC0415

    from surveys.commands.root import main  # noqa: PLC0415

    file = tmp_path / "counter.yaml"
    text = "# ours\n" + (SHIPPED / "counter.yaml").read_text("utf-8")
    file.write_text("\ufeff" + text, "utf-8")
    words = ["instrument", "publish", str(file), "--data", str(installation.folder)]
    assert CliRunner().invoke(main, words).exit_code == 0
    assert instrument_files.text_of(installation.database(), COUNTER) == text


def test_whoever_was_overtaken_changes_nothing(db: Database) -> None:
    began = {"based_on": COUNTER.version, "by": "anna"}
    kept = instrument_files.keep(db, NOW, "counter", "hers", revision="", **began)
    with pytest.raises(Overtaken) as caught:
        instrument_files.keep(db, NOW, "counter", "his", revision="", **began)
    assert caught.value.draft == kept
    assert instrument_files.draft(db, "counter") == kept
    with pytest.raises(Overtaken):
        instrument_files.publish_draft(
            db, NOW, COUNTER, "hers", revision=kept.revision, based_on="older", by="anna"
        )
    with pytest.raises(Overtaken):
        instrument_files.publish_again(db, NOW, COUNTER, based_on="older", by="anna")
    instrument_files.keep(db, NOW, "counter", "hers, more", revision=kept.revision, **began)


def test_use_of_an_instrument_nobody_has(db: Database) -> None:
    assert instrument_files.uses(db, date(2026, 11, 22)) == {}


def test_answers_before_ninety_days_are_not_recent(chain: Installation) -> None:
    db = chain.database()
    (use,) = [u for k, u in instrument_files.uses(db, NOW.date()).items() if k == "counter"]
    assert (use.tokens, use.recent, use.last, use.is_used) == ({"code": 4}, 0, None, True)
    later = NOW.date() + timedelta(days=1000)
    assert instrument_files.uses(db, later)["counter"].recent == 0


# --- what a change breaks ---------------------------------------------------------------------


def _items(document: dict[str, Any], section: int = 1) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = document["sections"][section]["items"]
    return found


BREAKS: list[tuple[Callable[[dict[str, Any]], object], str]] = [
    (lambda d: d.update(source="shopper"), "source changes from customer to shopper"),
    (lambda d: d.update(mode="joint-work"), "mode changes from routine to joint-work"),
    (lambda d: d["languages"].remove("ar"), "Nobody can answer in ar any more"),
    (lambda d: _items(d, 0)[1]["scales"].pop(0), "The dimension welcome is no longer asked"),
    (lambda d: _items(d).pop(3), "come_back, which measures return, is no longer asked"),
    (lambda d: _items(d).pop(), "comment is no longer asked: its column stays empty"),
    (lambda d: _items(d)[3].update(type="text"), "come_back changes its type from yes_no to text"),
    (
        lambda d: _items(d, 0)[1]["scales"][0]["high"].update(fr="Autre"),
        "The scale welcome is worded otherwise",
    ),
    (
        lambda d: _items(d, 0)[1]["scales"][0]["anchors"]["7"].pop(),
        "The scale welcome is worded otherwise",
    ),
    (lambda d: _items(d)[0].pop("measures"), "went_wrong no longer measures problem"),
    (lambda d: _items(d, 0)[0].update(required=True), "moment must be answered from now on"),
]


@pytest.mark.parametrize(("edit", "said"), BREAKS)
def test_what_breaks_comparability_is_said(
    edit: Callable[[dict[str, Any]], object], said: str
) -> None:
    (warning,) = warnings(COUNTER, edited(COUNTER, edit))
    assert said in warning


def test_a_choice_that_goes_is_said() -> None:
    def edit(document: dict[str, Any]) -> None:
        (request,) = (one for one in _items(document, 0) if one.get("key") == "request")
        request["choices"].pop()

    (warning,) = warnings(VISIT, edited(VISIT, edit))
    assert "request loses choices (other)" in warning


@pytest.mark.parametrize(
    "edit",
    [
        lambda d: d["title"].update(en="Other"),
        lambda d: _items(d)[0]["ask"].update(en="Other"),
        lambda d: d["languages"].append("de"),
        lambda d: _items(d).append({"key": "new", "type": "text", "ask": {"en": "?"}}),
        lambda d: _items(d, 0)[1]["scales"][0]["low"].update(de="Neu"),
    ],
)
def test_what_breaks_nothing_is_not_warned_of(edit: Callable[[dict[str, Any]], object]) -> None:
    assert warnings(COUNTER, edited(COUNTER, edit)) == []
