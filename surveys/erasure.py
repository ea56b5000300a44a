"""Taking words back: the person who sent a submission asks, with the secret that travelled with it.

Words, contacts and files go, wherever they stand under that id. The id, the marks and the status
stay, so that counts stand and a late replay is still a duplicate.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from surveys import attachments, publishing
from surveys.answers import fits
from surveys.digest import text
from surveys.instrument import Instrument, Item
from surveys.problems import Problem
from surveys.store import files, reviews, submissions, times
from surveys.store.database import Database
from surveys.store.submissions import Content, Submission, problems_text

WORDLESS = frozenset(
    {
        "scale",
        "moment",
        "yes_no",
        "choice",
        "choices",
        "integer",
        "number",
        "date",
        "time",
        "datetime",
        "duration",
    }
)
"""Types whose answers, where they fit, hold nothing that a person wrote."""

ERASED = Problem("erased", "", "The words were erased at the wish of whoever sent them.")


def erase(db: Database, folder: Path, submission_id: str, secret: str, at: datetime) -> bool:
    """Erase what came under this id with this secret; False if there is nothing of that kind.

    The secret is the text whose UTF-8 bytes have the SHA-256 that was sent; ``folder`` is that of
    the files. Doing it twice is the same as once. A transaction of its own.
    """
    # A lone surrogate cannot have been hashed by anybody.
    offered = hashlib.sha256(secret.encode(errors="replace")).hexdigest()
    found, gone = False, set[str]()
    with db.transaction():
        for submission in submissions.everywhere(db, submission_id):
            site_id = submission.site_id
            contents = submissions.contents(db, site_id, submission_id)
            if _same(offered, submission.secret_sha256):
                found = True
                _erase_submission(db, submission, at)
                for content in contents:
                    _erase_content(db, content)
                submissions.forget_contacts(db, site_id, submission_id)
                gone |= attachments.forget(db, site_id, submission_id)
                continue
            for content in contents:
                if _same(offered, json.loads(content.payload).get("secret_sha256")):
                    found = True
                    _erase_content(db, content)
                    submissions.forget_contacts(db, site_id, submission_id, content.digest)
                    gone |= attachments.forget(db, site_id, submission_id)
    files.sweep(db, folder, gone)
    return found


def _same(offered: str, kept: object) -> bool:
    return isinstance(kept, str) and hmac.compare_digest(offered.encode(), kept.lower().encode())


def _erase_submission(db: Database, submission: Submission, at: datetime) -> None:
    form = submission.form_used or submission.form
    instrument = _instrument(db, form, submission.instrument)
    changed = submissions.change(
        db,
        submission,
        payload=text(wordless(instrument, submission.sent)),
        problems=_wordless_problems(submission.problems),
        erased_utc=submission.erased_utc or times.text(at),
    )
    assert changed  # noqa: S101 - read in this very transaction
    for amendment in submissions.amendments(db, submission.site_id, submission.submission_id):
        read_by = _instrument(db, amendment.form, submission.instrument)
        kept = _wordless_answers(read_by, amendment.answers)
        submissions.set_amendment_answers(db, amendment, kept)
    # A comment may quote what it is about, and an appeal is in the shopper's own words.
    reviews.forget_words(db, submission.site_id, submission.submission_id)


def _erase_content(db: Database, content: Content) -> None:
    sent = json.loads(content.payload)
    form = sent.get("form")
    instrument = publishing.version(db, form) if isinstance(form, str) else None
    submissions.change_content(
        db,
        content,
        payload=text(wordless(instrument, sent)),
        problems=_wordless_problems(content.problems),
    )


def _instrument(db: Database, form: str, key: str) -> Instrument | None:
    return publishing.version(db, form) or publishing.newest(db, key)


def wordless(instrument: Instrument | None, sent: Mapping[str, Any]) -> dict[str, Any]:
    """A submission as it was sent, without anything that a person may have written."""
    kept = {name: sent[name] for name in ("id", "token", "secret_sha256") if name in sent}
    answers = sent.get("answers")
    kept["answers"] = _wordless_answers(instrument, answers) if isinstance(answers, dict) else {}
    asked = sent.get("asked")
    if isinstance(asked, list) and instrument is not None:
        kept["asked"] = [key for key in asked if isinstance(key, str) and key in instrument.items]
    if instrument is not None and sent.get("form") == instrument.form:
        kept["form"] = instrument.form
    return kept


def _wordless_answers(instrument: Instrument | None, answers: Mapping[str, Any]) -> dict[str, Any]:
    if instrument is None:
        return {}
    return {
        key: answer
        for key, answer in answers.items()
        if _is_wordless(instrument.items.get(key), answer)
    }


def _is_wordless(item: Item | None, answer: object) -> bool:
    return item is not None and item.type in WORDLESS and (answer is None or fits(item, answer))


def _wordless_problems(problems: str) -> str:
    """What stood against it, without paths, which may hold what somebody typed as a key."""
    found = json.loads(problems)
    if not found:
        return problems
    kept = [Problem(problem["code"], "", ERASED.message) for problem in found]
    return problems_text(list(dict.fromkeys(kept)))
