"""The one door for submissions, whatever brought them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from surveys.problems import Problem
from surveys.store.database import Database


@dataclass(frozen=True)
class Receipt:
    """What became of one submission (the contract's table of receipts)."""

    id: str | None
    status: str
    digest: str | None
    missing_files: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


class Intake:
    """``run`` executes work in a transaction and returns once it is durable (GroupCommit.run)."""

    def __init__(self, run: Callable[[Callable[[Database], Any]], Any]) -> None:
        self._run = run

    def receive(
        self,
        records: Sequence[object],
        *,
        received: datetime,
        sent_at: object = None,
        sender: str | None = None,
        plain: bool = False,
    ) -> list[Receipt]:
        """Take in a batch; one receipt each, in order.

        ``received`` is the server's time (aware), ``sent_at`` the phone's as it was sent,
        ``sender`` an opaque word for who sent it (never stored; only to notice repeats),
        ``plain`` says that it came from the HTML form without JavaScript.
        """
        raise NotImplementedError
