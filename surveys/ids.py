"""Ids that the program makes itself."""

from __future__ import annotations

import secrets
import uuid
from datetime import datetime


def uuid7(at: datetime) -> str:
    """A UUID version 7 (RFC 9562): 48 bits of milliseconds since 1970, then 74 random bits.

    ``at`` is an aware time. Ids made later sort later, which keeps an index's pages together.
    """
    milliseconds = int(at.timestamp() * 1000) & 0xFFFF_FFFF_FFFF
    number = milliseconds << 80 | secrets.randbits(80)
    number = number & ~(0xF << 76) | 7 << 76  # version
    number = number & ~(0b11 << 62) | 0b10 << 62  # variant
    return str(uuid.UUID(int=number))
