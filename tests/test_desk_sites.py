"""Sites and regions at the desk: one by one, from a CSV, and what must not happen by mistake."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from functools import partial
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from surveys import people, sites
from surveys.installation import Installation
from surveys.sites_file import read
from surveys.store import audit, regions
from surveys.store import sites as store
from surveys.store.database import Row
from surveys.store.sites import Site
from tests.conftest import CHAIN, NOW
from tests.desk_people import HTML, enrol, form_token, send_form, signed_in, submit

Post = Callable[..., TestResponse]
HEADER = "site_id,name,region,timezone,language,address,latitude,longitude,kind"
NEW = {"name": "Harbour Street", "timezone": "Europe/London", "language": "en"}


@pytest.fixture
def owner(app: Flask, chain: Installation) -> FlaskClient:
    return signed_in(app.test_client(), enrol(chain.database(), "owner"))


@pytest.fixture
def post(owner: FlaskClient) -> Post:
    return partial(send_form, owner)


def written_down(chain: Installation) -> list[Row]:
    """The audit, without how everybody came in."""
    rows = audit.newest_first(chain.database(), 100)
    return [row for row in rows if row["action"] != "joined"]


# --- the list ---------------------------------------------------------------------------------


def test_all_sites_are_listed_and_searched(owner: FlaskClient) -> None:
    assert owner.get("/desk/sites").text.count('role="rowheader"') == len(CHAIN)
    found = owner.get("/desk/sites?q=LISBON").text
    assert "Lisbon, Chiado" in found
    assert "Vienna" not in found
    assert "Auckland" in owner.get("/desk/sites?region=west").text
    assert "No site is like that" in owner.get("/desk/sites?q=nowhere").text


def test_a_long_list_is_shown_in_parts(chain: Installation, owner: FlaskClient) -> None:
    many = [Site(f"s{n:03}", f"Shop {n:03}", "", "Europe/Paris", "fr") for n in range(150)]
    sites.take_in(chain.database(), many, at=NOW)
    first = owner.get("/desk/sites").text
    assert "Shop 099" in first
    assert "Shop 100" not in first
    second = owner.get("/desk/sites?page=1").text
    assert "Shop 149" in second
    assert "Vienna, Graben" in second  # sites without a region come first
    assert owner.get("/desk/sites?page=99").status_code == 200


# --- one site ---------------------------------------------------------------------------------


def test_a_site_is_added_with_an_id_made_from_its_name(
    chain: Installation, owner: FlaskClient, post: Post
) -> None:
    assert post("/desk/sites/new", **NEW, also=["fr", "en"]).location == "/desk/sites"
    found = store.find(chain.database(), "harbour-street")
    assert found == Site("harbour-street", "Harbour Street", "", "Europe/London", "en fr")
    assert "with the id harbour-street" in owner.get("/desk/sites").text
    (row,) = written_down(chain)
    assert (row["action"], row["subject"]) == ("added", "site harbour-street")
    assert row["person_id"]
    post("/desk/sites/new", **NEW)
    assert store.find(chain.database(), "harbour-street-2") is not None


@pytest.mark.parametrize(
    ("name", "proposed"),
    [
        ("Café de l’Étoile, 2ème", "cafe-de-letoile-2eme"),
        ("مقهى الميناء", "site-1"),
        ("New", "new-1"),
        ("vienna 1", "vienna-1-2"),
        ("x" * 60, "x" * 40),
    ],
)
def test_ids_are_made_to_be_typed_and_read_out(name: str, proposed: str) -> None:
    assert sites.proposed_id(name, {"vienna-1"}) == proposed


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [
        ("name", "", "The value is missing"),
        ("site_id", "vienna-1", "is the id of Vienna, Graben already"),
        ("site_id", "a/b", "Leave slashes out"),
        ("timezone", "Europe/Pari", "Did you mean Europe/Paris?"),
        ("language", "de", "is not among them"),
        ("latitude", "91", "is not a number from -90 to 90"),
        ("kind", "shop", "is not a kind of site"),
    ],
)
def test_what_does_not_fit_is_said_beside_its_field_and_what_was_typed_stays(
    chain: Installation, post: Post, column: str, value: str, says: str
) -> None:
    answer = post("/desk/sites/new", **NEW | {"region": "östlich", "kind": ""} | {column: value})
    assert answer.status_code == 422
    page = unescape(answer.text)
    fault = re.search(rf'<p class="fault" id="{column}-wrong">(.*?)</p>', page)
    assert fault, page
    assert says in fault[1]
    assert 'value="östlich"' in page
    assert len(list(store.every(chain.database()))) == len(CHAIN)


def test_the_first_fault_has_the_focus(post: Post) -> None:
    page = post("/desk/sites/new", name="", timezone="Mars", language="fr").text
    assert page.count(" autofocus") == 1
    assert re.search(r'<input id="name"[^>]* autofocus', page)


def test_while_setting_up_a_site_to_be_mended_leads_on_as_before(post: Post) -> None:
    page = post("/desk/sites/new", name="", timezone="Mars", language="fr", setup="1").text
    assert "Save and go on" in page
    assert "Step 3 of 4" in page
    assert "Save the site" not in page


def test_a_site_is_changed_and_keeps_its_id(chain: Installation, post: Post) -> None:
    fields = NEW | {
        "site_id": "another",
        "region": "north",
        "latitude": "48.2",
        "longitude": "16.4",
    }
    assert post("/desk/sites/vienna-1/edit", **fields).location == "/desk/sites"
    assert store.find(chain.database(), "another") is None
    found = store.find(chain.database(), "vienna-1")
    assert found is not None
    assert (found.name, found.region, found.latitude) == ("Harbour Street", "north", 48.2)
    (row,) = written_down(chain)
    assert (row["action"], row["subject"]) == ("changed", "site vienna-1")
    assert "Vienna, Graben" in row["detail"]


def test_a_change_that_does_not_fit_changes_nothing(chain: Installation, post: Post) -> None:
    answer = post("/desk/sites/vienna-1/edit", **NEW | {"name": "", "timezone": "Mars"})
    assert answer.status_code == 422
    assert store.find(chain.database(), "vienna-1") == CHAIN[0]


def test_who_changes_a_site_is_told_of_the_answers_under_it(
    app: Flask, chain: Installation, owner: FlaskClient
) -> None:
    assert "answers stand" not in owner.get("/desk/sites/vienna-1/edit").text
    for _ in range(2):
        submit(app.test_client(), chain.database(), "vienna-1", {"moment": "better"})
    assert "2 answers stand under this site." in owner.get("/desk/sites/vienna-1/edit").text


def test_a_site_there_is_not(owner: FlaskClient, post: Post) -> None:
    assert owner.get("/desk/sites/nowhere/edit").status_code == 404
    assert post("/desk/sites/nowhere/edit", **NEW).status_code == 404


# --- a CSV ------------------------------------------------------------------------------------


def sent(owner: FlaskClient, *rows: str, data: bytes | None = None) -> TestResponse:
    """A file, chosen and sent."""
    content = "\n".join([HEADER, *rows]).encode() if data is None else data
    token = form_token(owner.get("/account", headers=HTML))
    file = FileStorage(io.BytesIO(content), "sites.csv")
    boundary, body = encode_multipart({"csrf": token, "file": file})
    kind = f'multipart/form-data; boundary="{boundary}"'
    return owner.post("/desk/sites/import", data=body, content_type=kind, headers=HTML)


def carried(page: TestResponse) -> str:
    found = re.search(r'name="file" value="([^"]+)"', page.text)
    assert found, page.text
    return found[1]


FRESH = "fresh,A fresh place,east,Europe/Vienna,en,,,,"
SAME = 'vienna-1,"Vienna, Graben",east,Europe/Vienna,en,,,,external'
RENAMED = "vienna-1,Wien,south,Europe/Vienna,en,,,,external"


def test_what_would_change_is_shown_and_nothing_is_written_yet(
    chain: Installation, owner: FlaskClient
) -> None:
    moved = 'lisbon-1,"Lisbon, Chiado",west,Europe/Lisbon,es,"Rua Garrett, 1",,,'
    page = sent(owner, FRESH, SAME, moved)
    assert page.status_code == 200
    assert "1 new site, 1 changed, 1 unchanged. 2 that the file leaves out stay as they are." in (
        page.text
    )
    assert re.search(r'Now">.*empty.*Then"><strong><bdi>Rua Garrett, 1</bdi>', page.text)
    assert "Look at this first" not in page.text
    assert set(store.every(chain.database())) == set(CHAIN)


def test_what_was_shown_is_what_is_done(
    chain: Installation, owner: FlaskClient, post: Post
) -> None:
    answer = post("/desk/sites/import/apply", file=carried(sent(owner, FRESH)))
    assert answer.location == "/desk/sites"
    assert "1 site added. 0 changed." in owner.get("/desk/sites").text
    every = list(store.every(chain.database()))
    assert set(every) == {*CHAIN, Site("fresh", "A fresh place", "east", "Europe/Vienna", "en")}
    (row,) = written_down(chain)
    assert (row["action"], row["subject"]) == ("imported", "sites")
    assert row["person_id"]


def test_a_site_with_answers_changes_only_with_a_tick_of_its_own(
    app: Flask, chain: Installation, owner: FlaskClient, post: Post
) -> None:
    submit(app.test_client(), chain.database(), "vienna-1", {"moment": "better"})
    page = sent(owner, RENAMED)
    assert "Look at this first: sites with answers would change" in page.text
    assert "A new region: all answers, past ones too, go over" in page.text
    file = carried(page)
    again = post("/desk/sites/import/apply", file=file)
    assert again.status_code == 422
    assert "Tick this if it is so" in again.text
    assert store.find(chain.database(), "vienna-1") == CHAIN[0]
    answer = post("/desk/sites/import/apply", file=carried(again), same_places="1")
    assert answer.status_code == 303
    found = store.find(chain.database(), "vienna-1")
    assert found is not None
    assert found.name == "Wien"


def test_a_new_id_for_an_old_place_is_added_only_with_a_tick_of_its_own(
    chain: Installation, owner: FlaskClient, post: Post
) -> None:
    page = sent(owner, SAME.replace("vienna-1", "graben"))
    assert "“graben” is a new id, and looks like vienna-1" in page.text
    assert "If it is the same place, keep its id vienna-1." in page.text
    file = carried(page)
    assert post("/desk/sites/import/apply", file=file).status_code == 422
    assert store.find(chain.database(), "graben") is None
    assert post("/desk/sites/import/apply", file=file, other_places="1").status_code == 303
    assert store.find(chain.database(), "graben") is not None
    assert store.find(chain.database(), "vienna-1") == CHAIN[0]


def test_sites_that_changed_meanwhile_are_shown_again(
    chain: Installation, owner: FlaskClient, post: Post
) -> None:
    file = carried(sent(owner, RENAMED))
    meanwhile = Site("vienna-1", "Graben 21", "east", "Europe/Vienna", "en")
    sites.change(chain.database(), meanwhile, at=NOW, by="somebody")
    again = post("/desk/sites/import/apply", file=file)
    assert again.status_code == 422
    assert "The sites have changed since you were shown this." in again.text
    assert "Graben 21" in again.text
    assert store.find(chain.database(), "vienna-1") == meanwhile
    assert post("/desk/sites/import/apply", file=carried(again)).status_code == 303


def test_answers_that_came_meanwhile_ask_for_a_look_once_more(
    app: Flask, chain: Installation, owner: FlaskClient, post: Post
) -> None:
    file = carried(sent(owner, RENAMED))
    submit(app.test_client(), chain.database(), "vienna-1", {"moment": "better"})
    again = post("/desk/sites/import/apply", file=file)
    assert again.status_code == 422
    assert "sites with answers would change" in again.text


@pytest.mark.parametrize("tamper", ["", "x", "eyJjc3YiOiJ4In0.x.y", None])
def test_a_page_of_somebody_elses_making_is_not_applied(
    chain: Installation, owner: FlaskClient, post: Post, tamper: str | None
) -> None:
    file = carried(sent(owner, FRESH)).swapcase() if tamper is None else tamper
    answer = post("/desk/sites/import/apply", file=file)
    assert answer.status_code == 422
    assert "That page was too old" in answer.text
    assert set(store.every(chain.database())) == set(CHAIN)


def test_faults_are_told_by_line_and_column_and_the_lines_can_be_mended_in_place(
    chain: Installation, owner: FlaskClient, post: Post
) -> None:
    wrong = "a,,east,Europe/Pari,de,,,,"
    page = sent(owner, FRESH, wrong)
    assert page.status_code == 422
    assert "3 things are to be mended" in page.text
    cells = re.findall(r'data-label="Line">(\d+)</td><td[^>]*>(\w*)</td>', page.text)
    assert cells == [("3", "name"), ("3", "timezone"), ("3", "language")]
    assert wrong in page.text  # in the box
    mended = "\r\n".join([HEADER, FRESH, "a,A,east,Europe/Paris,fr,,,,"])
    assert "2 new sites" in post("/desk/sites/import", pasted=mended).text


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16"])
def test_another_encoding_is_shown_in_the_box_to_go_on_from(
    owner: FlaskClient, post: Post, encoding: str
) -> None:
    lines = "\r\n".join([HEADER, "z,Café Zoë,east,Europe/Paris,fr,,,,"])
    page = sent(owner, data=lines.encode(encoding))
    assert page.status_code == 422
    assert "in the encoding that it most likely has" in page.text
    box = re.search(r"<textarea[^>]*>\n(.*?)</textarea>", page.text, re.DOTALL)
    assert box is not None
    assert "1 new site" in post("/desk/sites/import", pasted=unescape(box[1])).text


def test_a_workbook_does_not_stand_in_the_box(owner: FlaskClient) -> None:
    page = sent(owner, data=b"PK\x03\x04\0\0 a workbook")
    assert re.search(r"<textarea[^>]*>\n</textarea>", page.text)
    assert "most likely" not in page.text


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "Choose a file, or paste its lines"),
        (b"PK\x03\x04\0\0 a workbook", "not UTF-8 text"),
        ("Käse".encode("cp1252"), "is “ä” in Latin-1"),
        (b"x" * (2 * 1024 * 1024 + 1), "larger than 2 MB"),
    ],
)
def test_a_file_that_is_none(owner: FlaskClient, data: bytes, says: str) -> None:
    page = sent(owner, data=data)
    assert page.status_code == 422
    assert says in unescape(page.text)


def test_a_file_far_too_large_is_not_taken_in(owner: FlaskClient) -> None:
    assert sent(owner, data=b"x" * (9 * 1024 * 1024)).status_code == 413


def test_two_megabytes_of_sites_go_all_the_way(
    chain: Installation, owner: FlaskClient, post: Post
) -> None:
    row = "s{n:05},Shop {n} in the quarter of the tanners,north,Europe/Paris,fr,{n} rue X,,,"
    page = sent(owner, *(row.format(n=n) for n in range(20_000)))
    assert "20,000 new sites" in page.text
    assert "… and 19,900 more like these." in page.text
    assert post("/desk/sites/import/apply", file=carried(page)).status_code == 303
    assert len(list(store.every(chain.database()))) == 20_000 + len(CHAIN)


def test_all_sites_come_as_a_csv_that_changes_nothing_when_it_is_imported(
    owner: FlaskClient,
) -> None:
    answer = owner.get("/desk/sites.csv")
    assert answer.mimetype == "text/csv"
    assert set(read(answer.data).sites) == set(CHAIN)
    page = sent(owner, data=answer.data)
    assert "There is nothing to import." in page.text


def test_the_template_is_right_and_can_be_imported(owner: FlaskClient) -> None:
    assert len(read(owner.get("/desk/sites.csv?template=1").data).sites) == 1


# --- regions ----------------------------------------------------------------------------------


def test_regions_with_their_sites_and_those_who_look_after_them(
    chain: Installation, owner: FlaskClient
) -> None:
    enrol(chain.database(), "manager", regions=["east"])
    lone = Site("lone", "Lone place", "", "Europe/Paris", "fr")
    sites.add(chain.database(), lone, at=NOW, by="")
    page = owner.get("/desk/regions").text
    assert re.search(r"east</bdi>.*?>2</a>.*?Manager Müller", page, re.DOTALL)
    assert re.search(r"west</bdi>.*?>2</a>.*?nobody yet", page, re.DOTALL)
    assert "Lone place" in page.partition("Without a region")[2]


def test_a_region_is_renamed_in_its_sites_and_in_what_people_may_see(
    app: Flask, chain: Installation, post: Post
) -> None:
    db = chain.database()
    manager = enrol(db, "manager", regions=["east"])
    assert post("/desk/regions", region="east", name=" Österreich ").status_code == 303
    assert regions.sites(db) == {"Österreich": 2, "west": 2}
    found = people.find(db, manager.person_id)
    assert found is not None
    assert found.regions == {"Österreich"}
    assert "Vienna" in signed_in(app.test_client(), manager).get("/desk").text
    (row,) = written_down(chain)
    assert (row["action"], row["subject"]) == ("renamed", "region east")


def test_two_regions_become_one_only_when_that_is_meant(chain: Installation, post: Post) -> None:
    db = chain.database()
    both = enrol(db, "manager", regions=["east", "west"])
    answer = post("/desk/regions", region="east", name="west")
    assert answer.status_code == 422
    assert "There is a region “west” already. The two would become one" in answer.text
    assert regions.sites(db) == {"east": 2, "west": 2}
    assert post("/desk/regions", region="east", name="west", merging="1").status_code == 303
    assert regions.sites(db) == {"west": 4}
    found = people.find(db, both.person_id)
    assert found is not None
    assert found.regions == {"west"}


@pytest.mark.parametrize(
    ("region", "name", "says"),
    [
        ("east", "", "Give it a name."),
        ("east", "x" * 101, "100 are the most"),
        ("east", "a\x07", "U+0007"),
        ("nowhere", "x", "There is no region “nowhere” any more."),
    ],
)
def test_a_region_that_cannot_be_renamed(
    chain: Installation, post: Post, region: str, name: str, says: str
) -> None:
    answer = post("/desk/regions", region=region, name=name)
    assert answer.status_code == 422
    assert says in answer.text
    assert regions.sites(chain.database()) == {"east": 2, "west": 2}
