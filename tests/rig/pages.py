"""Every page there is, over a small demonstration chain: for axe, for HTML, for the eye."""

from __future__ import annotations

import json
import re
import tempfile
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Locator, Page, Playwright, expect

from surveys import (
    jobs,
    mail,
    people,
    translation,
    visit_plans,
    visits,
    voices,
    webhook_sending,
    webhooks,
)
from surveys.checking import load
from surveys.demo import MANAGER, SHOPPER
from surveys.installation import Installation
from surveys.sentences import Sentence, kept
from surveys.store import audit as audit_store
from surveys.store import jobs as jobs_store
from surveys.store import sites as store
from surveys.store import times, visit_lists
from tests.rig import browsers, casework, deeds, phones, reports, story
from tests.rig.proxy import Proxy
from tests.rig.server import ROOT, Server, free_port, run

PASSWORD = "correct horse battery"
LANGUAGES = ("en", "fr", "es", "ar")
VISIT_LANGUAGES = ("en", "fr", "es")
LOCALES = {"en": "en-GB", "fr": "fr-FR", "es": "es-ES"}  # of the desk's readers


@dataclass
class Chain:
    """A running server over a demonstration chain, with a network that can fail before it.

    ``places`` fills the names in :attr:`View.path`: ``code``, ``withdrawn``, ``invitation``,
    ``folder`` …
    """

    server: Server
    proxy: Proxy
    places: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class View:
    """One page as one person sees it.

    ``who``: nobody, manager, owner, shopper. ``then`` is what is done after it has opened;
    ``script``: whether the page's scripts arrive.
    """

    name: str
    path: str
    who: str = "nobody"
    then: Callable[[Page, Chain], object] | None = None
    script: bool = True


@contextmanager
def chain(*, messages: bool = True) -> Iterator[Chain]:
    """A demonstration chain: four places, some hundred answers, a withdrawn code, invitations.

    ``messages``: with a mail server, and with letters and web-hooks in every state.
    """
    with tempfile.TemporaryDirectory(prefix="touchstone-") as folder, Proxy(free_port()) as proxy:
        data = Path(folder) / "data"
        server = Server(data, port=proxy.upstream, base_url=proxy.url)
        sizes = ("--sites", "4", "--days", "30", "--submissions", "400", "--seed", "1")
        told = server.command("demo", *sizes, "--password", PASSWORD)
        if messages:
            _put_messages(data)
        _fill_the_audit(data)
        with server:
            yield Chain(server, proxy, _places(server, told) | _visits(data))


def _places(server: Server, told: str) -> dict[str, str]:
    codes = re.findall(r"/q/(\w+)", told)
    site = re.findall(r"^\s+(\S+)\s+http\S+/q/", told, re.MULTILINE)
    joins = re.findall(r"/join/([\w-]+)", told)
    poster = server.folder.with_name("withdrawn.pdf")
    door = (site[0], "--touchpoint", "door")
    server.command("qr", *door, "--anyway", "--out", poster)
    withdrawn = story.scan(poster).rpartition("/")[2]
    server.command("qr", *door, "--withdraw", "The door was painted.")
    places = {
        "code": codes[0],
        "withdrawn": withdrawn,
        "shopper": joins[0],
        "gone": "x" * len(joins[0]),
        "folder": str(server.folder.parent),
        "site": site[1],  # the manager of the demonstration sees the second place's region
        "other_site": site[0],
        "other_name": f'"{site_name(server, site[0])}"',
        "invitation": _invited(server, "nora@juniper.example", "manager", "--site", site[0]),
        "owner": _invited(server, "olga@juniper.example", "owner"),
        "counter": load(ROOT / "instruments/counter.yaml").version,
    }
    places["held"] = _hold(server, codes[1])
    rated = Installation.open(server.folder).database()
    places["rater"] = casework.fill(rated, datetime.now(UTC))
    places |= reports.put(Installation.open(server.folder), site[1], codes[1])
    phones.fill(rated, datetime.now(UTC), site[0], joins[0])
    places["phone_link"] = phones.link(rated, datetime.now(UTC))
    places["shopper_link"] = _invited(server, "ida@juniper.example", "shopper")
    places["saved"] = phones.saved(rated, codes[0])
    links = voices.latest(Installation.open(server.folder).database(), site[1])
    places["staff_link"] = links[voices.STAFF_FORECAST].token
    places["hour_link"] = links[voices.OBSERVING].token
    for language in VISIT_LANGUAGES:
        file = server.folder.with_name(f"visit-{language}.html")
        visit = ROOT / "instruments/visit.yaml"
        # preview needs no data folder
        run("instrument", "preview", visit, "--language", language, "--out", file)
    return places


def _visits(folder: Path) -> dict[str, str]:
    """A visit in each state that looks different, one that wants somebody, and a plan."""
    db, at = Installation(folder).database(), datetime.now(UTC)
    manager, shopper = (people.find_email(db, email) for email in (MANAGER, SHOPPER))
    assert manager is not None
    assert shopper is not None
    site = next(site for site in store.every(db) if people.may_see(manager, site))
    with db.transaction():
        late = visits.make(
            db, at - timedelta(days=9), site_id=site.site_id, instrument="visit",
            due=(at - timedelta(days=3)).date(), offered_to=[shopper.person_id],
        )  # fmt: skip
    visits.decline(db, at - timedelta(days=8), late, shopper.person_id, "far")
    with db.transaction():
        accepted = visits.make(
            db, at, site_id=site.site_id, instrument="visit", due=at.date() + timedelta(days=5),
            edge="closing", fee="20", currency="EUR", offered_to=[shopper.person_id],
            briefing="Ask for a gift, and whether it can be returned.",
        )  # fmt: skip
        visits.take(db, at, accepted, shopper.person_id)
    offered = visits.offered_to(db, shopper.person_id)[0]
    reported = next(one for one in visits.of_shopper(db, shopper.person_id) if one.reports)
    counted = next(
        visit.visit_id
        for visit in visit_lists.of_site(db, site.site_id)
        if visits.seen(db, visit).state == "counted"
    )
    values = {
        "name": "Every site twice a month",
        "instrument": "visit",
        "per_month": "2",
        "edge_per_month": "1",
        "rotation_days": "60",
        "days_open": "10",
        "fee": "20",
        "currency": "EUR",
        "status": "by_hand",
    }
    plan, faults = visit_plans.check(db, values, (), (), at=at, by="")
    assert not faults
    visit_plans.add(db, at, plan, by="")
    db.close()
    return {
        "accepted": accepted.visit_id,
        "offered": offered.visit.visit_id,
        "reported": reported.visit.visit_id,
        "counted": counted,
        "plan": plan.plan_id,
    }


def _hold(server: Server, code: str) -> str:
    """What waits for a person at the manager's site: answers that do not fit their form, and other
    content under the same id. The id."""
    with urllib.request.urlopen(f"{server.url}/q/{code}") as page:
        form = re.search(r'name="form" value="([^"]+)"', page.read().decode())
    assert form
    sent = {
        "id": "0192f0c1-7d3e-7c11-8a2b-5d6a2f1e9a77",
        "form": form[1],
        "token": code,
        "answers": {"moment": "worse", "welcome": 9, "told": True, "comment": "Nobody came."},
        "language": "en",
        "finished_at": "2026-11-02T09:30:00+01:00",
    }
    other = {**sent, "answers": {"moment": "worse", "welcome": 2, "comment": "Nobody came."}}
    for record in (sent, other):
        request = urllib.request.Request(
            f"{server.url}/api/submissions",
            json.dumps({"submissions": [record]}).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request) as answer:
            (receipt,) = json.load(answer)["receipts"]
        assert receipt["status"] == "held", receipt
    return str(sent["id"])


def mend_without_a_reason(page: Page, chain: Chain) -> None:
    page.get_by_label("What should we know?").fill("Nobody came for ten minutes.")
    form = page.locator("form", has=page.get_by_role("button", name="Save the correction"))
    form.evaluate("form => form.noValidate = true")
    page.get_by_role("button", name="Save the correction").click()
    expect(page.get_by_role("alert")).to_be_visible()


def reject_without_a_word(page: Page, chain: Chain) -> None:
    comment = page.get_by_label("Comment on “How were you greeted and seen off?”")
    comment.evaluate("field => field.closest('details').open = true")
    comment.fill("What was said?")
    page.get_by_text("Reject …").click()
    page.get_by_role("button", name="Reject for good").click()
    expect(page.get_by_role("alert")).to_be_visible()


def appeal_without_a_word(page: Page, chain: Chain) -> None:
    form = page.locator("form", has=page.get_by_role("button", name="Appeal"))
    form.evaluate("form => form.noValidate = true")
    page.get_by_role("button", name="Appeal").click()
    expect(page.get_by_role("alert")).to_be_visible()


def _put_messages(folder: Path) -> None:
    """A mail server that is not there, a letter given up, one that waits, a web-hook that is off.

    Nothing of it is due while the pages are looked at.
    """
    at = datetime.now(UTC)
    db = Installation(folder).database()
    server = mail.checked(host="localhost", port=free_port(), security="none", sender="t@x.example")
    mail.set_up(db, at, server)
    hook = webhooks.add(
        db, at, url="https://hooks.juniper.example/touchstone", events=["moment.misery"]
    )
    (manager,) = (person for person in people.everyone(db) if person.role == "manager")
    for number, due in enumerate((at, at + timedelta(days=1))):
        with db.transaction():
            jobs.put(
                db, at, job_id=f"letter-{number}", kind="email", topic="misery", due=due,
                recipient=manager.person_id, payload={"about": []},
            )  # fmt: skip
    why = Sentence("{host} answered: {answer}", host="localhost", answer="550 No such user here")
    with db.transaction():
        given_up = jobs_store.find(db, "letter-0")
        assert given_up is not None
        jobs_store.claim(db, given_up, times.text(at))
        jobs_store.give_up(db, "letter-0", times.text(at), kept(why))
    why = Sentence("{host} answered 410: it wants no more of these.", host="hooks.juniper.example")
    webhook_sending.answered(db, at, hook.webhook_id, why, succeeded=False)
    webhooks.switch_off(db, at, hook.webhook_id, why)
    db.close()


def _fill_the_audit(folder: Path) -> None:
    """A line of every kind: done elsewhere, so that no other page shows what came of it."""
    db = Installation(folder).database()
    (owner, *_) = (person for person in people.everyone(db) if person.role == "owner")
    (site, *_) = found = list(store.every(db))
    with tempfile.TemporaryDirectory() as elsewhere:
        other = Installation.open(Path(elsewhere) / "data").database()
        store.put(other, found)
        deeds.do(other, datetime.now(UTC) - timedelta(hours=3), owner.person_id, site)
        rows = list(audit_store.newest_first(other, 1000))
        other.close()
    with db.transaction():
        for row in rows:
            audit_store.add(db, dict(row))
    db.close()


def add_webhook(page: Page, chain: Chain) -> None:
    page.get_by_label("Address").fill("https://hooks.juniper.example/other")
    page.get_by_label("A customer’s contact was worse than expected").check()
    page.get_by_role("button", name="Add it").click()
    page.get_by_label("Secret").wait_for()


def add_webhook_inside(page: Page, chain: Chain) -> None:
    page.get_by_label("Address").fill("https://localhost/hook")
    page.get_by_label("A customer’s contact was worse than expected").check()
    page.get_by_role("button", name="Add it").click()
    page.get_by_role("alert").wait_for()


def send_test_in_vain(page: Page, chain: Chain) -> None:
    page.get_by_role("button", name="Send it now").click()
    page.get_by_role("alert").wait_for()


def site_name(server: Server, site_id: str) -> str:
    found = store.find(Installation(server.folder).database(), site_id)
    assert found is not None
    return found.name


def _invited(server: Server, email: str, role: str, *options: str) -> str:
    told = server.command("people", "add", email, "--role", role, *options)
    return told.split()[0].rpartition("/")[2]


def unfold(page: Page, chain: Chain) -> None:
    """Opens what is folded and answers so that every hidden question shows."""
    unfold_all(page, chain)
    page.locator('[data-k="moment"] [value="worse"]').check(force=True)
    page.locator('[data-k="went_wrong"] [value="true"]').check(force=True)


def know_nowhere(page: Page, chain: Chain) -> None:
    page.get_by_label("Which?").fill("Atlantis")
    page.get_by_label("Why?").fill("I was born there.")
    page.get_by_role("button", name="Offer me no visits there").click()
    expect(page.get_by_role("alert")).to_be_visible()


def give_to_nobody(page: Page, chain: Chain) -> None:
    page.get_by_text("Give it to somebody else").click()
    form = page.locator("form[action$='/give']")
    form.evaluate("form => form.noValidate = true")
    form.get_by_role("button").click()
    expect(page.get_by_role("alert")).to_be_visible()


def show_who_may_go(page: Page, chain: Chain) -> None:
    page.get_by_role("button", name="Show who may go").click()
    expect(page.get_by_role("button", name="Set the visit")).to_be_visible()


def paste_visits(page: Page, chain: Chain) -> None:
    _paste(page, f"site_id,due,edge\n{chain.places['site']},2099-12-15,closing\n")
    expect(page.get_by_role("button", name="Set this visit")).to_be_visible()


def paste_bad_visits(page: Page, chain: Chain) -> None:
    _paste(page, f"site_id,due,fee\nnowhere,2099-12-15,\n{chain.places['site']},soon,x\n")
    expect(page.get_by_role("alert")).to_be_visible()


def _paste(page: Page, text: str) -> None:
    page.get_by_text("Or paste its lines").click()
    page.get_by_label("The lines, the header first").fill(text)
    page.get_by_role("button", name="Show what would be set").click()


def plan_wrongly(page: Page, chain: Chain) -> None:
    page.locator("form.fields").evaluate("form => form.noValidate = true")
    page.get_by_label("Of these at edge hours").fill("9")
    page.get_by_label("Fee").fill("much")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".fault").first).to_be_visible()


def send_nothing(page: Page, chain: Chain) -> None:
    page.locator("button.go").first.click()
    expect(page.get_by_role("alert").or_(page.locator(".a")).first).to_be_visible()


def send(page: Page, chain: Chain) -> None:
    tick(page)
    page.locator("button.go").first.click()
    expect(page.locator("#form")).to_be_hidden()
    expect(page.locator("#state")).to_contain_text("✓")


def send_in_vain(page: Page, chain: Chain) -> None:
    """Sends without a network: the answer waits on the phone."""
    tick(page)
    chain.proxy.down()
    page.locator("button.go").first.click()
    expect(page.locator("#more")).not_to_be_empty()
    chain.proxy.up()


def send_plainly(page: Page, chain: Chain) -> None:
    tick(page)
    page.locator("button.go").first.click()
    page.wait_for_url("**/thanks**")


def forecast(page: Page, chain: Chain) -> None:
    for scale in page.locator('fieldset[data-t="scale"]').all():
        scale.locator('[value="6"]').check(force=True)
    page.locator("button.go").first.click()
    expect(page.locator("#state")).to_contain_text("✓")


def withdraw_without_a_word(page: Page, chain: Chain) -> None:
    page.locator("details.confirm > summary").nth(1).click()
    form = page.locator("details.confirm[open] form")
    form.evaluate("form => form.noValidate = true")
    form.locator("button").click()
    expect(page.locator(".fault")).to_be_visible()


def tick(page: Page) -> None:
    page.locator('[data-k="moment"] [value="better"]').check(force=True)
    for scale in page.locator('fieldset[data-t="scale"]').all():
        scale.locator('[value="6"]').check(force=True)


def print_nothing(page: Page, chain: Chain) -> None:
    page.get_by_role("button", name="Make the PDF").click()
    expect(page.get_by_role("alert").first).to_be_visible()


def sign_in_wrongly(page: Page, chain: Chain) -> None:
    page.get_by_label("E-mail").fill("nobody@juniper.example")
    page.get_by_label("Password").fill("not the password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()


def join_shortly(page: Page, chain: Chain) -> None:
    """An invitation with a password that is too short for the server."""
    page.get_by_label("Your name").fill("Nora")
    page.get_by_label("A password").fill("short")
    page.locator("form").evaluate("form => form.noValidate = true")
    page.get_by_role("button", name="Begin").click()
    expect(page.get_by_role("alert")).to_be_visible()


def wait_until_ready(page: Page, _: Chain) -> None:
    """Until every visit has its tick."""
    page.wait_for_function(
        """() => {
            const ticks = [...document.querySelectorAll("[data-visit] .tick")];
            const said = ticks.filter((tick) => tick.textContent);
            return said.length && said.every((tick) => tick.classList.contains("ok"));
        }"""
    )


def unfold_all(page: Page, chain: Chain) -> None:
    folded = page.locator("details:not([open]) > summary")
    for _ in range(folded.count()):  # each that is opened is one less
        folded.first.click()


def mistype_the_old_password(page: Page, chain: Chain) -> None:
    page.get_by_label("The password you have").fill("not the old one")
    page.get_by_label("The new one").fill("quite another sentence")
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_role("alert")).to_be_visible()


def invite(page: Page, chain: Chain) -> None:
    """The same person each time: a newer link makes the older one void."""
    page.get_by_label("E-mail").fill("rita@juniper.example")
    page.get_by_role("radio", name="reviewer").check()
    page.get_by_role("button", name="Make the link").click()
    expect(page.get_by_label("The link", exact=True)).to_be_visible()


def invite_without_a_place(page: Page, chain: Chain) -> None:
    page.get_by_label("E-mail").fill("rita@juniper.example")
    page.get_by_role("radio", name="manager").check()
    page.get_by_role("button", name="Make the link").click()
    expect(page.get_by_role("alert")).to_be_visible()


def open_the_manager(page: Page, chain: Chain) -> None:
    page.get_by_role("link", name="Demonstration manager").click()
    unfold_all(page, chain)


def open_the_invited(page: Page, chain: Chain) -> None:
    page.get_by_role("link", name="nora@juniper.example").click()
    unfold_all(page, chain)


def open_a_link_for_a_new_password(page: Page, chain: Chain) -> None:
    page.get_by_role("link", name="Demonstration manager").click()
    page.get_by_role("button", name="Make a link for a new password").click()
    page.goto(page.get_by_label("The link", exact=True).input_value())


def add_a_wrong_touchpoint(page: Page, chain: Chain) -> None:
    page.get_by_label("Key").fill("line")
    page.locator("#new-en").fill("The line")
    page.get_by_role("button", name="Add it").click()
    expect(page.get_by_role("alert")).to_be_visible()


def withdraw_without_a_reason(page: Page, chain: Chain) -> None:
    page.locator("details.confirm > summary").nth(1).click()
    page.get_by_label("Why?").last.fill(" ")
    page.get_by_role("button", name="Withdraw the code").first.click()
    expect(page.locator(".fault")).to_be_visible()


def edit_wrongly(page: Page, chain: Chain) -> None:
    """A form with two faults, and checked."""
    box = page.get_by_label("The file")
    text = box.input_value()
    box.fill(text.replace("source: customer", "source: costumer").replace("  folded", "  folder"))
    page.get_by_role("button", name="Check").click()
    expect(page.locator(".faults > li")).to_have_count(2)


def edit_soundly(page: Page, chain: Chain) -> None:
    """A question becomes required, and the draft is about to be published."""
    box = page.get_by_label("The file")
    text = box.input_value()
    box.fill(text.replace("type: moment\n", "type: moment\n        required: true\n", 1))
    page.get_by_role("button", name="Check").click()
    expect(page.get_by_role("heading", name="The file is sound")).to_be_visible()


def begin_wrongly(page: Page, chain: Chain) -> None:
    page.get_by_label("Its key").fill("counter")
    page.get_by_role("button", name="Begin").click()
    expect(page.locator(".fault")).to_be_visible()


def save(name: str) -> Callable[[Page, Chain], object]:
    """Presses a button of the desk, whatever the browser thinks of the form."""

    def press(page: Page, chain: Chain) -> None:
        page.locator("main form").evaluate_all("all => all.forEach(one => one.noValidate = true)")
        page.get_by_role("button", name=name, exact=True).first.click()
        page.wait_for_load_state("networkidle")

    return press


def paste(*lines: str) -> Callable[[Page, Chain], object]:
    """Pastes lines of sites, ``{site}`` filled, and asks what would change."""

    def send(page: Page, chain: Chain) -> None:
        unfold_all(page, chain)
        head = "site_id,name,region,timezone,language,address,latitude,longitude,kind"
        text = "\n".join([head, *lines]).format_map(chain.places)
        page.get_by_label("The lines, the header first").fill(text)
        save("Show what would change")(page, chain)

    return send


def rename_to_another(page: Page, chain: Chain) -> None:
    names = page.locator("main th bdi").all_inner_texts()
    unfold_all(page, chain)
    page.locator("main form input[name=name]").first.fill(names[1])
    page.get_by_role("button", name="Rename").first.click()
    expect(page.get_by_role("alert").first).to_be_visible()


def use_this_machine(page: Page, chain: Chain) -> None:
    page.get_by_label("The address that phones reach").fill("localhost")
    page.locator("main form:has(#address) button").first.click()
    expect(page.get_by_role("alert").first).to_be_visible()


def open_report(page: Page, chain: Chain) -> None:
    expect(page.locator(".way")).to_be_visible()
    unfold_all(page, chain)


def turn_the_page(page: Page, chain: Chain) -> None:
    expect(page.locator(".way")).to_be_visible()
    page.locator("form .go").click()
    expect(page.locator("section.part:not(.off) h2")).to_be_focused()


def look_through(page: Page, chain: Chain) -> None:
    """The last page, with something that must be put right."""
    expect(page.locator(".way")).to_be_visible()
    page.locator("[data-k=arrived_at] input").fill("")
    page.locator(".way summary").click()
    page.locator(".way li").last.get_by_role("button").click()
    expect(page.locator("#summary")).to_be_visible()


def practise(page: Page, chain: Chain) -> None:
    page.get_by_role("button", name="Practise on a case").click()
    expect(page.get_by_role("button", name="Show how near I came")).to_be_visible()


def practise_wrongly(page: Page, chain: Chain) -> None:
    practise(page, chain)
    page.locator("main form").evaluate("form => form.noValidate = true")
    page.get_by_role("button", name="Show how near I came").click()
    expect(page.get_by_role("alert")).to_be_visible()


def practise_whole(page: Page, chain: Chain) -> None:
    practise(page, chain)
    for scale in page.get_by_role("group").all():
        scale.get_by_role("radio").nth(2).check()
    page.get_by_role("button", name="Show how near I came").click()
    expect(page.get_by_role("button", name="Practise on another case")).to_be_visible()
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")


def take_the_test(page: Page, chain: Chain) -> None:
    page.locator("form:has(input[value=test]) button").click()  # begins it, or goes on with it
    expect(page.get_by_role("button", name="Next case")).to_be_visible()


def pace_wrongly(page: Page, chain: Chain) -> None:
    page.locator("#every").fill("often")
    save("Save")(page, chain)


def withdraw_certificate_wrongly(page: Page, chain: Chain) -> None:
    unfold_all(page, chain)
    save("Withdraw")(page, chain)


def _views() -> Iterator[View]:
    for lang in LANGUAGES:
        form = f"/q/{{code}}?lang={lang}"
        yield View(f"form-{lang}", form)
        yield View(f"form-unfolded-{lang}", form, then=unfold)
        yield View(f"form-empty-{lang}", form, then=send_nothing)
        yield View(f"form-plain-{lang}", form, then=unfold_all, script=False)
        yield View(f"form-plain-empty-{lang}", form, then=send_nothing, script=False)
        yield View(f"thanks-{lang}", form, then=send)
        yield View(f"thanks-plain-{lang}", form, then=send_plainly, script=False)
        yield View(f"thanks-nothing-{lang}", f"/q/{{code}}/thanks?lang={lang}")
        yield View(f"waiting-{lang}", form, then=send_in_vain)
        yield View(f"unknown-{lang}", f"/q/there-is-no-such-1?lang={lang}")
        yield View(f"withdrawn-{lang}", f"/q/{{withdrawn}}?lang={lang}")
    for lang in VISIT_LANGUAGES:
        yield View(f"visit-{lang}", f"file://{{folder}}/visit-{lang}.html")
        yield View(f"hour-{lang}", f"/q/{{hour_link}}?lang={lang}")
    for lang in LANGUAGES:
        yield View(f"mirror-{lang}", f"/q/{{staff_link}}?lang={lang}")
        yield View(f"thanks-mirror-{lang}", f"/q/{{staff_link}}?lang={lang}", then=forecast)
    yield View("sign-in", "/sign-in")
    yield View("sign-in-wrong", "/sign-in", then=sign_in_wrongly)
    yield View("join-manager", "/join/{invitation}")
    yield View("join-owner", "/join/{owner}")
    yield View("join-wrong", "/join/{invitation}", then=join_shortly)
    yield View("join-gone", "/join/{gone}")
    yield View("not-found", "/there/is/nothing")
    yield View("queue", "/visits/queue", "shopper")
    yield View("phone-join", "/join/{shopper_link}")
    yield View("phone-join-again", "/join/{phone_link}", "manager")
    yield View("visits", "/visits", "shopper", then=unfold_all)
    yield View("visits-ready", "/visits", "shopper", then=wait_until_ready)
    yield View("my-work", "/visits/work", "shopper")
    yield View("interests", "/visits/interests", "shopper")
    yield View("interests-wrong", "/visits/interests", "shopper", then=know_nowhere)
    yield View("desk-visits-owner", "/desk/visits", "owner")
    yield View("desk-visits-manager", "/desk/visits", "manager")
    yield View("desk-visit-owner", "/desk/visits/{accepted}", "owner", then=unfold_all)
    yield View("desk-visit-manager", "/desk/visits/{counted}", "manager")
    yield View("desk-visits-none", "/desk/visits?month=2001-01", "owner")
    yield View("desk-visit-offered", "/desk/visits/{offered}", "owner", then=unfold_all)
    yield View("desk-visit-reported", "/desk/visits/{reported}", "owner")
    yield View("desk-visit-wrong", "/desk/visits/{accepted}", "owner", then=give_to_nobody)
    yield View("desk-visit-new", "/desk/visits/new", "owner")
    yield View("desk-visit-who", "/desk/visits/new?site={site}", "owner", then=show_who_may_go)
    yield View("desk-visit-edit", "/desk/visits/{offered}/edit", "owner")
    yield View("desk-visits-import", "/desk/visits/import", "owner")
    yield View("desk-visits-import-wrong", "/desk/visits/import", "owner", then=paste_bad_visits)
    yield View("desk-visits-preview", "/desk/visits/import", "owner", then=paste_visits)
    yield View("plans", "/desk/visits/plans", "owner")
    yield View("plan", "/desk/visits/plans/{plan}", "owner", then=unfold_all)
    yield View("plan-new", "/desk/visits/plans/new", "owner", then=unfold_all)
    yield View("plan-wrong", "/desk/visits/plans/new", "owner", then=plan_wrongly)
    yield View("phone-sign-in", "/visits/sign-in")
    yield View("phone-sign-in-wrong", "/visits/sign-in", then=phones.type_a_wrong_code)
    yield View("phone", "/visits/phone", "shopper")
    yield View("phone-code", "/visits/phone", "shopper", then=phones.show_a_code)
    yield View("phone-sign-out", "/visits/sign-out", "shopper")
    yield View("phone-here", "/q/{code}", "shopper")
    for lang in LANGUAGES:
        yield View(f"phone-customer-{lang}", f"/q/{{code}}?lang={lang}&as=customer", "shopper")
    yield View("cases", "/visits/cases", "shopper")
    yield View("case", "/visits/cases", "shopper", then=practise)
    yield View("case-wrong", "/visits/cases", "shopper", then=practise_wrongly)
    yield View("case-rated", "/visits/cases", "shopper", then=practise_whole)
    yield View("case-test", "/visits/cases", "shopper", then=take_the_test)
    yield View("raters", "/desk/raters", "owner")
    yield View("raters-wrong", "/desk/raters", "owner", then=pace_wrongly)
    yield View("rater", "/desk/raters/{rater}", "owner", then=unfold_all)
    yield View("rater-wrong", "/desk/raters/{rater}", "owner", then=withdraw_certificate_wrongly)
    yield View("not-for-shoppers", "/desk", "shopper")
    for who in ("manager", "owner"):
        yield View(f"desk-{who}", "/desk", who, then=unfold_all)
        yield View(f"contacts-{who}", "/desk/contacts", who)
        yield View(f"posters-{who}", "/desk/posters", who)
    yield View("posters-wrong", "/desk/posters", "owner", then=print_nothing)
    yield View("desk-shoppers", "/desk?source=shopper&days=all", "owner")
    yield View("desk-nothing", "/desk?from=2001-01-01&to=2001-01-02", "owner")
    yield View("site-customers", "/desk/sites/{site}", "manager", then=unfold_all)
    yield View("site-shoppers", "/desk/sites/{site}?source=shopper", "manager", then=unfold_all)
    yield View("site-of-others", "/desk/sites/{other_site}", "manager")
    for who in ("manager", "owner"):
        yield View(f"held-{who}", "/desk/held", who)
        yield View(f"held-one-{who}", "/desk/held/{site}/{held}", who, then=unfold_all)
    yield View("review", "/desk/review", "owner")
    yield View("review-none", "/desk/review?instrument=nothing", "owner")
    yield View("review-one", "/desk/review/{site}/{pending}", "owner")
    yield View("review-unfolded", "/desk/review/{site}/{pending}", "owner", then=unfold_all)
    yield View("review-wrong", "/desk/review/{site}/{pending}", "owner", then=reject_without_a_word)
    yield View("review-appealed", "/desk/review/{site}/{appealed}", "owner", then=unfold_all)
    yield View("report-returned", "/visits/{returned_visit}/report", "shopper")
    yield View("report-rejected", "/visits/{rejected_visit}/report", "shopper")
    yield View("report-form", "/visits/{returned_visit}", "shopper", then=open_report)
    yield View("report-scale", "/visits/{returned_visit}", "shopper", then=turn_the_page)
    yield View("report-last-look", "/visits/{returned_visit}", "shopper", then=look_through)
    yield View("report-plain", "/visits/{returned_visit}", "shopper", script=False)
    yield View(
        "report-appeal-wrong",
        "/visits/{rejected_visit}/report",
        "shopper",
        then=appeal_without_a_word,
    )
    yield View("held-wrong", "/desk/held/{site}/{held}", "owner", then=mend_without_a_reason)
    yield View("held-none", "/desk/held?site={site}&kind=unknown_form", "owner")
    yield View("held-all", "/desk/held/all?kind=withdrawn_before", "owner")
    yield View("held-all-none", "/desk/held/all?kind=other", "owner")
    yield View("load", "/desk/load", "owner")
    yield View("load-wrong", "/desk/load", "owner", then=phones.choose_another_file)
    yield View("load-preview", "/desk/load", "owner", then=phones.choose_a_file)
    yield View("load-done", "/desk/load", "owner", then=phones.take_it_in)
    yield View("audit", "/desk/audit", "owner")
    yield View("audit-person", "/desk/audit?action=changed:person", "owner")
    yield View("audit-none", "/desk/audit?about=nothing", "owner")
    yield View("site-observed", "/desk/sites/{site}?source=manager", "manager")
    yield View("observe", "/desk/observe", "manager")
    yield View("staff", "/staff", "staff")
    yield View("voices", "/desk/voices", "owner")
    yield View("voices-site", "/desk/voices/{site}", "owner", then=unfold_all)
    yield View("voices-wrong", "/desk/voices/{site}", "owner", then=withdraw_without_a_word)
    yield View("voices-print", "/desk/voices/print?voice=mirror:staff_forecast", "owner")
    yield View("account", "/account", "manager")
    yield View("account-wrong", "/account", "manager", then=mistype_the_old_password)
    yield View("people", "/desk/people", "owner", then=unfold_all)
    yield View("people-invite", "/desk/people/invite", "owner", then=unfold_all)
    yield View("people-invite-wrong", "/desk/people/invite", "owner", then=invite_without_a_place)
    yield View("people-link", "/desk/people/invite", "owner", then=invite)
    yield View("people-person", "/desk/people", "owner", then=open_the_manager)
    yield View("people-invited", "/desk/people", "owner", then=open_the_invited)
    yield View("people-shopper", "/desk/people", "owner", then=phones.open_pia)
    yield View("people-phone-link", "/desk/people", "owner", then=phones.make_a_link_for_a_phone)
    yield View("settings-days-wrong", "/desk/settings", "owner", then=phones.mistype_the_days)
    yield View("join-password", "/desk/people", "owner", then=open_a_link_for_a_new_password)
    yield View("touchpoints", "/desk/touchpoints", "owner")
    yield View("touchpoints-unfolded", "/desk/touchpoints", "owner", then=unfold_all)
    yield View("touchpoints-wrong", "/desk/touchpoints", "owner", then=add_a_wrong_touchpoint)
    for who in ("manager", "owner"):
        yield View(f"codes-{who}", "/desk/sites/{site}/codes", who)
    yield View("codes-unfolded", "/desk/sites/{other_site}/codes", "owner", then=unfold_all)
    yield View("codes-wrong", "/desk/sites/{site}/codes", "owner", then=withdraw_without_a_reason)
    yield View("messages", "/desk/messages", "owner")
    yield View("webhooks", "/desk/webhooks", "owner", then=unfold_all)
    yield View("webhooks-wrong", "/desk/webhooks", "owner", then=add_webhook_inside)
    yield View("webhooks-secret", "/desk/webhooks", "owner", then=add_webhook)
    yield View("mail", "/desk/settings/mail", "owner", then=unfold_all)
    yield View("mail-wrong", "/desk/settings/mail", "owner", then=send_test_in_vain)
    yield View("instruments", "/desk/instruments", "owner")
    yield View("instruments-wrong", "/desk/instruments", "owner", then=begin_wrongly)
    yield View("instrument", "/desk/instruments/counter", "owner")
    yield View("instrument-edit", "/desk/instruments/counter/edit", "owner")
    for name, then in (("wrong", edit_wrongly), ("sound", edit_soundly)):
        yield View(f"instrument-edit-{name}", "/desk/instruments/counter/edit", "owner", then=then)
    yield View(
        "instrument-edit-plain",
        "/desk/instruments/counter/edit",
        "owner",
        then=edit_wrongly,
        script=False,
    )
    yield View("instrument-preview", "/desk/instruments/counter/preview?language=ar", "owner")
    yield View("instrument-version", "/desk/instruments/counter/versions/{counter}", "owner")
    yield View("instrument-publish", "/desk/instruments/counter/publish?version={counter}", "owner")
    yield View("scales", "/desk/scales", "owner")
    yield from _setup_views()


def _setup_views() -> Iterator[View]:
    yield View("setup-organisation", "/desk/setup/organisation", "owner")
    yield View("setup-address", "/desk/setup/address", "owner")
    yield View("setup-address-wrong", "/desk/setup/address", "owner", then=use_this_machine)
    yield View("setup-sites", "/desk/setup/sites", "owner", then=unfold_all)
    yield View("setup-poster", "/desk/setup/poster", "owner")
    yield View("setup-done", "/desk/setup/done", "owner")
    yield View("settings", "/desk/settings", "owner")
    yield View("reach-old", "/reach/0-0-0")
    yield View("sites", "/desk/sites", "owner")
    yield View("sites-none-found", "/desk/sites?q=nowhere", "owner")
    yield View("site-new", "/desk/sites/new", "owner", then=unfold_all)
    yield View("site-new-wrong", "/desk/sites/new", "owner", then=save("Save the site"))
    yield View("site-edit", "/desk/sites/{site}/edit", "owner")
    yield View("sites-import", "/desk/sites/import", "owner")
    yield View(
        "sites-import-wrong",
        "/desk/sites/import",
        "owner",
        then=paste("a,,North,Europe/Pari,de,,,,", "b,Name,North,Europe/Paris,fr,,91,0,shop"),
    )
    yield View(
        "sites-preview",
        "/desk/sites/import",
        "owner",
        then=paste(
            "{site},Quite another name,North,Europe/Rome,fr,1 New Street,,,",
            "fresh,A fresh place,North,Europe/Paris,fr,,,,",
            "again,{other_name},North,Europe/Paris,fr,,,,",
        ),
    )
    yield View("regions", "/desk/regions", "owner")
    yield View("regions-merging", "/desk/regions", "owner", then=rename_to_another)


VIEWS = tuple(_views())

DEVICES: dict[str, dict[str, Any]] = {
    "phone": {"device": "Pixel 7"},
    "desk": {"viewport": {"width": 1280, "height": 800}},
}


def _speak(page: Page, language: str) -> None:
    """Lets the page be asked for its labels and names in English, whatever it says them in."""
    say = translation.catalogue(language).gettext
    by_label, by_role = page.get_by_label, page.get_by_role

    def get_by_label(text: str, **options: Any) -> Locator:
        return by_label(say(text), **options)

    def get_by_role(role: Any, name: str | None = None, **options: Any) -> Locator:
        return by_role(role, name=say(name) if name else None, **options)

    page.get_by_label, page.get_by_role = get_by_label, get_by_role  # type: ignore


class Visitors:
    """Browser contexts by device and person, each signed in once."""

    def __init__(self, playwright: Playwright, browser: Browser, chain: Chain) -> None:
        self._playwright = playwright
        self._browser = browser
        self._chain = chain
        self._signed_in: dict[str, Any] = {}

    @contextmanager
    def opened(
        self, view: View, device: str, *, language: str = "en", **options: Any
    ) -> Iterator[Page]:
        """The view's page, opened by its person on that device, with what is done on it done.

        ``language``: of the desk's reader.
        """
        context = self._context(view, device, {"locale": LOCALES[language]} | options)
        try:
            page = context.new_page()
            _speak(page, language)
            base = "" if view.path.startswith("file:") else self._chain.proxy.url
            page.goto(base + view.path.format_map(self._chain.places))
            if view.then is not None:
                view.then(page, self._chain)
            yield page
        finally:
            context.close()

    def _context(self, view: View, device: str, options: dict[str, Any]) -> BrowserContext:
        made: dict[str, Any] = dict(DEVICES[device])
        if name := made.pop("device", None):
            made |= self._playwright.devices[name]
            del made["default_browser_type"]
        made |= {"locale": "en-GB", "timezone_id": "Europe/Paris", "reduced_motion": "reduce"}
        made |= {"storage_state": self._state(view.who)}
        context = self._browser.new_context(**made | options)
        context.set_default_timeout(browsers.TIMEOUT)
        if not view.script:
            # The page's own scripts never arrive; axe's still runs, as it could not without any.
            context.route(re.compile(r"/static/.*\.js$"), lambda route: route.abort())
        return context

    def _state(self, who: str) -> Any:
        if who == "nobody":
            return None
        if who not in self._signed_in:
            context = self._browser.new_context()
            page = context.new_page()
            url = self._chain.proxy.url
            if who == "shopper":
                page.goto(f"{url}/join/{self._chain.places['shopper']}")
                if (name := page.locator("#name")).count():
                    name.fill("Sam")
                page.get_by_role("button", name="Sign this phone in").click()
            else:
                page.goto(f"{url}/sign-in")
                page.get_by_label("E-mail").fill(f"{who}@juniper.example")
                page.get_by_label("Password").fill(PASSWORD)
                page.get_by_role("button", name="Sign in").click()
            page.wait_for_url(lambda address: "/join/" not in address and "sign-in" not in address)
            self._signed_in[who] = context.storage_state()
            context.close()
        return self._signed_in[who]
