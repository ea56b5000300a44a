"""``/api``: what a phone, or a program in its place, says to the server.

Each view reads and checks the whole body before anything else. Errors of the whole request are
problem documents (RFC 9457); what is wrong with one submission stands in its receipt.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn

from flask import Blueprint, Response, abort, current_app, request
from werkzeug.exceptions import RequestEntityTooLarge

from surveys import attachments, digest, erasure, intake_reading
from surveys.attachments import NotTaken
from surveys.store import submissions as store
from surveys.store import tokens
from surveys.store.database import Unavailable
from surveys.store.submissions import Submission
from surveys.store.writer import Overloaded
from surveys.web.problem import json_answer, problem
from surveys.web.rates import rates
from surveys.web.services import services
from surveys.web.throttle import client_address

blueprint = Blueprint("api", __name__)

MAX_BYTES = 1024 * 1024
MAX_BYTES_READ = 32 * MAX_BYTES
MAX_FILE_BYTES = attachments.MOST_BYTES
MAX_SUBMISSIONS = 100
MAX_IDS = 100
NOT_TAKEN = {
    "unknown_token": 401,
    "not_listed": 404,
    "too_large": 413,
    "not_a_picture": 415,
    "too_many_pixels": 415,
    "other_digest": 422,
}
"""The status for each reason why a file is not stored."""
RETRY_SECONDS = {"overload": 2, "unavailable": 10}


@blueprint.before_request
def _not_too_often() -> None:
    _take_from(f"address {client_address()}")


@blueprint.post("/api/submissions")
def submissions() -> Response:
    body = _object()
    records = body.get("submissions")
    if not isinstance(records, list):
        _wrong_shape('Expected is an object with "submissions", a list.')
    if len(records) > MAX_SUBMISSIONS:
        _too_large(f"Send at most {MAX_SUBMISSIONS} submissions at once; here are {len(records)}.")
    for token in _tokens(records):
        _take_from(f"code {token}")
    receipts = services().intake.receive(
        records,
        received=services().clock(),
        sent_at=body.get("sent_at"),
        sender=client_address(),
    )
    return json_answer({"receipts": [receipt.as_dict() for receipt in receipts]})


@blueprint.put("/api/submissions/<submission_id>/files/<sha256>")
def file(submission_id: str, sha256: str) -> Response:
    """One attachment that a submission lists; the body is its bytes."""
    content = _whole_body(MAX_FILE_BYTES)
    sent = request.authorization
    token = (sent.token or "") if sent is not None and sent.type == "bearer" else ""
    if _could_be_token(token):
        _take_from(f"code {token}")
    try:
        is_new = attachments.take(
            services().database,
            services().installation.files,
            services().clock(),
            token=token,
            submission_id=submission_id,
            sha256=sha256,
            content=content,
        )
    except NotTaken as error:
        headers = {"WWW-Authenticate": "Bearer"} if error.code == "unknown_token" else None
        return problem(NOT_TAKEN[error.code], str(error), code=error.code, headers=headers)
    return json_answer({"id": submission_id, "sha256": sha256}, 201 if is_new else 200)


@blueprint.post("/api/receipts")
def receipts() -> Response:
    body = _object()
    ids, token = body.get("ids"), body.get("token")
    if not isinstance(ids, list) or not all(isinstance(one, str) for one in ids):
        _wrong_shape('Expected is an object with "ids", a list of the ids of submissions.')
    if len(ids) > MAX_IDS:
        _too_large(f"Ask for at most {MAX_IDS} ids at once; here are {len(ids)}.")
    if token is not None and not isinstance(token, str):
        _wrong_shape('"token" is the token the submissions came under, a text, or is left out.')
    known = {}
    for asked in ids:
        found = _known(asked, token) if intake_reading.UUID.fullmatch(asked) else None
        if found is not None:
            known[asked] = {"digest": found.digest, "missing_files": _missing(found)}
    return json_answer({"known": known})


@blueprint.post("/api/erase")
def erase() -> Response:
    body = _object()
    wanted, secret = body.get("id"), body.get("secret")
    if not isinstance(wanted, str) or not isinstance(secret, str):
        _wrong_shape('Expected is an object with "id" and "secret", both texts.')
    if not intake_reading.UUID.fullmatch(wanted) or not erasure.erase(
        services().database,
        services().installation.files,
        wanted.lower(),
        secret,
        services().clock(),
    ):
        return problem(
            404,
            "There is no submission with this id and this secret. Look whether both are whole; the"
            " secret was made on the phone that sent it, and nobody else has it.",
            code="no_such_submission",
        )
    return json_answer({"id": wanted, "erased": True})


# --- what the views share ---------------------------------------------------------------------


@blueprint.errorhandler(Unavailable)
def _unavailable(error: Unavailable) -> Response:
    if isinstance(error, Overloaded):
        return _later(429, "overload", "More is coming in than can be stored just now.")
    current_app.logger.error("Nothing can be stored: %s", error)
    return _later(503, "unavailable", "Nothing can be stored just now; nothing of this was.")


@blueprint.errorhandler(RequestEntityTooLarge)
def _body_too_large(error: RequestEntityTooLarge) -> Response:
    if request.method == "PUT":
        detail = f"A file has at most {MAX_FILE_BYTES} bytes. Send a smaller picture."
    else:
        detail = f"A request has at most {MAX_BYTES} bytes. {_IN_PARTS}"
    return problem(413, detail, code="too_large")


_IN_PARTS = "Nothing was stored: send it in smaller parts."


def _later(status: int, code: str, why: str) -> Response:
    seconds = RETRY_SECONDS[code]
    detail = f"{why} Keep it, and send it again after {seconds} seconds."
    return problem(status, detail, code=code, headers={"Retry-After": str(seconds)})


def _object() -> dict[str, Any]:
    try:
        body = digest.read(_whole_body(MAX_BYTES))
    except ValueError as error:
        abort(problem(400, f"The body is not JSON: {error}. {_NOTHING}", code="not_json"))
    if not isinstance(body, dict):
        _wrong_shape("Expected is a JSON object.")
    return body


def _whole_body(most: int) -> bytes:
    """The body of at most so many bytes; what is too large is read to its end and dropped.

    A client that is still sending when the connection closes sees a broken network and not the
    413, and would try the same again for ever.
    """
    request.max_content_length = MAX_BYTES_READ
    body = bytearray()
    while part := request.stream.read(most + 1 - len(body)):
        body += part
        if len(body) > most:
            while request.stream.read(64 * 1024):
                pass
            raise RequestEntityTooLarge
    return bytes(body)


_NOTHING = "Nothing was stored; look at docs/api.md for the shape."


def _wrong_shape(detail: str) -> NoReturn:
    abort(problem(400, f"{detail} {_NOTHING}", code="wrong_shape"))


def _too_large(detail: str) -> NoReturn:
    abort(problem(413, f"{detail} {_IN_PARTS}", code="too_large"))


def _take_from(key: str) -> None:
    wait = rates(current_app).wait(key)
    if wait:
        detail = "Very many requests came from here within a second. Wait, then send it again."
        abort(problem(429, detail, code="too_often", headers={"Retry-After": str(int(wait) + 1)}))


def _tokens(records: Sequence[Any]) -> set[str]:
    return {
        record["token"]
        for record in records
        if isinstance(record, dict) and _could_be_token(record.get("token"))
    }


def _could_be_token(sent: object) -> bool:
    """What cannot be one is not remembered: it may be as long as a request."""
    return isinstance(sent, str) and intake_reading.TOKEN.fullmatch(sent) is not None


def _known(wanted: str, token: str | None) -> Submission | None:
    db = services().database
    if token is None:
        found = store.everywhere(db, wanted.lower())
        return found[0] if len(found) == 1 else None
    under = tokens.find(db, token) if intake_reading.TOKEN.fullmatch(token) else None
    return None if under is None else store.find(db, under.site_id, wanted.lower())


def _missing(found: Submission) -> list[str]:
    wanted = intake_reading.listed_files(found.sent)
    return list(
        attachments.missing(services().database, found.site_id, found.submission_id, wanted)
    )
