"""The audit in words: who did what to what, one sentence a line.

An act that has no words in :mod:`surveys.audit_acts` is shown as it is written down; a test names
those.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from surveys import touchpoints
from surveys.audit import kind_of
from surveys.audit_act import PLAINLY, Act, Values
from surveys.audit_acts import ACTS
from surveys.holding_desk import KINDS as HELD
from surveys.sentences import Sentence, read
from surveys.store import audit as store
from surveys.store import people as people_store
from surveys.store import sites as sites_store
from surveys.store import webhooks as webhooks_store
from surveys.store.audit import PERSON
from surveys.store.database import Database, Row
from surveys.store.touchpoints import Touchpoint
from surveys.visits import DECLINES

ROLES = {
    "owner": Sentence("owner"),
    "manager": Sentence("manager"),
    "reviewer": Sentence("reviewer"),
    "shopper": Sentence("mystery shopper"),
    "staff": Sentence("staff"),
}
"""As the end of a sentence: “Ana joined as …”."""

VOICES = {
    "manager": Sentence("Managers"),
    "staff": Sentence("Staff"),
    "manager_forecast": Sentence("Managers’ forecasts"),
    "staff_forecast": Sentence("Staff forecasts"),
}

COLUMNS = {
    "name": Sentence("the name"),
    "region": Sentence("the region"),
    "timezone": Sentence("the time zone"),
    "language": Sentence("the languages"),
    "address": Sentence("the street address"),
    "latitude": Sentence("the latitude"),
    "longitude": Sentence("the longitude"),
    "kind": Sentence("the kind"),
}
"""Of a site, within a sentence: “Ana changed … of Vienna, Graben.”"""

MOST_LISTED = 3
VERSION_LETTERS = 8
"""Of a version: as many tell it from any other, and can be read out."""


@dataclass(frozen=True)
class Entry:
    """One line. ``submission`` is its site's and its own id where it is about one."""

    audit_id: str
    at_utc: str
    action: str
    said: Sentence
    subject: str
    detail: str
    submission: tuple[str, str] | None


class Names:
    """What people, sites, touchpoints and web-hooks are called today, in one language."""

    def __init__(self, db: Database, language: str) -> None:
        everyone = list(people_store.everyone(db))
        self.language = language
        self._people = {row["person_id"]: row["name"] or row["email"] for row in everyone}
        self._emails = {row["email"]: row["person_id"] for row in everyone}
        self._sites = {site.site_id: site.name for site in sites_store.every(db)}
        self._touchpoints = {found.key: found for found in touchpoints.every(db)}
        self._hosts = {
            hook.webhook_id: urlsplit(hook.url).hostname or "" for hook in webhooks_store.every(db)
        }

    def who(self, person_id: str) -> str:
        """Whoever did it. The command line knows nobody."""
        if not person_id:
            return Sentence("Somebody on the server")
        return self.person(person_id) or Sentence("Somebody who is unknown here")

    def person(self, person_id: str) -> str:
        return str(self._people.get(person_id, ""))

    def person_id(self, email: str) -> str:
        return str(self._emails.get(email, ""))

    def email(self, email: str) -> str:
        return self.person(self.person_id(email)) or email

    def site(self, site_id: str) -> str:
        return str(self._sites.get(site_id, site_id))

    def touchpoint(self, key: str, names: Mapping[str, str] | None = None) -> str:
        """Its name: out of ``names``, or as it is called today."""
        found = self._touchpoints.get(key) if names is None else Touchpoint(key, names, 0)
        return touchpoints.name_of(found, self.language) if found else key

    def host(self, webhook_id: str) -> str:
        return self._hosts.get(webhook_id, "")


@dataclass(frozen=True)
class Line:
    """A row taken apart: ``rest`` is its subject without the kind."""

    names: Names
    by: str
    subject: str
    rest: str
    detail: Mapping[str, Any]


def entries(db: Database, rows: Iterable[Row], language: str = "en") -> list[Entry]:
    """Lines of the audit in words; touchpoints are called as in ``language``."""
    names = Names(db, language)
    return [_entry(names, row) for row in rows]


def of_subject(db: Database, subject: str, language: str = "en") -> list[Entry]:
    """What was done to one thing, in order."""
    return entries(db, list(store.of_subject(db, subject)), language)


def of_submission(
    db: Database, site_id: str, submission_id: str, language: str = "en"
) -> list[Entry]:
    """What was done to one submission, in order."""
    return of_subject(db, f"submission {site_id} {submission_id}", language)


def _entry(names: Names, row: Row) -> Entry:
    subject = str(row["subject"])
    kind, rest = kind_of(subject), subject.partition(" ")[2]
    line = Line(names, row["person_id"], subject, rest, json.loads(row["detail"]))
    about = rest.rsplit(" ", 1) if kind == "submission" else []  # a site's id may hold a space
    return Entry(
        audit_id=row["audit_id"],
        at_utc=row["at_utc"],
        action=row["action"],
        said=ACTS.get((row["action"], kind), _UNKNOWN).told(_values(line, kind, row["action"])),
        subject=subject,
        detail=row["detail"],
        submission=(about[0], about[1]) if len(about) == 2 else None,
    )


_UNKNOWN = Act(PLAINLY)


# --- what a sentence may name, by kind --------------------------------------------------------


def _values(line: Line, kind: str, action: str) -> Values:
    found = {
        "who": line.names.who(line.by),
        "action": action,
        "subject": line.subject,
        "reason": line.detail.get("reason"),
        "site": line.names.site(line.detail.get("site") or ""),
    }
    return {**found, **_OF_KIND.get(kind, _from_to)(line)}


def _from_to(line: Line) -> Values:
    return {"old": line.detail.get("from"), "new": line.detail.get("to")}


def _submission(line: Line) -> Values:
    return {"site": line.names.site(line.rest.rpartition(" ")[0])}


def _held(line: Line) -> Values:
    return {"kind": HELD.get(line.rest, line.rest), "n": line.detail.get("n", 0)}


def _person(line: Line) -> Values:
    role, was = line.detail.get("role"), line.detail.get("was")
    person = line.names.email(line.subject)
    return {
        "person": person,
        "phone": line.detail.get("phone"),
        "other": "" if line.names.person_id(line.subject) == line.by else person,
        "role": ROLES.get(role or "", role),
        "was": ROLES.get(was or "", was) if was != role else "",
        "places": _listed(
            [
                Sentence("the region “{name}”", name=value)
                if sort == "region"
                else Sentence("the site “{name}”", name=line.names.site(value))
                for sort, value in line.detail.get("grants") or ()
            ]
        ),
    }


def _site(line: Line) -> Values:
    changed = [name for name in COLUMNS if isinstance(line.detail.get(name), list)]
    old, new = line.detail[changed[0]] if len(changed) == 1 else ("", "")
    return {
        "site": line.names.site(line.rest),
        "region": line.detail.get("region"),
        "what": _listed([COLUMNS[name] for name in changed]),
        "old": old,
        "new": new,
    }


def _sites(line: Line) -> Values:
    return {name: len(line.detail.get(name) or ()) for name in ("added", "changed")}


def _region(line: Line) -> Values:
    new = line.detail.get("to")
    return {"old": line.rest, "new": new, "merged": new if line.detail.get("merged") else ""}


def _touchpoint(line: Line) -> Values:
    key, names, was = (line.detail.get(name) for name in ("touchpoint", "names", "was"))
    now = line.names.touchpoint(key or "", names)
    old = line.names.touchpoint(key or "", was) if was else ""
    return {
        "touchpoint": now,
        "old": old if old != now else "",
        "new": now,
        "way": Sentence("earlier") if line.detail.get("earlier") else Sentence("later"),
    }


def _code(line: Line) -> Values:
    return {"touchpoint": line.names.touchpoint(line.detail.get("touchpoint") or "")}


def _link(line: Line) -> Values:
    source = line.detail.get("source") or ""
    return {"voice": VOICES.get(source, source)}


def _instrument(line: Line) -> Values:
    key, _, version = line.rest.partition("@")
    return {
        "instrument": key,
        "version": version[:VERSION_LETTERS],
        "old": (line.detail.get("before") or "")[:VERSION_LETTERS],
    }


def _webhook(line: Line) -> Values:
    why = line.detail.get("why")
    return {"host": line.detail.get("host"), "reason": read(why) if why else ""}


def _job(line: Line) -> Values:
    recipient = line.detail.get("recipient") or ""
    return {"person": line.names.person(recipient), "host": line.names.host(recipient)}


def _mail(line: Line) -> Values:
    return {name: line.detail.get(name) for name in ("host", "sender")}


def _file(line: Line) -> Values:
    return {name: line.detail.get(name, 0) for name in ("n", "photos")}


def _visit(line: Line) -> Values:
    due, shopper = line.detail.get("due"), line.detail.get("shopper")
    reason = line.detail.get("reason") or ""
    return {
        "site": line.names.site(line.rest.rpartition(" ")[0]),
        "due": date.fromisoformat(due) if due else "",
        "shopper": "" if shopper is None else str(shopper),
        "reason": DECLINES.get(reason, reason),
    }


def _interest(line: Line) -> Values:
    return {"site": line.names.site(line.rest)}


def _plan(line: Line) -> Values:
    month = line.detail.get("month")
    return {
        "plan": line.detail.get("name"),
        "n": line.detail.get("n", 0),
        "month": date.fromisoformat(f"{month}-01") if month else "",
    }


def _listed(said: Sequence[str]) -> str:
    """Several in one: “the site …, the site … and 7 more”."""
    if not said:
        return ""
    found = said[0]
    for more in said[1:MOST_LISTED]:
        found = Sentence("{some}, {more}", some=found, more=more)
    if len(said) > MOST_LISTED:
        found = Sentence("{some} and {n} more", some=found, n=len(said) - MOST_LISTED)
    return found


_OF_KIND: Mapping[str, Callable[[Line], Values]] = {
    "submission": _submission,
    "held": _held,
    PERSON: _person,
    "site": _site,
    "sites": _sites,
    "region": _region,
    "touchpoint": _touchpoint,
    "code": _code,
    "link": _link,
    "instrument": _instrument,
    "web-hook": _webhook,
    "job": _job,
    "e-mail": _mail,
    "file": _file,
    "visit": _visit,
    "visits": lambda line: {"n": line.detail.get("n", 0)},
    "interest": _interest,
    "plan": _plan,
}
