"""The tables: what stands in which cell, and what never does."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from exports import tables
from exports.columns import CannotExport, NotMade, NotYours
from surveys import holding, publishing
from surveys.installation import Installation
from tests.conftest import CODES, NOW
from tests.exported import (
    CHOICES,
    MIRROR_CODE,
    SURVEY_CODE,
    ask,
    cells,
    document,
    every_type,
    lines,
    publish,
    record,
    rows,
    scale,
    send,
    whole,
    words,
)

CONTRACT = {
    "scores": "site_id,site,region,dimension,source,mode,period_start,period_end,n,n_asked,coverage"
    ",mean,sd,mean_low,mean_high,top2,top2_low,top2_high,bottom2,bottom2_low,bottom2_high,adjusted"
    ",reliability,shops_needed,rank,rank_low,rank_high,change,change_low,change_high,change_verdict"
    ",note",
    "moments": "site_id,site,region,source,mode,period_start,period_end,contacts,magic,truth,misery"
    ",magic_share,magic_share_low,magic_share_high,wom_balance,wom_balance_low,wom_balance_high"
    ",break_even_p,note",
    "submissions": "submission_id,site_id,site,region,source,mode,form,language,started_local"
    ",finished_local,received_utc,day,status,flags",
    "ratings": "submission_id,site_id,region,instrument,source,mode,day,dimension,touchpoint,level"
    ",flagged",
    "visits": "visit_id,site_id,region,shopper,instrument,due,status,submitted_utc,presence"
    ",not_before,edge,certificate,fee,expenses_allowed,currency,accepted_utc,submission_id",
    "payroll": "shopper,name,visit_id,site_id,site,due,accepted_day,fee,expenses_claimed"
    ",expenses_allowed,expenses_owed,currency,owed",
}

ANSWERS: dict[str, Any] = {
    "moment": "worse",
    "welcome": 1,
    "waiting": None,
    "wrong": False,
    "front": "price",
    "why": ["service", "price"],
    "handovers": 0,
    "paid": 12.5,
    "bought_on": "2026-11-20",
    "came_at": "14:05",
    "promised": "2026-11-23T10:00:00+01:00",
    "timed": 200,
    "shown": ["a" * 64, "b" * 64],
    "here": {"latitude": 48.20824, "longitude": 16.37384, "accuracy": 12},
    "comment": '  two, "words"\nand a line; 007 ',
    "reach_me": "+43 1 234",
}


@pytest.fixture
def form(chain: Installation) -> str:
    return publish(chain, SURVEY_CODE, document("survey", *every_type(chain)))


def test_the_columns_are_the_contracts(chain: Installation, form: str) -> None:
    assert list(tables.TABLES) == list(CONTRACT)
    for name, columns in CONTRACT.items():
        asked = ask(instrument="survey") if name == "submissions" else ask()
        (header,) = cells(whole(chain.database(), name, asked))
        assert header[: len(columns.split(","))] == columns.split(",")
        assert [column.name for column in tables.TABLES[name].columns] == columns.split(",")


def test_a_submission_has_a_column_for_each_question(chain: Installation, form: str) -> None:
    one = record(form, SURVEY_CODE, ANSWERS)
    (receipt,) = send(chain, [one])
    assert receipt.status == "accepted", receipt.problems
    (row,) = rows(chain.database(), "submissions", instrument="survey")
    assert row == {
        "submission_id": one["id"],
        "site_id": "vienna-1",
        "site": "Vienna, Graben",
        "region": "east",
        "source": "customer",
        "mode": "routine",
        "form": form,
        "language": "en",
        "started_local": "2026-11-22T09:58:00+01:00",
        "finished_local": "2026-11-22T09:59:30+01:00",
        "received_utc": "2026-11-22T09:00:00.000000Z",
        "day": "2026-11-22",
        "status": "counted",
        "flags": "",
        "moment": "worse",
        "welcome": "1",
        "waiting": "",  # it did not come up
        "wrong": "false",
        "front": "price",
        "why.price": "1",
        "why.quality": "0",
        "why.service": "1",
        "handovers": "0",  # zero is not blank
        "paid": "12.5",
        "bought_on": "2026-11-20",
        "came_at": "14:05",
        "promised": "2026-11-23T10:00:00+01:00",
        "timed": "200",
        "shown": "2",
        "here.latitude": "48.20824",
        "here.longitude": "16.37384",
        "here.accuracy": "12",
        "comment": '  two, "words"\nand a line; 007 ',
        "answers.unfit": "",
    }
    assert "+43" not in whole(chain.database(), "submissions", ask(instrument="survey")).decode()


def test_nothing_answered_is_blank_everywhere(chain: Installation, form: str) -> None:
    send(chain, [record(form, SURVEY_CODE, {}), record(form, SURVEY_CODE, {"why": []})])
    found = rows(chain.database(), "submissions", instrument="survey")
    choices = sorted(tuple(row[f"why.{c['key']}"] for c in CHOICES) for row in found)
    assert choices == [("", "", ""), ("0", "0", "0")]  # not answered; answered, and none chosen
    for row in found:
        questions = list(row)[14:]
        assert {row[key] for key in questions if not key.startswith("why.")} == {""}


def test_answered_without_a_photo_is_zero_and_unanswered_is_blank(
    chain: Installation, form: str
) -> None:
    none = record(form, SURVEY_CODE, {"shown": [], "timed": 0})
    nothing = record(form, SURVEY_CODE, {"moment": "better"})
    send(chain, [none, nothing])
    found = {
        row["submission_id"]: (row["shown"], row["timed"], row["here.accuracy"])
        for row in rows(chain.database(), "submissions", instrument="survey")
    }
    assert found == {none["id"]: ("0", "0", ""), nothing["id"]: ("", "", "")}


def test_half_a_place_and_a_time_in_words_are_in_no_column(chain: Installation, form: str) -> None:
    half = {"latitude": 48.2, "longitude": 16.37}
    (receipt,) = send(chain, [record(form, SURVEY_CODE, {"here": half, "timed": "3:20"})])
    assert receipt.status == "held"
    (row,) = rows(chain.database(), "submissions", instrument="survey")
    assert (row["here.latitude"], row["timed"]) == ("", "")
    assert json.loads(row["answers.unfit"]) == {"here": half, "timed": "3:20"}


@pytest.mark.parametrize(
    ("language", "header"),
    [
        ("en", "What of here? latitude [here.latitude]"),
        ("fr", "What of here? (fr) latitude [here.latitude]"),
        ("es", "What of here? latitud [here.latitude]"),
    ],
)
def test_the_columns_of_a_place_have_labels(
    chain: Installation, form: str, language: str, header: str
) -> None:
    asked = ask(instrument="survey", labels=True, language=language)
    (found,) = cells(whole(chain.database(), "submissions", asked))
    assert header in found


def test_labels_are_the_words_of_the_language(chain: Installation, form: str) -> None:
    send(chain, [record(form, SURVEY_CODE, ANSWERS)])
    (row,) = rows(chain.database(), "submissions", instrument="survey", labels=True, language="fr")
    assert row["What of front? (fr) [front]"] == "The price (fr)"
    assert row["What of why? (fr) The quality (fr) [why.quality]"] == "0"
    assert row["What of wrong? (fr) [wrong]"] == "non"
    assert row["What of moment? (fr) [moment]"] == "moins bien que prévu"
    assert row["Accueil et courtoisie [welcome]"] == "1"
    assert row["site_id"] == "vienna-1"
    (score,) = (s for s in rows(chain.database(), "scores", labels=True) if s["n"] == "1")
    assert score["dimension"] == "Welcome and courtesy"


def test_every_status_is_there_and_only_counted_ones_have_ratings(
    chain: Installation, form: str
) -> None:
    good = record(form, SURVEY_CODE, {"welcome": 5, "waiting": 3})
    unfit = record(form, SURVEY_CODE, {"welcome": 8, "handovers": "three", "waiting": 4})
    unknown = record("survey@000000000000", SURVEY_CODE, {"welcome": 6, "reach_me": "+43 1 234"})
    statuses = [receipt.status for receipt in send(chain, [good, unfit, unknown])]
    assert statuses == ["accepted", "held", "held"]
    found = {
        r["submission_id"]: r for r in rows(chain.database(), "submissions", instrument="survey")
    }
    assert {key: row["status"] for key, row in found.items()} == {
        good["id"]: "counted",
        unfit["id"]: "held",
        unknown["id"]: "held",
    }
    # What does not fit its question stands apart, so that a column of numbers is one of numbers.
    row = found[unfit["id"]]
    assert (row["welcome"], row["handovers"], row["waiting"]) == ("", "", "4")
    assert row["answers.unfit"] == '{"handovers": "three", "welcome": 8}'
    assert found[unknown["id"]]["welcome"] == "6"
    assert found[unknown["id"]]["form"] == "survey@000000000000"
    assert "+43" not in str(found)
    ratings = rows(chain.database(), "ratings")
    assert [(r["submission_id"], r["dimension"], r["level"]) for r in ratings] == [
        (good["id"], "waiting", "3"),
        (good["id"], "welcome", "5"),
    ]


def test_a_ratings_touchpoint_is_its_questions_else_its_codes(
    chain: Installation, form: str
) -> None:
    send(chain, [record(form, SURVEY_CODE, {"welcome": 5, "waiting": 3})])
    found = rows(chain.database(), "ratings")
    assert {r["dimension"]: r["touchpoint"] for r in found} == {
        "welcome": "door",
        "waiting": "till",
    }
    assert {r["flagged"] for r in found} == {"0"}


def test_values_are_as_amended_and_never_what_conflicted(chain: Installation, form: str) -> None:
    held = record(form, SURVEY_CODE, {"welcome": 8, "waiting": 2, "comment": "first"})
    other = {**held, "answers": {"welcome": 7, "comment": "another under the same id"}}
    send(chain, [held])
    send(chain, [other])
    holding.mend(
        chain.database(),
        site_id="vienna-1",
        submission_id=held["id"],
        person_id="",
        at=NOW,
        answers={"welcome": 6, "waiting": None},
        reason="a slip",
    )
    holding.accept(chain.database(), "vienna-1", held["id"], "", NOW)
    (row,) = rows(chain.database(), "submissions", instrument="survey")
    assert (
        row["status"],
        row["welcome"],
        row["waiting"],
        row["comment"],
        row["answers.unfit"],
    ) == (
        "counted",
        "6",
        "",
        "first",
        "",
    )
    assert [r["level"] for r in rows(chain.database(), "ratings")] == ["6"]


def test_the_newest_version_leads_and_older_questions_follow(
    chain: Installation, form: str
) -> None:
    send(chain, [record(form, SURVEY_CODE, {"front": "quality", "handovers": 20, "wrong": True})])
    front = [{"key": "web", "label": words("The web")}, CHOICES[0]]
    newer = publish(
        chain,
        None,
        document(
            "survey",
            {"key": "wrong", "type": "text", "ask": words("What went wrong?")},
            {"key": "front", "type": "choice", "ask": words("Why?"), "choices": front},
            {"key": "handovers", "type": "integer", "ask": words("How many?"), "min": 0, "max": 5},
            {"key": "paid", "type": "contact", "ask": words("Who are you?")},
        ),
    )
    send(chain, [record(newer, SURVEY_CODE, {"front": "web", "wrong": "all"})])
    header, *found = cells(whole(chain.database(), "submissions", ask(instrument="survey")))
    assert header[14:] == [
        *("wrong", "front", "handovers"),
        *("moment", "welcome", "waiting", "why.price", "why.quality", "why.service"),
        *("bought_on", "came_at", "promised", "timed", "shown"),
        *("here.latitude", "here.longitude", "here.accuracy", "comment", "answers.unfit"),
    ]
    by_form = {row[6]: dict(zip(header, row, strict=True)) for row in found}
    # A choice and a bound of an older version still fit; another type of answer does not.
    assert by_form[form]["front"] == "quality"
    assert by_form[form]["handovers"] == "20"
    assert by_form[form]["answers.unfit"] == '{"wrong": true}'
    assert by_form[newer]["wrong"] == "all"


def test_jsonl_has_the_same_rows_with_their_types(chain: Installation, form: str) -> None:
    send(chain, [record(form, SURVEY_CODE, {**ANSWERS, "comment": "=1+1"})])
    asked = ask(instrument="survey", format="jsonl")
    (row,) = lines(whole(chain.database(), "submissions", asked))
    assert (row["welcome"], row["waiting"], row["wrong"], row["paid"]) == (1, None, False, 12.5)
    assert row["comment"] == "=1+1"  # a program takes nothing for a formula
    (score,) = (s for s in lines(whole(chain.database(), "scores", ask(format="jsonl"))) if s["n"])
    assert (score["mean"], score["period_start"], score["rank"]) == (1.0, "2026-11-22", None)


# --- what is asked for ------------------------------------------------------------------------


def test_rows_are_chosen_by_place_day_source_and_flag(chain: Installation) -> None:
    newest = publishing.newest(chain.database(), "counter")
    assert newest is not None
    sent = []
    for number, site in enumerate(CODES):
        at = NOW - timedelta(days=10 * number)
        sent.append(
            record(
                newest.form,
                CODES[site],
                {"welcome": 5},
                started_at=(at - timedelta(minutes=1)).isoformat(),
                finished_at=at.isoformat(),
            )
        )
    quick = record(newest.form, CODES["vienna-1"], {"welcome": 5, "waiting": 5, "culture": 5})
    sent.append({**quick, "started_at": "2026-11-22T09:59:29+01:00"})
    send(chain, sent)

    def found(table: str, **options: Any) -> list[str]:
        return sorted({row["site_id"] for row in rows(chain.database(), table, **options)})

    for table in ("ratings", "scores"):
        assert found(table, region="west") == ["auckland-1", "lisbon-1"]
        assert found(table, region=["west", "east"], site="lisbon-1") == ["lisbon-1"]
        assert found(table, from_="2026-11-05") == ["vienna-1", "vienna-2"]
        assert found(table, to="2026-11-05") == ["auckland-1", "lisbon-1"]
        assert found(table, source="shopper") == []
        assert found(table, instrument="visit") == []
        assert found(table, flagged="only") == ["vienna-1"]
    assert found("submissions", instrument="counter", region="west") == ["auckland-1", "lisbon-1"]
    assert [
        r["flags"]
        for r in rows(chain.database(), "submissions", instrument="counter", flagged="only")
    ] == ["careless"]
    assert {r["flagged"] for r in rows(chain.database(), "ratings", flagged="only")} == {"1"}
    assert len(rows(chain.database(), "ratings", flagged="exclude")) == 4


@pytest.mark.parametrize(
    ("table", "options", "says"),
    [
        ("scores", {"region": "mars"}, "There is no region “mars”. There are: east, west."),
        ("scores", {"site": "vienna-9"}, "There is no site “vienna-9”."),
        ("ratings", {"instrument": "x"}, "There is no instrument “x”. There are: counter"),
        ("submissions", {}, "one file for each instrument"),
        ("submissions", {"instrument": ["counter", "visit"]}, "one file for each instrument"),
        ("ratings", {"by": "week"}, "leave out “by”"),
    ],
)
def test_what_does_not_exist_is_answered_with_what_does(
    chain: Installation, table: str, options: dict[str, Any], says: str
) -> None:
    with pytest.raises(CannotExport, match=re.escape(says)):
        tables.sheet(chain.database(), table, ask(**options))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"by": "fortnight"}, "It can be: day, week, month, quarter, year, all."),
        ({"from_": "22.11.2026"}, "Write a day as 2026-11-22."),
        ({"to": "2026-W47-7"}, "Write a day as 2026-11-22."),
        ({"from_": "2026-11-22", "to": "2026-11-21"}, "exchange them"),
        ({"source": "everybody"}, "It can be: customer, shopper"),
        ({"flagged": "maybe"}, "It can be: include, exclude, only."),
        ({"language": "de"}, "It can be: en, fr, es, ar."),
        ({"excel": True, "format": "jsonl"}, "is for csv"),
        ({"regions": "east"}, "There is no option “regions”."),
        ({"format": "docx"}, "There are: csv, xlsx, jsonl."),
    ],
)
def test_what_cannot_be_made_out_is_explained(options: dict[str, Any], says: str) -> None:
    with pytest.raises(CannotExport, match=re.escape(says)):
        ask(**options)


@pytest.mark.parametrize("format_", ["sav", "parquet"])
def test_files_of_a_later_version_are_not_promised(chain: Installation, format_: str) -> None:
    with pytest.raises(NotMade, match="is not written yet"):
        tables.sheet(chain.database(), "scores", ask(format=format_))
    with pytest.raises(NotMade, match="is not made yet"):
        tables.sheet(chain.database(), "mirror", ask())


# --- suppressed cells -------------------------------------------------------------------------


def mirror(installation: Installation, *answers: dict[str, Any]) -> list[str]:
    questions = [scale(installation, "welcome"), scale(installation, "waiting")]
    comment = {"key": "comment", "type": "text", "ask": words("Anything?")}
    form = publish(
        installation, MIRROR_CODE, document("mirror", *questions, comment, source="staff")
    )
    records = [record(form, MIRROR_CODE, given) for given in answers]
    assert {receipt.status for receipt in send(installation, records)} == {"accepted"}
    return [one["id"] for one in records]


def test_a_manager_gets_no_rows_of_suppressed_cells(chain: Installation) -> None:
    ids = mirror(
        chain,
        *({"welcome": 6, "comment": "quite fine"} for _ in range(4)),
        *({"welcome": 2, "waiting": 1} for _ in range(2)),
    )
    database = chain.database()
    assert {(s["dimension"], s["n"], s["note"]) for s in rows(database, "scores")} == {
        ("welcome", "6", ""),
        ("waiting", "2", "suppressed"),
    }
    assert len(rows(database, "ratings")) == 8
    ratings = rows(database, "ratings", everything=False)
    assert {(r["dimension"]) for r in ratings} == {"welcome"}
    assert len(ratings) == 6
    owner = rows(database, "submissions", instrument="mirror")
    assert sorted(r["submission_id"] for r in owner) == sorted(ids)
    assert sum(r["comment"] != "" for r in owner) == 4
    manager = rows(database, "submissions", instrument="mirror", everything=False)
    assert sorted(r["submission_id"] for r in manager) == sorted(ids[:4])
    # Six are few enough to be known by their words, which need eight.
    assert {r["comment"] for r in manager} == {""}


def test_words_are_shown_from_eight_on(chain: Installation) -> None:
    mirror(chain, *({"welcome": 6, "comment": "quite fine"} for _ in range(8)))
    manager = rows(chain.database(), "submissions", instrument="mirror", everything=False)
    assert [r["comment"] for r in manager] == ["quite fine"] * 8


def test_customers_rows_are_never_left_out(chain: Installation, form: str) -> None:
    send(chain, [record(form, SURVEY_CODE, ANSWERS)])
    assert len(rows(chain.database(), "ratings", everything=False)) == 1
    (row,) = rows(chain.database(), "submissions", instrument="survey", everything=False)
    assert row["comment"] == ANSWERS["comment"]


# --- the documentation ------------------------------------------------------------------------


def test_the_documentation_explains_every_column() -> None:
    text = (Path(__file__).parent.parent / "docs" / "tables.md").read_text()
    documented: dict[str, list[tuple[str, str, str]]] = {}
    for part in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        title = part.split("\n", 1)[0].strip(" `")
        if title in tables.TABLES:
            documented[title] = re.findall(r"^\| `([^`]+)` \| ([^|]+) \| ([^|]+) \|", part, re.M)
    assert list(documented) == list(tables.TABLES)
    for name, table in tables.TABLES.items():
        extra = [tables.UNFIT] if name == "submissions" else []
        expected = [
            (c.name, c.type if c.unit is None else f"{c.type}, {c.unit}", c.description)
            for c in (*table.columns, *extra)
        ]
        assert [tuple(map(str.strip, row)) for row in documented[name]] == expected


def test_unknown_sites_of_others_are_told_apart_from_nothing(chain: Installation) -> None:
    theirs = frozenset({"vienna-1", "vienna-2"})
    for region in ("west", "atlantis"):
        asked = ask(region=region)
        narrowed = type(asked)(selection=type(asked.selection)(regions=(region,), allowed=theirs))
        with pytest.raises(NotYours, match=r"is not among yours\. Yours: east\."):
            tables.sheet(chain.database(), "scores", narrowed)
