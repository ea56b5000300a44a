"""Slows down whoever guesses: a pause that grows with every wrong try.

Kept in memory, per process, and only for a while: nothing about anybody's address is stored.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from math import ceil

from flask import request

FORGET_AFTER = timedelta(hours=1)
KEYS_AT_MOST = 20_000


@dataclass
class _Tries:
    wrong: int
    last: datetime


class Throttle:
    """After ``free`` wrong tries under one key each further one doubles the pause from 1 second.

    ``longest`` bounds the pause, so that nobody can be locked out for good by others' tries.
    """

    def __init__(self, *, free: int, longest: timedelta) -> None:
        self._free = free
        self._longest = longest.total_seconds()
        self._tries: OrderedDict[str, _Tries] = OrderedDict()
        self._lock = threading.Lock()

    def pause(self, key: str, now: datetime) -> int:
        """Seconds still to wait before the next try; 0 if it may come now."""
        with self._lock:
            tries = self._tries.get(key)
            if tries is None or now - tries.last > FORGET_AFTER or tries.wrong < self._free:
                return 0
            doubled = 2.0 ** min(tries.wrong - self._free, 20)
            left = min(doubled, self._longest) - (now - tries.last).total_seconds()
            return max(0, ceil(left))

    def wrong(self, key: str, now: datetime) -> None:
        """Note a wrong try."""
        with self._lock:
            tries = self._tries.pop(key, None)
            if tries is None or now - tries.last > FORGET_AFTER:
                tries = _Tries(0, now)
            self._tries[key] = _Tries(tries.wrong + 1, now)
            while len(self._tries) > KEYS_AT_MOST:
                self._tries.popitem(last=False)

    def right(self, key: str) -> None:
        """Forget the wrong tries of somebody who got in."""
        with self._lock:
            self._tries.pop(key, None)


def client_address() -> str:
    """The address a request came from.

    A proxy on this machine is believed about whom it speaks for; nobody else is.
    """
    address = request.remote_addr or ""
    forwarded = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    try:
        return str(ip_address(forwarded)) if ip_address(address).is_loopback else address
    except ValueError:
        return address
