"""Who may ask for what: every address the application has × every role × own and other region.

The addresses come from the application itself. An address that is new fails here until its rule
stands in ``RULES``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from surveys.codes import shown_id
from surveys.installation import Installation
from surveys.people import ROLES
from tests.conftest import CODES
from tests.desk_people import HTML, enrol, form_token, signed_in, submit
from tests.exported import unpacked
from tests.field import add_visit, listed, photo, put_file, sha256

HELD = "0192f0c1-7d3e-7c11-8a2b-5d6a2f1e9a77"
"""A submission that is held, of this id at a site of each region."""

PHOTO_OF = "0192f0c1-7d3e-7c11-8a2b-5d6a2f1e9a99"
"""A submission that counts and has a photo, of this id at a site of each region."""

OWN_VISIT, OTHER_VISIT = (f"0192f0c1-7d3e-7c11-8a2b-0000000000{n}" for n in ("01", "02"))
"""A visit at a site of each region."""

ANYBODY = ("nobody", *ROLES)
SIGNED_IN = ROLES
DESK = ("owner", "manager", "reviewer")
READERS = ("owner", "reviewer")
OWNER = ("owner",)

OWN_CODE = f"/desk/sites/vienna-1/codes/{shown_id(CODES['vienna-1'])}"
OTHER_CODE = f"/desk/sites/lisbon-1/codes/{shown_id(CODES['lisbon-1'])}"
DECIDE = ("owner", "reviewer")


@dataclass(frozen=True)
class Rule:
    """Who may, and an example address.

    ``other`` is the same for a place in the other region: closed to a manager of ours unless
    ``other_open``.
    """

    who: tuple[str, ...]
    own: str
    other: str | None = None
    other_open: bool = False


RULES = {
    # Anybody: they carry a token of their own, or show nothing of anybody.
    ("sign_in.beginning", "GET"): Rule(ANYBODY, "/"),
    ("sign_in.page", "GET"): Rule(ANYBODY, "/sign-in"),
    ("sign_in.enter", "POST"): Rule(ANYBODY, "/sign-in"),
    ("sign_in.leave", "POST"): Rule(ANYBODY, "/sign-out"),
    ("sign_in.invitation", "GET"): Rule(ANYBODY, "/join/some-token"),
    ("sign_in.join", "POST"): Rule(ANYBODY, "/join/some-token"),
    ("customer.form", "GET"): Rule(
        ANYBODY, f"/q/{CODES['vienna-1']}", f"/q/{CODES['lisbon-1']}", other_open=True
    ),
    ("customer.receive", "POST"): Rule(
        ANYBODY, f"/q/{CODES['vienna-1']}", f"/q/{CODES['lisbon-1']}", other_open=True
    ),
    ("customer.thanks", "GET"): Rule(
        ANYBODY, f"/q/{CODES['vienna-1']}/thanks", f"/q/{CODES['lisbon-1']}/thanks", other_open=True
    ),
    ("customer.module", "GET"): Rule(ANYBODY, "/static/v-0/form.js"),
    ("customer.worker", "GET"): Rule(ANYBODY, "/sw.js"),
    ("customer.manifest", "GET"): Rule(ANYBODY, "/manifest.webmanifest"),
    ("static", "GET"): Rule(ANYBODY, "/static/desk.css"),
    ("api.submissions", "POST"): Rule(ANYBODY, "/api/submissions"),
    # No role opens it, only the token of the submission: tests/test_attachments.py.
    ("api.file", "PUT"): Rule((), f"/api/submissions/{HELD}/files/{'a' * 64}"),
    ("api.receipts", "POST"): Rule(ANYBODY, "/api/receipts"),
    ("api.erase", "POST"): Rule(ANYBODY, "/api/erase"),
    ("health.healthz", "GET"): Rule(ANYBODY, "/healthz"),
    ("health.readyz", "GET"): Rule(ANYBODY, "/readyz"),
    ("reach.arrived", "GET"): Rule(ANYBODY, "/reach/0-0-0"),
    # Whoever has signed in: their own.
    ("sign_in.welcome", "GET"): Rule(SIGNED_IN, "/welcome"),
    ("sign_in.account", "GET"): Rule(SIGNED_IN, "/account"),
    ("sign_in.new_password", "POST"): Rule(SIGNED_IN, "/account"),
    ("sign_in.choose", "POST"): Rule(SIGNED_IN, "/account/preferences"),
    ("sign_in.leave_everywhere", "POST"): Rule(SIGNED_IN, "/account/everywhere"),
    # Those who work at a place.
    ("staff.page", "GET"): Rule(("staff",), "/staff"),
    ("staff.forecast", "POST"): Rule(
        ("staff",), "/staff/vienna-1/forecast", "/staff/lisbon-1/forecast"
    ),
    # A shopper's phone. Each of their visits is theirs alone: tests/test_visits.py.
    ("phones.page", "GET"): Rule(ANYBODY, "/visits/sign-in"),
    ("phones.by_code", "POST"): Rule(ANYBODY, "/visits/sign-in"),
    ("phones.leaving", "GET"): Rule(("shopper",), "/visits/sign-out"),
    ("phones.leave", "POST"): Rule(ANYBODY, "/visits/sign-out"),
    ("phones.mine", "GET"): Rule(("shopper",), "/visits/phone"),
    ("phones.new_code", "POST"): Rule(("shopper",), "/visits/phone/code"),
    ("phones.sign_out_other", "POST"): Rule(("shopper",), "/visits/phone/some-phone/sign-out"),
    ("here.several", "GET"): Rule(("shopper",), f"/visits/here?code={CODES['vienna-1']}"),
    ("photos.of_visit", "GET"): Rule(("shopper",), f"/visits/some-visit/files/{'a' * 64}"),
    ("visits.home", "GET"): Rule(("shopper",), "/visits"),
    ("visits.find", "GET"): Rule(("shopper",), "/visits/find?code=ABC"),
    ("ready.page", "GET"): Rule(("shopper",), "/visits/ready"),
    ("queue.page", "GET"): Rule(("shopper",), "/visits/queue"),
    ("visits.accept", "POST"): Rule(("shopper",), "/visits/some-visit/accept"),
    ("visits.decline", "POST"): Rule(("shopper",), "/visits/some-visit/decline"),
    ("sent.page", "GET"): Rule(("shopper",), "/visits/some-visit/report"),
    ("sent.appeal", "POST"): Rule(("shopper",), "/visits/some-visit/appeal"),
    # Somebody else's cases: tests/test_shopper_cases.py.
    ("cases.page", "GET"): Rule(("shopper",), "/visits/cases"),
    ("cases.begin", "POST"): Rule(("shopper",), "/visits/cases"),
    ("cases.one", "GET"): Rule(("shopper",), "/visits/cases/some-attempt"),
    ("cases.rate", "POST"): Rule(("shopper",), "/visits/cases/some-attempt"),
    ("interests.page", "GET"): Rule(("shopper",), "/visits/interests"),
    ("interests.declare", "POST"): Rule(("shopper",), "/visits/interests"),
    ("interests.take_back", "POST"): Rule(("shopper",), "/visits/interests/take-back"),
    ("work.page", "GET"): Rule(("shopper",), "/visits/work"),
    ("report.page", "GET"): Rule(("shopper",), "/visits/some-visit"),
    ("report.send", "POST"): Rule(("shopper",), "/visits/some-visit"),
    # The desk.
    ("raters.page", "GET"): Rule(("owner", "reviewer"), "/desk/raters"),
    ("raters.pace", "POST"): Rule(("owner",), "/desk/raters"),
    ("raters.one", "GET"): Rule(("owner", "reviewer"), "/desk/raters/somebody"),
    ("raters.withdraw", "POST"): Rule(("owner", "reviewer"), "/desk/raters/somebody/withdraw"),
    ("observing.page", "GET"): Rule(("owner", "manager"), "/desk/observe"),
    ("observing.enter", "POST"): Rule(("owner", "manager"), "/desk/observe"),
    ("voices.overview", "GET"): Rule(("owner",), "/desk/voices"),
    ("voices.make_all", "POST"): Rule(("owner",), "/desk/voices"),
    ("voices.printed", "GET"): Rule(("owner",), "/desk/voices/print?voice=mirror:staff_forecast"),
    ("voices.site", "GET"): Rule(("owner",), "/desk/voices/vienna-1"),
    ("voices.change", "POST"): Rule(("owner",), "/desk/voices/vienna-1"),
    ("desk.scores", "GET"): Rule(DESK, "/desk?region=east", "/desk?region=west"),
    ("desk.site", "GET"): Rule(DESK, "/desk/sites/vienna-1", "/desk/sites/lisbon-1"),
    ("desk.contacts", "GET"): Rule(("owner", "manager"), "/desk/contacts"),
    ("photos.at_desk", "GET"): Rule(
        DESK,
        f"/desk/files/vienna-1/{PHOTO_OF}/{sha256(photo())}",
        f"/desk/files/lisbon-1/{PHOTO_OF}/{sha256(photo())}",
    ),
    ("posters.page", "GET"): Rule(
        ("owner", "manager"), "/desk/posters?region=east", "/desk/posters?region=west"
    ),
    ("posters.make", "POST"): Rule(("owner", "manager"), "/desk/posters"),
    ("posters.sheet", "GET"): Rule(
        ("owner", "manager"),
        "/desk/posters/a5.svg?site=vienna-1",
        "/desk/posters/a5.svg?site=lisbon-1",
    ),
    # Codes: the owner's, and the manager's whose wall it is.
    ("codes.of_site", "GET"): Rule(
        ("owner", "manager"), "/desk/sites/vienna-1/codes", "/desk/sites/lisbon-1/codes"
    ),
    ("codes.picture", "GET"): Rule(("owner", "manager"), f"{OWN_CODE}.svg", f"{OTHER_CODE}.svg"),
    ("codes.withdraw", "POST"): Rule(
        ("owner", "manager"), f"{OWN_CODE}/withdraw", f"{OTHER_CODE}/withdraw"
    ),
    ("codes.replace", "POST"): Rule(
        ("owner", "manager"), f"{OWN_CODE}/replace", f"{OTHER_CODE}/replace"
    ),
    ("codes.issue", "POST"): Rule(OWNER, "/desk/sites/vienna-1/codes"),
    # Visits: the owner sets them; reviewers and the region's manager read.
    ("visits_desk.listed", "GET"): Rule(
        DESK, "/desk/visits?region=east", "/desk/visits?region=west", other_open=True
    ),
    ("visits_desk.one", "GET"): Rule(
        DESK, f"/desk/visits/{OWN_VISIT}", f"/desk/visits/{OTHER_VISIT}"
    ),
    **{
        (f"visits_desk.{act.replace('-', '_')}", "POST"): Rule(
            OWNER, f"/desk/visits/{OWN_VISIT}/{act}"
        )
        for act in ("offer", "take-back", "give", "cancel", "reopen")
    },
    ("visits_making.new", "GET"): Rule(OWNER, "/desk/visits/new"),
    ("visits_making.create", "POST"): Rule(OWNER, "/desk/visits/new"),
    ("visits_making.edit", "GET"): Rule(OWNER, f"/desk/visits/{OWN_VISIT}/edit"),
    ("visits_making.save", "POST"): Rule(OWNER, f"/desk/visits/{OWN_VISIT}/edit"),
    ("visits_import.page", "GET"): Rule(OWNER, "/desk/visits/import"),
    ("visits_import.template", "GET"): Rule(OWNER, "/desk/visits/import.csv"),
    ("visits_import.preview", "POST"): Rule(OWNER, "/desk/visits/import"),
    ("visits_import.apply", "POST"): Rule(OWNER, "/desk/visits/import/apply"),
    ("visit_plans.every", "GET"): Rule(OWNER, "/desk/visits/plans"),
    ("visit_plans.new", "GET"): Rule(OWNER, "/desk/visits/plans/new"),
    ("visit_plans.create", "POST"): Rule(OWNER, "/desk/visits/plans/new"),
    ("visit_plans.one", "GET"): Rule(OWNER, "/desk/visits/plans/some-plan"),
    ("visit_plans.edit", "GET"): Rule(OWNER, "/desk/visits/plans/some-plan/edit"),
    ("visit_plans.save", "POST"): Rule(OWNER, "/desk/visits/plans/some-plan/edit"),
    ("visit_plans.make", "POST"): Rule(OWNER, "/desk/visits/plans/some-plan/make"),
    ("visit_plans.end", "POST"): Rule(OWNER, "/desk/visits/plans/some-plan/end"),
    ("visit_plans.resume", "POST"): Rule(OWNER, "/desk/visits/plans/some-plan/resume"),
    # Setting up: owners alone.
    ("touchpoints.listed", "GET"): Rule(OWNER, "/desk/touchpoints"),
    ("touchpoints.add", "POST"): Rule(OWNER, "/desk/touchpoints"),
    ("touchpoints.rename", "POST"): Rule(OWNER, "/desk/touchpoints/line/rename"),
    ("touchpoints.act", "POST"): Rule(OWNER, "/desk/touchpoints/line"),
    ("people.everyone", "GET"): Rule(OWNER, "/desk/people"),
    ("people.invitation", "GET"): Rule(OWNER, "/desk/people/invite"),
    ("people.invite", "POST"): Rule(OWNER, "/desk/people/invite"),
    ("people.person", "GET"): Rule(OWNER, "/desk/people/nobody-there"),
    ("people.change", "POST"): Rule(OWNER, "/desk/people/nobody-there"),
    ("people.link", "POST"): Rule(OWNER, "/desk/people/nobody-there/link"),
    ("people_phones.sign_out", "POST"): Rule(
        OWNER, "/desk/people/nobody-there/phones/some-phone/sign-out"
    ),
    ("people.sign_out", "POST"): Rule(OWNER, "/desk/people/nobody-there/sign-out"),
    ("people.remove", "POST"): Rule(OWNER, "/desk/people/nobody-there/remove"),
    # Those of a region to a reviewer of that region: tests/test_desk_review.py.
    ("review.listed", "GET"): Rule(DECIDE, "/desk/review?region=east", "/desk/review?region=west"),
    ("review.one", "GET"): Rule(DECIDE, f"/desk/review/vienna-1/{HELD}"),
    ("review.decide", "POST"): Rule(DECIDE, f"/desk/review/vienna-1/{HELD}"),
    ("review.mend", "POST"): Rule(DECIDE, f"/desk/review/vienna-1/{HELD}/mend"),
    ("held.listed", "GET"): Rule(DESK, "/desk/held?region=east", "/desk/held?region=west"),
    ("held.one", "GET"): Rule(DESK, f"/desk/held/vienna-1/{HELD}", f"/desk/held/lisbon-1/{HELD}"),
    **{
        (f"held.{act}", "POST"): Rule(
            DECIDE, f"/desk/held/vienna-1/{HELD}/{act}", f"/desk/held/lisbon-1/{HELD}/{act}"
        )
        for act in ("accept", "mend", "reject", "other")
    },
    ("held_all.about_all", "GET"): Rule(DECIDE, "/desk/held/all?kind=does_not_fit"),
    ("held_all.decide", "POST"): Rule(DECIDE, "/desk/held/all?kind=does_not_fit"),
    ("load.page", "GET"): Rule(READERS, "/desk/load"),
    ("load.preview", "POST"): Rule(READERS, "/desk/load"),
    ("load.apply", "POST"): Rule(READERS, "/desk/load/apply"),
    ("audit.lines", "GET"): Rule(("owner",), "/desk/audit"),
    ("instruments.every", "GET"): Rule(READERS, "/desk/instruments"),
    ("instruments.one", "GET"): Rule(READERS, "/desk/instruments/counter"),
    ("instruments.version", "GET"): Rule(
        READERS, "/desk/instruments/counter/versions/0123456789ab"
    ),
    ("instruments.preview", "GET"): Rule(READERS, "/desk/instruments/counter/preview"),
    ("instruments.scales", "GET"): Rule(READERS, "/desk/scales"),
    ("instrument_editor.begin", "POST"): Rule(OWNER, "/desk/instruments"),
    ("instrument_editor.edit", "GET"): Rule(OWNER, "/desk/instruments/counter/edit"),
    ("instrument_editor.work", "POST"): Rule(OWNER, "/desk/instruments/counter/edit"),
    ("instrument_editor.discard", "POST"): Rule(OWNER, "/desk/instruments/counter/discard"),
    ("instrument_publishing.ready", "GET"): Rule(OWNER, "/desk/instruments/counter/publish"),
    ("instrument_publishing.publish", "POST"): Rule(
        ("owner",), "/desk/instruments/counter/publish"
    ),
    ("setup.begin", "GET"): Rule(OWNER, "/desk/setup"),
    ("setup.organisation", "GET"): Rule(OWNER, "/desk/setup/organisation"),
    ("setup.address", "GET"): Rule(OWNER, "/desk/setup/address"),
    ("setup.first_sites", "GET"): Rule(OWNER, "/desk/setup/sites"),
    ("setup.poster", "GET"): Rule(OWNER, "/desk/setup/poster"),
    ("setup.make_poster", "POST"): Rule(OWNER, "/desk/setup/poster"),
    ("setup.poster_pdf", "GET"): Rule(OWNER, "/desk/setup/poster/vienna-1.pdf"),
    ("setup.done", "GET"): Rule(OWNER, "/desk/setup/done"),
    ("setup.dismiss", "POST"): Rule(OWNER, "/desk/setup/dismiss"),
    ("settings.page", "GET"): Rule(OWNER, "/desk/settings"),
    ("settings.save_organisation", "POST"): Rule(OWNER, "/desk/settings/organisation"),
    ("settings.save_days", "POST"): Rule(OWNER, "/desk/settings/phones"),
    ("settings.save_address", "POST"): Rule(OWNER, "/desk/settings/address"),
    ("sites.page", "GET"): Rule(OWNER, "/desk/sites"),
    ("sites.csv", "GET"): Rule(OWNER, "/desk/sites.csv"),
    ("sites.new", "GET"): Rule(OWNER, "/desk/sites/new"),
    ("sites.create", "POST"): Rule(OWNER, "/desk/sites/new"),
    ("sites.edit", "GET"): Rule(OWNER, "/desk/sites/vienna-1/edit", "/desk/sites/lisbon-1/edit"),
    ("sites.save", "POST"): Rule(OWNER, "/desk/sites/vienna-1/edit", "/desk/sites/lisbon-1/edit"),
    ("sites_import.page", "GET"): Rule(OWNER, "/desk/sites/import"),
    ("sites_import.preview", "POST"): Rule(OWNER, "/desk/sites/import"),
    ("sites_import.apply", "POST"): Rule(OWNER, "/desk/sites/import/apply"),
    ("regions.page", "GET"): Rule(OWNER, "/desk/regions"),
    ("regions.rename", "POST"): Rule(OWNER, "/desk/regions"),
    ("downloads.download", "GET"): Rule(
        ("owner", "manager"), "/exports/scores.csv?region=east", "/exports/scores.csv?region=west"
    ),
    ("downloads.described", "GET"): Rule(
        ("owner", "manager"),
        "/exports/scores.datapackage.json?region=east",
        "/exports/scores.datapackage.json?region=west",
    ),
    # Letters and web-hooks.
    ("account_letters.choose", "POST"): Rule(("owner", "manager"), "/account/letters"),
    ("messages.listed", "GET"): Rule(("owner",), "/desk/messages"),
    ("messages.retry", "POST"): Rule(("owner",), "/desk/messages/retry"),
    ("messages.discard", "POST"): Rule(("owner",), "/desk/messages/discard"),
    ("webhooks.listed", "GET"): Rule(("owner",), "/desk/webhooks"),
    ("webhooks.add", "POST"): Rule(("owner",), "/desk/webhooks"),
    ("webhooks.new_secret", "POST"): Rule(("owner",), "/desk/webhooks/some-id/secret"),
    ("webhooks.test", "POST"): Rule(("owner",), "/desk/webhooks/some-id/test"),
    ("webhooks.change", "POST"): Rule(("owner",), "/desk/webhooks/some-id/remove"),
    ("mail_settings.settings", "GET"): Rule(("owner",), "/desk/settings/mail"),
    ("mail_settings.change", "POST"): Rule(("owner",), "/desk/settings/mail"),
    ("mail_settings.test", "POST"): Rule(("owner",), "/desk/settings/mail/test"),
    ("mail_settings.off", "POST"): Rule(("owner",), "/desk/settings/mail/off"),
}

# What a manager of the east could open, and where something of the west must never stand.
SEARCHED = (
    *("/desk", "/desk?days=all", "/desk?source=shopper", "/desk?flagged=only", "/desk/contacts"),
    *("/desk/posters", "/desk/posters/a4.svg?site=vienna-1", "/desk/posters?site=lisbon-1"),
    "/desk/observe",
    *("/desk?region=west", "/desk/sites/lisbon-1", "/desk/sites/LISBON-1", "/desk/sites/vienna-1"),
    *("/desk/sites/vienna-1/codes", "/desk/sites/lisbon-1/codes"),
    *(
        "/desk/held",
        "/desk/held?region=west",
        "/desk/held?site=lisbon-1",
        "/desk/held?site=vienna-1",
    ),
    *("/desk/visits?month=2026-11", "/desk/visits?month=2026-11&region=west"),
    *("/desk/visits?month=2026-11&site=lisbon-1", f"/desk/visits/{OTHER_VISIT}"),
    *(f"/desk/held/{site_id}/{HELD}" for site_id in ("vienna-1", "lisbon-1", "LISBON-1")),
    *("/desk/sites/vienna-1?region=west", "/desk/sites/lisbon-1?region=east", "/account"),
    *(
        f"/exports/{table}.{format_}{options}"
        for table in ("scores", "moments", "ratings", "submissions")
        for format_ in ("csv", "xlsx", "jsonl", "datapackage.json")
        for options in (
            *("?instrument=counter", "?instrument=counter&site=lisbon-1"),
            *("?instrument=counter&region=west", "?instrument=counter&region=east&site=lisbon-1"),
            *("?instrument=counter&region=east&region=west", "?instrument=counter&site=auckland-1"),
        )
    ),
)
WEST_WORDS = (
    *("Lisbon, Chiado", "lisbon-1", "Auckland, Queen", "auckland-1", "westwords", "+351"),
)


@pytest.fixture
def everyone(app: Flask, chain: Installation) -> dict[str, FlaskClient]:
    """A browser for each role, signed in; the manager looks after the east."""
    db = chain.database()
    for site_id, words, phone in (
        ("vienna-1", "eastwords", "+43 1 000"),
        ("lisbon-1", "westwords", "+351 000"),
    ):
        answers = {"moment": "worse", "welcome": 2, "comment": words, "contact": phone}
        submit(app.test_client(), db, site_id, answers)
        sent = {"id": PHOTO_OF, "files": listed(photo())}
        submit(app.test_client(), db, site_id, {"moment": "better"}, **sent)
        put_file(app.test_client(), {**sent, "token": CODES[site_id]}, photo())
        held = {**answers, "welcome": 9}
        submit(app.test_client(), db, site_id, held, id=HELD, expected="held")
    add_visit(chain, site_id="vienna-1", visit_id=OWN_VISIT)
    add_visit(chain, site_id="lisbon-1", visit_id=OTHER_VISIT, briefing="westwords")
    clients = {"nobody": app.test_client()}
    for role in ROLES:
        person = enrol(db, role, regions=["east"] if role == "manager" else [])
        clients[role] = signed_in(app.test_client(), person)
    return clients


def ask(client: FlaskClient, method: str, address: str, token: str | None) -> TestResponse:
    data = {"csrf": token} if token and method == "POST" else None
    answer = client.open(address, method=method, data=data, headers=HTML)
    answer.get_data()
    answer.close()
    return answer


ENDS = (("POST", "/visits/sign-in"), ("POST", "/visits/sign-out"))
"""What leads to the phones' sign-in without refusing anybody."""


def is_refused(answer: TestResponse) -> bool:
    to_sign_in = answer.status_code == 303 and (answer.location or "").startswith("/sign-in?next=")
    to_phones = answer.status_code == 303 and answer.location == "/visits/sign-in"
    posted_to_sign_in = answer.status_code == 303 and answer.request.method == "POST"
    return (
        answer.status_code in (401, 403)
        or to_sign_in
        or (to_phones and (answer.request.method, answer.request.path) not in ENDS)
        or (posted_to_sign_in and answer.location == "/sign-in")
    )


def addresses(app: Flask) -> Iterator[tuple[str, str]]:
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield rule.endpoint, method


def test_every_address_has_a_rule_and_every_rule_an_address(app: Flask) -> None:
    known = set(addresses(app))
    assert known - set(RULES) == set(), "say in RULES who may use the new addresses"
    assert set(RULES) - known == set(), "these rules are of addresses that are gone"


def test_each_example_leads_to_its_address(app: Flask) -> None:
    """A mistyped example would test nothing."""
    urls = app.url_map.bind("localhost")
    for (endpoint, method), rule in RULES.items():
        for address in filter(None, (rule.own, rule.other)):
            path, _, query = address.partition("?")
            assert urls.match(path, method, query_args=query)[0] == endpoint


def test_every_role_at_every_address(everyone: dict[str, FlaskClient]) -> None:
    wrong = []
    for (endpoint, method), rule in RULES.items():
        if endpoint in ("sign_in.leave", "sign_in.leave_everywhere"):
            continue  # they end the session: below
        for role, client in everyone.items():
            token = None
            if role != "nobody" and method == "POST":
                token = form_token(client.get("/account", headers=HTML))
            refused = is_refused(ask(client, method, rule.own, token))
            if refused == (role in rule.who):
                wrong.append(f"{role} {method} {rule.own}: {'refused' if refused else 'let in'}")
    assert wrong == []


def test_signing_out_is_for_those_who_are_in(everyone: dict[str, FlaskClient]) -> None:
    for address in ("/account/everywhere", "/sign-out"):
        assert everyone["nobody"].post(address).status_code in (303, 400, 401)
    for role in ROLES:
        client = everyone[role]
        token = form_token(client.get("/account", headers=HTML))
        assert ask(client, "POST", "/account/everywhere", token).location == "/sign-in"
        assert client.get("/account").status_code == 401


def test_the_other_region_is_closed_to_a_manager_at_every_address(
    everyone: dict[str, FlaskClient],
) -> None:
    wrong = []
    for (_, method), rule in RULES.items():
        if rule.other is None:
            continue
        for role in rule.who:
            if role == "nobody":
                continue
            token = form_token(everyone[role].get("/account", headers=HTML))
            status = ask(everyone[role], method, rule.other, token).status_code
            expected_closed = role in ("manager", "staff") and not rule.other_open
            if (status in (403, 404)) != expected_closed:
                wrong.append(f"{role} {method} {rule.other}: {status}")
    assert wrong == []


def test_nothing_of_the_other_region_stands_in_anything_a_manager_opens(
    everyone: dict[str, FlaskClient],
) -> None:
    leaks = []
    opened = 0
    for address in SEARCHED:
        answer = ask(everyone["manager"], "GET", address, None)
        opened += answer.status_code == 200
        if answer.status_code in (403, 404):
            continue  # an error page may repeat what was asked for, which is no news
        leaks += [f"{address}: {word}" for word in WEST_WORDS if word in unpacked(answer.data)]
    assert leaks == []
    assert opened > 10


def test_the_owner_would_have_found_it(everyone: dict[str, FlaskClient]) -> None:
    """Else the search above could pass because there is nothing to find."""
    seen = "".join(
        unpacked(ask(everyone["owner"], "GET", address, None).data) for address in SEARCHED
    )
    assert [word for word in WEST_WORDS if word not in seen] == []
    assert "eastwords" in ask(everyone["manager"], "GET", "/desk/sites/vienna-1", None).text
    assert "+43 1 000" in ask(everyone["manager"], "GET", "/desk/contacts", None).text


def test_a_site_of_others_and_no_site_at_all_look_the_same(
    everyone: dict[str, FlaskClient],
) -> None:
    other = ask(everyone["manager"], "GET", "/desk/sites/lisbon-1", None)
    none = ask(everyone["manager"], "GET", "/desk/sites/nowhere-1", None)
    assert (other.status_code, other.text) == (none.status_code, none.text)


def test_a_manager_of_one_site_sees_that_site_alone(app: Flask, chain: Installation) -> None:
    manager = enrol(chain.database(), "manager", sites=["lisbon-1"])
    client = signed_in(app.test_client(), manager)
    assert client.get("/desk/sites/lisbon-1").status_code == 200
    assert client.get("/desk/sites/auckland-1").status_code == 404  # same region, not granted
    page = client.get("/desk", headers=HTML).text
    assert "Lisbon" in page
    assert "Auckland" not in page
    assert "Vienna" not in page


def test_a_reviewer_of_one_region_sees_that_region_alone(app: Flask, chain: Installation) -> None:
    client = signed_in(app.test_client(), enrol(chain.database(), "reviewer", regions=["west"]))
    assert client.get("/desk/sites/lisbon-1").status_code == 200
    assert client.get("/desk/sites/vienna-1").status_code == 404
