"""A shopper's phones and visits for the pages that show them, and a file that a phone saved."""

from __future__ import annotations

import base64
import json
from datetime import datetime, timedelta
from typing import Any

from playwright.sync_api import Page, expect

from surveys import devices, people_joining, publishing, visits
from surveys.store.database import Database
from tests.field import FACTS, listed, photo, sha256


def fill(db: Database, at: datetime, site_id: str, shopper: str) -> None:
    """Two visits that are due at a site, for whom ``shopper`` is the link; another shopper, whose
    phones are seen at the desk."""
    sam = people_joining.invitation(db, at, shopper).person
    assert sam is not None
    for days, edge in ((3, ""), (9, "closing")):
        with db.transaction():
            visit = visits.make(
                db, at, site_id=site_id, instrument="visit", edge=edge,
                due=at.date() + timedelta(days=days), offered_to=[sam.person_id],
            )  # fmt: skip
        visits.accept(db, at, visit, sam.person_id)
    token = people_joining.invite(db, at, email="pia@juniper.example", role="shopper")
    with db.transaction():
        pia = people_joining.enter(db, at, token, name="Pia")
        for name in ("iPhone, Safari", "iPhone, app", "Android, Chrome"):
            device, _ = devices.sign_in(db, at, pia, name)
        devices.revoke(db, at, device.device_id)


def link(db: Database, at: datetime) -> str:
    """A link for the first phone of somebody who has joined before."""
    token = people_joining.invite(db, at, email="ola@juniper.example", role="shopper")
    with db.transaction():
        ola = people_joining.enter(db, at, token, name="Ola")
    return people_joining.new_link(db, at, ola.person_id)


def saved(db: Database, code: str) -> str:
    """A file as a phone saves it: a report with a photo of two, one that is held, one refused."""
    newest = publishing.newest(db, "counter")
    assert newest is not None
    pictures = photo(), photo("coral")
    sound = {
        "id": "0192f0c1-7d3e-7c11-8a2b-5d6a2f1e9b01",
        "form": newest.form,
        "token": code,
        "answers": {"moment": "better", "welcome": FACTS["welcome"]},
        "finished_at": "2026-11-02T09:30:00+01:00",
        "files": listed(*pictures),
    }
    held = {
        **sound,
        "id": "0192f0c1-7d3e-7c11-8a2b-5d6a2f1e9b02",
        "answers": {"welcome": 9},
        "files": [],
    }
    refused = {**held, "id": "0192f0c1-7d3e-7c11-8a2b-5d6a2f1e9b03", "token": "never-made"}
    contents = {sha256(pictures[0]): base64.b64encode(pictures[0]).decode(), "0" * 64: "eA=="}
    return json.dumps({"submissions": [sound, held, refused], "contents": contents})


# --- what is done on the pages ----------------------------------------------------------------


def show_a_code(page: Page, chain: Any) -> None:
    page.get_by_role("button", name="Show a code").click()
    expect(page.locator("[data-seconds]")).to_contain_text(":")


def type_a_wrong_code(page: Page, chain: Any) -> None:
    page.get_by_role("textbox").fill("ABCD-EFGH")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()


def open_pia(page: Page, chain: Any) -> None:
    page.get_by_role("link", name="Pia").click()
    folded = page.locator("details:not([open]) > summary")
    for _ in range(folded.count()):
        folded.first.click()


def make_a_link_for_a_phone(page: Page, chain: Any) -> None:
    page.get_by_role("link", name="Pia").click()
    page.get_by_role("button", name="Make a link for a phone").click()
    page.get_by_label("The link", exact=True).wait_for()


def mistype_the_days(page: Page, chain: Any) -> None:
    page.get_by_label("Days", exact=True).fill("0")
    page.get_by_role("button", name="Save the days").click()
    expect(page.locator(".fault")).to_be_visible()


def choose_a_file(page: Page, chain: Any) -> None:
    page.get_by_label("The file that the phone saved").set_input_files(
        {"name": "saved.json", "mimeType": "application/json", "buffer": _file(chain)}
    )
    page.get_by_role("button", name="Show what is in it").click()
    page.get_by_role("button", name="Take it in").wait_for()


def _file(chain: Any) -> bytes:
    return str(chain.places["saved"]).encode()


def take_it_in(page: Page, chain: Any) -> None:
    choose_a_file(page, chain)
    page.get_by_role("button", name="Take it in").click()
    page.get_by_role("heading", name="What became of the file").wait_for()


def choose_another_file(page: Page, chain: Any) -> None:
    page.get_by_label("The file that the phone saved").set_input_files(
        {"name": "x.json", "mimeType": "application/json", "buffer": b"{"}
    )
    page.get_by_role("button", name="Show what is in it").click()
    expect(page.locator(".fault")).to_be_visible()
