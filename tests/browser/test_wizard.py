"""From an empty folder to a first rating, as a newcomer goes: one command, then the browser alone.

What they have to type and to click is counted, so that it does not grow unnoticed.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.test_pages import violations
from tests.rig import story
from tests.rig.browsers import Phone
from tests.rig.server import Server

pytestmark = pytest.mark.skipif(
    shutil.which("pdftoppm") is None,
    reason="no pdftoppm here to print the poster: on Debian or Ubuntu `apt-get install"
    " poppler-utils`",
)

MORE_SITES = """\
site_id,name,region,timezone,language,address,latitude,longitude,kind
0418,Market Square,North,Europe/London,en,,,,
0419,Étoile,Île-de-France,Europe/Paris,fr,,,,
"""


class Newcomer:
    """Somebody at a desk whose typing and clicking is counted."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.typed = 0
        self.clicked = 0

    def type(self, label: str, text: str) -> None:
        self.page.get_by_label(label, exact=True).fill(text)
        self.typed += 1

    def click(self, name: str) -> None:
        found: Locator = self.page.get_by_role("button", name=name, exact=True)
        found.or_(self.page.get_by_role("link", name=name, exact=True)).first.click()
        self.clicked += 1


@pytest.fixture
def untold(tmp_path: Path) -> Iterator[Server]:
    """The server over an empty folder, told nothing at all."""
    with Server(tmp_path / "data") as server:
        yield server


def link_to_become_owner(server: Server) -> str:
    found = re.search(r"http\S+/join/\S+", server.output())
    assert found, server.output()
    return found[0]


def become_owner(newcomer: Newcomer, server: Server) -> None:
    newcomer.page.goto(link_to_become_owner(server))
    newcomer.type("Your e-mail", "ana@example.org")
    newcomer.type("Your name", "Ana")
    newcomer.type("A password", "correct horse battery")
    newcomer.click("Begin")


def answer_on(phone: Phone, address: str) -> None:
    """Scans, taps the moment and every scale that is shown, sends."""
    page = phone.page
    page.goto(address)
    page.locator('[data-k="moment"] label', has=page.locator('[value="better"]')).click()
    for scale in page.locator('fieldset[data-t="scale"]:visible').all():
        scale.locator('label:has(input[value="6"])').click()
    page.get_by_role("button", name="Send").first.click()
    expect(page.get_by_text("Thank you.")).to_be_visible()


def test_from_an_empty_folder_to_a_first_rating(
    untold: Server, desk: Page, phones: Callable[..., Phone], tmp_path: Path
) -> None:
    newcomer = Newcomer(desk)
    become_owner(newcomer, untold)

    expect(desk.get_by_text("Step 1 of 4")).to_be_visible()
    newcomer.type("Name of the organisation", "Café Müller & Töchter")
    newcomer.click("Go on")

    # Nobody has given an address yet, and this one leads nowhere but here: it says so.
    expect(desk.get_by_text("Step 2 of 4")).to_be_visible()
    newcomer.type("The address that phones reach", untold.url)
    newcomer.click("Check and go on")
    expect(desk.get_by_role("alert")).to_contain_text("No phone reaches it")
    newcomer.click("Use it anyway")

    expect(desk.get_by_text("Step 3 of 4")).to_be_visible()
    expect(desk.get_by_label("Time zone")).not_to_have_value("")  # the browser's
    newcomer.type("Name", "Harbour Street")
    newcomer.click("Save and go on")

    expect(desk.get_by_text("Step 4 of 4")).to_be_visible()
    newcomer.click("Make the poster")
    assert violations(desk) == []
    with desk.expect_download() as waiting:
        newcomer.click("Download the poster")
    poster = tmp_path / "poster.pdf"
    waiting.value.save_as(poster)
    scanned = story.scan(poster)
    assert scanned.startswith(f"{untold.url}/q/")

    answer_on(phones(), scanned)
    # The page looks by itself, and shows it.
    expect(desk.get_by_role("heading", name="It has arrived.")).to_be_visible()
    expect(desk.locator("#arrived li")).to_have_count(3)
    expect(desk.locator("#arrived li").first).to_contain_text("6 of 7")
    newcomer.click("Go on")
    expect(desk.get_by_role("heading", name="It is set up")).to_be_visible()

    newcomer.click("Read what customers say")
    expect(desk.get_by_role("link", name="Harbour Street").first).to_be_visible()
    expect(desk.get_by_text("Café Müller & Töchter")).to_be_visible()
    expect(desk.get_by_text("What is left to do")).to_be_hidden()
    assert [row["level"] for row in story.download(desk, "ratings")] == ["6", "6", "6"]

    assert newcomer.typed <= 6
    assert newcomer.clicked <= 9


def test_further_sites_by_csv_are_shown_before_they_are_written(
    untold: Server, desk: Page, tmp_path: Path
) -> None:
    newcomer = Newcomer(desk)
    become_owner(newcomer, untold)
    newcomer.click("Skip this for now")
    newcomer.click("Try it on this computer")
    file = tmp_path / "more.csv"
    file.write_text(MORE_SITES, encoding="utf-8")
    desk.get_by_label("The file").set_input_files(file)
    newcomer.click("Show what would change")

    expect(desk.get_by_role("heading", name="What would change")).to_be_visible()
    expect(desk.get_by_role("heading", name="2 new sites")).to_be_visible()
    assert "There are no sites yet" in untold.command("sites", "list")
    newcomer.click("Import it like this")

    expect(desk.get_by_text("2 sites added.")).to_be_visible()
    desk.get_by_label("For which site?").select_option("0419")
    newcomer.click("Make the poster")
    expect(desk.get_by_role("heading", name="Étoile")).to_be_visible()
    desk.goto(f"{untold.url}/desk/sites")
    expect(desk.get_by_role("row")).to_have_count(3)


def test_what_was_skipped_is_pointed_at_until_it_is_done(untold: Server, desk: Page) -> None:
    newcomer = Newcomer(desk)
    become_owner(newcomer, untold)
    desk.goto(f"{untold.url}/desk")
    left = desk.get_by_role("region", name="What is left to do")
    expect(left.get_by_role("listitem")).to_have_count(4)
    assert violations(desk) == []
    newcomer.click("Add your first sites")
    newcomer.type("Name", "مقهى الميناء")
    newcomer.click("Save and go on")
    desk.goto(f"{untold.url}/desk")
    expect(left.get_by_role("listitem")).to_have_count(3)
    newcomer.click("Do not remind me")
    expect(left).to_be_hidden()


def test_without_javascript_it_goes_just_as_well(
    untold: Server, phones: Callable[..., Phone]
) -> None:
    page = phones(java_script_enabled=False, locale="en-IE").page
    newcomer = Newcomer(page)
    become_owner(newcomer, untold)
    newcomer.click("Skip this for now")
    newcomer.click("Try it on this computer")
    expect(page.get_by_label("Time zone")).to_have_value("Europe/Dublin")  # Ireland has but one
    newcomer.type("Name", "Café de l’Étoile")
    newcomer.click("Save and go on")
    newcomer.click("Make the poster")
    expect(page.get_by_text("Nothing has come in yet.")).to_be_visible()
    assert "cafe-de-letoile" in untold.command("sites", "list")
    answer_on(phones(), page.get_by_role("link", name="Or open it").get_attribute("href") or "")
    newcomer.click("Has it arrived?")
    expect(page.get_by_role("heading", name="It has arrived.")).to_be_visible()
