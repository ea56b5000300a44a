"""Every table, declared once for every engine.

Rules that let rows be spread over several machines by site later: ``site_id`` is text and comes
first in every key of a row that belongs to a site; ids are made by the program, never by a
sequence; no triggers; times are bound from Python as UTC ISO 8601 text.
"""

from __future__ import annotations

from surveys.store.table import OF_SITE, OF_SUBMISSION, Table
from surveys.store.tables_field import CALIBRATION, PLANNING, VISITS

FIRST = {
    # What this installation was told: base_url, organisation, …
    "settings": Table({"name": str, "value": str}, ("name",)),
    "sites": Table(
        {
            "site_id": str,
            "name": str,
            "region": str,
            "timezone": str,  # IANA name
            "language": str,
            "address": str,
            "latitude": float,
            "longitude": float,
            "kind": str,  # external or internal
        },
        ("site_id",),
        optional=frozenset({"latitude", "longitude"}),
    ),
    # Every published version of every instrument, for ever: `document` is the resolved JSON.
    "instruments": Table(
        {
            "instrument": str,
            "version": str,
            "document": str,
            "published_utc": str,
        },
        ("instrument", "version"),
    ),
    # What a submission may come under: a QR code, a visit or an invitation to answer.
    "tokens": Table(
        {
            "token": str,
            "kind": str,  # code, visit or invitation
            "site_id": str,
            "instrument": str,
            "source": str,
            "touchpoint": str,
            "status": str,  # active or withdrawn
            "created_utc": str,
            "withdrawn_utc": str,
            "reason": str,
            "replaced_by": str,
        },
        ("token",),
        optional=frozenset({"touchpoint", "withdrawn_utc", "reason", "replaced_by"}),
        references=OF_SITE,
        indexes=(("site_id", "kind", "status"),),
    ),
    # The record. Only what a decision or a newer one changes (`status`, `flags`, `marks`, `mode`,
    # `form_used`, `problems`) and the erasure columns are ever written again.
    "submissions": Table(
        {
            "site_id": str,
            "submission_id": str,
            "token": str,
            "instrument": str,  # of the token
            "source": str,
            "mode": str,
            "touchpoint": str,
            "form": str,  # as sent
            "form_used": str,  # the form it is read by: as sent, or chosen by a person
            "status": str,  # counted, pending, held, returned, rejected, replaced
            "flags": str,  # JSON list: careless, repeat, clock
            "flagged": int,  # 1 if careless or a repeat
            "digest": str,
            "language": str,
            "started_local": str,
            "finished_local": str,
            "received_utc": str,
            "day": str,  # ISO date in the site's time zone, fixed at intake
            "payload": str,  # the submission as sent (sorted JSON) without contacts
            "problems": str,  # JSON list of problems
            "marks": str,  # JSON list of [facet, level] that its tallies hold while counted
            "replaces": str,
            "secret_sha256": str,
            "erased_utc": str,
        },
        ("site_id", "submission_id"),
        optional=frozenset(
            {
                "touchpoint",
                "form_used",
                "language",
                "started_local",
                "finished_local",
                "replaces",
                "secret_sha256",
                "erased_utc",
            }
        ),
        references=OF_SITE,
        indexes=(("site_id", "replaces"), ("status", "site_id"), ("submission_id",)),
    ),
    "amendments": Table(
        {
            "site_id": str,
            "submission_id": str,
            "number": int,
            "at_utc": str,
            "person_id": str,
            "reason": str,
            "form": str,  # the form to read it by from now on
            "answers": str,  # JSON object: question to its amended answer (null = taken away)
        },
        ("site_id", "submission_id", "number"),
        references=OF_SUBMISSION,
    ),
    # Other content that came under a known id.
    "conflicting": Table(
        {
            "site_id": str,
            "submission_id": str,
            "digest": str,
            "received_utc": str,
            "payload": str,
            "problems": str,
            "status": str,  # held, accepted, rejected
        },
        ("site_id", "submission_id", "digest"),
        references=OF_SUBMISSION,
    ),
    # Ways to reach a customer: split off at intake, erasable, never exported.
    "contacts": Table(
        {
            "site_id": str,
            "submission_id": str,
            "digest": str,  # of the content it came with
            "question": str,
            "contact": str,
        },
        ("site_id", "submission_id", "digest", "question"),
        references=OF_SUBMISSION,
    ),
    # One row is one bar of a histogram. Derived from submissions; `rebuild` derives it again.
    "tallies": Table(
        {
            "site_id": str,
            "instrument": str,
            "source": str,
            "mode": str,
            "facet": str,
            "day": str,
            "level": str,
            "flagged": int,
            "n": int,
        },
        ("site_id", "instrument", "source", "mode", "facet", "day", "level", "flagged"),
        references=OF_SITE,
    ),
    "people": Table(
        {
            "person_id": str,
            "email": str,
            "name": str,
            "role": str,  # owner, manager, reviewer, shopper, staff
            "password_hash": str,
            "status": str,  # invited, active, removed
            "epoch": int,  # raised to sign the person out everywhere
            "created_utc": str,
        },
        ("person_id",),
        optional=frozenset({"password_hash"}),
        unique=(("email",),),
    ),
    # What a person may see: kind is region or site.
    "grants": Table(
        {"person_id": str, "kind": str, "value": str},
        ("person_id", "kind", "value"),
        references={("person_id",): ("people", ("person_id",))},
    ),
    # Single-use links; only the SHA-256 of the token is kept. No person: the first owner.
    "invitations": Table(
        {
            "token_sha256": str,
            "person_id": str,
            "created_utc": str,
            "expires_utc": str,
            "used_utc": str,
        },
        ("token_sha256",),
        optional=frozenset({"person_id", "used_utc"}),
    ),
    # Who did what; append only.
    "audit": Table(
        {
            "audit_id": str,
            "at_utc": str,
            "person_id": str,  # "" for the command line
            "action": str,
            "subject": str,
            "detail": str,  # JSON
        },
        ("audit_id",),
    ),
}

PREFERENCES = {
    # What people choose for themselves: language, time zone, which letters they get.
    "preferences": Table(
        {"person_id": str, "name": str, "value": str},
        ("person_id", "name"),
        references={("person_id",): ("people", ("person_id",))},
    ),
}

JOBS = {
    # The outbox: what is to be sent, put in by the transaction that caused it.
    "jobs": Table(
        {
            "job_id": str,  # made of what caused it, so that the same is put in once
            "kind": str,  # event, email or webhook
            "topic": str,  # invitation, misery, digest; or the type of an event
            "recipient": str,  # a person, a web-hook, or "" for an event
            "payload": str,  # JSON; taken away when it is done
            "status": str,  # waiting, done or given_up
            "attempts": int,
            "due_utc": str,
            "first_failed_utc": str,
            "last_error": str,  # JSON of a sentence: why the last attempt failed
            "cause": str,  # who or what put it in: a person, a submission, a day
            "created_utc": str,
            "finished_utc": str,
        },
        ("job_id",),
        optional=frozenset({"first_failed_utc", "last_error", "finished_utc"}),
        indexes=(("status", "due_utc"), ("kind", "recipient", "status")),
    ),
    # Programs elsewhere that want to be told.
    "webhooks": Table(
        {
            "webhook_id": str,
            "url": str,
            "events": str,  # types of events, with a space between
            "secret": str,
            "old_secret": str,  # signs beside the new one until old_until_utc
            "old_until_utc": str,
            "status": str,  # active or off
            "reason": str,  # JSON of a sentence: why it is off
            "answer": str,  # JSON of a sentence: what came of the last attempt
            "answered_utc": str,
            "succeeded_utc": str,
            "created_utc": str,
        },
        ("webhook_id",),
        optional=frozenset(
            {"old_secret", "old_until_utc", "reason", "answer", "answered_utc", "succeeded_utc"}
        ),
    ),
    # Work that one process does at a time: whoever holds it, until when.
    "leases": Table({"name": str, "holder": str, "until_utc": str}, ("name",)),
}

TOUCHPOINTS = {
    # The customer's way: each touchpoint's names (JSON, by language) and its place in the order.
    "touchpoints": Table(
        {"touchpoint": str, "names": str, "position": int, "hidden": int},  # hidden: 0 or 1
        ("touchpoint",),
    ),
}

HELD = {
    # What waits for a person: held submissions, and other content under a known id. Derived from
    # them; `rebuild` lists them again.
    "held": Table(
        {
            "site_id": str,
            "submission_id": str,
            "digest": str,  # of the content that waits
            "kind": str,  # see holding_kinds
            "token": str,
            "fits": int,  # 1 if the answers fit the form they are read by
            "finished_utc": str,  # corrected by the phone's clock
            "received_utc": str,
        },
        ("site_id", "submission_id", "digest"),
        references=OF_SUBMISSION,
        indexes=(
            ("received_utc", "site_id", "submission_id", "digest"),
            ("kind", "received_utc", "site_id", "submission_id", "digest"),
            ("kind", "token", "site_id", "fits"),
        ),
    ),
}

AUDIT_INDEXES = (("at_utc", "audit_id"), ("subject", "at_utc", "audit_id"))
"""Of the table ``audit``, since people leaf through it."""

INSTRUMENT_FILES = {
    # The YAML a version was published from, with its comments: to be edited again.
    "instrument_sources": Table(
        {"instrument": str, "version": str, "text": str},
        ("instrument", "version"),
        references={("instrument", "version"): ("instruments", ("instrument", "version"))},
    ),
    # What may be published next: one draft an instrument. `based_on` is the version that was the
    # newest when it was begun, "" if there was none.
    "instrument_drafts": Table(
        {"instrument": str, "text": str, "based_on": str, "changed_utc": str, "person_id": str},
        ("instrument",),
    ),
}

ANSWERS_BY_FORM = ("instrument", "form", "day")
"""An index of ``submissions``: which versions are answered, without reading what was."""

GROUPS = (
    *(FIRST, PREFERENCES, JOBS, TOUCHPOINTS, INSTRUMENT_FILES, HELD, VISITS),
    *(CALIBRATION, PLANNING),
)
"""In the order in which the migrations make them."""

ALL = {name: table for group in GROUPS for name, table in group.items()}
