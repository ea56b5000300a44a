"""The long form on a shopper's phone: filled in over days, kept at every change, frozen once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from surveys import publishing
from surveys.checking import load
from surveys.installation import Installation
from surveys.people import Person
from surveys.visits import Visit
from surveys.web.sessions import DEVICE_COOKIE
from surveys.web.words import words
from tests.browser.phone_story import Store, tick
from tests.conftest import NOW
from tests.field import accepted_visit, add_phone, add_shopper, add_visit
from tests.rig.browsers import Phone
from tests.rig.proxy import Proxy
from tests.rig.server import Server

TRIP = """
instrument: trip
title: {en: Trip, ar: رحلة}
source: shopper
mode: routine
review: none
languages: [en, ar]
sections:
  - title: {en: Facts, ar: الوقائع}
    items:
      - {key: hello, type: note, ask: {en: Look first., ar: انظر أولًا.}}
      - {key: arrived_at, type: datetime, required: true, ask: {en: "When did you arrive?", ar: "متى وصلت؟"}}
      - {key: ahead, type: integer, min: 0, max: 20, ask: {en: "How many were ahead?", ar: "كم شخصًا كان قبلك؟"}}
      - {key: loud, type: yes_no, show_if: {ahead: {more_than: 2}}, ask: {en: "Was it loud?", ar: "هل كان المكان صاخبًا؟"}}
      - {key: spent, type: number, min: 0, ask: {en: "What did you pay?", ar: "كم دفعت؟"}}
      - {key: waited, type: duration, max: 3600, ask: {en: "How long did you wait?", ar: "كم انتظرت؟"}}
      - {key: front, type: photo, max_photos: 2, ask: {en: "The entrance", ar: "المدخل"}}
      - {key: here, type: place, ask: {en: "Where are you?", ar: "أين أنت؟"}}
  - title: {en: Behaviour, ar: السلوك}
    items:
      - {key: welcome, type: scale, short: true}
      - {key: waiting, type: scale, short: true}
  - title: {en: Words, ar: كلمات}
    items:
      - {key: praise, type: text, required: true, max_length: 40, ask: {en: "What should be praised?", ar: "ما الذي يستحق الثناء؟"}}
"""  # noqa: E501 - one question a line

ORIENTATION, GPS, MAKE = 0x0112, 0x8825, 0x010F


@pytest.fixture
def trip(chain: Installation, tmp_path: Path) -> Installation:
    file = tmp_path / "trip.yaml"
    file.write_text(TRIP, encoding="utf-8")
    publishing.publish(chain.database(), load(file), NOW)
    return chain


@pytest.fixture
def ana(trip: Installation) -> Person:
    return add_shopper(trip, "ana")


@pytest.fixture
def visit(trip: Installation, ana: Person) -> Visit:
    return accepted_visit(trip, ana, instrument="trip", briefing="Ask for a gift.")


@pytest.fixture
def address(visit: Visit, server: Server, proxy: Proxy) -> str:
    return f"{proxy.url}/visits/{visit.visit_id}"


@pytest.fixture
def signed_in(trip: Installation, ana: Person, proxy: Proxy) -> Callable[[Phone], Page]:
    """Makes a phone Ana's. (A browser that is killed may not have written its cookies yet.)"""
    _, token = add_phone(trip, ana)

    def sign_in(phone: Phone) -> Page:
        cookie: Any = {"name": DEVICE_COOKIE, "value": token, "url": proxy.url}
        phone.context.add_cookies([cookie])
        return phone.page

    return sign_in


def on_the_phone(page: Page, store: str) -> list[Any]:
    """What lies in one of the phone's stores; bytes as a list of numbers."""
    found: list[Any] = page.evaluate(
        """(store) => new Promise((done) => {
            indexedDB.open("touchstone visits").onsuccess = ({ target: { result: db } }) => {
                db.transaction(store).objectStore(store).getAll().onsuccess = ({ target }) => {
                    db.close();
                    done(target.result.map((one) =>
                        one.bytes ? { ...one, bytes: [...new Uint8Array(one.bytes)] } : one));
                };
            };
        })""",
        store,
    )
    return found


def kept(page: Page, question: str, value: str) -> None:
    """Waits until the draft on the phone has this answer."""
    for _ in range(200):
        if any([question, value] in draft["values"] for draft in on_the_phone(page, "drafts")):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"{question} was not kept as {value}")


def picture(path: Path, size: tuple[int, int] = (3000, 2000)) -> Path:
    """A camera's picture, on its side, that tells who made it and where: red above, blue below."""
    made = Image.new("RGB", size, "red")
    made.paste("blue", (0, 0, size[0] // 2, size[1]))
    exif = Image.Exif()
    exif[MAKE] = "Spycam"
    exif[ORIENTATION] = 6  # to be turned by 90° clockwise: what is left comes to the top
    exif[GPS] = {1: "N", 2: (48.0, 12.0, 30.0), 3: "E", 4: (16.0, 22.0, 25.0)}
    made.save(path, exif=exif, quality=95)
    return path


def choose(page: Page, *files: Path) -> None:
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose from the phone").click()
    chooser.value.set_files(files)


def turn(page: Page) -> None:
    page.get_by_role("button", name="Next", exact=True).click()


def test_a_report_begun_at_the_shop_is_finished_days_later_and_frozen(
    address: str,
    phone: Phone,
    signed_in: Callable[[Phone], Page],
    visit: Visit,
    tmp_path: Path,
    store: Store,
) -> None:
    page = signed_in(phone)
    page.goto(f"{address}?code=vienna-1-counter")
    expect(page.get_by_text("Part 1 of 4: Facts")).to_be_visible()
    expect(page.get_by_text("Ask for a gift.")).to_be_visible()
    assert "code=" not in page.url
    page.get_by_role("button", name="Start the timer").click()
    expect(page.locator("output")).to_have_text("0:01")
    choose(page, picture(tmp_path / "door.jpg"))
    expect(page.get_by_role("img", name="Photo 1")).to_be_visible()
    choose(page, tmp_path / "door.jpg")
    expect(page.get_by_text("This photo is here already.")).to_be_visible()
    page.locator("#ahead").fill("٣")  # Arabic figures
    expect(page.locator("[data-k=loud]")).to_be_visible()
    tick(page, "loud", "true")
    turn(page)
    tick(page, "welcome", "6")
    kept(page, "welcome", "6")
    phone.kill()

    phone.reopen()
    page = signed_in(phone)
    page.goto(address)
    expect(page.get_by_text("Part 2 of 4: Behaviour")).to_be_visible()
    expect(page.locator("[name=welcome]:checked")).to_have_value("6")
    page.get_by_role("button", name="Back").click()
    expect(page.get_by_role("img", name="Photo 1")).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    waited = page.locator("#waited")
    assert waited.input_value() > "0:00"
    waited.fill("3:20")
    page.locator("#spent").fill("12,50")
    page.locator("#arrived_at").fill("2026-11-20T18:05")
    page.locator("#ahead").fill("2")  # now nobody asks whether it was loud
    expect(page.locator("[data-k=loud]")).to_be_hidden()

    page.get_by_text("Part 1 of 4: Facts").click()
    page.get_by_role("button", name="Check and send").click()
    expect(page.get_by_role("heading", name="Check and send")).to_be_focused()
    review = page.locator("#review")
    expect(review).to_contain_text("1 question needs you:")
    expect(review).to_contain_text("3:20")
    expect(review).to_contain_text("6 of 7")
    expect(review).not_to_contain_text("loud")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#summary")).to_be_focused()
    assert on_the_phone(page, "reports") == []
    page.locator("#summary").get_by_role("button").click()
    expect(page.locator("#praise")).to_be_focused()
    page.keyboard.type("The door was held.")
    page.get_by_role("button", name="Check and send").click()
    expect(review).to_contain_text("All that is needed is here.")
    (photo,) = on_the_phone(page, "photos")
    page.get_by_role("button", name="Send").click()
    page.wait_for_url("**/visits/queue")

    (report,) = on_the_phone(page, "reports")
    assert on_the_phone(page, "drafts") == []
    assert (report["visit"], report["token"]) == (visit.visit_id, visit.token)
    found = wait_for(page, store)
    assert found["status"] == "counted"
    assert found["answers"] == {
        "arrived_at": "2026-11-20T18:05:00+01:00",
        "ahead": 2,
        "spent": 12.5,
        "waited": 200,
        "front": [photo["sha256"]],
        "welcome": 6,
        "praise": "The door was held.",
    }
    assert "loud" not in found["asked"]
    assert [one["code"] for one in found["scanned"]] == ["vienna-1-counter"]
    assert found["started_at"] < found["finished_at"]
    content = bytes(photo["bytes"])
    assert found["files"] == [
        {
            "sha256": hashlib.sha256(content).hexdigest(),
            "question": "front",
            "type": "image/jpeg",
            "bytes": len(content),
        }
    ]
    drawn = Image.open(BytesIO(content))
    assert (drawn.format, drawn.size) == ("JPEG", (1067, 1600)), "upright, and not too large"
    assert not drawn.getexif()
    assert b"Exif" not in content
    assert b"Spycam" not in content
    above, below = drawn.getpixel((500, 100)), drawn.getpixel((500, 1500))
    assert (above[0] < 60, above[2] > 200) == (True, True), "blue, which the camera had on its left"
    assert (below[0] > 200, below[2] < 60) == (True, True)

    page.goto(address)  # what is frozen is not filled in again
    expect(page.get_by_text("Your report has arrived and counts.")).to_be_visible()
    expect(page.locator("#praise")).to_have_count(0)
    assert phone.faults == []


def wait_for(page: Page, store: Store) -> dict[str, Any]:
    """The one report, once it has come."""
    for _ in range(200):
        if found := store.submissions():
            assert len(found) == 1
            return found[0]
        page.wait_for_timeout(100)
    raise AssertionError("no report came")


def test_in_arabic_by_keyboard_alone_from_the_first_part_to_the_queue(
    address: str,
    phones: Callable[..., Phone],
    signed_in: Callable[[Phone], Page],
    store: Store,
) -> None:
    phone = phones(locale="ar", viewport={"width": 320, "height": 640})
    page, said = signed_in(phone), words("ar")
    keys = page.keyboard
    page.goto(address)
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    expect(page.get_by_text("الجزء 1 من 4")).to_be_visible()

    def narrow() -> bool:
        return bool(page.evaluate("document.documentElement.scrollWidth <= 320"))

    assert narrow()
    page.locator("#ahead").focus()
    keys.type("٤٤")
    keys.press("Tab")  # to "was it loud?", which now is asked
    expect(page.locator("#ahead-m")).to_contain_text("من 0 إلى 20")
    assert "ahead-m" in (page.locator("#ahead").get_attribute("aria-describedby") or "")
    keys.press("Shift+Tab")
    keys.press("Control+A")
    keys.type("٤")
    keys.press("Tab")
    expect(page.locator("#ahead-m")).to_have_count(0)
    keys.press("Space")
    keys.press("Tab")
    keys.type("١٢٫٥")
    keys.press("Enter")  # as Next
    heading = page.locator("section.part:not(.off) h2")
    expect(heading).to_be_focused()
    expect(heading).to_contain_text("السلوك")
    keys.press("Tab")
    keys.press("Space")
    for _ in range(6):
        keys.press("ArrowLeft")  # onwards, in the direction of reading
    keys.press("Enter")
    expect(heading).to_contain_text("كلمات")
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert narrow()
    keys.press("Tab")
    keys.type("شكرًا")
    keys.press("Tab")
    keys.press("Enter")
    expect(heading).to_be_focused()
    expect(heading).to_have_text(said["review"])
    keys.press("Tab")
    assert narrow()
    keys.press("Enter")  # the summary's first: the date that is needed
    expect(page.locator("#arrived_at")).to_be_focused()
    page.locator("#arrived_at").fill("2026-11-22T10:00")
    page.go_back()  # the phone's own Back is a page back, not out of the form
    expect(heading).to_have_text(said["review"])
    page.get_by_role("button", name=said["send"], exact=True).press("Enter")
    page.wait_for_url("**/visits/queue")
    found = wait_for(page, store)
    assert found["language"] == "ar"
    assert found["answers"] == {
        "arrived_at": "2026-11-22T10:00:00+01:00",
        "ahead": 4,
        "loud": True,
        "spent": 12.5,
        "welcome": 7,
        "praise": "شكرًا",
    }
    assert phone.faults == []


def test_a_place_is_asked_for_by_a_tap_and_a_refusal_leaves_a_way(
    address: str, phone: Phone, signed_in: Callable[[Phone], Page]
) -> None:
    page = signed_in(phone)
    page.goto(address)
    here = page.locator("[data-k=here]")
    expect(here).to_contain_text("only to show that you were there")
    expect(page.locator("#here")).to_be_hidden()
    phone.context.set_geolocation({"latitude": 48.2082, "longitude": 16.3738, "accuracy": 24.2})
    phone.context.grant_permissions(["geolocation"])
    here.get_by_role("button", name="Use my position").click()
    expect(here).to_contain_text("48.2082, 16.3738, within 25 m")
    kept(page, "here", "48.208200, 16.373800, 25")
    here.get_by_role("button", name="Remove").click()
    expect(here).not_to_contain_text("within")

    phone.context.clear_permissions()
    page.reload()
    expect(page.locator("#here")).to_have_value("")
    here.get_by_role("button", name="Use my position").click()
    expect(here).to_contain_text("does not let this page know where you are")
    page.locator("#here").fill("somewhere")
    page.locator("#spent").focus()
    expect(here).to_contain_text("Write latitude and longitude")
    page.locator("#here").fill("48,2; 16,37")
    page.locator("#spent").focus()
    expect(here).not_to_contain_text("Write latitude and longitude")


def test_files_that_are_no_photos_are_refused_in_words_and_a_removed_one_comes_back(
    address: str, phone: Phone, signed_in: Callable[[Phone], Page], tmp_path: Path
) -> None:
    page = signed_in(phone)
    page.goto(address)
    front = page.locator("[data-k=front]")
    (text := tmp_path / "notes.txt").write_text("no picture")
    (heic := tmp_path / "phone.heic").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
    choose(page, text, heic)
    expect(front).to_contain_text("notes.txt: This file is not a picture")
    expect(front).to_contain_text("phone.heic: This browser cannot open HEIC pictures.")
    one = picture(tmp_path / "one.jpg", (400, 300))
    two = picture(tmp_path / "two.jpg", (300, 200))
    three = picture(tmp_path / "three.jpg", (200, 200))
    choose(page, one, two, three)
    expect(front.get_by_role("img")).to_have_count(2)
    expect(front).to_contain_text("No more than 2.")
    expect(front.get_by_role("button", name="Take a photo")).to_have_count(0)
    before = on_the_phone(page, "drafts")[0]["photos"]["front"]
    front.get_by_role("button", name="Remove: Photo 1").click()
    expect(front.get_by_role("img")).to_have_count(1)
    front.get_by_role("button", name="Undo").click()
    expect(front.get_by_role("img")).to_have_count(2)
    assert on_the_phone(page, "drafts")[0]["photos"]["front"] == before
    front.get_by_role("button", name="Remove: Photo 2").click()
    expect(front.get_by_role("img")).to_have_count(1)
    page.reload()
    expect(front.get_by_role("img")).to_have_count(1)
    assert len(on_the_phone(page, "photos")) == 1, "what is not wanted takes no room"


def test_a_full_phone_says_so_and_keeps_once_there_is_room(
    address: str, phone: Phone, signed_in: Callable[[Phone], Page], proxy: Proxy
) -> None:
    page = signed_in(phone)
    quota = phone.context.new_cdp_session(page)
    quota.send("Storage.overrideQuotaForOrigin", {"origin": proxy.url, "quotaSize": 1})
    page.goto(address)
    expect(page.locator(".way")).to_be_visible()
    page.locator("#spent").fill("3")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("Not kept: this phone is full.")
    quota.send("Storage.overrideQuotaForOrigin", {"origin": proxy.url})
    alert.get_by_role("button", name="Try now").click()
    kept(page, "spent", "3")
    expect(alert).to_have_count(0)


def test_two_windows_write_one_report_in_turn(
    address: str, phone: Phone, signed_in: Callable[[Phone], Page]
) -> None:
    first = signed_in(phone)
    first.goto(address)
    expect(first.locator(".way")).to_be_visible()
    first.locator("#ahead").fill("7")
    second = phone.context.new_page()
    second.goto(address)
    expect(second.get_by_role("alert")).to_contain_text("open in another window")
    expect(second.locator("form[data-visit]")).to_have_attribute("inert", "")
    first.locator("#spent").fill("3")
    second.get_by_role("button", name="Continue here").click()
    expect(second.locator("#spent")).to_have_value("3")
    expect(first.get_by_role("alert")).to_contain_text("open in another window")
    second.locator("#spent").fill("4")
    kept(second, "spent", "4")
    first.bring_to_front()
    first.get_by_role("button", name="Continue here").click()
    expect(first.locator("#spent")).to_have_value("4")
    expect(first.locator("#ahead")).to_have_value("7")
    assert phone.faults == []


def test_a_draft_goes_on_in_the_version_it_was_begun_with(
    address: str,
    phone: Phone,
    signed_in: Callable[[Phone], Page],
    trip: Installation,
    store: Store,
    tmp_path: Path,
) -> None:
    page = signed_in(phone)
    page.goto(address)
    page.locator("#ahead").fill("2")
    page.locator("#arrived_at").fill("2026-11-22T10:00")
    kept(page, "arrived_at", "2026-11-22T10:00")
    old = page.locator("[name=form]").input_value()
    file = tmp_path / "trip.yaml"
    file.write_text(TRIP.replace("key: ahead", "key: in_line").replace("{ahead:", "{in_line:"))
    publishing.publish(trip.database(), load(file), NOW)

    page.reload()
    expect(page.get_by_text("You began with an earlier version of this form")).to_be_visible()
    expect(page.locator("#ahead")).to_have_value("2")
    expect(page.locator("#in_line")).to_have_count(0)
    page.get_by_text("Part 1 of 4: Facts").click()
    page.get_by_role("button", name="Words", exact=True).click()
    page.locator("#praise").fill("All.")
    page.get_by_role("button", name="Check and send").click()
    page.get_by_role("button", name="Send", exact=True).click()
    page.wait_for_url("**/visits/queue")
    found = wait_for(page, store)
    assert (found["form"], found["answers"]["ahead"]) == (old, 2)
    assert found["status"] == "counted"


def test_a_draft_is_its_shoppers_alone_and_can_be_discarded(
    address: str,
    phone: Phone,
    signed_in: Callable[[Phone], Page],
    trip: Installation,
    visit: Visit,
    proxy: Proxy,
) -> None:
    page = signed_in(phone)
    page.goto(address)
    page.locator("#ahead").fill("2")
    kept(page, "ahead", "2")
    # The visit goes to somebody else, who takes the same phone.
    ben = add_shopper(trip, "ben")
    db = trip.database()
    add_visit(trip, [ben])  # gives Ben a number
    db.execute(
        "UPDATE visits SET person_id = :ben WHERE visit_id = :visit",
        {"ben": ben.person_id, "visit": visit.visit_id},
    )
    _, token = add_phone(trip, ben)
    cookie: Any = {"name": DEVICE_COOKIE, "value": token, "url": proxy.url}
    phone.context.add_cookies([cookie])
    page.goto(address)
    expect(page.locator("#ahead")).to_have_value("")
    page.locator("#ahead").fill("9")
    kept(page, "ahead", "9")
    db.execute(
        "UPDATE visits SET person_id = :ana WHERE visit_id = :visit",
        {"ana": visit.person_id, "visit": visit.visit_id},
    )
    page = signed_in(phone)
    page.goto(address)
    expect(page.locator("#ahead")).to_have_value("2")

    page.once("dialog", lambda dialog: dialog.dismiss())
    page.locator("#spent").fill("1")
    page.get_by_role("button", name="Discard this draft").click()
    expect(page.locator("#ahead")).to_have_value("2")
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Discard this draft").click()
    page.wait_for_url("**/visits")
    page.goto(address)
    expect(page.locator("#ahead")).to_have_value("")
