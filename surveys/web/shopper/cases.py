"""``/visits/cases``: a shopper's certificate; cases to practise, for the test, now and then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from surveys import certifying
from surveys.casebook import Case
from surveys.certifying import DRIFT, KINDS, PRACTICE, TEST, Attempt, CertifyingError, Rated
from surveys.instrument import Text
from surveys.sentences import Sentence
from surveys.store import calibration as store
from surveys.web.security import needs
from surveys.web.services import services
from surveys.web.sessions import me, signed_in
from surveys.web.speech import spoken

blueprint = Blueprint("cases", __name__)


@dataclass(frozen=True)
class Shown:
    """A case that was rated. ``case`` is None where the casebook has it no more."""

    case: Case | None
    ratings: list[Rated]

    def why(self, scale: str) -> Text | None:
        """Why the gold level is what it is."""
        golds = () if self.case is None else self.case.golds
        return next((gold.why for gold in golds if gold.scale == scale), None)


@blueprint.app_template_global("case_is_due")
def case_is_due() -> bool:
    """Whether the shopper who looks should rate a case, to keep their eye in."""
    person = signed_in()
    found = services()
    return person is not None and certifying.case_is_due(
        found.database, found.clock(), person.person_id
    )


@blueprint.get("/visits/cases")
@needs("shopper")
def page() -> str:
    database, person_id = services().database, me().person_id
    with database.snapshot():
        attempts = store.of_person(database, person_id)
        test = certifying.under_way(database, person_id, TEST)
        return render_template(
            "shopper/cases.html",
            standing=certifying.standing(database, person_id, services().clock()),
            test=test,
            left=[] if test is None else certifying.left(database, test, certifying.casebook()),
            tests=[one for one in reversed(attempts) if one.kind == TEST and one.finished_utc],
            practised=sum(
                one.kind == PRACTICE and one.finished_utc is not None for one in attempts
            ),
        )


@blueprint.post("/visits/cases")
@needs("shopper")
def begin() -> BaseResponse:
    """Begins what the button says, or goes on with it."""
    kind = request.form.get("kind", "")
    if kind not in KINDS:
        abort(400, Sentence("There is nothing of that kind to begin."))
    try:
        attempt = certifying.begin(
            services().database, services().clock(), me().person_id, kind, certifying.casebook()
        )
    except CertifyingError as refused:
        flash(refused.args[0], "wrong")
        return redirect(url_for(".page"), 303)
    return redirect(url_for(".one", attempt_id=attempt.attempt_id), 303)


@blueprint.get("/visits/cases/<attempt_id>")
@needs("shopper")
def one(attempt_id: str) -> str:
    """The case that is next; once all are rated, how near they came."""
    attempt = _mine(attempt_id)
    left = certifying.left(services().database, attempt, certifying.casebook())
    if attempt.finished_utc is None and left:
        return _ask(attempt, left[0])
    return _result(attempt)


@blueprint.post("/visits/cases/<attempt_id>")
@needs("shopper")
def rate(attempt_id: str) -> BaseResponse:
    attempt, cases = _mine(attempt_id), certifying.casebook()
    case = cases.get(request.form.get("case", ""))
    if case is None:
        abort(404, Sentence("There is no such case in the casebook any more."))
    levels = {
        scale: int(level)
        for scale in case.levels
        if (level := request.form.get(scale, "")) in {"1", "2", "3", "4", "5", "6", "7"}
    }
    database, now = services().database, services().clock()
    try:
        certifying.rate(database, now, attempt, case, levels, cases)
    except CertifyingError as refused:
        if refused.scales:
            return Response(_ask(attempt, case, refused), 422, mimetype="text/html")
        flash(refused.args[0], "wrong")
        if store.find(database, attempt_id) is None:
            return redirect(url_for(".page"), 303)
    return redirect(url_for(".one", attempt_id=attempt_id), 303)


def _mine(attempt_id: str) -> Attempt:
    found = certifying.find(services().database, me().person_id, attempt_id)
    if found is None:
        abort(404, Sentence("There are no such cases among yours."))
    return found


def _ask(attempt: Attempt, case: Case, wrong: CertifyingError | None = None) -> str:
    filled: Mapping[str, list[str]] = {name: request.form.getlist(name) for name in request.form}
    return render_template(
        "shopper/case.html",
        attempt=attempt,
        case=case,
        number=attempt.cases.index(case.key) + 1,
        items=certifying.scales(),
        filled=filled,
        wrong=wrong,
        must=lambda item: True,
        say=spoken,
        is_test=attempt.kind == TEST,
    )


def _result(attempt: Attempt) -> str:
    database, cases = services().database, certifying.casebook()
    rated = store.ratings(database, attempt.attempt_id)
    shown = [
        Shown(cases.get(key), _in_order([one for one in rated if one.case_key == key]))
        for key in attempt.cases
    ]
    return render_template(
        "shopper/case_result.html",
        attempt=attempt,
        shown=[one for one in shown if one.ratings],
        score=certifying.outcome(database, attempt),
        standing=certifying.standing(database, me().person_id, services().clock()),
        items=certifying.scales(),
        is_test=attempt.kind == TEST,
        is_drift=attempt.kind == DRIFT,
    )


def _in_order(rated: list[Rated]) -> list[Rated]:
    """In the order of the scales, in which they were rated."""
    order = [*certifying.scales()]
    return sorted(rated, key=lambda one: order.index(one.scale) if one.scale in order else 99)
