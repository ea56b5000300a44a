"""The whole story: a poster on the wall, a phone without a signal, a manager's CSV.

Nothing is pretended. The poster is the command's own PDF, rasterised and read by a decoder; the
network is cut in a proxy, below the browser; the battery dies by SIGKILL; the manager signs in and
clicks on the download. Every time the answers must be there, and there once.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable

import pytest
from playwright.sync_api import Error, Page, expect

from tests.browser.phone_story import kept_on_the_phone
from tests.rig import story
from tests.rig.browsers import Phone
from tests.rig.proxy import Proxy
from tests.rig.server import Server

pytestmark = pytest.mark.skipif(
    shutil.which("pdftoppm") is None,
    reason="no pdftoppm here to print the poster: on Debian or Ubuntu `apt-get install"
    " poppler-utils`",
)

SENDING = "POST /api/submissions"


@pytest.fixture
def address(server: Server, proxy: Proxy) -> str:
    """What stands on the poster of Harbour Street."""
    story.import_sites(server)
    found = story.scan(story.poster(server, "north-1"))
    assert found.startswith(f"{proxy.url}/q/")
    return found


@pytest.fixture
def manager(server: Server, address: str, desk: Page) -> Page:
    """The regional manager of the North at her desk, signed in."""
    link = server.command(
        "people", "add", "ana@example.org", "--role", "manager", "--region", "North"
    )
    story.join(desk, link.split()[0], "Ana")
    return desk


def answer(page: Page, levels: tuple[int, ...] = (7, 2, 5)) -> dict[str, str]:
    """Ticks the moment and the three scales that are shown; dimension → level."""
    page.locator('[data-k="moment"] label', has=page.locator('[value="better"]')).click()
    ticked = {}
    scales = page.locator('fieldset[data-t="scale"]:visible')
    expect(scales).to_have_count(len(levels))
    for scale, level in zip(scales.all(), levels, strict=True):
        scale.locator(f'label:has(input[value="{level}"])').click()
        ticked[str(scale.get_attribute("data-k"))] = str(level)
    return ticked


def send(page: Page) -> None:
    page.get_by_role("button", name="Send").first.click()


def ready_for_no_network(page: Page, address: str) -> None:
    page.goto(address)
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")


def holds_once(manager: Page, ticked: dict[str, str]) -> None:
    """The manager's downloads hold exactly these ratings, of one submission, once."""
    ratings = story.download(manager, "ratings")
    assert {row["dimension"]: row["level"] for row in ratings} == ticked
    assert len(ratings) == len(ticked)
    assert len({row["submission_id"] for row in ratings}) == 1
    assert {(row["site_id"], row["source"]) for row in ratings} == {("north-1", "customer")}
    scores = [row for row in story.download(manager, "scores") if row["n"] != "0"]
    assert {row["dimension"]: float(row["mean"]) for row in scores} == {
        dimension: float(level) for dimension, level in ticked.items()
    }
    assert {row["n"] for row in scores} == {"1"}
    moments = [row for row in story.download(manager, "moments") if row["contacts"] != "0"]
    assert [(row["site_id"], row["contacts"], row["magic"]) for row in moments] == [
        ("north-1", "1", "1")
    ]


def test_answered_without_a_signal_on_a_phone_whose_battery_died(
    address: str, manager: Page, phone: Phone, proxy: Proxy
) -> None:
    ready_for_no_network(phone.page, address)

    proxy.down()
    phone.page.reload()  # from the phone's own cache
    ticked = answer(phone.page)
    send(phone.page)
    expect(phone.page.get_by_text("Kept on this phone")).to_be_visible()
    phone.kill()

    proxy.up()
    assert story.download(manager, "ratings") == []
    phone.reopen()
    phone.page.goto(address)
    expect(phone.page.get_by_text("Delivered")).to_be_visible()

    holds_once(manager, ticked)
    assert phone.faults == []
    assert phone.elsewhere == []


def test_the_battery_dies_before_send(
    address: str, manager: Page, phone: Phone, proxy: Proxy
) -> None:
    ready_for_no_network(phone.page, address)
    proxy.down()
    phone.page.reload()
    ticked = answer(phone.page)
    # every tap is written down as it is made: the last one has arrived when all four are there
    kept_on_the_phone(phone.page, "drafts", "(all) => all[0]?.values.length == 4")
    phone.kill()

    phone.reopen()  # still without a signal
    phone.page.goto(address)
    expect(phone.page.locator("input:checked")).to_have_count(4)
    send(phone.page)
    expect(phone.page.get_by_text("Kept on this phone")).to_be_visible()
    proxy.up()
    # the page tries again by itself
    expect(phone.page.get_by_text("Delivered")).to_be_visible()
    holds_once(manager, ticked)


def test_the_answer_is_lost_after_the_server_has_stored_it(
    address: str, manager: Page, phone: Phone, proxy: Proxy
) -> None:
    phone.page.goto(address)
    ticked = answer(phone.page)
    proxy.lose(only=SENDING)
    send(phone.page)
    proxy.wait_until(lambda p: p.lost > 0, "an answer was lost")
    expect(phone.page.get_by_text("Kept on this phone")).to_be_visible()
    phone.kill()

    proxy.up()
    holds_once(manager, ticked)  # it is there, and the phone does not know
    sent_before = sum(line.startswith(SENDING) for line in proxy.requests)
    phone.reopen()
    phone.page.goto(address)
    proxy.wait_until(
        lambda p: sum(line.startswith(SENDING) for line in p.requests) > sent_before,
        "the phone sent it again",
    )
    expect(phone.page.get_by_text("Delivered")).to_be_visible()
    holds_once(manager, ticked)


def test_the_server_loses_its_power_while_the_phone_sends(
    address: str, manager: Page, phone: Phone, proxy: Proxy, server: Server
) -> None:
    phone.page.goto(address)
    ticked = answer(phone.page)
    proxy.hang(only=SENDING)
    send(phone.page)
    proxy.wait_until(lambda p: p.requests[-1].startswith(SENDING), "the phone sends")
    server.kill()
    proxy.up()
    server.start()
    # the page tries again by itself
    expect(phone.page.get_by_text("Delivered")).to_be_visible()
    holds_once(manager, ticked)


def test_without_javascript(
    address: str, manager: Page, phones: Callable[..., Phone], proxy: Proxy
) -> None:
    page = phones(java_script_enabled=False).page
    page.goto(address)
    ticked = answer(page)
    send(page)
    expect(page.get_by_role("heading", name="Thank you.")).to_be_visible()
    assert "/thanks" in page.url
    page.reload()
    holds_once(manager, ticked)


def test_without_javascript_the_answer_is_lost_and_the_page_sent_again(
    address: str, manager: Page, phones: Callable[..., Phone], proxy: Proxy
) -> None:
    page = phones(java_script_enabled=False).page
    page.goto(address)
    ticked = answer(page)
    proxy.lose(only="POST /q/")
    with pytest.raises(Error, match="ERR_"), page.expect_navigation(url="**/thanks**"):
        send(page)
    proxy.wait_until(lambda p: p.lost > 0, "an answer was lost")
    page.wait_for_url("chrome-error://**")  # the browser's own page: no connection, try again
    proxy.up()
    page.reload()  # as that page offers: the same form is sent again, under the same id
    expect(page.get_by_role("heading", name="Thank you.")).to_be_visible()
    holds_once(manager, ticked)


def test_without_javascript_a_double_tap_counts_once(
    address: str, manager: Page, phones: Callable[..., Phone]
) -> None:
    page = phones(java_script_enabled=False).page
    page.goto(address)
    ticked = answer(page)
    page.get_by_role("button", name="Send").first.dblclick()
    expect(page.get_by_role("heading", name="Thank you.")).to_be_visible()
    holds_once(manager, ticked)
