"""``/visits/work``: what a shopper has done, what became of it, and what they are owed."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, render_template

from surveys import pay, visits
from surveys.pay import Pay
from surveys.visits import Seen
from surveys.web.security import needs
from surveys.web.services import services
from surveys.web.sessions import me
from surveys.web.shopper.visits import DELIVERED
from surveys.web.speech import zone

blueprint = Blueprint("work", __name__)


@blueprint.get("/visits/work")
@needs("shopper")
def page() -> str:
    database, today = services().database, services().clock().astimezone(zone()).date()
    with database.snapshot():
        mine = list(reversed(visits.of_shopper(database, me().person_id)))
        done = [found for found in mine if found.report is not None]
        pays = {
            found.visit.visit_id: owed
            for found in done
            if (owed := pay.of(database, found)) is not None
        }
    months: dict[str, list[Seen]] = {}
    for found in done:
        months.setdefault(_day(found).isoformat()[:7], []).append(found)
    this_month = today.isoformat()[:7]
    return render_template(
        "shopper/work.html",
        months=sorted(months.items(), reverse=True),
        counted={
            "done": len(done),
            "accepted": sum(found.state == "counted" for found in done),
            "returned": sum(found.state == "returned" for found in done),
            "rejected": sum(found.state == "rejected" for found in done),
        },
        pays=pays,
        this_month=pay.totals(_of(this_month, pays, months)),
        together=pay.totals(pays.values()),
        day_of=_day,
        DELIVERED=DELIVERED,
    )


def _of(month: str, pays: dict[str, Pay], months: dict[str, list[Seen]]) -> list[Pay]:
    return [
        pays[found.visit.visit_id]
        for found in months.get(month, ())
        if found.visit.visit_id in pays
    ]


def _day(found: Seen) -> date:
    """The day the report was finished where the shopper was, else when it arrived."""
    assert found.report is not None  # noqa: S101 - those without are left out
    return date.fromisoformat((found.report.finished_local or found.report.received_utc)[:10])
