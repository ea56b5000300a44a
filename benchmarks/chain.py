"""A chain of places with codes, and submissions as phones send them."""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from surveys import codes, publishing, sites
from surveys.installation import Installation
from surveys.intake import Intake
from surveys.store.sites import Site
from surveys.store.writer import GroupCommit

PLACES = 200
DAYS = 90


class Chain:
    """Places with a code each, in a data folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._random = random.Random(1)
        installation = Installation.open(folder)
        database = installation.database()
        now = datetime.now(UTC)
        places = [
            Site(f"place-{n:03}", f"Place {n}", f"Region {n % 8}", "Europe/Paris", "en")
            for n in range(PLACES)
        ]
        sites.take_in(database, places, at=now)
        self.codes = [
            codes.issue(database, place.site_id, None, "counter", now) for place in places
        ]
        instrument = publishing.newest(database, "counter")
        assert instrument is not None
        assert instrument.draw is not None
        self.form = instrument.form
        self._scales = [item.key for item in instrument.draw.items]
        database.close()

    def submissions(self, count: int) -> Iterator[dict[str, Any]]:
        """Fresh ones: a moment, three scales, now and then a comment."""
        for _ in range(count):
            finished = datetime.now(UTC) - timedelta(
                minutes=self._random.randrange(DAYS * 1440 // 2)
            )
            scales = self._random.sample(self._scales, 3)
            answers: dict[str, Any] = {
                "moment": self._random.choice(["worse", "expected", "better"])
            }
            answers |= {scale: self._random.randint(1, 7) for scale in scales}
            if self._random.random() < 0.2:
                answers["comment"] = (
                    "The second till opened at once, and somebody explained the wait."
                )
            yield {
                "id": str(uuid.uuid4()),
                "form": self.form,
                "token": self._random.choice(self.codes),
                "asked": ["moment", *scales],
                "answers": answers,
                "language": "en",
                "started_at": (finished - timedelta(seconds=14)).isoformat(timespec="seconds"),
                "finished_at": finished.isoformat(timespec="seconds"),
            }

    def bodies(self, requests: int, each: int) -> list[bytes]:
        """Batches of ``each`` submissions."""
        made = self.submissions(requests * each)
        return [
            json.dumps(
                {
                    "sent_at": datetime.now(UTC).isoformat(timespec="seconds"),
                    "submissions": [next(made) for _ in range(each)],
                }
            ).encode()
            for _ in range(requests)
        ]

    def fill(self, count: int) -> None:
        """Stores so many through intake, without HTTP."""
        installation = Installation.open(self.folder)
        intake = Intake(GroupCommit(installation.new_database).run)
        left = count
        while left > 0:
            now = datetime.now(UTC)
            batch = list(self.submissions(min(1000, left)))
            receipts = intake.receive(batch, received=now, sent_at=now.isoformat())
            wrong = [receipt for receipt in receipts if receipt.status != "accepted"]
            if wrong:
                raise RuntimeError(f"not accepted: {wrong[0]}")
            left -= len(batch)
