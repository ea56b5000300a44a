"""Publishing at the desk: first what it would change and break, in words; then, on a second click.

What is published is the draft, or an old version once more: that is how a change is taken back.
"""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from surveys import instrument_files as files
from surveys.checking import check_text
from surveys.instrument_files import Overtaken
from surveys.web.desk.instruments import at_version, differences, known, name_of
from surveys.web.security import needs
from surveys.web.services import services
from surveys.web.sessions import me
from surveys.web.speech import gettext as _

blueprint = Blueprint("instrument_publishing", __name__)

Answer = str | Response | tuple[str, int]


@blueprint.get("/desk/instruments/<key>/publish")
@needs("owner")
def ready(key: str) -> Answer:
    """What publishing would change: of the draft, or of an old version that ``?version=`` names."""
    return _page(key, request.args.get("version"))


@blueprint.post("/desk/instruments/<key>/publish")
@needs("owner")
def publish(key: str) -> Answer:
    known(key)
    db, at, by = services().database, services().clock(), me().person_id
    form = request.form
    wanted, based_on = form.get("version") or None, form.get("based_on", "")
    try:
        if wanted is not None:
            found = at_version(key, wanted)
            files.publish_again(db, at, found, based_on=based_on, by=by)
        else:
            draft = files.draft(db, key)
            checked = check_text(draft.text.encode(), key) if draft else None
            if draft is None or checked is None or checked.instrument is None:
                return redirect(url_for("instruments.one", key=key), 303)
            found = checked.instrument
            files.publish_draft(
                db,
                at,
                found,
                draft.text,
                revision=form.get("revision", ""),
                based_on=based_on,
                by=by,
            )
    except Overtaken:
        page = _page(key, wanted, overtaken=True)
        return page if isinstance(page, Response) else (page, 409)
    flash(_("{form} is published: codes open it from now on.", form=found.form))
    return redirect(url_for("instruments.one", key=key), 303)


def _page(key: str, wanted: str | None, *, overtaken: bool = False) -> str | Response:
    db = services().database
    newest = known(key)
    draft = files.draft(db, key) if wanted is None else None
    if wanted is not None:
        found = at_version(key, wanted)
    elif draft is None:
        return redirect(url_for("instruments.one", key=key), 303)
    else:
        checked = check_text(draft.text.encode(), key)
        if checked.instrument is None:
            return redirect(url_for("instrument_editor.edit", key=key, check="1"), 303)
        found = checked.instrument
    return render_template(
        "desk/instrument_publish.html",
        key=key,
        newest=newest,
        draft=draft,
        found=found,
        wanted=wanted,
        overtaken=overtaken,
        use=files.uses(db, services().clock().date()).get(key, files.Use()),
        name_of=name_of,
        **differences(newest, found),
    )
