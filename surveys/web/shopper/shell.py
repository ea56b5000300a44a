"""What all pages of a shopper's phone share: the way about, whose it is, the scripts' words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask import Flask, current_app, url_for

from surveys.store import visits as store
from surveys.web import assets, sessions
from surveys.web import words as w
from surveys.web.services import services
from surveys.web.speech import gettext as _
from surveys.web.speech import language


def register(app: Flask) -> None:
    """Templates find this module's functions under ``shell``."""
    app.jinja_env.globals["shell"] = {
        "rooms": rooms,
        "shopper": shopper,
        "words": words,
        "folder": assets.folder,
        "direction": lambda: w.direction(language()),
    }


def rooms() -> Sequence[tuple[str, str]]:
    """The pages that lie side by side, as (address, name); they are put on the phone as well."""
    named = {
        "visits.home": _("Visits"),
        "queue.page": _("Queue"),
        "work.page": _("My work"),
        "interests.page": _("Places I know"),
        "cases.page": _("Your certificate"),
        "phones.mine": _("This phone"),
    }
    there = current_app.view_functions
    return [(url_for(view), name) for view, name in named.items() if view in there]


def shopper() -> str:
    """The number of the shopper who is signed in here; "" for nobody."""
    person = sessions.signed_in()
    return number(person.person_id) if person and person.role == "shopper" else ""


def number(person_id: str) -> str:
    """A shopper's number; "0" until there is a visit for them."""
    return str(store.number(services().database, person_id) or 0)


def words() -> Mapping[str, str]:
    """What the scripts of every page say."""
    said = w.words(language())
    return {name: said[f"phone_{name}"] for name in w.FOR_THE_SHOPPER}
