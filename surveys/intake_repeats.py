"""Repeats: several submissions by one hand at one place, noticed in memory and never stored.

A shop's Wi-Fi is one address for many people, so a repeat is flagged and counted like any other;
figures can be had with or without flagged ones.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections import OrderedDict, deque
from datetime import datetime, timedelta

CLOSE = timedelta(seconds=60)
MAX_SENDERS = 10_000
MAX_EACH = 8


class Repeats:
    """What this process saw lately: hashes whose salt dies with it, the oldest forgotten first."""

    def __init__(self) -> None:
        self._salt = secrets.token_bytes(32)
        self._seen: OrderedDict[bytes, deque[tuple[str, datetime]]] = OrderedDict()
        self._lock = threading.Lock()

    def notice(
        self, sender: str, token: str, submission_id: str, finished: datetime, replaces: str | None
    ) -> bool:
        """Remember this one; whether it is within a minute of another of the same sender.

        One that it ``replaces`` is no other.
        """
        words = f"{sender}\0{token}".encode(errors="replace")
        key = hashlib.blake2b(words, key=self._salt, digest_size=16).digest()
        with self._lock:
            seen = self._seen.setdefault(key, deque(maxlen=MAX_EACH))
            self._seen.move_to_end(key)
            if len(self._seen) > MAX_SENDERS:
                self._seen.popitem(last=False)
            repeat = any(
                known not in (submission_id, replaces) and abs(finished - at) <= CLOSE
                for known, at in seen
            )
            if all(known != submission_id for known, _ in seen):
                seen.append((submission_id, finished))
        return repeat
