"""How many requests one sender may make: far more than anybody needs, and not without end.

Counted in memory, per process; nothing about anybody's address is stored.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict

from flask import Flask

KEYS_AT_MOST = 20_000

PER_SECOND = 5000
"""Requests a second from one address, or for one code, in each process of the server."""


class Rates:
    """A bucket for each key: it fills with ``per_second`` and holds twice that."""

    def __init__(self, per_second: float) -> None:
        self._per_second = per_second
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def wait(self, key: str) -> float:
        """Take one request from the bucket; seconds until there is one, 0 if there was."""
        now = time.monotonic()
        full = 2 * self._per_second
        with self._lock:
            left, since = self._buckets.pop(key, (full, now))
            left = min(full, left + (now - since) * self._per_second)
            wait = 0.0 if left >= 1 else (1 - left) / self._per_second
            self._buckets[key] = (left if wait else left - 1, now)
            while len(self._buckets) > KEYS_AT_MOST:
                self._buckets.popitem(last=False)
        return wait


def rates(app: Flask) -> Rates:
    """The application's; ``app.config["REQUESTS_PER_SECOND"]`` changes the limit."""
    found = app.extensions.get("touchstone_rates")
    if not isinstance(found, Rates):
        found = Rates(app.config.get("REQUESTS_PER_SECOND", PER_SECOND))
        found = app.extensions.setdefault("touchstone_rates", found)
        assert isinstance(found, Rates)  # noqa: S101
    return found
