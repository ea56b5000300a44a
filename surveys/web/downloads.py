"""``/exports/<table>.<format>``: the tables as files, streamed."""

from __future__ import annotations

import json
import logging
from collections.abc import Generator, Iterator
from datetime import datetime
from typing import NoReturn

from flask import Blueprint, Response, abort, request

from exports import asking, package, tables, writers
from exports.asking import Asked
from exports.columns import CannotExport, NoRoom, NotMade, NotYours
from surveys import preferences
from surveys.grammar import LANGUAGES
from surveys.installation import Installation
from surveys.people import reach
from surveys.store import sites as sites_store
from surveys.web.security import needs
from surveys.web.services import services
from surveys.web.sessions import me

blueprint = Blueprint("downloads", __name__, url_prefix="/exports")
log = logging.getLogger(__name__)

SWITCHES = ("excel", "labels")
BROKEN_OFF = (
    "THIS FILE IS NOT COMPLETE: something broke on our side while it was written. Please download"
    " it again."
)


@blueprint.get("/<table>.<format_>")
@needs("manager", "owner")
def download(table: str, format_: str) -> Response:
    """The table as a file, with the options of the command ``export`` as query parameters."""
    asked = _asked(format_)
    body = _body(services().installation, table, asked, services().clock())
    try:
        first = next(body, b"")  # what cannot be given is known before anything is sent
    except CannotExport as error:
        _refuse(error)

    def all_of_it() -> Iterator[bytes]:
        yield first
        yield from body

    response = Response(all_of_it(), content_type=_content_type(asked))
    response.call_on_close(body.close)
    response.headers.set("Content-Disposition", "attachment", filename=_file_name(table, asked))
    return response


@blueprint.get("/<table>.datapackage.json")
@needs("manager", "owner")
def described(table: str) -> Response:
    """What the columns of the file mean that the same options download (``format``: csv)."""
    asked = _asked(request.args.get("format", "csv"))
    try:
        sheet = tables.sheet(services().database, table, asked)
    except CannotExport as error:
        _refuse(error)
    about = package.describe(sheet, _file_name(table, asked), asked, created=services().clock())
    text = f"{json.dumps(about, ensure_ascii=False, indent=2)}\n"
    response = Response(text, mimetype="application/json")
    name = f"{_file_name(table, asked)}.datapackage.json"
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


def _body(
    installation: Installation, table: str, asked: Asked, created: datetime
) -> Generator[bytes, None, None]:
    """The file, read from a connection of its own: a reader may take minutes over it."""
    database = installation.new_database()
    begun = False
    try:
        with database.snapshot():
            sheet = tables.sheet(database, table, asked)
            for chunk in writers.chunks(sheet, asked, created):
                yield chunk
                begun = True
    except Exception:
        if not begun:
            raise
        # Not every server breaks off the connection when a body fails after it has begun: without
        # a word the file would look whole.
        log.exception("The export of %s broke off", table)
        if asked.format == "xlsx":
            raise  # no spreadsheet opens an archive without its end
        line = BROKEN_OFF if asked.format == "csv" else json.dumps({"error": BROKEN_OFF})
        yield f"\r\n{line}\r\n".encode()
        raise
    finally:
        database.close()


def _asked(format_: str) -> Asked:
    """The options in the address, within the reach of who is signed in."""
    person = me()
    options: dict[str, list[str]] = dict(request.args.lists())
    options["format"] = [format_]
    for name in SWITCHES:
        if options.get(name) == [""]:
            options[name] = ["1"]  # `?excel` is meant
    if not options.get("language"):
        # Excel is most likely set to the language that its owner's browser asks for.
        preferred = request.accept_languages.best_match(LANGUAGES)
        if "excel" not in options:
            chosen = preferences.of(services().database, person.person_id)
            preferred = chosen.get(preferences.LANGUAGE, preferred)
        options["language"] = [preferred] if preferred else []
    try:
        return asking.read(
            options,
            allowed=reach(person, sites_store.every(services().database)),
            everything=person.role == "owner",
        )
    except CannotExport as error:
        _refuse(error)


def _refuse(error: CannotExport) -> NoReturn:
    (sentence,) = error.args
    if isinstance(error, NoRoom):
        log.error("%s", error)
        abort(503, sentence)
    if isinstance(error, NotMade):
        abort(404, sentence)
    abort(403 if isinstance(error, NotYours) else 400, sentence)


def _content_type(asked: Asked) -> str:
    kind = package.MEDIA_TYPES[asked.format]
    return kind if asked.format == "xlsx" else f"{kind}; charset=utf-8"


def _file_name(table: str, asked: Asked) -> str:
    """Such as ``scores-by-week-2026-08-24-to-2026-11-22.csv``."""
    chosen = asked.selection
    days = "-to-".join(str(day) for day in (chosen.day_from, chosen.day_to) if day)
    if not days:
        days = "all-days"
    elif not chosen.day_to:
        days = f"from-{days}"
    elif not chosen.day_from:
        days = f"to-{days}"
    period = [] if asked.by == "all" else [f"by-{asked.by}"]
    return f"{'-'.join([table, *chosen.instruments, *period, days])}.{asked.format}"
