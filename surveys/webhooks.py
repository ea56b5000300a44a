"""Web-hooks: programs elsewhere that are told of events. (:mod:`surveys.webhook_sending` tells.)"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from surveys import audit, ids
from surveys.events import TYPES
from surveys.outside import ALLOWED, allowed_hosts, is_public
from surveys.sentences import Sentence, kept
from surveys.store import jobs as jobs_store
from surveys.store import times
from surveys.store import webhooks as store
from surveys.store.database import Database
from surveys.store.webhooks import Webhook

PREFIX = "whsec_"
BOTH_SIGN = timedelta(hours=24)
"""How long the old secret signs beside the new one."""

EXAMPLE = "https://hooks.example.org/touchstone"


class WebhookError(ValueError):
    """The web-hook cannot be as it was asked for; the message says why."""


def _new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode("ascii")


def checked(url: str, allowed: Collection[str] | None = None) -> str:
    """An address as it is kept. Raises :class:`WebhookError`.

    What a name leads to is looked up at each sending; here only what can be seen is refused.
    """
    allowed = allowed_hosts() if allowed is None else allowed
    url = url.strip()
    parts = _parts(url)
    host = (parts.hostname or "") if parts else ""
    if parts is None or not host or not url.isprintable() or any(map(str.isspace, url)):
        raise WebhookError(
            Sentence(
                "“{url}” is not an address. Write it like {example}.", url=url, example=EXAMPLE
            )
        )
    if len(url) > 2000:
        raise WebhookError(Sentence("That address is too long: 2,000 characters are the most."))
    if parts.username is not None or parts.password is not None:
        raise WebhookError(Sentence("An address holds no user name or password."))
    if parts.fragment:
        raise WebhookError(Sentence("Leave away what stands behind the #: it is never sent."))
    if parts.scheme != "https" and not (parts.scheme == "http" and host in allowed):
        raise WebhookError(
            Sentence("A web-hook's address begins with https://, so that nobody reads along.")
        )
    if host not in allowed and _is_inside(host):
        raise WebhookError(
            Sentence(
                "{host} is inside the own network. Only whoever runs the server can allow that, by"
                " naming the host in {setting}.",
                host=host,
                setting=ALLOWED,
            )
        )
    return url


def _parts(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        return parts if parts.port != 0 else None
    except ValueError:
        return None


def _is_inside(host: str) -> bool:
    if host == "localhost" or host.endswith((".localhost", ".local", ".internal")):
        return True
    try:
        ip_address(host)
    except ValueError:
        return False
    return not is_public(host)


def _checked_events(events: Sequence[str]) -> str:
    wanted = [event for event in TYPES if event in events]
    if not wanted or set(events) - set(TYPES):
        raise WebhookError(Sentence("Choose at least one kind of event."))
    return " ".join(wanted)


def add(db: Database, at: datetime, *, url: str, events: Sequence[str], by: str = "") -> Webhook:
    """A new web-hook with its secret, which is shown this once. Raises :class:`WebhookError`."""
    webhook = Webhook(
        webhook_id=ids.uuid7(at),
        url=checked(url),
        events=_checked_events(events),
        secret=_new_secret(),
        old_secret=None,
        old_until_utc=None,
        status="active",
        reason=None,
        answer=None,
        answered_utc=None,
        succeeded_utc=None,
        created_utc=times.text(at),
    )
    with db.transaction():
        store.insert(db, webhook)
        detail = {**_detail(webhook), "events": webhook.event_list}
        audit.record(db, at, by, "added", f"web-hook {webhook.webhook_id}", detail)
    return webhook


def get(db: Database, webhook_id: str) -> Webhook:
    """Raises :class:`WebhookError` where there is none."""
    found = store.find(db, webhook_id)
    if found is None:
        raise WebhookError(Sentence("There is no such web-hook; somebody may have removed it."))
    return found


def new_secret_for(db: Database, at: datetime, webhook_id: str, *, by: str = "") -> str:
    """Another secret, shown this once; for a day the old one signs too."""
    webhook, secret = get(db, webhook_id), _new_secret()
    with db.transaction():
        until = times.text(at + BOTH_SIGN)
        store.set_secret(db, webhook_id, secret, webhook.secret, until)
        audit.record(db, at, by, "new secret", f"web-hook {webhook_id}", _detail(webhook))
    return secret


def switch_on(db: Database, at: datetime, webhook_id: str, *, by: str = "") -> None:
    """Events from now on are sent again; what was given up meanwhile stays so."""
    webhook = get(db, webhook_id)
    checked(webhook.url)
    with db.transaction():
        store.set_status(db, webhook_id, "active", None)
        audit.record(db, at, by, "switched on", f"web-hook {webhook_id}", _detail(webhook))


def switch_off(
    db: Database, at: datetime, webhook_id: str, why: Sentence | None = None, *, by: str = ""
) -> None:
    """No more events are sent. What still waits is given up where the program itself did it
    (``why``), and dropped where a person did."""
    webhook = get(db, webhook_id)
    with db.transaction():
        store.set_status(db, webhook_id, "off", kept(why) if why else None)
        if why is not None:
            jobs_store.give_up_all(db, "webhook", webhook_id, times.text(at), kept(why))
        else:
            jobs_store.delete_of(db, "webhook", webhook_id)
        detail = _detail(webhook) if why is None else {**_detail(webhook), "why": kept(why)}
        audit.record(db, at, by, "switched off", f"web-hook {webhook_id}", detail)


def remove(db: Database, at: datetime, webhook_id: str, *, by: str = "") -> None:
    """Take it away, with what waits for it."""
    webhook = get(db, webhook_id)
    with db.transaction():
        store.delete(db, webhook_id)
        jobs_store.delete_of(db, "webhook", webhook_id)
        audit.record(db, at, by, "removed", f"web-hook {webhook_id}", _detail(webhook))


def _detail(webhook: Webhook) -> dict[str, object]:
    # The host alone: many a receiver knows its senders by what stands behind it.
    return {"host": urlsplit(webhook.url).hostname}
