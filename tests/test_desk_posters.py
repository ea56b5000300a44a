"""The desk's page of posters: what it prints, for whom, and what it refuses."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import zxingcpp
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from werkzeug.test import TestResponse

from surveys import codes
from surveys.installation import Installation
from surveys.poster_sheets import SHEETS
from surveys.store import settings, sites
from surveys.store.sites import Site
from surveys.web.application import build
from tests.conftest import CHAIN, Clock
from tests.desk_people import HTML, enrol, form_token, signed_in
from tests.test_posters import needs_pdftoppm, pages, read

BASE = "https://survey.example.org"
PAGE = "/desk/posters"


@pytest.fixture
def served(chain: Installation) -> Installation:
    """A chain that was told the address phones reach it by."""
    settings.put(chain.database(), "base_url", BASE)
    return chain


@pytest.fixture
def owner(app: Flask, chain: Installation) -> FlaskClient:
    return signed_in(app.test_client(), enrol(chain.database(), "owner"))


@pytest.fixture
def manager(app: Flask, chain: Installation) -> FlaskClient:
    """Who looks after the east: the two sites in Vienna."""
    return signed_in(app.test_client(), enrol(chain.database(), "manager", regions=["east"]))


def post(client: FlaskClient, **form: str | list[str]) -> TestResponse:
    token = form_token(client.get(PAGE, headers=HTML))
    return client.post(PAGE, data={"csrf": token, **form}, headers=HTML)


def name_of(answer: TestResponse) -> str:
    return answer.headers["Content-Disposition"].partition("filename=")[2]


def active(installation: Installation, site_id: str, touchpoint: str | None = None) -> str:
    found = codes.active(installation.database(), site_id, touchpoint)
    assert found is not None
    return f"{BASE}/q/{found.token}"


# --- what it prints ---------------------------------------------------------------------------


@needs_pdftoppm
@pytest.mark.parametrize("sheet", SHEETS)
def test_one_site_on_each_sheet(
    owner: FlaskClient, served: Installation, tmp_path: Path, sheet: str
) -> None:
    answer = post(owner, site="vienna-1", sheet=sheet, touchpoint="till")
    assert answer.status_code == 200
    assert answer.mimetype == "application/pdf"
    assert name_of(answer) == f"poster-{sheet}-vienna-1-till.pdf"
    (page,) = pages(answer.data, tmp_path, 72)
    assert read(page) == [active(served, "vienna-1", "till")] * SHEETS[sheet].codes


@needs_pdftoppm
@pytest.mark.parametrize(
    ("chosen", "printed"),
    [
        ({"all": "1"}, ["vienna-1", "vienna-2", "auckland-1", "lisbon-1"]),
        ({"region": "west"}, ["auckland-1", "lisbon-1"]),
        ({"site": ["vienna-2", "lisbon-1"]}, ["vienna-2", "lisbon-1"]),
        ({"region": "west", "site": "vienna-2"}, ["vienna-2", "auckland-1", "lisbon-1"]),
    ],
)
def test_several_sites_in_one_file(
    owner: FlaskClient,
    served: Installation,
    tmp_path: Path,
    chosen: dict[str, str | list[str]],
    printed: list[str],
) -> None:
    answer = post(owner, **chosen)
    assert name_of(answer) == f"posters-a4-{len(printed)}-sites.pdf"
    found = [read(page) for page in pages(answer.data, tmp_path, 72)]
    assert found == [[active(served, site_id)] for site_id in printed]


@pytest.mark.parametrize("form", ["svg", "png"])
def test_the_code_alone(owner: FlaskClient, served: Installation, form: str) -> None:
    answer = post(owner, site="vienna-1", touchpoint="queue", **{"as": form})
    assert name_of(answer) == f"code-vienna-1-queue.{form}"
    assert b"<svg" in answer.data or answer.data.startswith(b"\x89PNG")
    if form == "png":
        (code,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(answer.data)))
        assert code.text == active(served, "vienna-1", "queue")


def test_the_same_place_prints_the_same_code(owner: FlaskClient, served: Installation) -> None:
    first = post(owner, site="vienna-1", **{"as": "png"}).data
    assert post(owner, site="vienna-1", **{"as": "png"}).data == first


def test_a_manager_prints_for_the_own_sites(manager: FlaskClient, served: Installation) -> None:
    answer = post(manager, all="1")
    assert name_of(answer) == "posters-a4-2-sites.pdf"
    assert codes.active(served.database(), "lisbon-1") is None


def test_a_picture_of_each_sheet_is_shown_and_makes_no_code(
    owner: FlaskClient, served: Installation
) -> None:
    page = owner.get(f"{PAGE}?site=lisbon-1", headers=HTML).text
    for sheet in SHEETS:
        address = f"{PAGE}/{sheet}.svg?site=lisbon-1"
        assert address in page
        answer = owner.get(address)
        assert answer.mimetype == "image/svg+xml"
        assert "Lisbon, Chiado" in answer.text
    assert codes.active(served.database(), "lisbon-1") is None


# --- what it refuses --------------------------------------------------------------------------


def test_sheets_that_no_phone_can_open_are_refused(owner: FlaskClient, chain: Installation) -> None:
    answer = post(owner, site="lisbon-1", sheet="a5")
    assert answer.status_code == 422
    assert "would name http://127.0.0.1:8000, which no phone can open" in answer.text
    assert 'href="/desk/settings"' in answer.text
    assert codes.active(chain.database(), "lisbon-1") is None


def test_they_are_printed_all_the_same_where_the_page_said_what_they_are(
    owner: FlaskClient, chain: Installation
) -> None:
    page = owner.get(PAGE, headers=HTML).text
    assert "phones cannot open these codes" in page
    assert post(owner, site="lisbon-1", anyway="1").status_code == 200


def test_a_manager_is_told_to_ask_the_owner_for_an_address(
    manager: FlaskClient, chain: Installation
) -> None:
    page = manager.get(PAGE, headers=HTML).text
    assert "Ask the owner to set the address" in page
    assert "/desk/settings" not in page


def test_an_address_that_phones_open_needs_no_warning(
    owner: FlaskClient, served: Installation
) -> None:
    page = owner.get(PAGE, headers=HTML).text
    assert "phones cannot open" not in page
    assert 'name="anyway"' not in page


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({}, "Choose at least one site."),
        ({"all": "1", "as": "svg"}, "The code alone is of one site"),
        ({"site": "vienna-1", "touchpoint": "Till 2"}, "is not a touchpoint"),
        ({"site": "vienna-1", "instrument": "mirror"}, "Only forms that customers fill in"),
    ],
)
def test_a_fault_says_what_to_do_and_keeps_what_was_chosen(
    owner: FlaskClient, served: Installation, form: dict[str, str], says: str
) -> None:
    answer = post(owner, sheet="card", **form)
    assert answer.status_code == 422
    assert says in answer.text
    assert 'value="card" checked' in answer.text
    if "site" in form:
        assert 'value="vienna-1" checked' in answer.text
    if "touchpoint" in form:
        assert 'value="Till 2"' in answer.text


@pytest.mark.parametrize(
    "form",
    [{"site": "lisbon-1"}, {"region": "west"}, {"site": ["vienna-1", "nowhere"]}],
)
def test_somebody_elses_sites_are_as_if_there_were_none(
    manager: FlaskClient, served: Installation, form: dict[str, str | list[str]]
) -> None:
    assert post(manager, **form).status_code == 404
    assert codes.active(served.database(), "lisbon-1") is None
    assert codes.active(served.database(), "vienna-1") is None


@pytest.mark.parametrize("instrument", ["visit", "counter_hour", "mirror"])
def test_a_manager_hangs_up_nothing_that_others_answer(
    manager: FlaskClient, served: Installation, instrument: str
) -> None:
    answer = post(manager, site="vienna-1", instrument=instrument)
    assert answer.status_code == 422
    assert "Only forms that customers fill in" in answer.text
    assert codes.active(served.database(), "vienna-1", None, instrument) is None


@pytest.mark.parametrize("form", [{"sheet": "a3"}, {"as": "gif"}])
def test_what_there_is_not(owner: FlaskClient, served: Installation, form: dict[str, str]) -> None:
    assert post(owner, site="vienna-1", **form).status_code == 404


# --- edges ------------------------------------------------------------------------------------


def test_before_there_are_sites(installation: Installation, clock: Clock) -> None:
    app = build(installation.folder, clock=clock)
    client = signed_in(app.test_client(), enrol(installation.database(), "owner"))
    page = client.get(PAGE, headers=HTML).text
    assert "There are no sites yet" in page
    assert "Make the PDF" not in page


def test_names_that_our_fonts_cannot_print_are_named(
    owner: FlaskClient, served: Installation
) -> None:
    assert "Our fonts lack" not in owner.get(PAGE, headers=HTML).text
    with served.database().transaction():
        place = Site("beijing-1", "北京店 <1>", "far", "Asia/Shanghai", "en")
        sites.put(served.database(), [place])
    page = owner.get(PAGE, headers=HTML).text
    assert "Our fonts lack letters of these names" in page
    assert "北京店 &lt;1&gt;" in page


@needs_pdftoppm
def test_every_site_of_a_chain_of_a_hundred(
    owner: FlaskClient, served: Installation, tmp_path: Path
) -> None:
    many = [Site(f"s-{n}", f"Shop {n}", "many", "Europe/Paris", "fr en") for n in range(100)]
    with served.database().transaction():
        sites.put(served.database(), many)
    answer = post(owner, region="many", sheet="stickers")
    assert answer.data.count(b"/Type /Page\n") == 100
    assert len(answer.data) < 100 * 40_000
    assert len(CHAIN) == 4
