"""What the tests of the phone share: an address, the store behind it, and taps."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Error, Page

from surveys.installation import Installation


@dataclass
class Store:
    """What lies in the server's database."""

    installation: Installation

    def submissions(self) -> list[dict[str, Any]]:
        rows = self.installation.database().rows(
            "SELECT submission_id, source, status, problems, payload FROM submissions"
            " ORDER BY submission_id"
        )
        return [
            {
                **json.loads(row["payload"]),
                "id": row["submission_id"],
                "source": row["source"],
                "status": row["status"],
                "problems": row["problems"],
            }
            for row in rows
        ]


def tick(page: Page, question: str, value: str) -> None:
    page.locator(f'form [data-k="{question}"] input[value="{value}"]').check()


def until(page: Page, holds: str, seconds: float = 20) -> None:
    """Waits until ``holds`` (a function that may be async) answers true on the page.

    Playwright's own ``wait_for_function`` takes a promise for true and does not wait for it.
    """
    end = time.monotonic() + seconds
    while page.evaluate(holds) is not True:
        assert time.monotonic() < end, f"not within {seconds} s: {holds}"
        page.wait_for_timeout(50)


def kept_on_the_phone(page: Page, store: str, holds: str) -> None:
    """Waits until ``holds`` (a function of all its records) is true of a store on the phone."""
    until(
        page,
        f"""() => new Promise((done) => {{
            indexedDB.open("touchstone").onsuccess = ({{ target: {{ result: db }} }}) => {{
                db.transaction("{store}").objectStore("{store}").getAll().onsuccess =
                    ({{ target }}) => {{ db.close(); done(({holds})(target.result)); }};
            }};
        }})""",
    )


def try_now(page: Page) -> None:
    """Presses the button, unless the page was quicker: it tries by itself too, and then what waited
    is gone and the button with it."""
    with suppress(Error):
        page.get_by_role("button", name="Try now").click(timeout=3000)
