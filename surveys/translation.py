"""Sentences, dates and numbers in another language: the gettext catalogues of ``translations/``.

A catalogue is a ``.po`` file that translators edit and that is read as it is; there is nothing to
compile. What a catalogue lacks is said in English. ``python -m tests.rig.catalogues`` brings the
files up to date with the source; ``tests/test_translations.py`` fails for a sentence that nobody
has translated.
"""

from __future__ import annotations

import gettext
import io
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import cache
from pathlib import Path

from babel import Locale, UnknownLocaleError, dates, numbers
from babel.messages import mofile, pofile

from surveys.sentences import Sentence

FOLDER = Path(__file__).with_name("translations")

LANGUAGES = {"en": "English", "fr": "Français", "es": "Español"}
"""What the desk and its letters speak, each by its own name."""

_HOME = {"en": "en_GB", "fr": "fr_FR", "es": "es_ES"}


def locale_of(language: str, preferred: Iterable[str] = ()) -> Locale:
    """How ``language`` (one of :data:`LANGUAGES`) writes dates and numbers.

    ``preferred`` are tags such as ``es-MX``, best first: the first of that language decides.
    """
    for tag in preferred:
        if tag.replace("_", "-").partition("-")[0].lower() == language and len(tag) > 2:
            try:
                return Locale.parse(tag.replace("-", "_"))
            except (ValueError, UnknownLocaleError):
                continue
    return Locale.parse(_HOME[language])


@cache
def catalogue(language: str) -> gettext.NullTranslations:
    """The translations into ``language``; of English, which needs none, an empty one."""
    file = FOLDER / f"{language}.po"
    if not file.exists():
        return gettext.NullTranslations()
    with file.open("rb") as stream:
        read = pofile.read_po(stream, locale=language)
    compiled = io.BytesIO()
    mofile.write_mo(compiled, read)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def say(sentence: str, locale: Locale) -> str:
    """A :class:`Sentence` in the locale's language; any other text as it is."""
    if not isinstance(sentence, Sentence):
        return str(sentence)
    template = catalogue(locale.language).gettext(sentence.template)
    return template.format(**shown(sentence.values, locale)) if sentence.values else template


def shown(values: Mapping[str, object], locale: Locale) -> dict[str, object]:
    """Values as they stand in a sentence of that language: numbers, days, moments, sentences."""
    return {name: _shown(value, locale) for name, value in values.items()}


def _shown(value: object, locale: Locale) -> object:
    if isinstance(value, Sentence):
        return say(value, locale)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return numbers.format_decimal(value, locale=locale)
    if isinstance(value, datetime) and value.tzinfo is not None:
        return moment(value, locale)
    if isinstance(value, date):
        return day(value, locale)
    return value


def day(found: date, locale: Locale) -> str:
    """``22 Nov 2026``."""
    return dates.format_date(found, "medium", locale=locale)


def month(found: date, locale: Locale) -> str:
    """``Nov 2026``."""
    return str(dates.format_skeleton("yMMM", found, locale=locale))


def month_name(found: date, locale: Locale) -> str:
    """``November 2026``."""
    return str(dates.format_skeleton("yMMMM", found, locale=locale))


def moment(at: datetime, locale: Locale) -> str:
    """``22 Nov 2026, 10:00 CET``; ``at`` is aware, in the zone to show it in."""
    clock = dates.format_time(at, "short", tzinfo=at.tzinfo, locale=locale)
    return f"{day(at.date(), locale)}, {clock} {at.tzname()}"
