"""The tables of the field: shoppers and their phones, visits and their reports, certificates."""

from __future__ import annotations

from surveys.store.table import OF_SITE, OF_SUBMISSION, Table

VISITS = {
    # What a shopper is called where their name must not stand; given once, in order.
    "shoppers": Table(
        {"person_id": str, "number": int},
        ("person_id",),
        references={("person_id",): ("people", ("person_id",))},
        unique=(("number",),),
    ),
    # Phones that are signed in without a password; only the SHA-256 of the token is kept.
    "devices": Table(
        {
            "device_id": str,
            "person_id": str,
            "token_sha256": str,
            "name": str,
            "created_utc": str,
            "seen_utc": str,
            "expires_utc": str,
            "revoked_utc": str,
        },
        ("device_id",),
        optional=frozenset({"expires_utc", "revoked_utc"}),
        references={("person_id",): ("people", ("person_id",))},
        indexes=(("person_id",),),
        unique=(("token_sha256",),),
    ),
    # Short codes by which one more device signs in: once, within minutes.
    "device_codes": Table(
        {
            "code_sha256": str,
            "person_id": str,
            "created_utc": str,
            "expires_utc": str,
            "used_utc": str,
        },
        ("code_sha256",),
        optional=frozenset({"used_utc"}),
        references={("person_id",): ("people", ("person_id",))},
    ),
    # What makes visits month by month. `scope` is JSON: {"regions": […], "sites": […]}.
    "visit_plans": Table(
        {
            "plan_id": str,
            "name": str,
            "instrument": str,
            "scope": str,
            "per_month": int,  # visits a site
            "rotation_days": int,  # the same shopper not at the same site within so many days
            "edge_per_month": int,  # of these, so many a site right after opening or before closing
            "days_open": int,  # from the first day a visit may be made to its deadline
            "briefing": str,
            "certificate": int,  # 1: only for shoppers who hold one
            "fee": str,  # decimal text in `currency`, "" for none
            "expenses": str,  # paid back at most, the same way
            "currency": str,
            "status": str,  # automatic, by_hand or ended
            "created_utc": str,
            "person_id": str,
        },
        ("plan_id",),
    ),
    # One visit to be made: where, when, for what. What became of its report is told by the
    # submissions under its tokens.
    "visits": Table(
        {
            "site_id": str,
            "visit_id": str,
            "code": str,  # short, to type on a phone
            "instrument": str,
            "status": str,  # offered, accepted or cancelled
            "person_id": str,  # who accepted it
            "token": str,  # under which their report comes
            "not_before": str,  # ISO dates in the site's time zone
            "due": str,
            "edge": str,  # "", opening or closing
            "briefing": str,
            "certificate": int,
            "fee": str,
            "expenses": str,
            "currency": str,
            "plan_id": str,
            "created_utc": str,
            "accepted_utc": str,
            "cancelled_utc": str,
            "reason": str,  # why it was cancelled
        },
        ("site_id", "visit_id"),
        optional=frozenset(
            {"person_id", "token", "plan_id", "accepted_utc", "cancelled_utc", "reason"}
        ),
        references=OF_SITE,
        indexes=(("visit_id",), ("person_id", "status"), ("status", "due"), ("plan_id", "due")),
    ),
    # To whom a visit is or was offered; the first of them who accepts has it.
    "visit_offers": Table(
        {
            "site_id": str,
            "visit_id": str,
            "person_id": str,
            "status": str,  # open, accepted, declined or withdrawn
            "offered_utc": str,
            "answered_utc": str,
            "reason": str,
        },
        ("site_id", "visit_id", "person_id"),
        optional=frozenset({"answered_utc", "reason"}),
        references={("site_id", "visit_id"): ("visits", ("site_id", "visit_id"))},
        indexes=(("person_id", "status"),),
    ),
    # Every token a visit ever had, and whose it was: a token is never given to another.
    "visit_tokens": Table(
        {"site_id": str, "token": str, "visit_id": str, "person_id": str},
        ("site_id", "token"),
        references={("site_id", "visit_id"): ("visits", ("site_id", "visit_id"))},
        indexes=(("site_id", "visit_id"),),
    ),
    # The submissions that came under a visit's tokens.
    "visit_reports": Table(
        {"site_id": str, "submission_id": str, "visit_id": str, "person_id": str},
        ("site_id", "submission_id"),
        references=OF_SUBMISSION,
        indexes=(("site_id", "visit_id"), ("person_id",)),
    ),
    # What was decided about a report and said to its shopper, and what they answered.
    "reviews": Table(
        {
            "site_id": str,
            "submission_id": str,
            "number": int,
            "act": str,  # accepted, rejected, returned, appealed, upheld
            "person_id": str,  # "" where the hours had passed
            "at_utc": str,
            "words": str,
            "questions": str,  # JSON object: question to the comment on it
        },
        ("site_id", "submission_id", "number"),
        references=OF_SUBMISSION,
        indexes=(("act", "site_id"),),
    ),
    # Sites where a shopper is known, or has a share: no visit is offered to them there.
    "interests": Table(
        {
            "site_id": str,
            "person_id": str,
            "reason": str,
            "declared_utc": str,
            "ended_utc": str,
        },
        ("site_id", "person_id"),
        optional=frozenset({"ended_utc"}),
        references=OF_SITE,
        indexes=(("person_id",),),
    ),
    # The attachments that have arrived; their bytes lie once in the data folder, by digest.
    "files": Table(
        {
            "site_id": str,
            "submission_id": str,
            "sha256": str,
            "type": str,  # by its content
            "bytes": int,
            "width": int,
            "height": int,
            "received_utc": str,
        },
        ("site_id", "submission_id", "sha256"),
        references=OF_SUBMISSION,
        indexes=(("sha256",),),
    ),
}

PLANNING = {
    # The months that were made of a plan, so that none is made by itself twice.
    "visit_plan_months": Table(
        {"plan_id": str, "month": str, "visits": int, "made_utc": str, "person_id": str},
        ("plan_id", "month"),
        references={("plan_id",): ("visit_plans", ("plan_id",))},
    ),
}

CALIBRATION = {
    # Cases that somebody rates: one to practise or to keep their eye in, ten for a test.
    "case_attempts": Table(
        {
            "attempt_id": str,
            "person_id": str,
            "kind": str,  # practice, test or drift
            "cases": str,  # JSON list of their keys, in the order in which they come
            "started_utc": str,
            "finished_utc": str,
            "passed": int,  # of a finished test: 0 or 1
        },
        ("attempt_id",),
        optional=frozenset({"finished_utc", "passed"}),
        references={("person_id",): ("people", ("person_id",))},
        indexes=(("person_id", "started_utc"),),
    ),
    # Each level that was given, beside the gold level as it was then.
    "case_ratings": Table(
        {
            "attempt_id": str,
            "case_key": str,
            "scale": str,
            "level": int,
            "gold": int,
            "at_utc": str,
        },
        ("attempt_id", "case_key", "scale"),
        references={("attempt_id",): ("case_attempts", ("attempt_id",))},
    ),
    # What a passed test gave; its id is the attempt's.
    "certificates": Table(
        {
            "certificate_id": str,
            "person_id": str,
            "passed_utc": str,
            "expires_utc": str,
            "revoked_utc": str,
            "reason": str,
        },
        ("certificate_id",),
        optional=frozenset({"revoked_utc", "reason"}),
        references={("certificate_id",): ("case_attempts", ("attempt_id",))},
        indexes=(("person_id", "passed_utc"),),
    ),
}
