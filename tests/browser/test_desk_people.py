"""The comfort that a script adds where people are invited; without it the page works as well."""

from __future__ import annotations

from playwright.sync_api import Browser, Page, expect

from surveys.installation import Installation
from surveys.store import sites
from surveys.store.sites import Site
from tests.desk_people import PASSWORD, enrol
from tests.rig.proxy import Proxy
from tests.rig.server import Server

MANY = [Site(f"north-{n}", f"Café {n:02}", "north", "Europe/Paris", "fr") for n in range(1, 20)]


def opened(page: Page, proxy: Proxy, chain: Installation) -> Page:
    with chain.database().transaction():
        sites.put(chain.database(), MANY)
    owner = enrol(chain.database(), "owner")
    page.goto(f"{proxy.url}/sign-in?next=/desk/people/invite")
    page.get_by_label("E-mail").fill(owner.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_text("Certain sites").click()
    return page


def test_typing_shortens_the_list_and_what_is_ticked_stays_in_sight(
    chain: Installation, server: Server, proxy: Proxy, desk: Page
) -> None:
    page = opened(desk, proxy, chain)
    expect(page.get_by_label("Café 07")).to_be_visible()
    page.get_by_label("Café 03").check()
    page.get_by_label("Show those with").fill("cafe 07")  # nobody types the accent
    expect(page.get_by_label("Café 07")).to_be_visible()
    expect(page.get_by_label("Café 03")).to_be_visible()
    expect(page.get_by_label("Café 08")).to_be_hidden()
    page.get_by_label("Show those with").fill("")
    expect(page.get_by_label("Café 08")).to_be_visible()


def test_a_link_is_copied(chain: Installation, server: Server, proxy: Proxy, desk: Page) -> None:
    page = opened(desk, proxy, chain)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_label("E-mail").fill("ana@example.org")
    page.get_by_role("radio", name="reviewer").check()
    page.get_by_role("button", name="Make the link").click()
    link = page.get_by_label("The link").input_value()
    page.get_by_role("button", name="Copy the link").click()
    expect(page.get_by_text("Copied.")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == link


def test_without_a_script_one_invites_as_well(
    chain: Installation, server: Server, proxy: Proxy, browser: Browser
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = opened(context.new_page(), proxy, chain)
    expect(page.get_by_label("Show those with")).to_be_hidden()
    page.get_by_label("E-mail").fill("ana@example.org")
    page.get_by_role("radio", name="manager").check()
    page.get_by_label("Café 08").check()
    page.get_by_role("button", name="Make the link").click()
    expect(page.get_by_label("The link")).to_be_visible()
    expect(page.get_by_role("button", name="Copy the link")).to_be_hidden()
    context.close()
