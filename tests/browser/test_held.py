"""Hundreds that are held, decided at once by a person at the desk, while phones go on sending."""

from __future__ import annotations

import json
import urllib.request
import uuid
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from surveys import publishing
from surveys.installation import Installation
from surveys.rebuild import rebuild
from tests.browser.phone_story import Store
from tests.conftest import CODES, WITHDRAWN
from tests.desk_people import PASSWORD, enrol
from tests.rig.server import Server

LATE = 620  # more than one step takes


def send(server: Server, records: list[dict[str, Any]]) -> list[str]:
    """What a phone does; the statuses of the receipts."""
    request = urllib.request.Request(
        f"{server.url}/api/submissions",
        json.dumps({"submissions": records}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:
        return [receipt["status"] for receipt in json.load(answer)["receipts"]]


@pytest.mark.parametrize("script", [True, False], ids=["script", "plain"])
def test_hundreds_are_decided_step_by_step_and_phones_go_on_sending(
    chain: Installation, server: Server, store: Store, browser: Browser, script: bool
) -> None:
    newest = publishing.newest(chain.database(), "counter")
    assert newest is not None
    made = {"form": newest.form, "answers": {"welcome": 6}}
    made |= {"finished_at": "2026-11-20T09:00:00+01:00"}
    for start in range(0, LATE, 100):
        batch = range(start, min(start + 100, LATE))
        late = [{**made, "id": str(uuid.uuid4()), "token": WITHDRAWN} for _ in batch]
        assert set(send(server, late)) == {"held"}
    owner = enrol(chain.database(), "owner")
    context = browser.new_context(java_script_enabled=script)
    page = context.new_page()
    page.goto(f"{server.url}/sign-in")
    page.get_by_label("E-mail").fill(owner.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.goto(f"{server.url}/desk/held")
    page.get_by_role("link", name="Decide about all").first.click()
    accept = page.locator("section", has=page.get_by_role("heading", name="Accept all that fit"))
    accept.get_by_label("Why").fill("finished before the poster came down")
    accept.get_by_role("button").click()
    if not script:
        expect(page.get_by_text(f"500 of {LATE} are decided, 120 are left.")).to_be_visible()
        fresh = [{**made, "id": str(uuid.uuid4()), "token": CODES["vienna-1"]}]
        assert send(server, fresh) == ["accepted"]
        page.get_by_role("button", name="Go on").click()
    _told(page, f"{LATE} were accepted.")
    _told(page, "Nothing is held")
    counted = sum(1 for one in store.submissions() if one["status"] == "counted")
    assert counted == LATE + (not script)
    assert rebuild(chain.database()) == []
    context.close()


def _told(page: Page, words: str) -> None:
    expect(page.get_by_text(words)).to_be_visible(timeout=60_000)
