"""One renderer for every form: the customer's page, ``instrument preview``, later a visit.

It needs neither Flask nor a database. What it makes is a real ``<form>`` that works without
JavaScript; ``static/form.js`` adds to it and renders nothing of its own.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from surveys.draw import blocks
from surveys.instrument import Draw, Instrument, Item, Text
from surveys.photos_listed import max_photos
from surveys.web import words as w
from surveys.written import clock

HERE = Path(__file__).parent
STATIC = HERE.parent.parent / "static"
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"

_INTRODUCED = ("customer", "manager", "forecast")
"""The sources with an introduction of their own."""

_UNSCRIPTED = ("duration", "photo", "place")
"""The types that ``static/form.js`` cannot read."""

Filled = Mapping[str, Sequence[str]]
"""What stood in a plain form: field name to its values."""


@dataclass(frozen=True)
class Report:
    """What the form of a visit's report has beside its questions.

    ``facts`` are attributes of the form for the script, without those that are None; ``code`` one
    that was scanned at the place; ``replaces`` the id of the
    report that came back, ``said`` the reviewer's words by question; ``csrf`` the field
    that a plain post must bring along.
    """

    facts: Mapping[str, str | None]
    csrf: Markup
    code: str = ""
    replaces: str = ""
    said: Mapping[str, str] = field(default_factory=dict)


class _Lean(FileSystemLoader):
    """Templates without the indentation that is there for their readers."""

    def get_source(
        self, environment: Environment, template: str
    ) -> tuple[str, str, Callable[[], bool]]:
        source, name, fresh = super().get_source(environment, template)
        return re.sub(r"(?m)^[ \t]+", "", source), name, fresh


@cache
def _environment() -> Environment:
    made = Environment(
        loader=_Lean(HERE / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    made.filters["compact"] = lambda value: json.dumps(value, separators=(",", ":"))
    return made


@cache
def style() -> Markup:
    """The style sheet as it is inlined."""
    return Markup(squeezed("form.css"))  # noqa: S704 - our own file


@cache
def squeezed(name: str) -> str:
    """A style sheet without comments and indentation."""
    source = (STATIC / name).read_text(encoding="utf-8")
    source = re.sub(r"/\*.*?\*/", "", source, flags=re.DOTALL)
    source = re.sub(r"\s+", " ", source)
    source = re.sub(r" ?([{};,]) ?", r"\1", source).replace(": ", ":").replace(";}", "}")
    return source.strip()


@cache
def style_hash() -> str:
    """What the Content-Security-Policy says of :func:`style`: ``'sha256-…'``."""
    digest = hashlib.sha256(str(style()).encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def render_form(
    instrument: Instrument,
    language: str,
    *,
    token: str = "",
    submission_id: str = "",
    action: str = "",
    drawn: Sequence[str] = (),
    filled: Filled | None = None,
    scripts: bool = False,
    report: Report | None = None,
) -> Markup:
    """The ``<form>`` of ``instrument`` in ``language``.

    ``drawn`` names the scales shown of a draw (default: its first ones); with ``scripts`` the
    others travel along, inert, for the phone to draw afresh. ``filled`` fills the fields in again.
    ``report`` makes it the long form of a visit.
    """
    draw = instrument.draw
    if draw is not None:
        drawn = [key for key in drawn if any(item.key == key for item in draw.items)]
        drawn = drawn or [item.key for item in draw.items[: draw.count]]
    words = w.words(language, instrument.source)
    demanded = _demanded(instrument)
    return Markup(  # noqa: S704 - rendered with autoescape
        _environment()
        .get_template("shopper/form.html" if report else "customer/form.html")
        .render(
            instrument=instrument,
            language=language,
            words=words,
            token=token,
            submission_id=submission_id,
            action=action,
            drawn=drawn,
            asked=asked(instrument, drawn),
            filled=filled or {},
            scripts=scripts,
            blocks=_blocks(draw) if draw else "",
            titled=sum(not section.folded for section in instrument.sections) > 1,
            say=_sayer(language, instrument.languages),
            limits=lambda item: _limits(item, words),
            several=lambda item: max_photos(item) > 1,
            must=lambda item: item.key in demanded,
            limits_for_scripts=_limits_for_scripts if report else lambda item: {},
            beside=_remarks(report, words) if report else lambda item: "",
            **(vars(report) if report else {}),
        )
    )


def is_scripted(instrument: Instrument) -> bool:
    """Whether ``static/form.js`` goes with the form. Else it is sent as a plain form is."""
    return all(item.type not in _UNSCRIPTED for item in instrument.items.values())


def _blocks(draw: Draw) -> str:
    """The blocks for the phone: one letter (base 36) a scale, a space between blocks."""
    made = blocks(len(draw.items), draw.count)
    return " ".join("".join(_DIGITS[place] for place in block) for block in made)


def asked(instrument: Instrument, drawn: Iterable[str]) -> list[str]:
    """The questions that everybody sees who opens the form: no folded or conditional ones."""
    drawn = set(drawn)
    return [
        item.key
        for section in instrument.sections
        if not section.folded
        for item in section.items
        if item.type != "note" and item.show_if is None and (not item.drawn or item.key in drawn)
    ]


def render_form_page(
    instrument: Instrument,
    language: str,
    form: Markup,
    *,
    languages: Sequence[str],
    site: str = "",
    alert: str | None = None,
    details: Sequence[str] = (),
    scripts: str | None = None,
    link: tuple[str, str] | None = None,
    query: str = "",
) -> str:
    """The document round a form. ``scripts`` is the address of the folder of modules, if any.

    ``link`` is one more thing to do, (address, text), and ``query`` as for a message.
    """
    words = w.words(language, instrument.source)
    title = w.say(instrument.title, language, instrument.languages).text
    return _page(
        "form_page",
        language,
        languages,
        title=f"{site}: {title}" if site else title,
        instrument=instrument,
        form=form,
        site=site,
        intro=words["intro" if instrument.source in _INTRODUCED else "intro_long"],
        alert=alert,
        details=details,
        scripts=scripts,
        phone_words={name: words[name] for name in w.FOR_THE_PHONE},
        say=_sayer(language, instrument.languages),
        query=query,
        link=link,
    )


def render_message(
    language: str,
    heading: str,
    lines: Sequence[str],
    *,
    languages: Sequence[str] = (),
    site: str = "",
    link: tuple[str, str] | None = None,
    query: str = "",
) -> str:
    """A page that says something and offers at most one link: (address, text).

    ``query`` is what its address must keep when the language is switched, such as ``&r=…``.
    """
    return _page(
        "message",
        language,
        languages,
        query=query,
        title=heading,
        heading=heading,
        lines=lines,
        site=site,
        link=link and link[0],
        link_text=link and link[1],
    )


def _page(
    template: str, language: str, languages: Sequence[str], *, query: str = "", **more: Any
) -> str:
    switch = [
        {
            "code": code,
            "address": f"?lang={code}{query}",
            "name": w.words(code)["name"],
            "direction": w.direction(code),
        }
        for code in languages
    ]
    return (
        _environment()
        .get_template(f"customer/{template}.html")
        .render(
            language=language,
            direction=w.direction(language),
            words=w.words(language),
            switch=switch,
            style=style(),
            **more,
        )
    )


def _sayer(language: str, others: Sequence[str]) -> Callable[[Text], Markup]:
    """Says a text; one that is in another language than the page is marked as such."""

    def say(text: Text) -> Markup:
        said = w.say(text, language, others)
        if said.language == language:
            return Markup.escape(said.text)
        return Markup('<span lang="{}" dir="{}">{}</span>').format(
            said.language, w.direction(said.language), said.text
        )

    return say


def _limits(item: Item, words: Mapping[str, str]) -> str:
    """What a number may be, and its unit, in words; how to write what has a form of its own."""
    if item.type == "photo":
        most = max_photos(item)
        return words["photos"].format(max=most) if most > 1 else words["photo"]
    if item.type == "place":
        return words["place"]
    if item.type == "duration":
        bounds = _bounds(item, words, lambda value: clock(int(value)))
        return f"{words['duration']} · {bounds}" if bounds else words["duration"]
    return f"{_bounds(item, words, '{:g}'.format)} {item.unit or ''}".strip()


def _bounds(item: Item, words: Mapping[str, str], write: Callable[[float], str]) -> str:
    if item.min is not None and item.max is not None:
        return words["between"].format(min=write(item.min), max=write(item.max))
    if item.min is not None:
        return words["at_least"].format(min=write(item.min))
    if item.max is not None:
        return words["at_most"].format(max=write(item.max))
    return ""


def _limits_for_scripts(item: Item) -> dict[str, object]:
    """What the script of a long form must know to tell what is wrong, as attributes."""
    most = max_photos(item) if item.type == "photo" else item.max_length
    return {
        "data-need": "" if item.required else None,
        "data-min": item.min,
        "data-max": item.max,
        "data-most": most,
    }


def _remarks(report: Report, words: Mapping[str, str]) -> Callable[[Item], Markup]:
    """The reviewer's words on a question of a report that came back."""

    def beside(item: Item) -> Markup:
        said = report.said.get(item.key)
        text = Markup('<p class="w"><b>{}</b> <bdi class="pre">{}</bdi></p>')
        return text.format(words["reviewer"], said) if said else Markup()

    return beside


def _demanded(instrument: Instrument) -> set[str]:
    """Items the browser itself insists on: required, and in sight of everybody.

    One that is folded or conditional would stop the form at a field that nobody can see.
    """
    seen = set(asked(instrument, ()))
    return {item.key for item in instrument.items.values() if item.required and item.key in seen}
