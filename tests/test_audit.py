"""The audit's page: who did what, in words."""

from __future__ import annotations

import ast
import html
import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from surveys import audit, audit_words, codes, touchpoints
from surveys.audit_acts import ACTS, DESK, KINDS
from surveys.installation import Installation
from surveys.store import audit as store
from surveys.store import sites
from surveys.store.database import Database
from surveys.store.sites import Site
from tests.conftest import CHAIN, CODES, NOW, Clock
from tests.desk_people import enrol, signed_in
from tests.rig import acts, deeds
from tests.test_architecture import modules
from tests.test_held import page

OLD: dict[str, object] = {"site": "vienna-1", "reason": "Old."}
QUEUE = OLD | {"touchpoint": "queue"}
REVIEWER: dict[str, object] = {"role": "reviewer", "grants": []}

TOLD = (
    "Owner Müller invited Ngozi Ümit as reviewer.",
    "Owner Müller made a new invitation for Ngozi Ümit.",
    "Ngozi Ümit joined as reviewer.",
    "Owner Müller made Ngozi Ümit manager instead of reviewer, for the region “east”, the"
    " site “Auckland, Queen Street”, the site “Lisbon, Chiado” and 2 more.",
    "Owner Müller changed where Ngozi Ümit is manager: the site “Vienna, Graben”.",
    "Owner Müller made Ngozi Ümit reviewer instead of manager.",
    "Owner Müller made a link for Ngozi Ümit to choose a new password.",
    "Ngozi Ümit chose a new password by a link.",
    "Ngozi Ümit changed their password.",
    "Ngozi Ümit signed out everywhere.",
    "Owner Müller signed Ngozi Ümit out everywhere.",
    "Owner Müller took Ngozi Ümit’s access away.",
    "Owner Müller invited li@example.org as staff for the site “Vienna, Graben”.",
    "Owner Müller added the site New Quay.",
    "Owner Müller set the region of New Quay to “harbour”.",
    "Owner Müller changed the time zone of New Quay from “Europe/Lisbon” to “Atlantic/Azores”.",
    "Owner Müller changed the region, the street address of New Quay.",
    "Owner Müller took away the street address of New Quay, “Cais 1”.",
    "Owner Müller set the region of New Quay to “harbour”.",
    "Owner Müller imported sites: 1 new, 1 changed.",
    "Owner Müller renamed the region “harbour” to “coast”.",
    "Owner Müller merged the region “coast” into “east”.",
    "Owner Müller added the touchpoint “Lift”.",
    "Owner Müller renamed the touchpoint “Lift” to “Elevator”.",
    "Owner Müller changed the names of the touchpoint “Elevator”.",
    "Owner Müller moved the touchpoint “Elevator” one place earlier.",
    "Owner Müller hid the touchpoint “Elevator”.",
    "Owner Müller showed the touchpoint “Elevator” again.",
    "Owner Müller removed the touchpoint “Elevator”.",
    "Owner Müller saved a draft of “counter”.",
    "Owner Müller discarded the draft of “counter”.",
    "Owner Müller published “counter”, version 90b0c057 in place of 23692a9c.",
    "Owner Müller published “kiosk”, version d639c41f.",
    "Owner Müller made a code for “Waiting in line” at Vienna, Graben.",
    "Owner Müller replaced the code of “Waiting in line” at Vienna, Graben: It was worn.",
    "Owner Müller withdrew the code of “Waiting in line” at Vienna, Graben: The poster was stolen.",
    "Owner Müller made a code at Vienna, Graben.",
    "Owner Müller replaced a code at Vienna, Graben: It was worn.",
    "Owner Müller withdrew a code at Vienna, Graben: The poster was stolen.",
    "Owner Müller made the link of “Staff forecasts” at Vienna, Graben.",
    "Owner Müller replaced the link of “Staff forecasts” at Vienna, Graben: It hung where"
    " customers stand.",
    "Owner Müller withdrew the link of “Staff forecasts” at Vienna, Graben: Enough for this year.",
    "Owner Müller set e-mail up: it is sent by mail.example.org, as ask@example.org.",
    "Owner Müller switched e-mail off.",
    "Owner Müller added a web-hook to hooks.example.org.",
    "Owner Müller made a new secret for the web-hook to hooks.example.org.",
    "Owner Müller switched the web-hook to hooks.example.org off.",
    "Owner Müller switched the web-hook to hooks.example.org on.",
    "The web-hook to hooks.example.org was switched off. hooks.example.org answered 410:"
    " it wants no more of these.",
    "Owner Müller had a letter to Owner Müller tried again.",
    "Owner Müller discarded a letter to Owner Müller.",
    "Owner Müller had a message to hooks.example.org tried again.",
    "Owner Müller discarded a message to hooks.example.org.",
    "Owner Müller had a message tried again.",
    "Owner Müller discarded a message.",
    "Owner Müller added a web-hook to hooks.example.org.",
    "Owner Müller removed the web-hook to hooks.example.org.",
    "Owner Müller set the address to http://192.168.1.20:8000.",
    "Owner Müller changed the address from http://192.168.1.20:8000 to https://ask.example.org.",
    "Owner Müller named the organisation “Juniper”.",
    "Owner Müller renamed the organisation from “Juniper” to “Juniper & Sons”.",
    "Owner Müller asked not to be reminded of what is left to set up.",
)
"""The acts of :mod:`tests.rig.deeds`, in their order."""


@pytest.fixture
def db(chain: Installation) -> Database:
    return chain.database()


@pytest.fixture
def owner(app: Flask, db: Database) -> FlaskClient:
    return signed_in(app.test_client(), enrol(db, "owner", email="owner@example.org"))


def lines(client: FlaskClient, query: str = "") -> list[str]:
    answer = client.get(f"/desk/audit{query}")
    assert answer.status_code == 200, answer.text
    cells = re.findall(r'<td role="cell"><bdi>(.*?)</bdi>', answer.text)
    return [html.unescape(cell) for cell in cells]


def record(db: Database, action: str, subject: str, **more: object) -> None:
    at = more.pop("at", NOW)
    person_id = str(more.pop("by", ""))
    with db.transaction():
        audit.record(db, at, person_id, action, subject, more)  # type: ignore[arg-type]


def test_each_line_says_who_did_what(db: Database, owner: FlaskClient) -> None:
    ana = enrol(db, "reviewer", email="ana@example.org")
    submission = "submission vienna-1 0192f0c1-7d3e-7c11-8a2b-5d6a2f1e9a77"
    record(db, "accepted", submission, by=ana.person_id, reason="")
    record(db, "rejected", submission, by=ana.person_id, reason="an old poster")
    record(db, "removed", "ana@example.org", by="gone")
    codes.withdraw(db, CODES["vienna-1"], "The poster was stolen.", NOW)
    found = lines(owner)
    for expected in (
        "Reviewer Müller accepted a submission at Vienna, Graben.",
        "Reviewer Müller rejected a submission at Vienna, Graben: an old poster",
        "Somebody on the server withdrew the code of “queue” at Vienna, Graben:"
        " The poster was stolen.",
        "Somebody who is unknown here took Reviewer Müller’s access away.",
        "Owner Müller joined as owner.",
    ):
        assert expected in found, found


def test_a_sites_id_may_hold_a_space(db: Database, owner: FlaskClient) -> None:
    with db.transaction():
        sites.put(db, [Site("old town", "Old town", "", "Europe/Vienna", "en")])
    record(db, "rejected", "submission old town 0192f0c1-7d3e-7c11-8a2b-5d6a2f1e9a77", reason="x")
    assert "Somebody on the server rejected a submission at Old town: x" in lines(owner)
    assert "/desk/held/old%20town/0192f0c1" in owner.get("/desk/audit").text


def test_each_act_is_told_in_its_own_words(chain: Installation, db: Database) -> None:
    olu = enrol(db, "owner", email="olu@example.org")
    deeds.do(db, NOW, olu.person_id, CHAIN[0])
    found = [entry for entry in _entries(db) if entry.said != "Owner Müller joined as owner."]
    assert [str(entry.said) for entry in reversed(found)] == [*TOLD]
    assert "secret=" not in str(found)
    rest = {pair for pair in DESK if pair[1] not in ("submission", "held")}
    assert {(entry.action, audit.kind_of(entry.subject)) for entry in found} == rest


def test_what_earlier_versions_wrote_down_keeps_its_words(
    chain: Installation, db: Database
) -> None:
    submission = "submission vienna-1 0192f0c1-7d3e-7c11-8a2b-5d6a2f1e9a77"
    for told, action, subject, detail in (
        ("invited ana@example.org as reviewer.", "invited", "ana@example.org", REVIEWER),
        ("took ana@example.org’s access away.", "removed", "ana@example.org", {}),
        (
            "withdrew a code at Vienna, Graben: Old.",
            "withdrawn",
            "code",
            OLD | {"touchpoint": None},
        ),
        ("replaced the code of “queue” at Vienna, Graben: Old.", "replaced", "code", QUEUE),
        ("imported sites: 2 new, 0 changed.", "imported", "sites", {"added": ["a", "b"]}),
        ("rejected a submission at Vienna, Graben: Old.", "rejected", submission, OLD),
    ):
        record(db, action, subject, **detail)
        assert str(_entries(db)[0].said) == f"Somebody on the server {told}"
        with db.transaction():
            db.execute("DELETE FROM audit")


def test_touchpoints_are_called_as_the_reader_calls_them(chain: Installation, db: Database) -> None:
    touchpoints.take_in_shipped(db, NOW)
    record(db, "issued", "code", site="vienna-1", touchpoint="line")
    row = list(store.newest_first(db, 1))
    (entry,) = audit_words.entries(db, row, "fr")
    assert "“File d’attente”" in entry.said


def _entries(db: Database) -> list[audit_words.Entry]:
    return audit_words.entries(db, list(store.newest_first(db, 500)))


def test_what_has_no_words_yet_is_shown_as_it_is_written_down(
    db: Database, owner: FlaskClient
) -> None:
    record(db, "painted", "the wall", colour="<green>")
    assert "Somebody on the server: painted, the wall" in lines(owner)
    assert "&lt;green&gt;" in owner.get("/desk/audit").text


def test_every_act_that_the_program_writes_down_has_words() -> None:
    """A new one fails here until it has its sentences and its name in ``audit_acts``."""
    pairs = acts.written(modules())
    assert pairs - ACTS.keys() == set()
    assert ACTS.keys() - pairs == set(), "words for what nobody writes down"
    assert {kind for _, kind in ACTS} == set(KINDS)


NEW_PAIRS = {
    'audit.record(db, at, by, "painted", "wall 1")': {("painted", "wall")},
    'audit.record(db, at, by, "removed", f"wall {n}")': {("removed", "wall")},
    'audit.record(db, at, by, subject="wall", action="painted")': {("painted", "wall")},
    'audit.record(db, at, by, "removed", person.email)': {("removed", "person")},
    'x = "hidden" if n else "shown"; audit.record(db, at, by, x, "wall")': {
        ("hidden", "wall"),
        ("shown", "wall"),
    },
    '_own(db, "painted", "east")': {("painted", "wall")},
    '_own(db, "opened" if n else "shut", way="east", what="door")': {
        ("opened", "door"),
        ("shut", "door"),
    },
}
OWN = """
def _own(db, action, way, what="wall"):
    audit.record(db, at, by, action, f"wall {way}")

def other(db):
    _own(db, "seen", "north")
"""


@pytest.mark.parametrize("act", NEW_PAIRS)
def test_a_new_act_is_found_however_it_is_written(act: str) -> None:
    own = OWN.replace('f"wall {way}"', 'f"{what} {way}"') if "what=" in act else OWN
    own = own.replace('"seen", "north"', '"seen", "north", what="wall"') if "what=" in act else own
    source = f"{own}\ndef new(db, n):\n    {act}\n"
    found = acts.written({"surveys.walls": ast.parse(source)})
    assert found == NEW_PAIRS[act] | {("seen", "wall")}


@pytest.mark.parametrize(
    "source",
    [
        "def new(db):\n    audit.record(db, at, by, chosen(), 'wall')",
        "def new(db):\n    audit.record(db, at, by, 'painted', wall.name)",
        "def new(db):\n    audit.record(db, at, by, 'painted', f'{wall.name} 1')",
        "def new(db):\n    audit.record(db, at, by, 'painted', f'wall{n}')",
        "def new(db):\n    audit.record(*painted)",
        "def _new(db, action):\n    audit.record(db, at, by, action, 'wall')",
        f"{OWN.replace('_own', 'own')}",
        "def new(db):\n    partial(audit.record, db, at, by)('painted', 'wall')",
        "from surveys.audit import record",
        "from surveys import audit as diary",
    ],
)
def test_an_act_that_cannot_be_read_off_the_source_is_refused(source: str) -> None:
    with pytest.raises(acts.Unclear):
        acts.written({"surveys.walls": ast.parse(source)})


def test_the_audit_is_chosen_by_person_action_days_and_what_it_is_about(
    db: Database, owner: FlaskClient
) -> None:
    ana = enrol(db, "reviewer", email="ana@example.org")
    for day, site in ((1, "vienna-1"), (2, "lisbon-1"), (3, "lisbon-1")):
        subject = f"submission {site} 0192f0c1-7d3e-7c11-8a2b-5d6a2f1e9a77"
        at = NOW + timedelta(days=day)
        record(db, "accepted", subject, by=ana.person_id, reason=f"day {day}", at=at)
    record(db, "removed", "bo@example.org")
    record(db, "removed", "web-hook 17", host="hooks.example.org")
    record(db, "added", "site quay")
    record(db, "imported", "sites")
    chosen = {
        f"?person={ana.person_id}": 3,
        "?person=-&action=accepted": 0,
        "?action=accepted&about=Lisbon, Chiado": 2,
        "?about=lisbon-1": 2,
        "?about=day%203": 1,
        "?about=%25": 0,
        "?from=2026-11-24&to=2026-11-24": 1,
        "?from=2026-11-24": 2,
        "?action=accepted:submission": 3,
        "?action=accepted:person": 0,
        "?action=removed:person": 1,
        "?action=removed:web-hook": 1,
        "?action=added:site": 1,
        "?action=imported:sites": 1,
        "?action=removed": 2,
    }
    for query, expected in chosen.items():
        assert len(lines(owner, query)) == expected, query
    assert owner.get("/desk/audit?from=yesterday").status_code == 400
    assert "Nothing in this choice" in page(owner, "/desk/audit?about=nothing at all")


def test_the_newest_comes_first_and_pages_leave_none_out(
    db: Database, owner: FlaskClient, clock: Clock
) -> None:
    for number in range(103):
        record(db, "painted", f"wall {number}", at=NOW + timedelta(seconds=number // 10))
    seen: list[str] = []
    address = "/desk/audit?action=painted"
    while address:
        answer = owner.get(address)
        seen += re.findall(r"painted, wall (\d+)<", answer.text)
        older = re.search(r'href="([^"]+)">Older', answer.text)
        address = html.unescape(older[1]) if older else ""
    assert len(seen) == len(set(seen)) == 103
    seconds = [int(number) // 10 for number in seen]
    assert seconds == sorted(seconds, reverse=True)


@pytest.mark.parametrize("role", ["manager", "reviewer"])
def test_only_the_owner_reads_the_audit(app: Flask, db: Database, role: str) -> None:
    granted = {"regions": ["east"]} if role == "manager" else {}
    client = signed_in(app.test_client(), enrol(db, role, **granted))
    assert client.get("/desk/audit").status_code == 403
    assert "Audit" not in page(client, "/desk")
