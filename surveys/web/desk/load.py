"""``/desk/load``: a file that a phone saved, looked at and taken in.

What was uploaded waits on the server while its owner looks at what is in it, for two hours at most.
"""

from __future__ import annotations

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response as BaseResponse

from surveys import publishing, saved_files, wording
from surveys.people import may_see
from surveys.problems import Problem
from surveys.saved_files import Found, NotASavedFile
from surveys.sentences import Sentence
from surveys.web import errors, speech
from surveys.web.security import MIB, needs, takes
from surveys.web.services import services
from surveys.web.sessions import me
from surveys.web.speech import gettext as _

blueprint = Blueprint("load", __name__)

MOST_BYTES = 64 * MIB
SHOWN = 200

RECEIPTS = {
    "accepted": Sentence("taken in"),
    "duplicate": Sentence("was here already"),
    "held": Sentence("taken in, and held for a person’s eye"),
    "refused": Sentence("not taken in"),
}
REFUSALS = {
    "unknown_token": Sentence("There was never such a code or visit here."),
    "no_shape": Sentence("It is no report: an id or a code is missing."),
    "not_stored": Sentence(
        "A fault on our side, which was written down. Load the file again later."
    ),
}
TOO_LARGE = Sentence(
    "The file is larger than {n} MB. Let whoever runs the server take it in with the command"
    " “load”, which has no limit.",
    n=MOST_BYTES // MIB,
)


@blueprint.get("/desk/load")
@needs("owner", "reviewer")
def page() -> str:
    return _page()


@blueprint.post("/desk/load")
@takes(MOST_BYTES + MIB)
@needs("owner", "reviewer")
def preview() -> BaseResponse:
    """What is in the file; nothing is taken in yet."""
    file = request.files.get("file")
    content = file.read() if file else b""
    if not content:
        return _again(_("Choose the file that the phone saved."))
    if len(content) > MOST_BYTES:
        return _again(TOO_LARGE, 413)
    try:
        saved = saved_files.read(content)
    except NotASavedFile as wrong:
        return _again(wrong.args[0])
    if not saved.records:
        return _again(_("The file holds no report."))
    found = saved_files.look(services().database, saved, SHOWN)
    text = render_template(
        "desk/load_preview.html",
        word=saved_files.keep(services().installation.uploads, content),
        found=found,
        places=_places(found),
        more=len(saved.records) - len(found),
        total=len(saved.records),
        photos=len(saved.contents),
    )
    return Response(text, mimetype="text/html")


@blueprint.post("/desk/load/apply")
@needs("owner", "reviewer")
def apply() -> BaseResponse:
    database, installation = services().database, services().installation
    now, word = services().clock(), request.form.get("word", "")[:64]
    content = saved_files.kept(installation.uploads, word)
    if content is None:
        flash(_("That page was too old, or the file is in already. Choose it again."), "wrong")
        return redirect(url_for(".page"), 303)
    saved = saved_files.read(content)
    receipts = list(saved_files.take_in(services().intake, saved, now))
    photos = list(saved_files.store_photos(database, installation.files, now, saved, receipts))
    saved_files.write_down(database, now, receipts, photos, by=me().person_id)
    saved_files.drop(installation.uploads, word)
    found = saved_files.look(database, saved, SHOWN)
    lines = [
        (one, receipt, [_said(problem, one) for problem in receipt.problems])
        for one, receipt in zip(found, receipts, strict=False)
    ]
    text = render_template(
        "desk/load_done.html",
        lines=lines,
        places=_places(found),
        receipts=receipts,
        photos=photos,
        missing=saved_files.still_missing(receipts, photos),
        more=len(receipts) - len(lines),
        RECEIPTS=RECEIPTS,
    )
    return Response(text, mimetype="text/html")


@blueprint.errorhandler(RequestEntityTooLarge)
def _too_large(error: RequestEntityTooLarge) -> BaseResponse:
    # Not on the page of the form, which would ask what was posted, and that is not read.
    return errors.answer(RequestEntityTooLarge(TOO_LARGE))


def _said(problem: Problem, found: Found) -> Sentence:
    if problem.code in REFUSALS:
        return REFUSALS[problem.code]
    instrument = publishing.version(services().database, found.form)
    return wording.sentence(problem.as_dict(), instrument, speech.language())


def _page(wrong: str | None = None) -> str:
    return render_template("desk/load.html", wrong=wrong, most=MOST_BYTES // MIB)


def _again(wrong: str, status: int = 422) -> BaseResponse:
    return Response(_page(wrong), status, mimetype="text/html")


def _places(found: list[Found]) -> dict[int, str]:
    """The sites by the place in the file; those that this reader does not see stay without name."""
    return {
        one.number: one.site.name if may_see(me(), one.site) else _("a place of others")
        for one in found
        if one.site is not None
    }
