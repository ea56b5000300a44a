"""What the tests of the phone share: an address, the store behind it, and taps."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page

from surveys.installation import Installation


@dataclass
class Store:
    """What lies in the server's database."""

    installation: Installation

    def submissions(self) -> list[dict[str, Any]]:
        rows = self.installation.database().rows(
            "SELECT submission_id, status, problems, payload FROM submissions"
            " ORDER BY submission_id"
        )
        return [
            {
                **json.loads(row["payload"]),
                "id": row["submission_id"],
                "status": row["status"],
                "problems": row["problems"],
            }
            for row in rows
        ]


def tick(page: Page, question: str, value: str) -> None:
    page.locator(f'form [data-k="{question}"] input[value="{value}"]').check()


def kept_on_the_phone(page: Page, store: str, holds: str) -> None:
    """Waits until ``holds`` (a function of all its records) is true of a store on the phone."""
    page.wait_for_function(
        f"""() => new Promise((done) => {{
            indexedDB.open("touchstone").onsuccess = ({{ target: {{ result: db }} }}) => {{
                db.transaction("{store}").objectStore("{store}").getAll().onsuccess =
                    ({{ target }}) => {{ db.close(); done(({holds})(target.result)); }};
            }};
        }})"""
    )
