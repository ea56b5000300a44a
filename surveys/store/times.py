"""Moments as the database keeps them: UTC, ISO 8601, of one width, so that text sorts as time."""

from __future__ import annotations

from datetime import UTC, datetime


def text(at: datetime) -> str:
    """An aware moment as ``2026-11-22T09:00:13.250000Z``."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
