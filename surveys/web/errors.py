"""Error pages that say what to do; problem documents for programs."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask, Response, current_app, render_template, request
from werkzeug.exceptions import HTTPException, ServiceUnavailable

from surveys.sentences import Sentence
from surveys.store.database import Unavailable
from surveys.web import logs
from surveys.web.problem import problem

RETRY_SECONDS = 5

STALE_FORM = Sentence(
    "This page was open for a long time, or it was not one of ours. Nothing was changed. Go back,"
    " reload the page, and send it once more."
)


@dataclass(frozen=True)
class Words:
    title: Sentence
    what_to_do: Sentence


PAGES = {
    400: Words(
        Sentence("That could not be read"),
        Sentence(
            "Something in the address or the form was not as expected. Nothing was changed."
            " Go back, reload the page and try again."
        ),
    ),
    401: Words(
        Sentence("Please sign in"), Sentence("This is only shown to people who have signed in.")
    ),
    403: Words(
        Sentence("Not yours to see"),
        Sentence(
            "You are signed in, but this belongs to other people. If it should be yours, ask the"
            " owner to give you the region or the site."
        ),
    ),
    404: Words(
        Sentence("There is nothing here"),
        Sentence("The address may be mistyped, or what was here has gone."),
    ),
    405: Words(
        Sentence("Not like that"),
        Sentence(
            "This address cannot be used in that way. Go back and use the button on the page."
        ),
    ),
    413: Words(
        Sentence("That is too much at once"),
        Sentence(
            "What was sent is larger than we take in one go. Nothing was stored. Send it in parts."
        ),
    ),
    429: Words(
        Sentence("A little slower, please"),
        Sentence("Many requests came from here in a short time. Wait a moment, then try again."),
    ),
    500: Words(
        Sentence("Something broke on our side"),
        Sentence(
            "It was written down for whoever runs this. Nothing you stored before is lost; try"
            " again in a minute."
        ),
    ),
    503: Words(
        Sentence("Not just now"),
        Sentence(
            "The service cannot store anything at the moment. Keep what you have, and try again in"
            " a minute."
        ),
    ),
}

OTHERWISE = Words(Sentence("That did not work"), Sentence("Go back and try again."))


def register(app: Flask) -> None:
    app.register_error_handler(Unavailable, _unavailable)
    app.register_error_handler(HTTPException, answer)
    logs.mask(app)


def answer(error: HTTPException) -> Response:
    """The page of an error, for a program the document; a description of our own is told."""
    if error.response is not None:
        return error.response  # type: ignore[return-value]
    status = error.code or 500
    words = PAGES.get(status, OTHERWISE)
    # A sentence of ours is better than the general one; werkzeug's own is for programmers.
    ours = error.description != type(error).description and error.description
    what_to_do = ours if ours and status != 500 else words.what_to_do
    headers = {name: value for name, value in error.get_headers() if name.lower() != "content-type"}
    if request.path == "/api" or request.path.startswith("/api/"):
        return problem(status, str(what_to_do), headers=headers)
    page = render_template("error.html", status=status, title=words.title, what_to_do=what_to_do)
    made = Response(page, status, mimetype="text/html")
    made.headers.extend(headers)
    made.headers.setdefault("Cache-Control", "no-store")
    return made


def _unavailable(error: Unavailable) -> Response:
    current_app.logger.error("nothing can be stored or read: %s", error)
    return answer(ServiceUnavailable(retry_after=RETRY_SECONDS))
