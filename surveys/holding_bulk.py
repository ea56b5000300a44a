"""All of a kind at once: many decisions, in transactions so short that phones need not wait.

Nothing is remembered between two steps but a place in the list, so that work which was
interrupted goes on from the list itself: what was decided is gone from it, what does not fit still
stands there.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from surveys import audit, holding, holding_kinds
from surveys.holding_errors import HoldingError, checked
from surveys.store import held
from surveys.store.database import Database
from surveys.store.held import Held, Position, Wanted

STEP = 500
"""Decisions of one request: about a second."""

CHUNK = 25
"""Decisions of one transaction."""

PAUSE_SECONDS = 0.02
"""Between two transactions: whoever waits for the database looks again every few milliseconds."""


@dataclass(frozen=True)
class Decision:
    """What is decided about all of them. ``form``: the version to read them by (None: its own)."""

    action: Literal["accept", "reject"]
    reason: str
    form: str | None = None


@dataclass(frozen=True)
class Step:
    """``stayed`` are those that do not fit, ``gone`` those that somebody else decided meanwhile;
    ``position`` is where to go on, None at the end."""

    done: int = 0
    stayed: int = 0
    gone: int = 0
    position: Position | None = None


def begin(
    db: Database, wanted: Wanted, decision: Decision, person_id: str, at: datetime, *, n: int
) -> None:
    """Write down that somebody decides about all ``n`` of them. Raises
    :class:`surveys.holding_errors.HoldingError` for a reason that is none."""
    reason = checked(decision.reason, needed=True)
    detail = {"kind": wanted.kind, "n": n, "reason": reason, "form": decision.form}
    action = "accepted all" if decision.action == "accept" else "rejected all"
    with db.transaction():
        audit.record(db, at, person_id, action, f"held {wanted.kind}", detail)


def step(
    db: Database,
    wanted: Wanted,
    decision: Decision,
    person_id: str,
    at: datetime,
    position: Position | None,
    *,
    most: int = STEP,
    pause: Callable[[float], object] = time.sleep,
) -> Step:
    """Decide about the next ones behind ``position``. ``wanted.until`` bounds the work: what comes
    in meanwhile is not decided about unseen."""
    done = stayed = gone = 0
    for start in range(0, most, CHUNK):
        if start:
            pause(PAUSE_SECONDS)
        size = min(CHUNK, most - start)
        found = held.after(db, wanted, position, size)
        with db.transaction():
            for row in found:
                try:
                    _decide(db, row, decision, person_id, at)
                    done += 1
                except holding.DecidedError:
                    gone += 1
                except HoldingError:
                    stayed += 1
        if len(found) < size:
            return Step(done, stayed, gone)
        position = found[-1].position
    return Step(done, stayed, gone, position)


def _decide(db: Database, row: Held, decision: Decision, person_id: str, at: datetime) -> None:
    key = (db, row.site_id, row.submission_id)
    who = (person_id, at)
    if row.kind == holding_kinds.OTHER_CONTENT:
        if decision.action == "accept":
            holding.accept_content(*key, row.digest, *who, reason=decision.reason, within=True)
        else:
            holding.reject_content(*key, row.digest, *who, reason=decision.reason, within=True)
    elif decision.action == "accept":
        holding.accept(*key, *who, form=decision.form, reason=decision.reason, within=True)
    else:
        holding.reject(*key, *who, reason=decision.reason, within=True)
