"""What every answer is protected by, and who may ask for what.

:func:`protect` is called once for the application; ``@needs("owner", "manager")`` on a view says
who may open it; :func:`signed_in` tells who is looking.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

from flask import Flask, Response, abort, current_app, g, redirect, request, session, url_for
from markupsafe import Markup

from surveys.web import errors, sessions
from surveys.web.sessions import signed_in

__all__ = ["needs", "protect", "safe_next", "signed_in", "takes"]

View = TypeVar("View", bound=Callable[..., Any])

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
FORM_BYTES = 64 * 1024  # forms of people who sign in are short; see `takes`
MIB = 1024 * 1024
TOKEN_FIELD = "csrf"  # noqa: S105 - a field's name

POLICY = {
    "Permissions-Policy": "camera=(), geolocation=(self), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def protect(app: Flask) -> None:
    """Sessions, form tokens, headers and error pages for the whole application."""
    sessions.configure(app)
    errors.register(app)
    app.before_request(_check_form_token)
    app.after_request(_add_headers)
    app.jinja_env.globals.update(csrf_field=csrf_field, signed_in=signed_in)


# --- headers ----------------------------------------------------------------------------------


def _add_headers(response: Response) -> Response:
    if response.headers.get("Cache-Control", "").endswith("immutable"):
        # A module of the customer's form: what follows is said by the page that loads it, and on
        # the first view every byte counts.
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response
    response.headers.setdefault("Content-Security-Policy", _content_policy())
    for name, value in POLICY.items():
        response.headers.setdefault(name, value)
    # Pages say it for the whole host; asking at every submission would cost a query each.
    if not request.path.startswith("/api/") and sessions.over_https():
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if sessions.has_sessions(request.path):
        # What one person saw must not come out of a cache for the next.
        response.headers.setdefault("Cache-Control", "no-store")
    return response


def _content_policy() -> str:
    styles = " ".join(["'self'", *g.get("csp_style_hashes", [])])
    return (
        f"default-src 'none'; script-src 'self'; style-src {styles}; img-src 'self' data:;"
        " connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none';"
        " manifest-src 'self'; worker-src 'self'"
    )


# --- forms of signed-in people ----------------------------------------------------------------


def csrf_field() -> Markup:
    """The hidden field that every form of a session page carries."""
    return Markup('<input type="hidden" name="{}" value="{}">').format(TOKEN_FIELD, form_token())


def form_token() -> str:
    """What a form of this page must bring along."""
    of_device = sessions.device_form_token()
    if of_device is not None:
        return of_device
    if "form_token" not in session:
        session["form_token"] = secrets.token_urlsafe(18)
    return str(session["form_token"])


def _check_form_token() -> None:
    """Refuse a change that did not come from a page of ours.

    Only rooms with sessions are guarded: a customer's form and the API carry their own tokens and
    act for nobody who is signed in.
    """
    if request.method in SAFE_METHODS or not sessions.has_sessions(request.path):
        return
    view = current_app.view_functions.get(request.endpoint or "")
    most = getattr(view, "most_bytes", FORM_BYTES)
    request.max_content_length = request.max_form_memory_size = most
    if view is None or (hasattr(view, "needed_roles") and signed_in() is None):
        return  # there is nothing here, or `needs` will ask to sign in
    sent = request.form.get(TOKEN_FIELD, "")
    kept = sessions.device_form_token() or session.get("form_token", "")
    if not (_from_our_page() and kept and hmac.compare_digest(sent.encode(), kept.encode())):
        abort(400, errors.STALE_FORM)


def _from_our_page() -> bool:
    """What the browser says about where a form came from.

    ``Origin: null`` is what browsers write for our own pages too, since they send no referrer;
    ``Sec-Fetch-Site`` comes by https only. So each counts where it says something.
    """
    origin = request.headers.get("Origin", "null")
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    return (origin == "null" or origin in sessions.own_origins()) and site == "same-origin"


# --- who may ----------------------------------------------------------------------------------


def needs(*roles: str) -> Callable[[View], View]:
    """Open the view to signed-in people of these roles (none named: of any role)."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            person = signed_in()
            if person is None:
                return _ask_to_sign_in()
            if roles and person.role not in roles:
                abort(403)
            return view(*args, **kwargs)

        guarded.needed_roles = roles  # type: ignore[attr-defined]
        return guarded  # type: ignore[return-value]

    return decorate


def takes(most_bytes: int) -> Callable[[View], View]:
    """The view's form may be that large, not :data:`FORM_BYTES` only. Stands above ``@needs``."""

    def decorate(view: View) -> View:
        view.most_bytes = most_bytes  # type: ignore[attr-defined]
        return view

    return decorate


def _ask_to_sign_in() -> Response:
    if "text/html" not in request.headers.get("Accept", ""):
        abort(401)
    if sessions.is_phones(request.path):
        return redirect(url_for("phones.page"), 303)  # type: ignore[return-value]
    address = url_for("sign_in.page")
    if request.method == "GET":
        wanted = request.full_path if request.query_string else request.path
        address += f"?next={quote(wanted, safe='/')}"
    return redirect(address, 303)  # type: ignore[return-value]


def safe_next(wanted: str | None) -> str | None:
    """``wanted`` if it is a plain path of ours, else None: nobody is led to another host."""
    if not wanted or not wanted.startswith("/") or wanted.startswith("//"):
        return None
    if "\\" in wanted or any(ord(letter) <= 32 or ord(letter) == 127 for letter in wanted):
        return None
    parts = urlsplit(wanted)
    return None if parts.scheme or parts.netloc else wanted
