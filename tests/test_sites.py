"""The sites CSV: what people really save, and what they are told when it is not right."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from surveys import sites
from surveys.commands.root import main
from surveys.installation import Installation
from surveys.site_changes import compare
from surveys.sites_file import FaultySites, read, written
from surveys.store import audit
from surveys.store import sites as store
from surveys.store.sites import COLUMNS, Site
from tests.desk_people import submit

HEADER = "site_id,name,region,timezone,language,address,latitude,longitude,kind"
ROW = "0417,Harbour Street,North,Europe/London,en,1 Harbour Street,51.5,-0.1,external"
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


def csv(*rows: str, header: str = HEADER) -> bytes:
    return "\n".join([header, *rows, ""]).encode()


def faults(data: bytes) -> list[str]:
    with pytest.raises(FaultySites) as caught:
        read(data)
    return [str(fault) for fault in caught.value.faults]


def only_fault(data: bytes) -> str:
    found = faults(data)
    assert len(found) == 1, found
    return found[0]


def with_value(column: str, value: str) -> bytes:
    cells = dict(zip(COLUMNS, ROW.split(","), strict=True)) | {column: value}
    quoted = ('"' + cell.replace('"', '""') + '"' for cell in cells.values())
    return csv(",".join(quoted))


# --- what is accepted -------------------------------------------------------------------------


def test_a_row_becomes_a_site() -> None:
    assert read(csv(ROW)).sites == (
        Site(
            "0417",
            "Harbour Street",
            "North",
            "Europe/London",
            "en",
            "1 Harbour Street",
            51.5,
            -0.1,
            "external",
        ),
    )


def test_leading_zeros_stay() -> None:
    assert read(with_value("site_id", "007")).sites[0].site_id == "007"


@pytest.mark.parametrize("written", ["fr en", "fr,en", "FR; en", " fr  en, fr ", "fr;\ten;"])
def test_a_site_may_speak_several_languages_the_main_one_first(written: str) -> None:
    (site,) = read(with_value("language", written)).sites
    assert site.language == "fr en"
    assert site.languages == ("fr", "en")


@pytest.mark.parametrize("mark", [",", ";", "\t"])
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_separators_line_ends_and_byte_order_mark(mark: str, ends: str, bom: bytes) -> None:
    data = bom + csv(ROW).decode().replace(",", mark).replace("\n", ends).encode()
    assert read(data).sites == read(csv(ROW)).sites


def test_a_file_as_french_excel_saves_it() -> None:
    data = (
        "\ufeffsite_id;name;region;timezone;language;address;latitude;longitude;kind\r\n"
        'p3;Étoile;Île-de-France;Europe/Paris;fr;"12, rue X\n75017 Paris";48,8738;2,295;\r\n'
        ";;;;;;;;\r\n"
    )
    (site,) = read(data.encode()).sites
    assert (site.name, site.latitude, site.longitude) == ("Étoile", 48.8738, 2.295)
    assert site.address == "12, rue X, 75017 Paris"
    assert site.kind == "external"


def test_headers_in_any_order_and_case_and_columns_of_ones_own() -> None:
    found = read(
        b"Kind,Phone,LANGUAGE,timezone,region,name, site_id ,address,latitude,longitude\n"
        b"internal,01,EN,Europe/Paris,,Desk,d1,,,\n"
    )
    assert found.ignored == ("Phone",)
    assert found.sites == (Site("d1", "Desk", "", "Europe/Paris", "en", kind="internal"),)


@pytest.mark.parametrize(
    "name",
    [
        '=HYPERLINK("http://x","y")',
        "<script>alert(1)</script>",
        "abc\u202efdp.exe",
        "مقهى الميناء",
        "北京店 ☕",
        "'; DROP TABLE sites; --",
        "x" * 200,
    ],
)
def test_hostile_names_are_kept_as_text(name: str, installation: Installation) -> None:
    db = installation.database()
    sites.take_in(db, read(with_value("name", name)).sites, at=NOW)
    assert sites.get(db, "0417").name == name


# --- what is not ------------------------------------------------------------------------------


@pytest.mark.parametrize("missing", COLUMNS)
def test_a_missing_column_is_named(missing: str) -> None:
    header = ",".join(name for name in COLUMNS if name != missing)
    fault = only_fault(csv("a,b,c,d,e,f,g,h", header=header))
    assert fault.startswith(f"line 1, column {missing}: The column is missing")
    assert HEADER in fault


def test_of_several_missing_columns_the_first_says_the_header() -> None:
    said = faults(csv("a,b", header="name,timezone"))
    assert len(said) == len(COLUMNS) - 2
    assert [HEADER in fault for fault in said] == [True] + [False] * (len(said) - 1)
    assert said[-1] == "line 1, column kind: The column is missing as well"


@pytest.mark.parametrize("called", ["Site ID", "site-id", "SITEID"])
def test_a_column_is_known_however_its_words_are_joined(called: str) -> None:
    header = HEADER.replace("site_id", called).replace("timezone", "Time zone")
    assert read(csv(ROW, header=header)).sites == read(csv(ROW)).sites


def test_a_column_that_is_nearly_there_is_pointed_at() -> None:
    assert "called “adress”" in only_fault(csv(ROW, header=HEADER.replace("address", "adress")))


def test_a_column_twice() -> None:
    assert (
        "line 1, column name: The header has this column twice"
        in faults(csv(ROW + ",x", header=HEADER + ",name"))[0]
    )


def test_a_duplicate_site_names_both_lines() -> None:
    fault = only_fault(csv(ROW, ROW.replace("0417", "2"), ROW))
    assert fault.startswith("line 4, column site_id: “0417” stands in line 2 already")


def test_latin_1_is_named_by_line_and_byte_and_says_how_to_save() -> None:
    data = csv(ROW, "p3,Étoile,R,Europe/Paris,fr,,,,").decode().encode("latin-1")
    fault = only_fault(data)
    assert fault.startswith("line 3: Byte 4 of the line is 0xC9, which is “É” in Latin-1")
    assert "CSV UTF-8" in fault


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32"])
def test_utf_16_and_nul(encoding: str) -> None:
    assert "NUL bytes" in only_fault(csv(ROW).decode().encode(encoding))


def test_a_nul_within_is_named_by_its_line() -> None:
    assert only_fault(csv(ROW, "a\0b")).startswith("line 3: ")


@pytest.mark.parametrize("data", [b"", b"\n \n", b"\xef\xbb\xbf", b"\xef\xbb\xbf\r\n"])
def test_an_empty_file(data: bytes) -> None:
    assert "The file is empty" in only_fault(data)


def test_a_header_alone() -> None:
    assert "no site under the header" in only_fault(csv())


def test_broken_quotes_are_named_where_they_begin() -> None:
    found = faults(csv(ROW, 'b,"Desk,North,Europe/London,en,,,,', ROW, ROW))
    assert len(found) == 1
    assert found[0].startswith("line 3: The quotation marks do not match")


def test_a_quote_that_does_not_end_its_value() -> None:
    assert only_fault(csv('b,"Desk" 2,N,Europe/London,en,,,,')).startswith("line 2: The quotation")


def test_a_broken_header() -> None:
    assert only_fault(b'site_id,"name\n1,2').startswith("line 1: The quotation marks")


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [
        ("site_id", "", "The value is missing"),
        ("site_id", "a/b", "Leave slashes out"),
        ("site_id", "..", "cannot be an id"),
        ("site_id", "x" * 65, "64 are the most"),
        ("site_id", "a\x07", "U+0007"),
        ("site_id", "new", "the desk has a page of that name"),
        ("site_id", "import", "Add a number, such as import-1"),
        ("name", "", "The value is missing"),
        ("name", "bell\x07", "U+0007"),
        ("name", "x" * 201, "200 are the most"),
        ("region", "x" * 101, "100 are the most"),
        ("timezone", "", "The value is missing"),
        ("timezone", "europe/paris", "Did you mean Europe/Paris?"),
        ("timezone", "CEST", "not a time zone"),
        ("timezone", "../../etc/passwd", "not a time zone"),
        ("timezone", "localtime", "not a time zone"),
        ("language", "", "It is missing"),
        ("language", "de", "one of en (English), fr (French)"),
        ("language", "fr, de", "“de” is not among them"),
        ("language", "fren", "or several with a space between, the main one first"),
        ("language", " ;, ", "It is missing"),
        ("latitude", "90.1", "from -90 to 90"),
        ("latitude", "nan", "not a number"),
        ("latitude", "1e1", "not a number"),
        ("latitude", "51.5 N", "not a number"),
        ("longitude", "-181", "from -180 to 180"),
        ("longitude", "", "needs both numbers"),
        ("kind", "outlet", "not a kind of site"),
    ],
)
def test_every_value_that_does_not_fit_says_where_and_what_to_do(
    column: str, value: str, says: str
) -> None:
    fault = only_fault(with_value(column, value))
    assert fault.startswith(f"line 2, column {column}: ")
    assert says in fault


@pytest.mark.parametrize("row", ["a,b,c", ROW + ",one more"])
def test_rows_with_too_few_or_too_many_values(row: str) -> None:
    assert only_fault(csv(ROW.replace("0417", "1"), row)).startswith("line 3: The row has ")


def test_lines_are_counted_over_values_that_hold_line_breaks() -> None:
    address = 'a,b,N,Europe/London,en,"one\ntwo\nthree",,,'
    assert only_fault(csv(address, "c,,N,Europe/London,en,,,,")).startswith("line 5, column name")


def test_all_faults_are_told_at_once() -> None:
    found = faults(csv("1,,N,Europe/Pari,de,,,,", "2,b,N,Europe/Paris,fr,,91,0,x"))
    places = [fault.split(":")[0] for fault in found]
    assert places == [
        "line 2, column name",
        "line 2, column timezone",
        "line 2, column language",
        "line 3, column latitude",
        "line 3, column kind",
    ]


def read_or_faults(data: bytes) -> int:
    try:
        return len(read(data).sites)
    except FaultySites as faulty:
        return len([fault for fault in faulty.faults if fault.message])


@given(st.binary(max_size=300))
def test_no_bytes_make_it_stumble(data: bytes) -> None:
    assert read_or_faults(data) > 0


@given(st.text(max_size=200))
def test_no_text_under_the_header_makes_it_stumble(text: str) -> None:
    assert read_or_faults((HEADER + "\n" + text).encode("utf-8", "replace")) > 0


# --- taking in --------------------------------------------------------------------------------


def test_upsert_says_what_changed_and_removes_nothing(installation: Installation) -> None:
    db = installation.database()
    first = read(csv(ROW, ROW.replace("0417", "2"), ROW.replace("0417", "3"))).sites
    assert [site.site_id for site in sites.take_in(db, first, at=NOW).added] == ["0417", "2", "3"]
    moved = ROW.replace("0417", "2").replace("North", "South").replace("51.5", "51.6")
    changes = sites.take_in(db, read(csv(ROW, moved, ROW.replace("0417", "4"))).sites, at=NOW)
    assert [site.site_id for site in changes.added] == ["4"]
    assert [(c.before.site_id, c.columns) for c in changes.changed] == [
        ("2", ["region", "latitude"])
    ]
    assert [site.site_id for site in changes.unchanged] == ["0417"]
    assert [site.site_id for site in changes.left_out] == ["3"]
    assert {site.site_id for site in store.every(db)} == {"0417", "2", "3", "4"}


def test_what_was_shown_is_what_is_done_or_nothing(installation: Installation) -> None:
    db = installation.database()
    wanted = read(csv(ROW)).sites
    shown = sites.plan(db, wanted).fingerprint
    sites.take_in(db, read(csv(ROW.replace("North", "South"))).sites, at=NOW)  # meanwhile
    with pytest.raises(sites.ChangedMeanwhile) as caught:
        sites.take_in(db, wanted, at=NOW, shown=shown)
    (site,) = store.every(db)
    assert site.region == "South"
    sites.take_in(db, wanted, at=NOW, shown=caught.value.plan.fingerprint)
    (site,) = store.every(db)
    assert site.region == "North"


def test_who_took_the_sites_in_is_written_down(installation: Installation) -> None:
    db = installation.database()
    sites.take_in(db, read(csv(ROW)).sites, at=NOW, by="person-1")
    (row,) = audit.newest_first(db, 10)
    assert (row["person_id"], row["action"], row["subject"]) == ("person-1", "imported", "sites")


OLD = Site("0417", "Harbour Street", "North", "Europe/London", "en", "1 Harbour St", 51.5, -0.1)


@pytest.mark.parametrize(
    "new",
    [
        Site("h-1", "HARBOUR STREET", "South", "Europe/London", "en"),
        Site("h-1", "The Harbour", "", "Europe/London", "en", "1 harbour st"),
        Site("h-1", "The Harbour", "", "Europe/London", "en", "", 51.5, -0.1),
        Site("417", "The Harbour", "", "Europe/London", "en"),
    ],
    ids=["name", "address", "position", "the zero that a spreadsheet took"],
)
def test_a_new_id_that_looks_like_an_old_one_is_pointed_at(new: Site) -> None:
    (like,) = compare([OLD], [new], lambda site_id: 12).lookalikes
    assert (like.old, like.new, like.answers) == (OLD, new, 12)
    assert "If it is the same place, keep its id 0417." in like.warning


def test_a_new_site_beside_the_old_one_is_no_lookalike() -> None:
    twin = replace(OLD, site_id="0418")
    assert compare([OLD], [OLD, twin], lambda site_id: 12).lookalikes == ()


@pytest.mark.parametrize(
    ("column", "value", "answers", "told"),
    [
        ("name", "Harbor", 1, True),
        ("region", "South", 1, True),
        ("timezone", "Europe/Paris", 1, True),
        ("kind", "internal", 1, True),
        ("address", "2 Harbour St", 1, False),
        ("language", "en fr", 1, False),
        ("name", "Harbor", 0, False),
    ],
)
def test_a_change_is_told_where_answers_are_read_by_it(
    column: str, value: str, answers: int, told: bool
) -> None:
    plan = compare([OLD], [replace(OLD, **{column: value})], lambda site_id: answers)
    assert [change.columns for change in plan.changed] == [[column]]
    assert [change.columns for change in plan.telling] == ([[column]] if told else [])
    assert len(plan.consequences) == told


@pytest.mark.parametrize("name", ["=1+1", "'=1+1", "+49", "-", "@x", "'quoted'", "  ", "Étoile, X"])
def test_what_is_written_is_read_back(name: str) -> None:
    kept = replace(OLD, site_id=name.strip() or "x", name=name.strip() or "y", region=name.strip())
    found = read(written([kept, replace(OLD, latitude=None, longitude=None)])).sites
    assert found == (kept, replace(OLD, latitude=None, longitude=None))


def test_no_cell_that_is_written_is_a_formula() -> None:
    text = written([replace(OLD, name='=HYPERLINK("http://evil")')]).decode()
    assert ",\"'=HYPERLINK(" in text


def test_an_unknown_site_names_those_like_it(installation: Installation) -> None:
    db = installation.database()
    sites.take_in(db, read(csv(ROW, "paris-3,Étoile,C,Europe/Paris,fr,,,,")).sites, at=NOW)
    with pytest.raises(sites.UnknownSite, match="Did you mean paris-3"):
        sites.get(db, "paris3")
    with pytest.raises(sites.UnknownSite, match="Did you mean 0417"):
        sites.get(db, "Harbor street")
    with pytest.raises(sites.UnknownSite, match="list of sites"):
        sites.get(db, "zzz")


# --- the commands -----------------------------------------------------------------------------


def run(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["sites", *arguments, "--data", str(folder)])


def test_import_and_list(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "sites.csv"
    file.write_bytes(csv(ROW))
    result = run(folder, "import", str(file))
    assert result.exit_code == 0, result.output
    assert "1 added, 0 changed, 0 unchanged." in result.output
    listed = run(folder, "list").output
    assert "0417" in listed
    assert "Harbour Street" in listed


def test_what_may_not_have_been_meant_is_said(
    folder: Path, chain: Installation, tmp_path: Path, client: FlaskClient
) -> None:
    submit(client, chain.database(), "vienna-1", {"moment": "better"})
    file = tmp_path / "sites.csv"
    file.write_bytes(
        csv("vienna-1,Wien,east,Europe/Vienna,en,,,,", "l-1,Lisbon. Chiado,,Europe/Lisbon,es,,,,")
        .replace(b"Lisbon.", b'"Lisbon,').replace(b"Chiado", b'Chiado"')
    )  # fmt: skip
    result = run(folder, "import", str(file))
    assert result.exit_code == 0
    assert (
        "Warning: 1 answer stood under vienna-1: name “Vienna, Graben” is now “Wien”"
        in result.output
    )
    assert "Note: A new name: all answers, past ones too, stand under it." in result.output
    assert "Warning: “l-1” is a new id, and looks like lisbon-1" in result.output


def test_nothing_is_imported_until_all_are_right(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "sites.csv"
    file.write_bytes(csv(ROW, "2,,N,Europe/Paris,fr,,,,", "3,c,N,Mars/Base,fr,,,,"))
    result = run(folder, "import", str(file))
    assert result.exit_code == 1
    assert "sites.csv: line 3, column name: " in result.output
    assert "sites.csv: line 4, column timezone: " in result.output
    assert "Nothing was imported. Mend these 2 things" in result.output
    assert "There are no sites yet" in run(folder, "list").output


def test_a_long_file_of_faults_is_cut_and_counted(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "sites.csv"
    file.write_bytes(csv(*(f"{n},,N,Europe/Paris,fr,,,," for n in range(150))))
    result = run(folder, "import", str(file))
    assert "… and 50 more like these." in result.output
    assert "Mend these 150 things" in result.output


def test_a_file_that_is_not_there_is_wrong_use(folder: Path) -> None:
    assert run(folder, "import", "nowhere.csv").exit_code == 2


def test_names_cannot_turn_the_line_on_a_terminal(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "sites.csv"
    file.write_bytes(csv("1,abc\u202efdp.exe,,Europe/Paris,fr,,,,"))
    run(folder, "import", str(file))
    assert "\u202e" not in run(folder, "list").output


def test_a_long_file_is_read_and_written_quickly(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "sites.csv"
    file.write_bytes(csv(*(ROW.replace("0417", f"s{n}") for n in range(5000))))
    assert "5000 added" in run(folder, "import", str(file)).output
    again = run(folder, "import", str(file)).output
    assert again.strip() == "0 added, 0 changed, 5000 unchanged."


def test_a_data_folder_that_cannot_be_one(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    result = run(tmp_path / "file" / "data", "list")
    assert result.exit_code == 1
    assert result.output.count("\n") == 1
    assert "Not a directory. Name another folder" in result.output


def test_a_file_that_is_no_database(folder: Path) -> None:
    folder.mkdir()
    (folder / "touchstone.db").write_text("not a database, and longer than its header " * 20)
    result = run(folder, "list")
    assert result.exit_code == 1
    assert "The database cannot be used: file is not a database" in result.output
