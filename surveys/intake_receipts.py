"""What became of a submission: the receipt, and what may stand in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from surveys.problems import Problem

UNKNOWN_TOKEN = Problem(
    "unknown_token",
    "/token",
    "There was never such a code. Scan the poster again, or ask whoever gave you the link.",
)
WITHDRAWN_TOKEN = Problem(
    "withdrawn_token",
    "/token",
    "This code has been withdrawn. The answers are kept, and a person decides whether they count.",
)
WITHDRAWN_VISIT = Problem(
    "withdrawn_token",
    "/token",
    "This visit is not this phone’s any more: it was cancelled, given to somebody else, or the"
    " phone was signed out. The report is kept, and a person decides whether it counts.",
)
UNKNOWN_FORM = Problem(
    "unknown_form",
    "/form",
    "No such version of the form was published here. The answers are kept, and a person chooses"
    " the version to read them by.",
)
OTHER_INSTRUMENT = Problem(
    "other_instrument",
    "/form",
    "This form is not the one that belongs to the code. The answers are kept, and a person looks"
    " at them.",
)
COUNTS_ALREADY = Problem(
    "counts_already",
    "/token",
    "Another report of this visit counts already, and a visit counts once. This one is kept, and a"
    " person looks at both.",
)
OTHER_CONTENT = Problem(
    "other_content",
    "",
    "A submission with this id and other content came before. Both are kept, and a person decides"
    " which is right.",
)
NOT_STORED = Problem(
    "not_stored",
    "",
    "This one could not be stored because of a fault on our side, which has been written down."
    " Keep it, and send it again later.",
)


@dataclass(frozen=True)
class Receipt:
    """What became of one submission (the contract's table of receipts).

    ``id`` is as the phone wrote it, None if there was none that could be read.
    """

    id: str | None
    status: str
    digest: str | None
    missing_files: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "status": self.status,
            "digest": self.digest,
            "missing_files": list(self.missing_files),
            "problems": [problem.as_dict() for problem in self.problems],
        }
