"""One submission in place of another: the same end, whichever of the two arrives first.

The new one *acts* while it is counted (or was, before it was itself replaced). It may act on a
submission under the same visit's token, or under the same code with the same secret. A rejected one
between two others does not break the chain: its sender's last word stands for all before it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from surveys import holding_list, intake_judging
from surveys.problems import Problem
from surveys.store import submissions, tokens
from surveys.store.database import Database
from surveys.store.submissions import Submission, problems_text
from surveys.store.tallies import Bar

CANNOT_REPLACE = Problem(
    "cannot_replace",
    "/replaces",
    "This says that it replaces another submission, but it came under another token, or without"
    " the secret of that one. Look at both and decide.",
)

ACTING = ("counted", "replaced")
REPLACEABLE = ("counted", "pending", "held", "returned")
UNDECIDED = ("counted", "pending", "held")
LONGEST_CHAIN = 50
"""Submissions of which each stands in place of the one before; one more waits for a person.

Nobody mends a report that often, and every step is a look into the database while others wait.
"""


def may_replace(new: Submission, old: Submission, kind: str) -> bool:
    """Whether ``new``, under a token of this kind, is entitled to replace ``old``."""
    if new.token != old.token:
        return False
    return kind == "visit" or (
        new.secret_sha256 is not None and new.secret_sha256 == old.secret_sha256
    )


def problem(db: Database, new: Submission, kind: str) -> Problem | None:
    """What stands against the replacement that ``new`` asks for, as far as is known yet."""
    if new.replaces is None:
        return None
    if new.replaces == new.submission_id or (kind != "visit" and new.secret_sha256 is None):
        return CANNOT_REPLACE
    old = submissions.find(db, new.site_id, new.replaces)
    if old is None:
        return None
    if not may_replace(new, old, kind) or _leads_back(db, old, new.submission_id):
        return CANNOT_REPLACE
    return None


def _leads_back(db: Database, old: Submission, submission_id: str) -> bool:
    """Whether ``old`` itself replaces, over any number of steps, the one with this id."""
    step: Submission | None = old
    for _ in range(LONGEST_CHAIN):
        if step is None or step.replaces is None:
            return False
        if step.replaces == submission_id:
            return True
        step = submissions.find(db, step.site_id, step.replaces)
    return True


def arrived(db: Database, submission: Submission) -> Counter[Bar]:
    """Settle what a submission that was just stored replaces, and what replaces it.

    Answers the changes to the tallies.
    """
    changes: Counter[Bar] = Counter()
    replaced = False
    for new in submissions.replacing(db, submission.site_id, submission.submission_id):
        if new.submission_id == submission.submission_id:
            continue
        if not may_replace(new, submission, _kind(db, new)):
            changes.update(_hold(db, new))
        elif _acts(db, new):
            replaced = True
    if replaced:
        changes.update(_replace(db, submission))
    elif submission.status == "counted":
        changes.update(counted(db, submission))
    return changes


def _acts(db: Database, new: Submission) -> bool:
    """Whether ``new`` acts on what it replaces, itself or by what stands in its own place."""
    steps = [new]
    for _ in range(LONGEST_CHAIN):
        if not steps:
            return False
        step = steps.pop()
        if step.status in ACTING:
            return True
        if step.status == "rejected":
            newer = submissions.replacing(db, step.site_id, step.submission_id)
            steps += [one for one in newer if may_replace(one, step, _kind(db, one))]
    return False


def counted(db: Database, submission: Submission) -> Counter[Bar]:
    """Let ``submission``, which counts from now on, replace what it says."""
    if submission.replaces is None:
        return Counter()
    old = submissions.find(db, submission.site_id, submission.replaces)
    if old is None or not may_replace(submission, old, _kind(db, submission)):
        return Counter()
    return _replace(db, old)


def below(db: Database, submission: Submission) -> list[str]:
    """The ids of what ``submission`` stands in place of, over any number of steps."""
    found: list[str] = []
    step = submission
    while step.replaces is not None and len(found) < LONGEST_CHAIN:
        old = submissions.find(db, step.site_id, step.replaces)
        if old is None or not may_replace(step, old, _kind(db, step)):
            break
        found.append(old.submission_id)
        step = old
    return found


def _replace(db: Database, old: Submission) -> Counter[Bar]:
    """Mark ``old`` replaced, and with it whatever it stands in place of."""
    changes: Counter[Bar] = Counter()
    step: Submission | None = old
    while step is not None and step.status in (*REPLACEABLE, "rejected"):
        if step.status != "rejected":
            submissions.change(db, step, status="replaced")
        if step.status == "counted":
            changes.update(intake_judging.bars(step, step.mark_pairs, -1))
        if step.replaces is None:
            break
        below = submissions.find(db, step.site_id, step.replaces)
        step = below if below and may_replace(step, below, _kind(db, step)) else None
    return changes


def _hold(db: Database, new: Submission) -> Counter[Bar]:
    """It was taken in on trust; what it names has come, and it had no right to replace that."""
    if new.status not in UNDECIDED:
        return Counter()
    amendments = submissions.amendments(db, new.site_id, new.submission_id)
    if any(amendment.person_id for amendment in amendments):
        return Counter()  # a person has decided
    problems = [Problem(**found) for found in new.problem_list]
    if CANNOT_REPLACE not in problems:
        problems.append(CANNOT_REPLACE)
    against = problems_text(problems)
    submissions.change(db, new, status="held", problems=against)
    holding_list.enlist(db, replace(new, status="held", problems=against))
    if new.status != "counted":
        return Counter()
    return Counter(intake_judging.bars(new, new.mark_pairs, -1))


def _kind(db: Database, submission: Submission) -> str:
    token = tokens.find(db, submission.token)
    return "" if token is None else token.kind
