"""The files: whatever somebody writes into a text, a file stays a file and a cell a cell."""

from __future__ import annotations

import json
import tracemalloc
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from frictionless import Package
from hypothesis import given, settings
from hypothesis import strategies as st

from exports import cells, package, tables, writers
from exports.asking import Asked
from exports.columns import Column, Sheet, Value
from surveys import publishing
from surveys.installation import Installation
from tests import office
from tests.conftest import CODES, NOW
from tests.exported import NASTY, ask, record, rows, send, send_nasty, whole
from tests.exported import cells as read_cells
from tests.field import add_shopper, counted_visit

MUST_BE_GUARDED = [text for text in NASTY if text not in {"'=1+1", "\tplain"}][:13]


def sheet(*columns: Column, made: list[tuple[Value, ...]], key: str | None = None) -> Sheet:
    def rows() -> Iterator[tuple[Value, ...]]:
        return iter(made)

    return Sheet("things", "Things", "One row per thing.", (key,) if key else (), columns, rows)


PLAIN = Asked()


def csv_of(made: Sheet, asked: Asked = PLAIN) -> bytes:
    return b"".join(writers.chunks(made, asked, NOW))


# --- texts ------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", MUST_BE_GUARDED)
def test_a_text_that_would_be_a_formula_is_guarded(text: str) -> None:
    assert cells.guarded(text).startswith("'")


@pytest.mark.parametrize("text", ["", "a=b", "1+1", "3-4", "me@example.org", "'=1+1", "(=1)", "–5"])
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert cells.guarded(text) == text


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=[])))
def test_a_guarded_text_is_no_formula_and_can_be_stored(text: str) -> None:
    found = cells.guarded(text)
    found.encode()  # no half of a surrogate pair
    visible = [c for c in found if not c.isspace() and unicodedata.category(c) != "Cf"]
    if visible:
        # NFKC is how a spreadsheet could read a full-width sign.
        assert unicodedata.normalize("NFKC", visible[0])[0] not in "=+-@"
    assert not found.startswith(("\t", "\r", "\n"))
    assert all(c in "\t\n" or unicodedata.category(c) != "Cc" for c in found)
    if text.isprintable() and not cells.guarded(text).startswith("'"):
        assert found == text


@settings(deadline=None)
@given(
    made=st.lists(
        st.tuples(
            st.one_of(st.none(), st.sampled_from(NASTY), st.text()),
            st.one_of(st.none(), st.integers(-(10**15), 10**15)),
            st.one_of(st.none(), st.floats(-1e12, 1e12)),
            st.one_of(st.none(), st.booleans()),
            st.one_of(st.none(), st.dates()),
        ),
        max_size=12,
    ),
    header=st.sampled_from(NASTY),
    excel=st.sampled_from([None, "en", "fr", "es", "ar"]),
)
def test_a_csv_gives_back_what_was_put_in(
    made: list[tuple[Any, ...]], header: str, excel: str | None
) -> None:
    asked = Asked(excel=excel is not None, language=excel or "en")
    dialect = writers.dialect(asked)
    columns = (
        Column("text", "string", "", header=header or "text"),
        Column("whole", "integer", ""),
        Column("number", "number", ""),
        Column("truth", "boolean", ""),
        Column("day", "date", ""),
    )
    file = csv_of(sheet(*columns, made=made), asked)
    assert file.endswith(b"\r\n")
    assert file.startswith(b"\xef\xbb\xbf") == (excel is not None)
    above, *found = read_cells(file, dialect.separator)
    assert above[0] == cells.guarded(header or "text")
    assert len(found) == len(made)
    for (text, number, decimal, truth, day), row in zip(made, found, strict=True):
        assert row[0] == ("" if text is None else cells.guarded(text))
        assert row[1] == ("" if number is None else str(number))
        assert row[3] == ("" if truth is None else str(truth).lower())
        assert row[4] == ("" if day is None else day.isoformat())
        if decimal is None:
            assert row[2] == ""
        else:
            assert "e" not in row[2]
            assert not row[2].startswith("'")
            assert float(row[2].replace(dialect.decimal, ".")) == pytest.approx(decimal, abs=1e-9)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (1 / 3, "0.3333333333"),
        (5.0, "5"),
        (2.5, "2.5"),
        (-1.25, "-1.25"),
        (123456789.0, "123456789"),
        (1e-7, "0.0000001"),
        (-1e-12, "0"),
    ],
)
def test_numbers_are_written_plainly(value: float, text: str) -> None:
    assert cells.number(value) == text


def test_a_text_longer_than_excels_cell_is_cut_for_excel_alone() -> None:
    made = sheet(Column("text", "string", ""), made=[("=" + "x" * 100_000,)])
    (_, (plain,)) = read_cells(csv_of(made))
    assert len(plain) == 100_002
    (_, (cut,)) = read_cells(csv_of(made, Asked(excel=True)))
    assert len(cut) == 32_767
    assert cut.endswith(" …")


def test_a_file_of_nothing_has_its_header() -> None:
    assert csv_of(sheet(Column("a", "string", ""), Column("b", "number", ""), made=[])) == (
        b"a,b\r\n"
    )


# --- through the house ------------------------------------------------------------------------


@pytest.fixture
def nasty(chain: Installation) -> Installation:
    """Every nasty text as a customer's comment, sent through intake."""
    send_nasty(chain)
    counted_visit(chain, add_shopper(chain), 8.35, fee="25", expenses="10", currency="EUR")
    return chain


def test_every_nasty_text_arrives_in_its_cell(nasty: Installation) -> None:
    found = rows(nasty.database(), "submissions", instrument="survey")
    assert len(found) == len(NASTY)
    # Intake has made half a surrogate pair the sign for a lost character before.
    expected = [cells.guarded(text) for text in NASTY]
    assert sorted(row["comment"] for row in found) == sorted(expected)


def test_the_figures_in_the_file_are_the_figures(nasty: Installation) -> None:
    (score,) = rows(nasty.database(), "scores")[:1]
    ratings = [int(row["level"]) for row in rows(nasty.database(), "ratings")]
    assert int(score["n"]) == len(ratings)
    assert float(score["mean"]) == pytest.approx(sum(ratings) / len(ratings), abs=1e-9)
    assert len(score["sd"].partition(".")[2]) >= 6


# --- spreadsheets -----------------------------------------------------------------------------


@office.needed
@pytest.mark.parametrize(("excel", "language"), [(False, "en"), (True, "fr"), (True, "es")])
def test_a_spreadsheet_shows_every_text_and_runs_none(
    nasty: Installation, tmp_path: Path, excel: bool, language: str
) -> None:
    asked = ask(instrument="survey", excel=excel, language=language)
    file = tmp_path / "submissions.csv"
    file.write_bytes(whole(nasty.database(), "submissions", asked))
    dialect = writers.dialect(asked)
    header, *expected = read_cells(file.read_bytes(), dialect.separator)
    (pages,) = office.opened(file, filter_=office.csv_filter(dialect.separator, language))
    (above, *found) = pages["submissions"]

    assert [office.said(cell) for cell in above][: len(header)] == header
    comment, paid = header.index("comment"), header.index("paid")
    shown = found[: len(expected)]
    assert len(shown) == len(expected)
    for row, texts in zip(shown, expected, strict=True):
        if texts[comment] not in ("007", "1e5", "3,5", "2026-11-22", "true", " "):
            # (a spreadsheet reads those as numbers and days, which only it can help)
            assert office.said(row[comment]) == texts[comment]
        number = row[paid]
        assert number is not None
        assert office.attribute(number, "office:value-type") == "float"
        assert float(office.attribute(number, "office:value") or "") == pytest.approx(
            float(texts[paid].replace(dialect.decimal, ".")), abs=1e-9
        )


# --- the Data Package -------------------------------------------------------------------------


@pytest.mark.parametrize("table", list(tables.TABLES))
@pytest.mark.parametrize(
    "options", [{}, {"labels": True, "language": "fr", "excel": True}], ids=["plain", "excel-fr"]
)
def test_a_data_package_describes_its_file(
    nasty: Installation, tmp_path: Path, table: str, options: dict[str, Any]
) -> None:
    asked = ask(**options, **({"instrument": "survey"} if table == "submissions" else {}))
    file = whole(nasty.database(), table, asked)
    (tmp_path / "file.csv").write_bytes(file)
    described = package.describe(
        tables.sheet(nasty.database(), table, asked),
        "file.csv",
        asked,
        created=datetime(2026, 11, 22, tzinfo=UTC),
    )
    beside = tmp_path / "file.csv.datapackage.json"
    beside.write_text(json.dumps(described))
    report = Package(str(beside)).validate()
    assert report.valid, report.flatten(["rowNumber", "fieldName", "type", "note"])
    assert report.tasks[0].stats["rows"] > 0

    # And it would say so if it did not: a level 8 in the file is found.
    (resource,) = described["resources"]
    assert all(field["description"] for field in resource["schema"]["fields"])
    if table == "ratings":
        (tmp_path / "file.csv").write_bytes(file.replace(b"7,0\r\n", b"8,0\r\n"))
        broken = Package(str(beside)).validate()
        assert broken.valid == (b"7,0\r\n" not in file)


# --- size -------------------------------------------------------------------------------------


def _peak(installation: Installation, table: str, **options: Any) -> tuple[int, int]:
    """The most memory that writing the file took, in bytes, and the file's size."""
    database = installation.database()
    asked = ask(**options)
    size = 0
    with database.snapshot():
        sheet = tables.sheet(database, table, asked)
        tracemalloc.start()
        try:
            for chunk in writers.chunks(sheet, asked, NOW):
                size += len(chunk)
            return tracemalloc.get_traced_memory()[1], size
        finally:
            tracemalloc.stop()


def test_ten_times_the_rows_take_no_more_memory(chain: Installation) -> None:
    newest = publishing.newest(chain.database(), "counter")
    assert newest is not None
    answers = {"welcome": 5, "waiting": 3, "comment": "one like the other " * 10}

    def some(count: int) -> None:
        send(chain, [record(newest.form, CODES["vienna-1"], answers) for _ in range(count)])

    some(300)
    asked: dict[str, dict[str, str]] = {"ratings": {}, "submissions": {"instrument": "counter"}}
    small = {table: _peak(chain, table, **options) for table, options in asked.items()}
    some(2700)
    for table, options in asked.items():
        peak, size = _peak(chain, table, **options)
        assert size > 9 * small[table][1]
        assert peak < 1.3 * small[table][0], (table, peak, small[table])


def test_an_export_reads_one_moment_while_answers_arrive(chain: Installation) -> None:
    newest = publishing.newest(chain.database(), "counter")
    assert newest is not None
    send(chain, [record(newest.form, CODES["lisbon-1"], {"welcome": 5}) for _ in range(600)])
    reader = chain.new_database()
    with reader.snapshot():
        made = tables.sheet(reader, "ratings", ask()).rows()
        first = next(made)
        send(chain, [record(newest.form, CODES["vienna-2"], {"welcome": 1}) for _ in range(5)])
        found = [first, *made]
    assert {row[1] for row in found} == {"lisbon-1"}
    assert len(found) == 600
    reader.close()
    assert len(rows(chain.database(), "ratings")) == 605
