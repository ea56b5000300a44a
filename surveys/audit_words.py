"""The audit in words: who did what to what, one sentence a line.

An action that has no words here is shown as it is written down; a test names those.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from surveys.holding_desk import KINDS
from surveys.sentences import Sentence
from surveys.store import audit as store
from surveys.store import people as people_store
from surveys.store import sites as sites_store
from surveys.store.database import Database, Row

ROLES = {
    "owner": Sentence("owner"),
    "manager": Sentence("manager"),
    "reviewer": Sentence("reviewer"),
    "shopper": Sentence("mystery shopper"),
    "staff": Sentence("staff"),
}
"""As the end of a sentence: “Ana joined as …”."""

Said = Mapping[str, Any]
"""What a sentence about a line may name: ``who``, ``what``, ``site``, ``reason``, ``detail`` …"""


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
    """What people and sites are called today."""

    def __init__(self, db: Database) -> None:
        self._people = {
            row["person_id"]: row["name"] or row["email"] for row in people_store.everyone(db)
        }
        self._emails = {
            row["email"]: row["name"] or row["email"] for row in people_store.everyone(db)
        }
        self._sites = {site.site_id: site.name for site in sites_store.every(db)}

    def person(self, person_id: str) -> str:
        """Whoever did it. The command line knows nobody."""
        if not person_id:
            return Sentence("Somebody on the server")
        return str(self._people.get(person_id) or Sentence("Somebody who is unknown here"))

    def email(self, email: str) -> str:
        return str(self._emails.get(email, email))

    def site(self, site_id: str) -> str:
        return str(self._sites.get(site_id, site_id))


def entries(db: Database, rows: Iterable[Row]) -> list[Entry]:
    """Lines of the audit in words."""
    names = Names(db)
    return [_entry(names, row) for row in rows]


def of_submission(db: Database, site_id: str, submission_id: str) -> list[Entry]:
    """What was done to one submission, in order."""
    return entries(db, list(store.of_subject(db, f"submission {site_id} {submission_id}")))


def _entry(names: Names, row: Row) -> Entry:
    subject = str(row["subject"])
    detail = json.loads(row["detail"])
    kind, _, rest = subject.partition(" ")
    about = tuple(rest.split(" ")) if kind == "submission" else ()
    said = {
        "who": names.person(row["person_id"]),
        "action": row["action"],
        "subject": subject,
        "person": names.email(subject),
        "site": names.site(about[0] if about else str(detail.get("site") or "")),
        "kind": KINDS.get(rest, rest),
        "role": ROLES.get(detail.get("role"), ""),
        "reason": detail.get("reason") or "",
        "touchpoint": detail.get("touchpoint") or "",
        "detail": detail,
    }
    words = WORDS.get(row["action"], _plainly)
    return Entry(
        audit_id=row["audit_id"],
        at_utc=row["at_utc"],
        action=row["action"],
        said=words(said),
        subject=subject,
        detail=row["detail"],
        submission=(about[0], about[1]) if len(about) == 2 else None,
    )


def _plainly(said: Said) -> Sentence:
    return Sentence("{who}: {action}, {subject}", **_named(said, "who", "action", "subject"))


def _named(said: Said, *names: str) -> dict[str, object]:
    return {name: said[name] for name in names}


def _sentence(*pairs: tuple[Sentence, tuple[str, ...]]) -> Callable[[Said], Sentence]:
    """The first of several templates whose names all have a value."""

    def say(said: Said) -> Sentence:
        for template, names in pairs:
            if all(said[name] != "" for name in names):
                return Sentence(template.template, **_named(said, *names))
        return _plainly(said)

    return say


def _imported(said: Said) -> Sentence:
    added, changed = (len(said["detail"].get(name) or ()) for name in ("added", "changed"))
    return Sentence(
        "{who} imported sites: {added} new, {changed} changed.",
        who=said["who"],
        added=added,
        changed=changed,
    )


def _all(template: Sentence) -> Callable[[Said], Sentence]:
    def say(said: Said) -> Sentence:
        return Sentence(
            template.template,
            **_named(said, "who", "kind", "reason"),
            n=said["detail"].get("n", 0),
        )

    return say


_WHO_SITE, _WITH_REASON = ("who", "site"), ("who", "site", "reason")
_CODE = ("who", "touchpoint", "site", "reason")

WORDS: Mapping[str, Callable[[Said], Sentence]] = {
    "accepted": _sentence(
        (Sentence("{who} accepted a submission at {site}: {reason}"), _WITH_REASON),
        (Sentence("{who} accepted a submission at {site}."), _WHO_SITE),
    ),
    "mended": _sentence(
        (Sentence("{who} mended answers of a submission at {site}: {reason}"), _WITH_REASON),
    ),
    "rejected": _sentence(
        (Sentence("{who} rejected a submission at {site}: {reason}"), _WITH_REASON),
    ),
    "accepted other content": _sentence(
        (
            Sentence("{who} took the other answers of a submission at {site}: {reason}"),
            _WITH_REASON,
        ),
        (Sentence("{who} took the other answers of a submission at {site}."), _WHO_SITE),
    ),
    "rejected other content": _sentence(
        (
            Sentence("{who} kept the first answers of a submission at {site}: {reason}"),
            _WITH_REASON,
        ),
    ),
    "accepted all": _all(Sentence("{who} accepted all that fit of {n} held, “{kind}”: {reason}")),
    "rejected all": _all(Sentence("{who} rejected all of {n} held, “{kind}”: {reason}")),
    "withdrawn": _sentence(
        (Sentence("{who} withdrew the code of “{touchpoint}” at {site}: {reason}"), _CODE),
        (Sentence("{who} withdrew a code at {site}: {reason}"), _WITH_REASON),
    ),
    "replaced": _sentence(
        (Sentence("{who} replaced the code of “{touchpoint}” at {site}: {reason}"), _CODE),
        (Sentence("{who} replaced a code at {site}: {reason}"), _WITH_REASON),
    ),
    "imported": _imported,
    "invited": _sentence(
        (Sentence("{who} invited {person} as {role}."), ("who", "person", "role"))
    ),
    "joined": _sentence((Sentence("{person} joined as {role}."), ("person", "role"))),
    "changed password": _sentence((Sentence("{who} changed their password."), ("who",))),
    "signed out everywhere": _sentence((Sentence("{who} signed out everywhere."), ("who",))),
    "removed": _sentence((Sentence("{who} took {person}’s access away."), ("who", "person"))),
}
"""Action → its sentence. A new one needs a name in :data:`NAMES`, too."""

NAMES = {
    "accepted": Sentence("accepted"),
    "mended": Sentence("mended"),
    "rejected": Sentence("rejected"),
    "accepted other content": Sentence("took other content"),
    "rejected other content": Sentence("kept the first content"),
    "accepted all": Sentence("accepted all of a kind"),
    "rejected all": Sentence("rejected all of a kind"),
    "withdrawn": Sentence("withdrew a code"),
    "replaced": Sentence("replaced a code"),
    "imported": Sentence("imported sites"),
    "invited": Sentence("invited"),
    "joined": Sentence("joined"),
    "changed password": Sentence("changed a password"),
    "signed out everywhere": Sentence("signed out everywhere"),
    "removed": Sentence("took access away"),
}
"""What an action is called where one is chosen."""
