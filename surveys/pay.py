"""What a shopper is owed: the fee of each visit whose report counts, and what they spent, up to
what was allowed. Exact decimals, currency by currency. Nothing is paid here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from surveys import intake_judging, publishing
from surveys.store import submissions, visit_lists
from surveys.store.database import Database
from surveys.visits import Report, Seen, Visit

NOTHING = Decimal(0)
EXPENSES = "expenses"
"""What the question measures whose answer is what the shopper has spent."""


@dataclass(frozen=True)
class Pay:
    """Of one visit, in ``currency`` ("" where neither fee nor expenses were set).

    ``accepted_utc`` is when its report came to count; ``claimed`` what the report says was spent,
    None if it does not.
    """

    visit: Visit
    accepted_utc: str
    fee: Decimal
    claimed: Decimal | None
    allowed: Decimal

    @property
    def expenses(self) -> Decimal:
        return min(self.claimed or NOTHING, self.allowed)

    @property
    def owed(self) -> Decimal:
        return self.fee + self.expenses

    @property
    def currency(self) -> str:
        return self.visit.currency


def of(db: Database, seen: Seen) -> Pay | None:
    """What is owed for a visit; None unless its report counts."""
    report, visit = seen.report, seen.visit
    if report is None or report.status != "counted":
        return None
    return Pay(
        visit,
        visit_lists.accepted_utc(db, report) or report.received_utc,
        Decimal(visit.fee or 0),
        claimed(db, report),
        Decimal(visit.expenses or 0),
    )


def claimed(db: Database, report: Report) -> Decimal | None:
    """What a report says was spent, as amended; None if it does not say."""
    found = submissions.find(db, report.site_id, report.submission_id)
    form = None if found is None else publishing.version(db, found.form_used or found.form)
    if found is None or form is None:
        return None
    amendments = submissions.amendments(db, report.site_id, report.submission_id)
    answers = intake_judging.amended(form, found.sent, amendments)
    for key, item in form.items.items():
        answer = answers.get(key)
        if item.measures == EXPENSES and type(answer) in (int, float):
            return max(NOTHING, Decimal(str(answer)))
    return None


def totals(pays: Iterable[Pay]) -> dict[str, Decimal]:
    """What is owed together, by currency."""
    found: dict[str, Decimal] = {}
    for pay in pays:
        if pay.owed:
            found[pay.currency] = found.get(pay.currency, NOTHING) + pay.owed
    return found
