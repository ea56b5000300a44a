"""Why something is held: the kinds that a person decides about, from the codes of its problems."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime

from surveys import days

BEFORE, AFTER = "withdrawn_before", "withdrawn_after"
OTHER_CONTENT = "other_content"
MISFITS = frozenset({"does_not_fit", "unknown_question", "required", "hidden_by_condition"})

KINDS = (
    *(BEFORE, AFTER, OTHER_CONTENT, "other_instrument", "unknown_form", "cannot_replace"),
    *("does_not_fit", "other"),
)
"""In the order in which they are shown. ``other`` is whatever a later version may hold."""


def kind(codes: Collection[str], finished_utc: str, withdrawn_utc: str | None) -> str:
    """The kind of what has problems with these codes. Of several the first of ``KINDS``: a person
    decides about a withdrawn code as a whole, and what does not fit then stays.

    Times are UTC as the database keeps them; ``withdrawn_utc`` is its token's.
    """
    if OTHER_CONTENT in codes:
        return OTHER_CONTENT
    if "withdrawn_token" in codes:
        return BEFORE if withdrawn_utc is None or finished_utc < withdrawn_utc else AFTER
    for found in ("other_instrument", "unknown_form", "cannot_replace"):
        if found in codes:
            return found
    return "does_not_fit" if MISFITS & set(codes) else "other"


def finished(finished_local: str | None, received_utc: str) -> datetime:
    """When something was finished, as far as its row tells: the phone's clock at sending, by which
    intake corrects it, is not kept."""
    received = datetime.fromisoformat(received_utc)
    return days.finish(finished_local, received=received, sent_at=None, zone=UTC).at
