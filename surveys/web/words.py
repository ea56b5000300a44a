"""The words of a customer's pages, and which language to speak.

The words stand in ``words.yaml``; texts of an instrument come in their own languages. A text that
lacks a language is shown in another and says so to the browser (:class:`Said` carries the language
it is really in), so that a screen reader pronounces it rightly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

from ruamel.yaml import YAML
from werkzeug.datastructures import LanguageAccept

from surveys.instrument import Text

FILE = Path(__file__).with_name("words.yaml")
LAST_RESORT = "en"
CUSTOMER = "customer"
_ENDINGS = {
    "manager": ("_inside", "_manager"),
    "staff": ("_inside",),
    "forecast": ("_inside", "_forecast"),
}
"""Whose words stand beside the customers', by the ends of their names; the last counts most."""


FOR_THE_PHONE = (
    *("empty", "sending", "waiting_one", "waiting", "delivered", "since", "try_again", "not_taken"),
    *("save", "delete", "delete_sure", "restored", "afresh", "number_wrong", "unkept", "thanks"),
    *("kept", "arrived", "held", "nameless", "again", "unknown", "new_version", "reload"),
    *("erase", "erased", "erase_failed"),
)
"""The words that ``static/form.js`` says by itself."""

FOR_THE_SHOPPER = (
    *("line_one", "line", "line_stuck", "line_done", "closed", "keep_open", "goes", "others"),
    *("nothing", "try_all", "save_all", "try_one", "delete", "delete_draft", "delete_report"),
    *("go_on", "mend", "visit", "draft", "waiting", "sending", "photos", "photos_sending"),
    *("photos_stuck", "photo_wrong", "photo_lost", "refused", "held", "delivered", "counted"),
    *("rejected", "returned", "room", "unkept", "signed_out", "get_ready", "getting_ready"),
    *("ready", "not_ready", "tick", "coming", "no_tick", "no_tick_why", "missing"),
    *("no_such_code", "leave_reports", "leave_drafts", "new_version", "reload"),
)
"""The words that the scripts of a shopper's phone say by themselves, without their ``phone_``."""


FOR_THE_REPORT = (
    *("after_send", "all_there", "at_least", "at_most", "back", "begun", "between", "change"),
    *("code_keep", "code_right", "code_wrong", "continue_here", "date_wrong", "discard"),
    *("discard_sure", "duration_wrong", "earlier_form", "elsewhere", "finished", "form_lost"),
    *("full", "kept_at", "level", "needed", "next", "number_wrong", "open_questions", "outside"),
    *("part_of", "parts", "photo_choose", "photo_full", "photo_heic", "photo_https"),
    *("photo_most", "photo_n", "photo_removed", "photo_take", "photo_twice", "photo_unkept"),
    *("photo_working", "photo_wrong", "place", "place_again", "place_asking", "place_found"),
    *("place_https", "place_late", "place_none", "place_refused", "place_use", "place_why"),
    *("place_wrong", "progress", "remove", "review", "send", "step", "text_long", "timer_reset"),
    *("timer_runs", "timer_start", "timer_stop", "to_queue", "try_again", "unanswered", "undo"),
    *("unkept_report", "whole_wrong", "wrong", "wrong_one"),
)
"""The words that the scripts of a visit's report say by themselves."""


@dataclass(frozen=True)
class Said:
    """A text and the language it is in, which may not be the one that was asked for."""

    text: str
    language: str


@cache
def all_words() -> Mapping[str, Mapping[str, str]]:
    """Language code → word → text."""
    read = YAML(typ="safe").load(FILE)
    return MappingProxyType(
        {code: MappingProxyType({str(k): str(v) for k, v in w.items()}) for code, w in read.items()}
    )


@cache
def words(language: str, source: str = CUSTOMER) -> Mapping[str, str]:
    """The interface words of ``language`` (of English where there are none) for who answers.

    Managers and staff read ``arrived_inside`` where a customer reads ``arrived``, and who
    forecasts ``none_forecast`` where others read ``none``; ``source`` is an instrument's or a
    submission's.
    """
    found = dict(all_words().get(language) or all_words()[LAST_RESORT])
    for ending in _ENDINGS.get(source.rpartition("_")[2], ()):
        for name in [name for name in found if name.endswith(ending)]:
            found[name.removesuffix(ending)] = found[name]
    return found


def direction(language: str) -> str:
    """``rtl`` or ``ltr``."""
    return all_words().get(language, {}).get("direction", "ltr")


def say(text: Text, language: str, others: Sequence[str] = ()) -> Said:
    """``text`` in ``language``, else in the first of ``others`` it has, else in any it has."""
    for code in (language, *others, LAST_RESORT, *text):
        if text.get(code):
            return Said(text[code], code)
    return Said("", language)


def choose(
    languages: Sequence[str], *, asked: str | None, accepted: LanguageAccept, site: Sequence[str]
) -> str:
    """The language for a page that can speak ``languages`` (at least one).

    First what the address asks for (``?lang=``), then what the browser prefers, then the first
    of the site's languages that the page speaks, then the form's first. Pure: every candidate is
    passed in.
    """
    if asked is not None and asked in languages:
        return asked
    preferred = accepted.best_match(languages)
    if preferred is not None:
        return preferred
    return next((code for code in site if code in languages), languages[0])
