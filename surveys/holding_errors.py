"""Why a decision about what was held is not carried out, in words."""

from __future__ import annotations

from surveys.problems import Problem
from surveys.sentences import Sentence

LONGEST_REASON = 1000


class HoldingError(ValueError):
    """The decision cannot be carried out; the message says why and what to do."""


class DecidedError(HoldingError):
    """Somebody else has decided meanwhile."""


class MisfitError(HoldingError):
    """The answers do not fit the form: ``problems`` says which."""

    def __init__(self, problems: list[Problem]) -> None:
        places = "; ".join(f"{problem.path}: {problem.message}" for problem in problems)
        super().__init__(
            Sentence(
                "It does not fit the form. Mend it, choose another version, or reject it. {places}",
                places=places,
            )
        )
        self.problems = problems


def checked(written: str, *, needed: bool = False) -> str:
    """A reason as it is kept. Raises :class:`HoldingError`."""
    reason = written.strip()
    if needed and not reason:
        raise HoldingError(
            Sentence("Say why, in a few words: whoever reads the figures will want to know.")
        )
    if len(reason) > LONGEST_REASON:
        raise HoldingError(Sentence("Say why in at most {n} characters.", n=LONGEST_REASON))
    return reason


STATUSES = {
    "counted": Sentence("counted"),
    "pending": Sentence("waiting for review"),
    "held": Sentence("held"),
    "returned": Sentence("returned"),
    "rejected": Sentence("rejected"),
    "replaced": Sentence("replaced"),
    "accepted": Sentence("accepted"),
}
"""What a submission or other content is, as the end of a sentence."""


def decided(status: str) -> DecidedError:
    return DecidedError(
        Sentence(
            "Somebody was here before you: it is {status} now. Nothing was changed.",
            status=STATUSES.get(status, status),
        )
    )
