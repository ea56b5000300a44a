"""``/visits/<visit_id>``: the briefing of one visit, and the form of its report.

The form is complete without a script and then posts here; with one it goes by the queue.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date
from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response as BaseResponse

from surveys import publishing, reviewing, translation
from surveys.draw import blocks, in_order
from surveys.ids import uuid7
from surveys.instrument import Instrument
from surveys.sentences import Sentence
from surveys.store import submissions
from surveys.store.database import Unavailable
from surveys.visits import Seen
from surveys.web import plain, rendering
from surveys.web import words as w
from surveys.web.security import MIB, csrf_field, needs, takes
from surveys.web.services import services
from surveys.web.sessions import me
from surveys.web.shopper import plain_photos, shell
from surveys.web.shopper.plain_photos import UnusablePhoto
from surveys.web.shopper.visits import mine
from surveys.web.speech import gettext as _
from surveys.web.throttle import client_address

blueprint = Blueprint("report", __name__)

MOST_BYTES = 64 * MIB
"""What a report that comes without a script may weigh with its photos."""
FILLABLE = ("accepted", "returned")
"""The states of a visit in which its form is there to fill in."""


@dataclass(frozen=True)
class Returned:
    """A report that came back: its answers as fields, its photos, the reviewer's words."""

    submission_id: str
    instrument: Instrument
    filled: Mapping[str, Sequence[str]]
    files: Sequence[Mapping[str, Any]] = ()
    said: Mapping[str, str] = field(default_factory=dict)


@blueprint.get("/visits/<visit_id>")
@needs("shopper")
def page(visit_id: str) -> Response:
    return _page(mine(visit_id))


@takes(MOST_BYTES)
@blueprint.post("/visits/<visit_id>")
@needs("shopper")
def send(visit_id: str) -> BaseResponse:
    """A report that comes without a script."""
    found = mine(visit_id)
    returned = _returned(found)
    token, instrument = found.visit.token, _instrument(found, returned)
    if token is None or instrument is None:
        return _page(found, 422, Sentence("There is no form to fill in for this visit."))
    language = _language(instrument)
    words = w.words(language, instrument.source)
    record = plain.record(instrument, token, language, ZoneInfo(found.site.timezone))
    try:
        photos = plain_photos.taken(instrument)
    except UnusablePhoto as unusable:
        return _page(found, 422, words["photo_unusable"].format(name=unusable))
    plain_photos.add_to(record, instrument, photos, returned.files if returned else ())
    if not record["answers"]:
        return _page(found, 422, words["report_empty"])
    if replaced := request.form.get("replaces", "").strip():
        record["replaces"] = replaced
    if code := request.form.get("code", "").strip()[:200]:
        record["scanned"] = [{"code": code, "at": record["started_at"]}]
    try:
        (receipt,) = services().intake.receive(
            [record], received=services().clock(), sender=client_address(), plain=True
        )
        plain_photos.store(record, photos if receipt.status != "refused" else ())
    except Unavailable:
        answer = _page(found, 503, words["unavailable"])
        answer.headers["Retry-After"] = "10"
        return answer
    if receipt.status == "refused":
        return _page(found, 422, " ".join(problem.message for problem in receipt.problems))
    if receipt.status == "held":
        flash(_("Your report has arrived. Something about it needs a person’s eye first."))
    else:
        flash(_("Your report has arrived."))
    return redirect(url_for("visits.home"), 303)


# --- the form ---------------------------------------------------------------------------------


def _returned(found: Seen) -> Returned | None:
    """The report of this visit that a reviewer gave back, if that is how things stand."""
    report = found.report
    if found.state != "returned" or report is None:
        return None
    database = services().database
    submission = submissions.find(database, found.site.site_id, report.submission_id)
    instrument = publishing.version(database, report.form_used or report.form)
    if submission is None or instrument is None:
        return None
    answers = submission.sent.get("answers")
    return Returned(
        submission_id=report.submission_id,
        instrument=instrument,
        filled=plain.fields(instrument, answers if isinstance(answers, dict) else {}),
        said=reviewing.words_on(database, found.site.site_id, report.submission_id),
        files=[file for file in submission.sent.get("files") or () if isinstance(file, dict)],
    )


def _instrument(found: Seen, returned: Returned | None) -> Instrument | None:
    """The form the report is read by: as it was posted, else as it came back, else the newest."""
    database = services().database
    named = publishing.version(database, request.form.get("form", ""))
    if named is not None and named.key == found.visit.instrument:
        return named
    return returned.instrument if returned else publishing.newest(database, found.visit.instrument)


def _language(instrument: Instrument | None) -> str:
    return w.choose(
        instrument.languages if instrument else tuple(w.all_words()),
        asked=request.args.get("lang"),
        accepted=request.accept_languages,
        site=(),
    )


def _drawn(instrument: Instrument, visit_id: str) -> list[str]:
    """The scales of a draw: a block for each visit, the same whenever its page is opened."""
    if instrument.draw is None:
        return []
    keys = [item.key for item in instrument.draw.items]
    every = blocks(len(keys), instrument.draw.count)
    number = int.from_bytes(hashlib.sha256(visit_id.encode()).digest()[:8], "big")
    return in_order(keys, every[number % len(every)])


# --- the page ---------------------------------------------------------------------------------


def _page(found: Seen, status: int = 200, wrong: str | None = None) -> Response:
    returned = _returned(found)
    instrument = _instrument(found, returned)
    language = _language(instrument)
    words = w.words(language, instrument.source if instrument else w.CUSTOMER)
    open_form = found.state in FILLABLE or request.method == "POST"
    if instrument is None:
        state = words["report_no_form"]
    else:
        state = "" if open_form else words[f"report_{found.state}"]
    text = render_template(
        "shopper/report.html",
        found=found,
        words=words,
        language_of_form=language,
        direction=w.direction(language),
        due=_day(found.visit.due, language),
        wrong=wrong,
        state=state,
        read=found.report is not None and not open_form,
        remarks=returned.said.get("") if returned else None,
        form=_form(found, instrument if open_form else None, returned, language),
        phone_words={name: words[name] for name in w.FOR_THE_REPORT},
        languages=[
            {
                "code": code,
                "address": f"?lang={code}",
                "name": w.words(code)["name"],
                "direction": w.direction(code),
            }
            for code in (instrument.languages if instrument else ())
        ],
    )
    answer = Response(text, status, mimetype="text/html")
    answer.vary.add("Accept-Language")
    return answer


def _day(day: str, language: str) -> str:
    """A day in the language of the form, which may be one that the desk does not speak."""
    accepted = [tag for tag, _ in request.accept_languages]
    known = language in translation.LANGUAGES
    locale = translation.locale_of(language, accepted) if known else language
    return format_date(date.fromisoformat(day), "full", locale=locale)


def _form(
    found: Seen, instrument: Instrument | None, returned: Returned | None, language: str
) -> Markup:
    visit = found.visit
    facts: dict[str, str | None] = {
        "lang": language,
        "dir": w.direction(language),
        "data-visit": visit.visit_id,
        "data-shopper": shell.number(me().person_id),
        "data-site": found.site.name,
    }
    if instrument is None or visit.token is None:
        # For a draft that this phone may have begun before things changed.
        return Markup('<form hidden class="report" data-language="{}"{}></form>').format(
            language, _attributes(facts | {"data-token": visit.token})
        )
    code = request.form.get("code", request.args.get("code", ""))[:200]
    facts["data-code"] = request.args.get("code") or None
    if returned:
        photos: dict[str, list[str]] = {}
        for file in returned.files:
            photos.setdefault(str(file.get("question")), []).append(str(file.get("sha256")))
        known = {
            str(file.get("sha256")): {"type": file.get("type"), "bytes": file.get("bytes")}
            for file in returned.files
        }
        facts |= {
            "data-replaces": returned.submission_id,
            "data-photos": json.dumps(photos),
            "data-files": json.dumps(known),
        }
    posted = {name: request.form.getlist(name) for name in request.form}
    return rendering.render_form(
        instrument,
        language,
        token=visit.token,
        submission_id=plain.submission_id() if posted else uuid7(services().clock()),
        action=url_for(".send", visit_id=visit.visit_id, lang=language),
        drawn=request.form.get("asked", "").split() or _drawn(instrument, visit.visit_id),
        filled=posted or (returned.filled if returned else {}),
        report=rendering.Report(
            facts=facts,
            csrf=csrf_field(),
            code=code,
            replaces=returned.submission_id if returned else "",
            said=returned.said if returned else {},
        ),
    )


def _attributes(facts: Mapping[str, str | None]) -> Markup:
    return Markup("").join(
        Markup(' {}="{}"').format(name, value) for name, value in facts.items() if value is not None
    )
