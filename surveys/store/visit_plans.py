"""The statements about plans, and the months that were made of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields

from surveys.store.database import Database, Row


@dataclass(frozen=True)
class VisitPlan:
    """What makes visits month by month.

    ``scope`` is JSON, ``{"regions": […], "sites": […]}``, both empty for all sites; ``status`` is
    automatic, by_hand or ended; ``fee`` and ``expenses`` are decimal texts in ``currency``.
    """

    plan_id: str
    name: str
    instrument: str
    scope: str
    per_month: int
    rotation_days: int
    edge_per_month: int
    days_open: int
    briefing: str
    certificate: int
    fee: str
    expenses: str
    currency: str
    status: str
    created_utc: str
    person_id: str

    @property
    def regions(self) -> tuple[str, ...]:
        return tuple(json.loads(self.scope)["regions"])

    @property
    def sites(self) -> tuple[str, ...]:
        return tuple(json.loads(self.scope)["sites"])

    def holds(self, site_id: str, region: str) -> bool:
        """Whether a site belongs to it."""
        named = self.regions or self.sites
        return not named or site_id in self.sites or (region != "" and region in self.regions)


@dataclass(frozen=True)
class MadeMonth:
    """``month`` is such as 2026-12, ``visits`` how many that time; ``person_id`` "" if nobody
    pressed a button."""

    plan_id: str
    month: str
    visits: int
    made_utc: str
    person_id: str


_PLAN = ", ".join(field.name for field in fields(VisitPlan))
_BOUND = ", ".join(f":{field.name}" for field in fields(VisitPlan))
_SETS = ", ".join(
    f"{field.name} = excluded.{field.name}"
    for field in fields(VisitPlan)
    if field.name not in ("plan_id", "created_utc", "person_id")
)


def put(db: Database, plan: VisitPlan) -> None:
    """A new plan, or one that is known by its id with other values."""
    db.execute(
        f"INSERT INTO visit_plans ({_PLAN}) VALUES ({_BOUND})"
        f" ON CONFLICT (plan_id) DO UPDATE SET {_SETS}",
        vars(plan),
    )


def find(db: Database, plan_id: str) -> VisitPlan | None:
    row = db.row(f"SELECT {_PLAN} FROM visit_plans WHERE plan_id = :plan_id", {"plan_id": plan_id})
    return None if row is None else _plan(row)


def every(db: Database) -> list[VisitPlan]:
    """All of them, ended ones too, by name."""
    return [
        _plan(row) for row in db.rows(f"SELECT {_PLAN} FROM visit_plans ORDER BY name, plan_id")
    ]


def _plan(row: Row) -> VisitPlan:
    return VisitPlan(**row)


def month_made(db: Database, made: Mapping[str, object]) -> None:
    """Write down that a month was made; again if there was more to make."""
    db.execute(
        "INSERT INTO visit_plan_months (plan_id, month, visits, made_utc, person_id)"
        " VALUES (:plan_id, :month, :visits, :made_utc, :person_id)"
        " ON CONFLICT (plan_id, month) DO UPDATE SET visits = visit_plan_months.visits"
        " + excluded.visits, made_utc = excluded.made_utc, person_id = excluded.person_id",
        made,
    )


def months(db: Database, plan_id: str) -> list[MadeMonth]:
    """The months made of a plan, the newest first."""
    rows = db.rows(
        "SELECT plan_id, month, visits, made_utc, person_id FROM visit_plan_months"
        " WHERE plan_id = :plan_id ORDER BY month DESC",
        {"plan_id": plan_id},
    )
    return [MadeMonth(**row) for row in rows]


def visit_ids(db: Database, plan_id: str) -> set[str]:
    """The visits that were ever made of a plan, cancelled ones too."""
    rows = db.rows("SELECT visit_id FROM visits WHERE plan_id = :plan_id", {"plan_id": plan_id})
    return {row["visit_id"] for row in rows}
