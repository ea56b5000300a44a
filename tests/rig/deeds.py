"""Something of everything that the audit tells of, really done."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from surveys import (
    codes,
    instrument_files,
    jobs,
    mail,
    people,
    people_joining,
    people_leaving,
    publishing,
    reach,
    regions,
    setup,
    sites,
    touchpoints,
    voices,
    webhooks,
)
from surveys.checking import SHIPPED, load
from surveys.instrument import Instrument
from surveys.sentences import Sentence, kept
from surveys.store import jobs as jobs_store
from surveys.store import sites as sites_store
from surveys.store.database import Database
from surveys.store.sites import Site

PASSWORD = "eleven quiet tortoises"
HOOK = "https://hooks.example.org/services/T0-secret?key=secret"


def do(db: Database, first: datetime, by: str, site: Site) -> None:
    """All that can be done without anything that was answered, a minute each; ``by`` does it, in
    a database of its own, at ``site`` and elsewhere."""
    minutes = itertools.count()

    def at() -> datetime:
        return first + timedelta(minutes=next(minutes))

    _people(db, at, by, site)
    sites.add(db, Site("quay", "Old Quay", "", "Europe/Lisbon", "pt"), at=at(), by=by)
    quay = Site("quay", "Old Quay", "harbour", "Europe/Lisbon", "pt")
    sites.change(db, quay, at=at(), by=by)
    sites.change(db, quay := replace(quay, timezone="Atlantic/Azores"), at=at(), by=by)
    sites.change(db, replace(quay, region="", address="Cais 1"), at=at(), by=by)
    sites.change(db, replace(quay, region="", address=""), at=at(), by=by)
    sites.change(db, quay, at=at(), by=by)
    sites.take_in(
        db, [replace(quay, name="New Quay"), replace(quay, site_id="pier")], at=at(), by=by
    )
    regions.rename(db, at(), "harbour", "coast", by=by)
    regions.rename(db, at(), "coast", site.region, by=by, merging=True)
    touchpoints.take_in_shipped(db, first)
    touchpoints.add(db, at(), "lift", {"en": "Lift"}, by=by)
    touchpoints.rename(db, at(), "lift", {"en": "Elevator"}, by=by)
    touchpoints.rename(db, at(), "lift", {"en": "Elevator", "fr": "Ascenseur"}, by=by)
    touchpoints.move(db, at(), "lift", earlier=True, by=by)
    touchpoints.hide(db, at(), "lift", hidden=True, by=by)
    touchpoints.hide(db, at(), "lift", hidden=False, by=by)
    touchpoints.remove(db, at(), "lift", by=by)
    _codes_and_forms(db, at, by, site)
    _messages(db, at, by)
    reach.use(db, "http://192.168.1.20:8000", "nonce", "works", at=at(), by=by)
    reach.use(db, "https://ask.example.org", "nonce", "works", at=at(), by=by)
    setup.name_organisation(db, "Juniper", at=at(), by=by)
    setup.name_organisation(db, "Juniper & Sons", at=at(), by=by)
    setup.dismiss(db, at=at(), by=by)


def _people(db: Database, at: Callable[[], datetime], by: str, site: Site) -> None:
    email = "ngozi@example.org"
    people_joining.invite(db, at(), email=email, role="reviewer", by=by)
    (invited,) = (person for person in people.everyone(db) if person.email == email)
    token = people_joining.new_link(db, at(), invited.person_id, by=by)
    ngozi = people_joining.join(db, at(), token, name="Ngozi Ümit", password=PASSWORD)
    everywhere = [found.site_id for found in sites_store.every(db)]
    people_leaving.change(
        db, at(), ngozi.person_id, role="manager", regions=[site.region], sites=everywhere, by=by
    )
    people_leaving.change(db, at(), ngozi.person_id, role="manager", sites=[site.site_id], by=by)
    people_leaving.change(db, at(), ngozi.person_id, role="reviewer", by=by)
    token = people_joining.new_link(db, at(), ngozi.person_id, by=by)
    ngozi = people_joining.join(db, at(), token, name="Ngozi Ümit", password=PASSWORD[::-1])
    people.change_password(db, at(), ngozi, old=PASSWORD[::-1], new=PASSWORD)
    people_leaving.sign_out_everywhere(db, at(), ngozi, by=ngozi.person_id)
    people_leaving.sign_out_everywhere(db, at(), ngozi, by=by)
    people_leaving.remove(db, at(), email, by=by)
    people_joining.invite(
        db, at(), email="li@example.org", role="staff", sites=[site.site_id], by=by
    )


def _codes_and_forms(db: Database, at: Callable[[], datetime], by: str, site: Site) -> None:
    counter = load(SHIPPED / "counter.yaml")
    title = {**counter.document["title"], "en": "How was it?"}
    text = instrument_files.text_of(db, counter)
    instrument_files.keep(db, at(), "counter", text, revision="", based_on=counter.version, by=by)
    instrument_files.discard(db, at(), "counter", by=by)
    publishing.publish(
        db, Instrument.from_document({**counter.document, "title": title}), at(), by=by
    )
    kiosk = Instrument.from_document({**counter.document, "instrument": "kiosk"})
    publishing.publish(db, kiosk, at(), by=by)
    for touchpoint in ("line", None):
        code = codes.issue(db, site.site_id, touchpoint, "kiosk", at(), by=by)
        code = codes.replace(db, code, "It was worn.", at(), by=by)
        codes.withdraw(db, code, "The poster was stolen.", at(), by=by)
    link = voices.issue(db, site.site_id, voices.STAFF_FORECAST, at(), by)
    link = voices.renew(db, link, "It hung where customers stand.", at(), by)
    voices.withdraw(db, link, "Enough for this year.", at(), by)


def _messages(db: Database, at: Callable[[], datetime], by: str) -> None:
    server = mail.checked(
        host="mail.example.org", port=587, security="starttls", sender="ask@example.org",
        user="ask", password="secret",
    )  # fmt: skip
    mail.set_up(db, at(), server, by=by)
    mail.set_up(db, at(), None, by=by)
    hook = webhooks.add(db, at(), url=HOOK, events=["moment.misery"], by=by)
    webhooks.new_secret_for(db, at(), hook.webhook_id, by=by)
    webhooks.switch_off(db, at(), hook.webhook_id, by=by)
    webhooks.switch_on(db, at(), hook.webhook_id, by=by)
    why = Sentence("{host} answered 410: it wants no more of these.", host="hooks.example.org")
    webhooks.switch_off(db, at(), hook.webhook_id, why)
    for kind, recipient in (("email", by), ("webhook", hook.webhook_id), ("webhook", "gone")):
        with db.transaction():
            jobs.put(
                db, at(), job_id=f"{kind}-{recipient}", kind=kind, topic="moment.misery",
                recipient=recipient, payload={},
            )  # fmt: skip
            jobs_store.give_up(db, f"{kind}-{recipient}", at().isoformat(), kept(why))
        jobs.retry(db, at(), f"{kind}-{recipient}", by=by)
        with db.transaction():
            jobs_store.give_up(db, f"{kind}-{recipient}", at().isoformat(), kept(why))
        jobs.discard(db, at(), f"{kind}-{recipient}", by=by)
    second = webhooks.add(db, at(), url=HOOK, events=["moment.misery"], by=by)
    webhooks.remove(db, at(), second.webhook_id, by=by)
