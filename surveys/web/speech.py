"""The reader's language at the desk: sentences, days, moments and numbers.

In templates: ``_("Sites")``, ``_("Region {name}", name=region)``, ``ngettext("{n} site",
"{n} sites", n)``, ``told(error)`` for a sentence from below, and the filters ``day``, ``month``,
``moment``, ``number``, ``decimal`` and ``percent``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale, numbers
from flask import Flask, g, request
from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from surveys import preferences, translation
from surveys.instrument import Text
from surveys.people import may_see
from surveys.store import sites
from surveys.store.database import Unavailable
from surveys.translation import LANGUAGES
from surveys.web import words
from surveys.web.services import services
from surveys.web.sessions import signed_in


def register(app: Flask) -> None:
    app.jinja_env.globals.update(
        _=gettext, ngettext=ngettext, told=told, spoken=spoken, language=language
    )
    for shown in (day, month, month_name, moment, number, decimal, percent):
        app.jinja_env.filters[shown.__name__] = _when_read(shown)


def _when_read(shown: Callable[..., str]) -> Callable[..., str]:
    """A filter for each reader: without the context Jinja would fold ``4.6 | decimal`` into the
    template once and for all, as its first reader writes it."""

    @pass_context
    def filtered(context: Context, *args: Any, **options: Any) -> str:
        return shown(*args, **options)

    return filtered


# --- the reader -------------------------------------------------------------------------------


def locale() -> Locale:
    """How the reader writes: as they chose, else as their browser asks, else British English."""
    if "locale" not in g:
        accepted = [tag for tag, _ in request.accept_languages]
        browser = request.accept_languages.best_match(list(LANGUAGES)) or "en"
        chosen = _chosen().get(preferences.LANGUAGE, browser)
        g.locale = translation.locale_of(chosen if chosen in LANGUAGES else "en", accepted)
    found: Locale = g.locale
    return found


def language() -> str:
    """``en``, ``fr`` or ``es``."""
    return str(locale().language)


def zone() -> ZoneInfo:
    """The reader's time zone: as they chose, else the one most of their sites are in."""
    if "zone" not in g:
        person = signed_in()
        name = _chosen().get(preferences.TIMEZONE)
        if name is None and person is not None:
            mine = (site for site in sites.every(services().database) if may_see(person, site))
            common = Counter(site.timezone for site in mine).most_common(1)
            name = common[0][0] if common else None
        g.zone = ZoneInfo(name or "UTC")
    found: ZoneInfo = g.zone
    return found


def forget_reader() -> None:
    """The reader has just chosen anew: what this request still says follows it."""
    for name in ("locale", "zone", "preferences"):
        g.pop(name, None)


def _chosen() -> Mapping[str, str]:
    """The reader's preferences; none of somebody who has not signed in, or while nothing can be
    read: the page that says so is in some language too."""
    if "preferences" not in g:
        try:
            person = signed_in()
            chosen = preferences.of(services().database, person.person_id) if person else {}
        except Unavailable:
            return {}
        g.preferences = chosen
    found: Mapping[str, str] = g.preferences
    return found


# --- sentences --------------------------------------------------------------------------------


def gettext(message: str, /, **values: object) -> str:
    """The message in the reader's language, its braces filled.

    Where a value is markup the sentence is too, with all else escaped.
    """
    return _filled(translation.catalogue(language()).gettext(message), values)


def ngettext(one: str, many: str, n: int, /, **values: object) -> str:
    """The form of the message that goes with ``n``, which fills ``{n}``."""
    template = translation.catalogue(language()).ngettext(one, many, n)
    return _filled(template, {"n": n, **values})


def told(message: object) -> str:
    """A sentence from below, or an error that holds one, in the reader's language."""
    if isinstance(message, Exception):
        message = message.args[0] if message.args else str(message)
    return translation.say(message if isinstance(message, str) else str(message), locale())


def spoken(text: Text) -> str:
    """An instrument's text; marked with its language where it lacks the reader's."""
    said = words.say(text, language())
    if said.language == language():
        return said.text
    return Markup('<span lang="{}" dir="{}">{}</span>').format(
        said.language, words.direction(said.language), said.text
    )


def _filled(template: str, values: Mapping[str, object]) -> str:
    if not values:
        return template
    shown = translation.shown(values, locale())
    if any(hasattr(value, "__html__") for value in shown.values()):
        return escape(template).format(**shown)
    return template.format(**shown)


# --- days and numbers -------------------------------------------------------------------------


def day(found: date | str) -> str:
    """``22 Nov 2026``; a day as ISO text is understood."""
    return translation.day(date.fromisoformat(found) if isinstance(found, str) else found, locale())


def month(found: date) -> str:
    """``Nov 2026``."""
    return translation.month(found, locale())


def month_name(found: date | str) -> str:
    """``November 2026``; a day of it, or the month as ISO text."""
    first = date.fromisoformat(f"{found[:7]}-01") if isinstance(found, str) else found
    return translation.month_name(first, locale())


def moment(at: datetime | str, where: str | None = None) -> str:
    """``22 Nov 2026, 10:00 CET``: in the reader's time zone, or in that of ``where`` (IANA).

    ``at`` is aware, or ISO 8601 text in UTC.
    """
    found = datetime.fromisoformat(at) if isinstance(at, str) else at
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    return translation.moment(found.astimezone(ZoneInfo(where) if where else zone()), locale())


def number(found: float) -> str:
    """``5,000``."""
    return str(numbers.format_decimal(found, locale=locale()))


def decimal(found: float, digits: int = 1) -> str:
    """With that many digits after the point, or comma: ``4.3``."""
    places = "0" * digits
    return str(numbers.format_decimal(found, format=f"#,##0.{places}", locale=locale()))


def percent(share: float, digits: int = 0) -> str:
    """A share (0 … 1) as ``43 %`` is written in the reader's language."""
    pattern = locale().percent_formats[None].pattern
    if digits:
        pattern = pattern.replace("#,##0", f"#,##0.{'0' * digits}")
    return str(numbers.format_percent(share, format=pattern, locale=locale()))
