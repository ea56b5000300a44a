"""What can be wrong with something that was sent, in words for whoever sent it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One thing that does not fit.

    ``code`` is a stable word for programs (``unknown_form``, ``does_not_fit`` …), ``path`` a JSON
    Pointer (RFC 6901) into the submission, ``message`` a sentence that says what to do.
    """

    code: str
    path: str
    message: str

    def as_dict(self) -> dict[str, str]:
        return {"code": self.code, "path": self.path, "message": self.message}


def some_of(names: Sequence[str], most: int = 30) -> str:
    """What there is to choose from, and not endlessly: ``east, west and 12 more``."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return (", ".join(name or "(no name)" for name in names[:most]) or "none") + more
