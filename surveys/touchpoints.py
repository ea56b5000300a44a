"""Touchpoints: the places on a customer's way where we meet them, in its order.

Codes, questions and answers carry a touchpoint's key, which never changes; here it has a name in
each language and its place in the order. A key that is not in the list works all the same: it is
shown as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from surveys import audit, publishing
from surveys.checking import SHIPPED
from surveys.grammar import KEY, LANGUAGES
from surveys.moments_map import load_map
from surveys.sentences import Sentence
from surveys.store import settings
from surveys.store import touchpoints as store
from surveys.store.database import Database
from surveys.store.touchpoints import Touchpoint

SHIPPED_MAP = SHIPPED / "moments-map.yaml"
NAME_AT_MOST = 80

_TAKEN_IN = "touchpoints:shipped"  # a setting: the list was begun, and is the chain's own


class TouchpointError(ValueError):
    """What was asked of a touchpoint cannot be done; the message says why and what to do."""


def take_in_shipped(db: Database, at: datetime) -> None:
    """Begin the list with the one that ships; once, so that what is removed stays away."""
    if settings.get(db, _TAKEN_IN) is not None:
        return
    stops = load_map(SHIPPED_MAP)
    with db.transaction():
        if settings.get(db, _TAKEN_IN) is None:
            for position, stop in enumerate(stops):
                store.put(db, Touchpoint(stop.key, stop.names, position))
            settings.put(db, _TAKEN_IN, at.isoformat(timespec="seconds"))


def every(db: Database, *, hidden: bool = True) -> list[Touchpoint]:
    """The list in its order; without the hidden ones where something is to be chosen."""
    return [found for found in store.every(db) if hidden or not found.hidden]


def name_of(touchpoint: Touchpoint, language: str) -> str:
    """Its name in that language, else in English, else its key."""
    names = touchpoint.names
    return names.get(language) or names.get("en") or touchpoint.key


def name(db: Database, key: str, language: str) -> str:
    """The name of the touchpoint with this key; of one that is not in the list, the key."""
    found = store.find(db, key)
    return key if found is None else name_of(found, language)


def names(db: Database, language: str) -> dict[str, str]:
    """The names of all in the list, hidden ones too, by key and in their order."""
    return {found.key: name_of(found, language) for found in store.every(db)}


def unlisted(db: Database) -> list[str]:
    """Keys that codes carry and that are not in the list."""
    listed = {found.key for found in store.every(db)}
    return sorted(store.codes(db).keys() - listed)


def add(db: Database, at: datetime, key: str, names: Mapping[str, str], *, by: str) -> None:
    """Put a touchpoint at the end of the list. Raises :class:`TouchpointError`."""
    key = key.strip()
    if not KEY.fullmatch(key):
        raise TouchpointError(
            Sentence(
                "“{key}” cannot be a key. Begin with a small letter a–z, go on with a–z, 0–9 and _,"
                " at most 63 in all: such as line or fitting_room.",
                key=key,
            )
        )
    names = _checked(names)
    with db.transaction():
        if store.find(db, key) is not None:
            raise TouchpointError(Sentence("There is a touchpoint “{key}” already.", key=key))
        last = max((found.position for found in store.every(db)), default=-1)
        store.put(db, Touchpoint(key, names, last + 1))
        _record(db, at, by, "added", key, names=names)


def rename(db: Database, at: datetime, key: str, names: Mapping[str, str], *, by: str) -> None:
    """Give a touchpoint other names. Raises :class:`TouchpointError`."""
    names = _checked(names)
    with db.transaction():
        found = _known(db, key)
        store.put(db, replace(found, names=names))
        _record(db, at, by, "renamed", key, names=names, was=dict(found.names))


def move(db: Database, at: datetime, key: str, *, earlier: bool, by: str) -> None:
    """One place earlier or later on the way; at the end of the way nothing happens.

    Raises :class:`TouchpointError`.
    """
    with db.transaction():
        names = dict(_known(db, key).names)
        order = [found.key for found in store.every(db)]
        here = order.index(key)
        there = here - 1 if earlier else here + 1
        if not 0 <= there < len(order):
            return
        order[here], order[there] = order[there], order[here]
        listed = {found.key: found for found in store.every(db)}
        for position, moved in enumerate(order):
            if listed[moved].position != position:
                store.put(db, replace(listed[moved], position=position))
        _record(db, at, by, "moved", key, names=names, earlier=earlier)


def hide(db: Database, at: datetime, key: str, *, hidden: bool, by: str) -> None:
    """Offer it no longer, or again; what was answered there keeps its name.

    Raises :class:`TouchpointError`.
    """
    with db.transaction():
        found = _known(db, key)
        store.put(db, replace(found, hidden=hidden))
        action = "hidden" if hidden else "shown again"
        _record(db, at, by, action, key, names=dict(found.names))


def remove(db: Database, at: datetime, key: str, *, by: str) -> None:
    """Take it off the list. Raises :class:`TouchpointError` where a code or a form has its key:

    an answer has its touchpoint from one of them, so without both there is no answer either.
    """
    with db.transaction():
        found = _known(db, key)
        if key in store.codes(db):
            raise TouchpointError(
                Sentence(
                    "Codes hang at “{key}”, and what was answered there keeps its name. Hide it"
                    " instead.",
                    key=key,
                )
            )
        if key in _in_forms(db):
            raise TouchpointError(
                Sentence(
                    "A form asks about “{key}”, and what was answered there keeps its name. Hide it"
                    " instead.",
                    key=key,
                )
            )
        store.delete(db, key)
        _record(db, at, by, "removed", key, names=dict(found.names))


def _in_forms(db: Database) -> set[str]:
    """The touchpoints that any version of any form names."""
    return {
        item.touchpoint
        for key in publishing.keys(db)
        for published in publishing.versions(db, key)
        if (form := publishing.version(db, published.form)) is not None
        for item in form.items.values()
        if item.touchpoint is not None
    }


def _known(db: Database, key: str) -> Touchpoint:
    found = store.find(db, key)
    if found is None:
        raise TouchpointError(Sentence("There is no touchpoint “{key}” in the list.", key=key))
    return found


def _checked(names: Mapping[str, str]) -> dict[str, str]:
    """The names that were given; English must be among them, for it stands in for the others."""
    plain = {language: " ".join(names.get(language, "").split()) for language in LANGUAGES}
    for said in plain.values():
        if len(said) > NAME_AT_MOST or not said.isprintable():
            raise TouchpointError(
                Sentence("A name is one line of at most {n} characters.", n=NAME_AT_MOST)
            )
    if not plain["en"]:
        raise TouchpointError(
            Sentence("Write a name in English: it is shown where another language has none.")
        )
    return {language: said for language, said in plain.items() if said}


def _record(db: Database, at: datetime, by: str, action: str, key: str, **detail: object) -> None:
    audit.record(db, at, by, action, "touchpoint", {"touchpoint": key, **detail})
