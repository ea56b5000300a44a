"""What the columns of visits and of payroll mean."""

from __future__ import annotations

from dataclasses import replace

from exports.columns import FLAG, NEEDED, Column, place
from surveys.presence import JUDGEMENTS
from surveys.sentences import Sentence

STATES = ["offered", "accepted", "pending", "held", "returned", "counted", "rejected", "cancelled"]
AMOUNT = {"minimum": 0}
SHOPPER = Column("shopper", "integer", Sentence("The shopper's number. Blank: nobody yet."))
VISIT = Column("visit_id", "string", Sentence("The visit's UUID."), None, NEEDED)
DUE = Column("due", "date", Sentence("The deadline, a day at the site."), None, NEEDED)
CURRENCY = Column("currency", "string", Sentence("ISO 4217, of all amounts in the row."))
VISITS = (
    VISIT,
    *place(name=False),
    SHOPPER,
    Column("instrument", "string", Sentence("The form that the report takes."), None, NEEDED),
    DUE,
    Column(
        "status",
        "string",
        Sentence(
            "offered, accepted, cancelled; once a report is here what became of it: pending, held,"
            " returned, counted or rejected."
        ),
        None,
        {"enum": STATES, "required": True},
    ),
    Column(
        "submitted_utc",
        "datetime",
        Sentence("When the report that speaks for the visit arrived: ISO 8601, UTC."),
    ),
    Column(
        "presence",
        "string",
        Sentence(
            "How far its traces support that the shopper was there: supported, partly,"
            " not_supported, or nothing to judge by. Blank: no report."
        ),
        None,
        {"enum": list(JUDGEMENTS)},
    ),
    Column("not_before", "date", Sentence("The first day, at the site."), None, NEEDED),
    Column(
        "edge",
        "string",
        Sentence("opening: right after opening; closing: right before. Blank: at any hour."),
        None,
        {"enum": ["opening", "closing"]},
    ),
    Column(
        "certificate",
        "integer",
        Sentence("1: only who is certified may go; else 0."),
        None,
        FLAG,
    ),
    Column("fee", "number", Sentence("What the shopper gets. Owners only."), None, AMOUNT),
    Column(
        "expenses_allowed",
        "number",
        Sentence("What is paid back at most. Owners only."),
        None,
        AMOUNT,
    ),
    replace(CURRENCY, description=Sentence("ISO 4217, of both amounts. Owners only.")),
    Column("accepted_utc", "datetime", Sentence("When the shopper accepted: ISO 8601, UTC.")),
    Column("submission_id", "string", Sentence("The report that speaks for the visit.")),
)

PAYROLL = (
    replace(SHOPPER, description=Sentence("The shopper's number."), constraints=NEEDED),
    Column("name", "string", Sentence("The shopper's name, else their e-mail address.")),
    VISIT,
    *place(name=True)[:2],
    DUE,
    Column(
        "accepted_day",
        "date",
        Sentence("The day its report came to count, at the site."),
        None,
        NEEDED,
    ),
    Column("fee", "number", Sentence("The fee."), None, AMOUNT),
    Column(
        "expenses_claimed",
        "number",
        Sentence("What the report says was spent. Blank: it does not say."),
        None,
        AMOUNT,
    ),
    Column("expenses_allowed", "number", Sentence("What is paid back at most."), None, AMOUNT),
    Column("expenses_owed", "number", Sentence("The smaller of the two."), None, AMOUNT),
    CURRENCY,
    Column("owed", "number", Sentence("Fee and expenses owed together."), None, AMOUNT),
)
