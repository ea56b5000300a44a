"""At the desk: a shopper's phones and how long they stay signed in; photos that have arrived."""

from __future__ import annotations

import base64
import re

import pytest
import zxingcpp
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image

from surveys import devices
from surveys.installation import Installation
from surveys.people import Person
from surveys.store import settings, submissions
from surveys.store.database import Database
from tests.conftest import CODES, VISITS
from tests.desk_people import HTML, enrol, send_form, signed_in
from tests.field import (
    accepted_visit,
    add_phone,
    add_shopper,
    listed,
    phone,
    photo,
    put_file,
    report_of,
    send,
    sha256,
)
from tests.records import counter_form, make

PHOTO = photo()


@pytest.fixture
def db(chain: Installation) -> Database:
    settings.put(chain.database(), "base_url", "https://survey.example.org")
    return chain.database()


@pytest.fixture
def desk(app: Flask, db: Database) -> FlaskClient:
    return signed_in(app.test_client(), enrol(db, "owner", email="olu@example.org"))


# --- phones -----------------------------------------------------------------------------------


def test_the_owner_sees_a_shoppers_phones(
    desk: FlaskClient, chain: Installation, ana: Person
) -> None:
    assert "No phone of theirs" in desk.get(f"/desk/people/{ana.person_id}").text
    add_phone(chain, ana, "iPhone, app")
    page = desk.get(f"/desk/people/{ana.person_id}").text
    assert "iPhone, app" in page
    assert "password" not in page


def test_the_owner_signs_one_phone_out(
    app: Flask, desk: FlaskClient, chain: Installation, ana: Person
) -> None:
    lost, lost_token = add_phone(chain, ana, "iPhone, Safari")
    _, kept_token = add_phone(chain, ana, "iPhone, app")
    visit = accepted_visit(chain, ana)
    assert visit.token is not None
    address = f"/desk/people/{ana.person_id}/phones/{lost}/sign-out"
    done = send_form(desk, address)
    assert done.location == f"/desk/people/{ana.person_id}"
    page = desk.get(done.location).text
    assert "The phone is signed out: iPhone, Safari." in page
    assert phone(app, lost_token).get("/visits", headers=HTML).status_code == 303
    assert phone(app, kept_token).get("/visits", headers=HTML).status_code == 200
    assert send(chain, report_of(chain, visit.token))[0].status == "held"
    again = desk.get(send_form(desk, address).location).text
    assert "signed out already" in again
    assert "Olu" not in again
    audit = desk.get("/desk/audit").text
    assert "signed out a phone of Ana: iPhone, Safari." in audit


def test_a_phone_under_somebody_elses_name_is_not_signed_out(
    app: Flask, desk: FlaskClient, chain: Installation, ana: Person
) -> None:
    ben = add_shopper(chain, "ben")
    device_id, token = add_phone(chain, ben)
    answer = send_form(desk, f"/desk/people/{ana.person_id}/phones/{device_id}/sign-out")
    assert answer.status_code == 404
    assert phone(app, token).get("/visits", headers=HTML).status_code == 200


def test_the_owner_signs_every_phone_out_and_removing_does_so_too(
    app: Flask, desk: FlaskClient, chain: Installation, ana: Person
) -> None:
    tokens = [add_phone(chain, ana)[1], add_phone(chain, ana)[1]]
    send_form(desk, f"/desk/people/{ana.person_id}/sign-out")
    for token in tokens:
        assert phone(app, token).get("/visits", headers=HTML).status_code == 303
    token = add_phone(chain, ana)[1]
    send_form(desk, f"/desk/people/{ana.person_id}/remove")
    assert phone(app, token).get("/visits", headers=HTML).status_code == 303


def test_a_link_for_a_phone_stands_there_as_a_code_to_scan(
    desk: FlaskClient, db: Database, ana: Person
) -> None:
    page = send_form(desk, f"/desk/people/{ana.person_id}/link").text
    link = re.search(r'value="(https://survey\.example\.org/join/[\w-]+)"', page)
    picture = re.search(r'src="data:image/svg\+xml;base64,([^"]+)"', page)
    assert link
    assert picture
    assert "signs a phone in" in page
    assert scanned(base64.b64decode(picture[1]).decode()) == link[1]
    assert "made a link that signs a phone of Ana in" in desk.get("/desk/audit").text


def scanned(svg: str) -> str:
    """What a reader sees in a picture made of one path of squares."""
    box = re.search(r'viewBox="0 0 (\d+)', svg)
    path = re.search(r'\bd="([^"]+)"', svg)
    assert box
    assert path
    side = int(box[1])
    image = Image.new("L", (side * 8, side * 8), 255)
    squares = re.findall(r"M([\d.]+),([\d.]+)H([\d.]+)V([\d.]+)H[\d.]+z", path[1])
    assert len(squares) > 100
    for x, y, right, bottom in ([float(number) * 8 for number in one] for one in squares):
        image.paste(0, (round(x), round(y), round(right), round(bottom)))
    (found,) = zxingcpp.read_barcodes(image)
    return found.text


# --- for how long -----------------------------------------------------------------------------


def test_the_owner_says_how_long_phones_stay_signed_in(desk: FlaskClient, db: Database) -> None:
    assert 'name="days" type="text" value="90"' in desk.get("/desk/settings").text
    done = send_form(desk, "/desk/settings/phones", until="days", days=" 30 ")
    assert done.location == "/desk/settings"
    assert devices.days(db) == 30
    send_form(desk, "/desk/settings/phones", until="revoked", days="30")
    assert devices.days(db) is None
    audit = desk.get("/desk/audit").text
    assert "stay signed in for this number of days: 30." in audit
    assert "until they are signed out." in audit


@pytest.mark.parametrize("typed", ["", "0", "3651", "-1", "1.5", "many", "９９９９９"])
def test_days_that_are_none_leave_the_setting_and_what_was_typed(
    desk: FlaskClient, db: Database, typed: str
) -> None:
    again = send_form(desk, "/desk/settings/phones", until="days", days=typed)
    assert again.status_code == 422
    assert "from 1 to 3,650" in again.text
    assert f'value="{typed}"' in again.text
    assert devices.days(db) == devices.DEFAULT_DAYS


# --- photos -----------------------------------------------------------------------------------


@pytest.fixture
def counted(app: Flask, chain: Installation) -> str:
    """The address of a photo that came with a customer's answers, which count."""
    record = make(counter_form(chain), files=listed(PHOTO))
    send(chain, record)
    assert put_file(app.test_client(), record, PHOTO).status_code == 201
    return f"/desk/files/vienna-1/{record['id']}/{sha256(PHOTO)}"


def test_those_who_may_see_a_place_see_its_photos_safely(
    app: Flask, desk: FlaskClient, db: Database, counted: str
) -> None:
    readers = [
        desk,
        signed_in(app.test_client(), enrol(db, "reviewer")),
        signed_in(app.test_client(), enrol(db, "manager", regions=["east"])),
    ]
    for client in readers:
        answer = client.get(counted)
        assert (answer.status_code, answer.data) == (200, PHOTO)
        assert answer.headers["Content-Type"] == "image/jpeg"
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert answer.headers["Content-Disposition"].startswith("inline; filename=photo-")


def test_others_never_see_a_photo(app: Flask, db: Database, ana: Person, counted: str) -> None:
    assert app.test_client().get(counted).status_code == 401
    for role, status in (("staff", 403), ("shopper", 403)):
        client = signed_in(app.test_client(), enrol(db, role))
        assert client.get(counted, headers=HTML).status_code == status
    for role in ("manager", "reviewer"):
        client = signed_in(app.test_client(), enrol(db, role, regions=["west"]))
        assert client.get(counted, headers=HTML).status_code == 404


def test_a_manager_sees_no_photo_of_what_does_not_count(
    app: Flask, chain: Installation, desk: FlaskClient, db: Database
) -> None:
    record = report_of(chain, VISITS["vienna-1"], files=listed(PHOTO), answers={"welcome": 9})
    assert send(chain, record)[0].status == "held"
    put_file(app.test_client(), record, PHOTO)
    address = f"/desk/files/vienna-1/{record['id']}/{sha256(PHOTO)}"
    manager = signed_in(app.test_client(), enrol(db, "manager", regions=["east"]))
    assert desk.get(address).status_code == 200
    assert manager.get(address, headers=HTML).status_code == 404
    found = submissions.find(db, "vienna-1", record["id"])
    assert found is not None
    with db.transaction():
        submissions.change(db, found, status="counted")
    assert manager.get(address).status_code == 200


def test_an_address_made_up_is_404(desk: FlaskClient, counted: str) -> None:
    for address in (
        counted.replace("vienna-1", "lisbon-1"),
        counted.replace("vienna-1", "nowhere-1"),
        counted[:-64] + "0" * 64,
        counted[:-64] + "..%2f..%2fsecret.key",
        counted + "x",
    ):
        assert desk.get(address, headers=HTML).status_code == 404, address


def test_what_was_stored_under_another_site_of_the_same_id_is_its_own(
    app: Flask, chain: Installation, desk: FlaskClient, counted: str
) -> None:
    submission_id = counted.split("/")[4]
    twin = make(counter_form(chain), id=submission_id, token=CODES["lisbon-1"], files=listed(PHOTO))
    send(chain, twin)
    other = counted.replace("vienna-1", "lisbon-1")
    assert desk.get(other, headers=HTML).status_code == 404
    put_file(app.test_client(), twin, PHOTO)
    assert desk.get(other).status_code == 200


def test_the_days_are_set_by_owners_alone(app: Flask, db: Database) -> None:
    manager = signed_in(app.test_client(), enrol(db, "manager", regions=["east"]))
    assert send_form(manager, "/desk/settings/phones", until="revoked").status_code == 403
    assert devices.days(db) == devices.DEFAULT_DAYS
