"""Writing an instrument at the desk: begin, check, keep as a draft.

The editor box is a plain form. Every answer that does not move on is the page again, with
everything typed; ``static/editor.js`` posts the same form and takes the findings out of it.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from surveys import instrument_files as files
from surveys import publishing
from surveys.changes import changes
from surveys.checking import Checked, check_text
from surveys.faults import CATALOGUE, MOST_FAULTS, Fault
from surveys.grammar import KEY
from surveys.instrument import Instrument
from surveys.instrument_files import Draft, Overtaken
from surveys.sentences import Sentence
from surveys.web.desk import instrument_help
from surveys.web.desk.instruments import at_version, differences, known, list_page, name_of
from surveys.web.security import MIB, needs, takes
from surveys.web.services import services
from surveys.web.sessions import me
from surveys.web.speech import gettext as _
from surveys.yaml_tree import MAX_BYTES

blueprint = Blueprint("instrument_editor", __name__)

STARTER = """\
# A small form to begin with. docs/instruments.md tells what else can be asked, and how.
instrument: KEY
title: {en: "How was it?"}
source: customer
mode: routine
review: none
languages: [en]
careless: {seconds_per_item: 1}
sections:
  - title: {en: "This visit"}
    items:
      - key: moment
        type: moment
        ask: {en: "Compared with what you expected, this was …"}
      - {draw: 3, from: scales}

  - title: {en: "Anything to add? (optional)"}
    folded: true
    items:
      - key: comment
        type: text
        max_length: 2000
        ask: {en: "What should we know?"}
"""
_HEAD = re.compile(r"^instrument:[ \t]*[\"']?([a-z][a-z0-9_]{0,62})\b.*$", re.MULTILINE)

WHOLE_LINES = 3000
"""Of a longer file only the lines near faults are shown."""
NEAR = 3
MOST_COMPARED = 5000
"""Lines of two texts that are laid beside each other: comparing takes longer than reading."""

Answer = str | Response | tuple[str, int]


@dataclass(frozen=True)
class Line:
    """A line of the file with what is wrong in it; ``number`` counts from 1."""

    number: int
    text: str
    faults: list[Fault] = field(default_factory=list)


# --- a new one --------------------------------------------------------------------------------


@blueprint.post("/desk/instruments")
@takes(MIB)
@needs("owner")
def begin() -> Answer:
    """A draft of a new instrument: from a small start, from another, or from a file."""
    db = services().database
    file = request.files.get("file")
    typed = request.form.to_dict()
    if file is not None and file.filename:
        return _begin_from_file(file.read(), typed)
    key = typed.get("key", "").strip()
    faults: dict[str, Sentence] = {}
    if not KEY.fullmatch(key):
        faults["key"] = Sentence(
            "Begin with a small letter a–z, go on with a–z, 0–9 and _, at most 63 in all."
        )
    elif publishing.newest(db, key) is not None or files.draft(db, key) is not None:
        faults["key"] = Sentence(
            "There is an instrument “{key}” already: open it to edit it.", key=key
        )
    pattern = typed.get("pattern", "")
    found = publishing.newest(db, pattern) if pattern else None
    if pattern and found is None:
        faults["pattern"] = Sentence("There is no such pattern. Choose one of the list.")
    if faults:
        return list_page(typed=typed, faults=faults), 422
    text = _HEAD.sub(f"instrument: {key}", files.text_of(db, found), count=1) if found else STARTER
    return _begun(key, text.replace("KEY", key, 1) if found is None else text)


def _begin_from_file(data: bytes, typed: dict[str, str]) -> Answer:
    fault: str | None = None
    text = ""
    if len(data) > MAX_BYTES:
        fault = Sentence(
            "The file has {bytes} bytes; an instrument has at most {most}.",
            bytes=len(data),
            most=MAX_BYTES,
        )
    else:
        try:
            text = data.decode("utf-8-sig").replace("\r\n", "\n")
        except UnicodeDecodeError:
            fault = Sentence(
                "The file is not saved as UTF-8. Save it again with that encoding, then choose it"
                " once more."
            )
    head = _HEAD.search(text)
    if fault is None and head is None:
        fault = Sentence(
            "The file names no instrument: it needs a line such as “instrument: farewell”."
        )
    elif head is not None and files.draft(services().database, head[1]) is not None:
        fault = Sentence(
            "There is a draft of “{key}” already. Publish it or throw it away, then choose the file"
            " once more.",
            key=head[1],
        )
    if fault is not None or head is None:
        return list_page(typed=typed, faults={"file": fault}), 422
    return _begun(head[1], text)


def _begun(key: str, text: str) -> Answer:
    db = services().database
    newest = publishing.newest(db, key)
    try:
        files.keep(
            db,
            services().clock(),
            key,
            text,
            revision="",
            based_on=newest.version if newest else "",
            by=me().person_id,
        )
    except Overtaken:
        flash(_("Somebody else began a draft of it a moment ago. This is theirs."), "wrong")
    return redirect(url_for("instrument_editor.edit", key=key), 303)


# --- the editor box ---------------------------------------------------------------------------


@blueprint.get("/desk/instruments/<key>/edit")
@needs("owner")
def edit(key: str) -> Answer:
    """The draft, else the newest version, or the one that ``?version=`` names."""
    db = services().database
    newest = known(key)
    draft = files.draft(db, key)
    wanted = request.args.get("version")
    based_on = newest.version if newest else ""
    if wanted is not None:
        text = files.text_of(db, at_version(key, wanted))
    elif draft is not None:
        text, based_on = draft.text, draft.based_on
    else:
        assert newest is not None  # noqa: S101 - known() answers None only where there is a draft
        text = files.text_of(db, newest)
    # An old version's file says nothing of the draft, so keeping it over one asks first.
    page = _Page(key, text, draft.revision if draft and wanted is None else "", based_on)
    if request.args.get("check"):
        page.check()
    return page.render(loaded=wanted)


@blueprint.post("/desk/instruments/<key>/edit")
@takes(MIB)
@needs("owner")
def work(key: str) -> Answer:
    known(key)
    form = request.form
    text = form.get("text", "").replace("\r\n", "\n").replace("\r", "\n")
    page = _Page(key, text, form.get("revision", ""), form.get("based_on", ""))
    acts: dict[str, Callable[[_Page], Answer]] = {
        "check": _check,
        "save": _save,
        "preview": _preview,
        "publish": _to_publishing,
    }
    act = acts.get(form.get("do", ""))
    if act is None:
        abort(400)
    return act(page)


@blueprint.post("/desk/instruments/<key>/discard")
@needs("owner")
def discard(key: str) -> Answer:
    newest = known(key)
    files.discard(services().database, services().clock(), key, by=me().person_id)
    flash(_("The draft is thrown away."))
    if newest is None:
        return redirect(url_for("instruments.every"), 303)
    return redirect(url_for("instruments.one", key=key), 303)


class _Page:
    """The editor with what was typed, and what came of it so far."""

    def __init__(self, key: str, text: str, revision: str, based_on: str) -> None:
        self.key = key
        self.text = text
        self.revision = revision
        self.based_on = based_on
        self.checked: Checked | None = None

    def check(self) -> Instrument | None:
        self.checked = check_text(self.text.encode(), self.key)
        return self.checked.instrument

    def keep(self) -> Draft:
        """Raises :class:`Overtaken`."""
        return files.keep(
            services().database,
            services().clock(),
            self.key,
            self.text,
            revision=self.revision,
            based_on=self.based_on,
            by=me().person_id,
        )

    def render(self, **more: Any) -> str:
        newest = publishing.newest(services().database, self.key)
        faults = list(self.checked.faults) if self.checked else []
        found = self.checked.instrument if self.checked else None
        own = f"{self.key}.yaml"
        return render_template(
            "desk/instrument_edit.html",
            page=self,
            newest=newest,
            draft=files.draft(services().database, self.key),
            faults=faults,
            own=own,
            lines=_lines(self.text, [fault for fault in faults if fault.file == own]),
            CATALOGUE=CATALOGUE,
            MOST_FAULTS=MOST_FAULTS,
            TYPES=instrument_help.TYPES,
            OTHERS=instrument_help.OTHERS,
            name_of=name_of,
            found=found,
            **differences(newest, found),
            **more,
        )


def _check(page: _Page) -> Answer:
    sound = page.check() is not None
    return page.render(), 200 if sound else 422


def _save(page: _Page) -> Answer:
    try:
        page.keep()
    except Overtaken as other:
        return _ask_first(page, other)
    flash(_("The draft is kept. Nothing is published by that."))
    return redirect(url_for("instrument_editor.edit", key=page.key), 303)


def _preview(page: _Page) -> Answer:
    return _keep_and_go(page, "instruments.preview")


def _to_publishing(page: _Page) -> Answer:
    return _keep_and_go(page, "instrument_publishing.ready")


def _keep_and_go(page: _Page, endpoint: str) -> Answer:
    """A sound text is kept as the draft, and shown or published from there."""
    if page.check() is None:
        return page.render(), 422
    try:
        page.keep()
    except Overtaken as other:
        return _ask_first(page, other)
    return redirect(url_for(endpoint, key=page.key), 303)


def _ask_first(page: _Page, other: Overtaken) -> Answer:
    """What somebody else did meanwhile; the same button once more goes over it."""
    db = services().database
    theirs = None
    if other.draft is not None and other.draft.revision != page.revision:
        theirs = _compared(other.draft.text, page.text)
    published = None
    if other.newest is not None and other.newest.version != page.based_on:
        before = publishing.version(db, f"{page.key}@{page.based_on}")
        published = changes(before, other.newest) if before else []
    page.revision = other.draft.revision if other.draft else ""
    page.based_on = other.newest.version if other.newest else ""
    return page.render(overtaken=other, theirs=theirs, published=published), 409


# --- what pages show --------------------------------------------------------------------------


def _lines(text: str, faults: list[Fault]) -> list[Line]:
    """The file with each fault beside its line; of a long one, what is near the faults."""
    if not faults:
        return []
    beside: dict[int, list[Fault]] = {}
    for fault in faults:
        beside.setdefault(fault.line, []).append(fault)
    lines = text.split("\n")
    shown = range(1, len(lines) + 1)
    near = {line + step for line in beside for step in range(-NEAR, NEAR + 1)}
    return [
        Line(number, lines[number - 1], beside.get(number, []))
        for number in shown
        if len(lines) <= WHOLE_LINES or number in near
    ]


def _compared(old: str, new: str) -> list[str] | None:
    """The lines that differ, as ``diff`` writes them; None if there are too many to compare."""
    lines = old.splitlines(), new.splitlines()
    if len(lines[0]) + len(lines[1]) > MOST_COMPARED:
        return None
    return list(difflib.unified_diff(*lines, lineterm="", n=1))[2:]
