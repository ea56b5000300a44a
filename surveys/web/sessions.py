"""Who is signed in: by a signed cookie that a customer's phone never gets, or by a device's token.

The session cookie holds a person's id, their epoch, when they signed in and when they were last
seen, and the token of their forms. Raising the epoch in the database ends every session at once.

A shopper's phone has a cookie with its device's token instead (:mod:`surveys.devices`): it lasts,
and is good for the pages under ``/visits`` alone.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from flask import Flask, Response, g, request, session
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from werkzeug.wrappers import Response as AnyResponse

from surveys import devices, people
from surveys.devices import Device
from surveys.people import Person
from surveys.store.database import Unavailable
from surveys.web.services import services

COOKIE = "touchstone_session"
DEVICE_COOKIE = "touchstone_phone"
IDLE = timedelta(hours=12)
LONGEST = timedelta(days=7)
SEEN_EVERY = timedelta(minutes=5)  # so that not every page sets the cookie anew

# The rooms that know of sessions. Everywhere else (customers, /api, files) none is ever set.
PLACES = (
    *("/sign-in", "/sign-out", "/join", "/account", "/welcome", "/staff", "/desk", "/exports"),
    PHONE := "/visits",
)


def has_sessions(path: str) -> bool:
    """Whether pages under this path may set the session cookie."""
    return any(path == place or path.startswith(f"{place}/") for place in PLACES)


def is_phones(path: str) -> bool:
    """Whether this is a page of the shopper's phone, which a device's token opens."""
    return path == PHONE or path.startswith(f"{PHONE}/")


def own_origins() -> set[str]:
    """Scheme and host that this request's own pages have, straight or behind a proxy."""
    base_url = services().installation.base_url()
    origins = {f"{request.scheme}://{request.host}"}
    if base_url:
        parts = urlsplit(base_url)
        origins.add(f"{parts.scheme}://{parts.netloc}")
    return origins


def over_https() -> bool:
    """Whether the browser came by https, to us or to the proxy that ``--base-url`` names."""
    if request.is_secure:
        return True
    try:
        base_url = services().installation.base_url()
    except Unavailable:
        return False  # asked of every answer, also of the one that says just this
    parts = urlsplit(base_url or "")
    return parts.scheme == "https" and parts.netloc == request.host


class Sessions(SecureCookieSessionInterface):
    """Flask's signed cookie, only where there is somebody to sign in."""

    def get_cookie_secure(self, app: Flask) -> bool:
        return over_https()

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if has_sessions(request.path):
            super().save_session(app, session, response)


def configure(app: Flask) -> None:
    app.session_interface = Sessions()
    app.config.update(
        SESSION_COOKIE_NAME=COOKIE,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_REFRESH_EACH_REQUEST=False,
        PERMANENT_SESSION_LIFETIME=LONGEST,
    )


def begin(person: Person) -> None:
    """Sign somebody in. Nothing of what the browser held before stays (no session fixation)."""
    now = int(services().clock().timestamp())
    session.clear()
    session.permanent = True
    session.update(person=person.person_id, epoch=person.epoch, since=now, seen=now)
    g.signed_in = person


def end() -> None:
    session.clear()
    g.signed_in = None


def signed_in() -> Person | None:
    """Who is looking, if they signed in and nothing has ended that since.

    On a shopper's pages whoever the phone belongs to.
    """
    if "signed_in" not in g:
        phone = device() if is_phones(request.path) else None
        g.signed_in = phone[1] if phone else _from_cookie()
    found: Person | None = g.signed_in
    return found


def me() -> Person:
    """Who is looking, in a view that :func:`surveys.web.security.needs` guards."""
    person = signed_in()
    assert person is not None  # noqa: S101 - `needs` saw to it
    return person


def _from_cookie() -> Person | None:
    person_id = session.get("person")
    if person_id is None:
        return None
    now = int(services().clock().timestamp())
    too_old = now - session["since"] > LONGEST.total_seconds()
    idle = now - session["seen"] > IDLE.total_seconds()
    person = None if too_old or idle else people.find(services().database, person_id)
    if person is None or person.status != "active" or person.epoch != session["epoch"]:
        session.clear()
        return None
    if now - session["seen"] > SEEN_EVERY.total_seconds():
        session["seen"] = now
    return person


# --- phones -----------------------------------------------------------------------------------


def device() -> tuple[Device, Person] | None:
    """The signed-in phone that asks, and whose it is."""
    if "device" not in g:
        token = request.cookies.get(DEVICE_COOKIE, "")
        known = token and devices.find(services().database, services().clock(), token)
        g.device = known or None
    found: tuple[Device, Person] | None = g.device
    return found


def remember_device(response: AnyResponse, device: Device, token: str) -> None:
    """Give the phone its token, for as long as it is good."""
    until = device.expires_utc and datetime.fromisoformat(device.expires_utc)
    response.set_cookie(
        DEVICE_COOKIE,
        token,
        expires=until or services().clock() + timedelta(days=devices.LONGEST_DAYS),
        secure=over_https(),
        httponly=True,
        samesite="Lax",
    )


def forget_device(response: AnyResponse) -> None:
    response.delete_cookie(DEVICE_COOKIE, httponly=True, samesite="Lax", secure=over_https())


def device_form_token() -> str | None:
    """The token of the forms on a phone's pages: the same while the device lives, since a page may
    be opened without a network days after it came."""
    token = request.cookies.get(DEVICE_COOKIE, "")
    if not is_phones(request.path) or device() is None:
        return None
    return hashlib.sha256(f"forms of {token}".encode()).hexdigest()[:32]
