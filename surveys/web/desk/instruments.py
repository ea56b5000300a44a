"""Instruments at the desk: which there are, who uses them, what each version changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, abort, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from surveys import instrument_files as files
from surveys import people, publishing
from surveys.changes import changes
from surveys.checking import SCALES_FILE, SHIPPED, check_text, load_scales
from surveys.comparability import warnings
from surveys.grammar import LANGUAGES
from surveys.instrument import Instrument
from surveys.publishing import Published
from surveys.sentences import Sentence
from surveys.web import rendering
from surveys.web.desk.results import SOURCES
from surveys.web.preview import preview_page
from surveys.web.security import needs
from surveys.web.services import services
from surveys.web.speech import language
from surveys.web.words import direction, words

blueprint = Blueprint("instruments", __name__)

READERS = ("owner", "reviewer")
WHO = {**SOURCES, "forecast": Sentence("Managers and staff, forecasting")}
"""Who answers, by an instrument's source."""

WIDTHS = (320, 390)
"""Of the frames a preview shows, in pixels: the narrowest phone in use, and a usual one."""


@dataclass(frozen=True)
class Version:
    """A version in the list of an instrument's: what it changed, and how often it was answered."""

    published: Published
    instrument: Instrument
    changed: list[Sentence] | None  # None: it was the first
    answers: int


@blueprint.get("/desk/instruments")
@needs(*READERS)
def every() -> str:
    return list_page()


def list_page(**more: object) -> str:
    """Every instrument; ``more`` is what was typed into the form for a new one, and its faults."""
    db = services().database
    with db.snapshot():
        newest = {found.key: found for found in publishing.newest_of_all(db)}
        drafts = files.drafts(db)
        since = {
            one.form: one.published_utc for key in newest for one in publishing.versions(db, key)
        }
        uses = files.uses(db, services().clock().date())
    return render_template(
        "desk/instruments.html",
        newest=newest,
        keys=sorted({*newest, *drafts}),
        since=since,
        drafts=drafts,
        uses=uses,
        nothing=files.Use(),
        name_of=name_of,
        WHO=WHO,
        **{"typed": {}, "faults": {}, **more},
    )


@blueprint.get("/desk/instruments/<key>")
@needs(*READERS)
def one(key: str) -> str:
    db = services().database
    with db.snapshot():
        newest = known(key)
        draft = files.draft(db, key)
        use = files.uses(db, services().clock().date()).get(key, files.Use())
        versions = _versions(key, use)
    return render_template(
        "desk/instrument.html",
        key=key,
        newest=newest,
        draft=draft,
        use=use,
        versions=versions,
        name_of=name_of,
        WHO=WHO,
    )


@blueprint.get("/desk/instruments/<key>/versions/<version>")
@needs(*READERS)
def version(key: str, version: str) -> str:
    db = services().database
    with db.snapshot():
        newest = known(key)
        found = at_version(key, version)
        text = files.text_of(db, found)
        uses = files.uses(db, services().clock().date())
        rows = _versions(key, uses.get(key, files.Use()))
    return render_template(
        "desk/instrument_version.html",
        key=key,
        found=found,
        row=next(row for row in rows if row.published.version == version),
        lines=text.splitlines(),
        is_newest=newest is not None and newest.version == version,
    )


@blueprint.get("/desk/instruments/<key>/preview")
@needs(*READERS)
def preview(key: str) -> str | Response:
    """The form on two phones, in one of its languages: the draft's, else the newest version's.

    The frames hold whole documents that may do nothing: no scripts, no sending. They inherit this
    page's policy, so all it allows beside the usual is the form's own style, by its hash.
    """
    asked = request.args.get("version")
    db = services().database
    draft = files.draft(db, key) if asked is None else None
    found = at_version(key, asked) if asked is not None else known(key)
    if draft is not None:
        found = check_text(draft.text.encode(), key).instrument
        if found is None:
            return redirect(url_for("instrument_editor.edit", key=key, check="1"), 303)
    assert found is not None  # noqa: S101 - known() answers None only where there is a draft
    chosen = request.args.get("language") or found.languages[0]
    if chosen not in found.languages:
        abort(404, Sentence("This form does not speak that language. Go back and choose another."))
    every_scale = request.args.get("scales") == "all"
    g.csp_style_hashes = [rendering.style_hash()]
    return render_template(
        "desk/instrument_preview.html",
        key=key,
        found=found,
        draft=draft,
        version=asked,
        chosen=chosen,
        every_scale=every_scale,
        page=preview_page(found, language=chosen, every_scale=every_scale),
        widths=WIDTHS,
        words=words,
        direction=direction,
    )


@blueprint.get("/desk/scales")
@needs(*READERS)
def scales() -> str:
    chosen = request.args.get("language") or language()
    if chosen not in LANGUAGES:
        abort(404, Sentence("The scales do not speak that language. Go back and choose another."))
    return render_template(
        "desk/scales.html",
        scales=load_scales(SHIPPED / SCALES_FILE),
        chosen=chosen,
        languages=LANGUAGES,
        words=words,
        direction=direction,
    )


# --- what the pages of instruments share ------------------------------------------------------


def known(key: str) -> Instrument | None:
    """The newest version of ``key``, None where there is only a draft. Else a 404."""
    found = publishing.newest(services().database, key)
    if found is None and files.draft(services().database, key) is None:
        abort(404, Sentence("There is no such instrument. The list names those there are."))
    return found


def at_version(key: str, version: str) -> Instrument:
    """That version of ``key``. If it was never published, a 404."""
    found = publishing.version(services().database, f"{key}@{version}")
    if found is None:
        abort(
            404, Sentence("There is no such version. The instrument’s page lists those there are.")
        )
    return found


def differences(newest: Instrument | None, found: Instrument | None) -> dict[str, Any]:
    """What publishing ``found`` would change, in words, and what it would break."""
    if newest is None or found is None:
        return {"changed": [], "warned": []}
    return {"changed": changes(newest, found), "warned": warnings(newest, found)}


def name_of(person_id: str) -> str:
    """The name of whoever did something; "" for the command line, or for somebody who is gone."""
    person = people.find(services().database, person_id) if person_id else None
    return "" if person is None else person.name or person.email


def _versions(key: str, use: files.Use) -> list[Version]:
    """The newest first, each with what it changed since the one published before it."""
    db = services().database
    published = publishing.versions(db, key)
    instruments = [at_version(key, one.version) for one in published]
    before = [*instruments[1:], None]
    return [
        Version(
            row,
            found,
            None if earlier is None else changes(earlier, found),
            use.answers.get(row.version, 0),
        )
        for row, found, earlier in zip(published, instruments, before, strict=True)
    ]
