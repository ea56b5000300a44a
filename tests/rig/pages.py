"""Every page there is, over a small demonstration chain: for axe, for HTML, for the eye."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect

from surveys.installation import Installation
from surveys.store import sites as store
from tests.rig import browsers, story
from tests.rig.proxy import Proxy
from tests.rig.server import ROOT, Server, free_port, run

PASSWORD = "correct horse battery"
LANGUAGES = ("en", "fr", "es", "ar")
VISIT_LANGUAGES = ("en", "fr", "es")


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
def chain() -> Iterator[Chain]:
    """A demonstration chain: four places, some hundred answers, a withdrawn code, invitations."""
    with tempfile.TemporaryDirectory(prefix="touchstone-") as folder, Proxy(free_port()) as proxy:
        data = Path(folder) / "data"
        server = Server(data, port=proxy.upstream, base_url=proxy.url)
        sizes = ("--sites", "4", "--days", "30", "--submissions", "400", "--seed", "1")
        told = server.command("demo", *sizes, "--password", PASSWORD)
        with server:
            yield Chain(server, proxy, _places(server, told))


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
    }
    for language in VISIT_LANGUAGES:
        file = server.folder.with_name(f"visit-{language}.html")
        visit = ROOT / "instruments/visit.yaml"
        # preview needs no data folder
        run("instrument", "preview", visit, "--language", language, "--out", file)
    return places


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


def send_nothing(page: Page, chain: Chain) -> None:
    page.locator("button.go").first.click()
    expect(page.get_by_role("alert").or_(page.locator(".a")).first).to_be_visible()


def send(page: Page, chain: Chain) -> None:
    tick(page)
    page.locator("button.go").first.click()
    expect(page.locator("#form")).to_be_hidden()
    page.wait_for_load_state("networkidle")


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
    expect(page.get_by_label("The link")).to_be_visible()


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
    page.goto(page.get_by_label("The link").input_value())


def add_a_wrong_touchpoint(page: Page, chain: Chain) -> None:
    form = page.get_by_role("region", name="Add a touchpoint")
    form.get_by_label("Key").fill("line")
    form.get_by_label("English").fill("The line")
    form.get_by_role("button", name="Add it").click()
    expect(page.get_by_role("alert")).to_be_visible()


def withdraw_without_a_reason(page: Page, chain: Chain) -> None:
    page.locator("summary", has_text="Withdraw it").first.click()
    page.get_by_label("Why?").last.fill(" ")
    page.get_by_role("button", name="Withdraw the code").first.click()
    expect(page.get_by_text("Say why")).to_be_visible()


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
    yield View("sign-in", "/sign-in")
    yield View("sign-in-wrong", "/sign-in", then=sign_in_wrongly)
    yield View("join-manager", "/join/{invitation}")
    yield View("join-owner", "/join/{owner}")
    yield View("join-wrong", "/join/{invitation}", then=join_shortly)
    yield View("join-gone", "/join/{gone}")
    yield View("not-found", "/there/is/nothing")
    yield View("welcome-shopper", "/welcome", "shopper")
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
    yield View("account", "/account", "manager")
    yield View("account-wrong", "/account", "manager", then=mistype_the_old_password)
    yield View("people", "/desk/people", "owner", then=unfold_all)
    yield View("people-invite", "/desk/people/invite", "owner", then=unfold_all)
    yield View("people-invite-wrong", "/desk/people/invite", "owner", then=invite_without_a_place)
    yield View("people-link", "/desk/people/invite", "owner", then=invite)
    yield View("people-person", "/desk/people", "owner", then=open_the_manager)
    yield View("people-invited", "/desk/people", "owner", then=open_the_invited)
    yield View("join-password", "/desk/people", "owner", then=open_a_link_for_a_new_password)
    yield View("touchpoints", "/desk/touchpoints", "owner")
    yield View("touchpoints-unfolded", "/desk/touchpoints", "owner", then=unfold_all)
    yield View("touchpoints-wrong", "/desk/touchpoints", "owner", then=add_a_wrong_touchpoint)
    for who in ("manager", "owner"):
        yield View(f"codes-{who}", "/desk/sites/{site}/codes", who)
    yield View("codes-unfolded", "/desk/sites/{other_site}/codes", "owner", then=unfold_all)
    yield View("codes-wrong", "/desk/sites/{site}/codes", "owner", then=withdraw_without_a_reason)
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


class Visitors:
    """Browser contexts by device and person, each signed in once."""

    def __init__(self, playwright: Playwright, browser: Browser, chain: Chain) -> None:
        self._playwright = playwright
        self._browser = browser
        self._chain = chain
        self._signed_in: dict[str, Any] = {}

    @contextmanager
    def opened(self, view: View, device: str, **options: Any) -> Iterator[Page]:
        """The view's page, opened by its person on that device, with what is done on it done."""
        context = self._context(view, device, options)
        try:
            page = context.new_page()
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
                page.get_by_label("Your name").fill("Sam")
                page.get_by_label("A password").fill(PASSWORD)
                page.get_by_role("button", name="Begin").click()
            else:
                page.goto(f"{url}/sign-in")
                page.get_by_label("E-mail").fill(f"{who}@juniper.example")
                page.get_by_label("Password").fill(PASSWORD)
                page.get_by_role("button", name="Sign in").click()
            page.wait_for_url(lambda address: "/join/" not in address and "sign-in" not in address)
            self._signed_in[who] = context.storage_state()
            context.close()
        return self._signed_in[who]
