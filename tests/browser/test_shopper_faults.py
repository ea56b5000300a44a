"""What can go wrong on a shopper's day: each ends with every report at the server exactly once, and
every photo whole by its digest. The names say the fault; `tests/rig/proxy.py` is the network."""

from __future__ import annotations

import hashlib
import http.client
import io
import os
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
from PIL import Image
from playwright.sync_api import expect
from werkzeug.serving import make_server

from surveys import devices, people, visits
from surveys.installation import Installation
from surveys.web import assets
from surveys.web.application import build
from tests.browser.shopper_story import (
    ANSWERS,
    COLOURS,
    EMAIL,
    PHOTOS,
    STOP,
    Day,
    holds,
    picture,
    publish,
)
from tests.rig.browsers import Phone
from tests.rig.proxy import Proxy
from tests.rig.server import Server

VIENNA = ZoneInfo("Europe/Vienna")
NEWER = "0123456789ab"


@pytest.fixture
def day(chain: Installation, server: Server, proxy: Proxy, phone: Phone, tmp_path: Path) -> Day:
    return Day(chain, proxy, phone, tmp_path)


def test_killed(day: Day) -> None:
    visits = day.accept(5)
    day.get_ready()
    day.proxy.down()
    made = [day.report(visit, COLOURS[n]) for n, visit in enumerate(visits[:2])]

    day.open(visits[2])
    day.begin(COLOURS[2])
    day.die()
    day.open(visits[2])
    expect(day.page.get_by_role("img", name="Photo 1")).to_be_visible()
    expect(day.page.locator("#arrived_at")).to_have_value("2026-11-20T18:05")
    day.go_on()
    day.finish()
    made.append((visits[2], [COLOURS[2]]))
    made += [day.report(visit, COLOURS[n]) for n, visit in enumerate(visits[3:], 3)]
    expect(day.row("waiting")).to_have_count(5)
    assert holds(day.chain, []) == []

    day.proxy.up()
    day.delivered(5)
    holds(day.chain, made)
    assert day.phone.faults == []


def test_quota(day: Day) -> None:
    (visit,) = day.accept()
    day.get_ready()
    day.proxy.down()
    day.die()  # a browser remembers for a while how much room there was
    session = day.phone.context.new_cdp_session(day.page)
    origin = {"origin": day.proxy.url}
    used = session.send("Storage.getUsageAndQuota", origin)["usage"]
    session.send("Storage.overrideQuotaForOrigin", {**origin, "quotaSize": used + 500_000})
    day.open(visit)
    day.begin(COLOURS[0])
    day.photograph("noise", large())
    expect(day.page.get_by_text("This photo was not kept: the phone is full.")).to_be_visible()
    expect(day.page.get_by_role("img", name="Photo")).to_have_count(1)
    day.page.reload()
    expect(day.page.get_by_role("img", name="Photo")).to_have_count(1)
    expect(day.page.locator("#arrived_at")).to_have_value("2026-11-20T18:05")

    session.send("Storage.overrideQuotaForOrigin", origin)  # room was made
    day.photograph("noise", large())
    expect(day.page.get_by_role("img", name="Photo 2")).to_be_visible()
    day.photograph(COLOURS[2])
    expect(day.page.get_by_role("img", name="Photo 3")).to_be_visible()
    day.go_on()
    day.finish()
    day.proxy.up()
    day.delivered(1)
    holds(day.chain, [(visit, [COLOURS[0], "gray", COLOURS[2]])])
    assert day.phone.faults == []


def large() -> bytes:
    """A picture that no camera can make small, with a grey corner to know it by."""
    made = Image.frombytes("RGB", (1600, 1200), os.urandom(1600 * 1200 * 3))
    made.paste("gray", (0, 0, 64, 64))
    out = io.BytesIO()
    made.save(out, "JPEG", quality=95)
    return out.getvalue()


def test_two_tabs(day: Day) -> None:
    (visit,) = day.accept()
    day.get_ready()
    day.proxy.down()
    day.open(visit)
    first = day.page
    day.begin(COLOURS[0])

    day.page = second = day.phone.context.new_page()
    second.goto(first.url)
    expect(second.get_by_text("This report is open in another window.")).to_be_visible()
    second.get_by_role("button", name="Continue here").click()
    expect(second.get_by_role("img", name="Photo 1")).to_be_visible()
    expect(first.get_by_text("This report is open in another window.")).to_be_visible()
    day.go_on()
    day.finish()
    first.get_by_role("button", name="Continue here").click()
    expect(first.get_by_text("This report is finished.")).to_be_visible()

    day.proxy.up()
    first.reload()
    day.delivered(1)
    holds(day.chain, [(visit, [COLOURS[0]])])
    assert day.phone.faults == []


@pytest.fixture
def site(chain: Installation) -> Iterator[Proxy]:
    """The application in this process, where its version can be changed, behind the network."""
    server = make_server("127.0.0.1", 0, build(chain.folder), threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with Proxy(server.server_port) as proxy:
        yield proxy
    server.shutdown()
    server.server_close()


def test_new_app_version(
    chain: Installation,
    site: Proxy,
    phone: Phone,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    day = Day(chain, site, phone, tmp_path)
    one, other = day.accept(2)
    day.get_ready()
    day.open(one)
    day.begin(COLOURS[0])
    monkeypatch.setattr(assets, "version", lambda: NEWER)
    site.down()
    made = [day.report(other, COLOURS[1])]  # by the old one, which is whole on the phone

    site.up()
    day.open(one)
    day.page.evaluate(
        "navigator.serviceWorker.getRegistration().then((one) => one.update()).then(() => {})"
    )
    expect(day.page.get_by_text("A new version is here.")).to_be_visible()
    with day.page.expect_navigation():
        day.page.get_by_role("button", name="Reload").click()
    script = day.page.locator("script[src]")
    expect(script).to_have_attribute("src", f"/static/v-{NEWER}/shopper.js")
    expect(day.page.get_by_role("img", name="Photo 1")).to_be_visible()
    day.go_on()
    day.finish()
    made.append((one, [COLOURS[0]]))
    day.delivered(2)
    holds(day.chain, made)
    assert phone.faults == []


def test_new_form_version(day: Day) -> None:
    one, other = day.accept(2)
    day.get_ready()
    day.open(one)
    day.begin(COLOURS[0])
    newer = STOP.replace("What was good?", "What should be praised?")
    publish(day.chain, day.folder, newer.replace("max_photos: 3", "max_photos: 2"))

    day.open(one)
    expect(day.page.get_by_text("You began with an earlier version of this form")).to_be_visible()
    day.proxy.down()
    day.go_on()
    day.finish()
    day.proxy.up()
    day.get_ready()
    made = [(one, [COLOURS[0]]), day.report(other, COLOURS[1])]
    day.delivered(2)
    old, new = holds(day.chain, made)
    assert old["form"] != new["form"]


def test_server_errors(day: Day) -> None:
    one, other = day.accept(2)
    day.get_ready()
    day.proxy.fail(500, ANSWERS)
    made = [day.report(one, COLOURS[0])]
    expect(day.row("waiting")).to_contain_text("Waiting to be sent")

    # Whoever is asked to wait an hour does, unless its owner asks.
    day.proxy.fail(429, ANSWERS, retry_after=3000)
    made.append(day.report(other, COLOURS[1]))
    expect(day.row("waiting")).to_have_count(2)
    day.kept("(all) => all.some((one) => one.name == 'not before')", "settings")
    day.proxy.up()
    asked = day.proxy.requests.count("POST /api/submissions HTTP/1.1")
    day.get_ready()
    assert day.proxy.requests.count("POST /api/submissions HTTP/1.1") == asked

    day.proxy.fail(503, PHOTOS, retry_after=1)
    day.page.goto(f"{day.proxy.url}/visits/queue")
    day.page.get_by_role("button", name="Send all now").click()
    expect(day.row("photos")).to_have_count(2)
    expect(day.row("photos").first).to_contain_text("0 of 1 arrived")
    day.proxy.up()
    day.delivered(2)
    holds(day.chain, made)


def test_answer_lost_after_commit(day: Day) -> None:
    one, other = day.accept(2)
    day.get_ready()
    day.proxy.down()
    made = [day.report(one, COLOURS[0], COLOURS[1]), day.report(other, COLOURS[2])]
    day.proxy.lose(ANSWERS)
    day.page.reload()
    day.proxy.wait_until(lambda it: it.lost >= 1, "the receipts were lost")
    expect(day.row("waiting")).to_have_count(2)
    lost = day.proxy.lost
    day.proxy.lose(PHOTOS)
    day.page.reload()
    day.proxy.wait_until(lambda it: it.lost > lost, "the answer to a photo was lost")
    expect(day.row("photos")).to_have_count(2)
    day.proxy.up()
    day.delivered(2)
    holds(day.chain, made)
    assert day.phone.faults == []


def test_clock(day: Day) -> None:
    one, other = day.accept(2)
    day.get_ready()
    first = datetime.now(VIENNA).date()
    day.phone.context.clock.install(time=datetime.now(UTC) + timedelta(days=365))
    made = [day.report(one, COLOURS[0])]
    day.delivered(1)

    # The second is finished by the wrong clock, and sent by the right one.
    day.proxy.down()
    made.append(day.report(other, COLOURS[1]))
    day.page.clock.set_system_time(datetime.now(UTC))
    day.proxy.up()
    day.delivered(2)
    corrected, received = holds(day.chain, made)
    ahead = datetime.fromisoformat(corrected["finished_at"]) - datetime.now(UTC)
    assert timedelta(days=364) < ahead, "the phone's own times are kept"
    rows = day.chain.database().rows("SELECT submission_id, day, flags FROM submissions")
    found = {row["submission_id"]: row for row in rows}
    assert {row["day"] for row in found.values()} <= {str(first), str(datetime.now(VIENNA).date())}
    assert "clock" not in found[corrected["id"]]["flags"], "set right by when it was sent"
    assert "clock" in found[received["id"]]["flags"], "it was finished in the future"


def test_database_closed(day: Day) -> None:
    (visit,) = day.accept()
    day.phone.context.add_init_script(
        """globalThis.connections = [];
        const open = indexedDB.open.bind(indexedDB);
        indexedDB.open = (...how) => {
            const asking = open(...how);
            asking.addEventListener("success", () => connections.push(asking.result));
            return asking;
        };"""
    )
    closed = "connections.splice(0).map((one) => one.close()).length"
    day.get_ready()
    day.proxy.down()
    day.open(visit)
    assert day.page.evaluate(closed) > 0  # as Safari does it: without a word
    day.begin(COLOURS[0])
    day.page.evaluate(
        """() => new Promise((done) => {  // another tab wants to change the database
            const asking = indexedDB.open("touchstone visits", 2);
            asking.onupgradeneeded = () => asking.transaction.abort();
            asking.onerror = done;
        })"""
    )
    day.photograph(COLOURS[1])
    expect(day.page.get_by_role("img", name="Photo 2")).to_be_visible()
    day.go_on()
    assert day.page.evaluate(closed) > 0
    day.finish()
    assert day.page.evaluate(closed) > 0
    day.proxy.up()
    day.page.reload()
    expect(day.row("delivered")).to_have_count(1)
    day.delivered(1)
    holds(day.chain, [(visit, COLOURS[:2])])
    assert day.phone.faults == []


def test_device_revoked(day: Day) -> None:
    one, other, third = day.accept(3)
    day.get_ready()
    day.proxy.down()
    made = [day.report(one, COLOURS[0]), day.report(other, COLOURS[1], COLOURS[2])]
    revoke(day.chain)

    day.proxy.up()
    day.page.goto(f"{day.proxy.url}/visits/queue")
    expect(day.page).to_have_url(f"{day.proxy.url}/visits/sign-in")
    day.kept("(all) => all.length == 2 && all.every((one) => one.state == 'delivered')", "reports")
    for report in holds(day.chain, made, status="held"):
        assert "withdrawn_token" in report["problems"]
    day.page.goto(f"{day.proxy.url}/visits/{third.visit_id}")
    expect(day.page).to_have_url(f"{day.proxy.url}/visits/sign-in")

    reports = holds(day.chain, made, status="held")
    assert put(day.proxy, reports[0]["id"], picture("teal"), "a-token-that-never-was") == 401
    holds(day.chain, made, status="held")


def revoke(chain: Installation) -> None:
    """The phone was lost: its owner is told, and signs it out."""
    db, now = chain.database(), datetime.now(UTC)
    ana = people.find_email(db, EMAIL)
    assert ana is not None
    (device,) = devices.of(db, ana.person_id)
    with db.transaction():
        devices.revoke(db, now, device.device_id)
        visits.renew_tokens(db, now, ana.person_id, "the phone was lost")


def put(proxy: Proxy, submission_id: str, content: bytes, token: str) -> int:
    """Send a photo as a phone does; the status."""
    digest = hashlib.sha256(content).hexdigest()
    connection = http.client.HTTPConnection(urlsplit(proxy.url).netloc, timeout=20)
    headers = {"Content-Type": "image/jpeg", "Authorization": f"Bearer {token}"}
    connection.request("PUT", f"/api/submissions/{submission_id}/files/{digest}", content, headers)
    status = connection.getresponse().status
    connection.close()
    return status
