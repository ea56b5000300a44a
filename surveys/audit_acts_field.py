"""The acts of the field, in words: visits, phones, reviews, certificates."""

from __future__ import annotations

from collections.abc import Mapping

from surveys.audit_act import Act
from surveys.sentences import Sentence
from surveys.store.audit import PERSON

FIELD: Mapping[tuple[str, str], Act] = {
    ("set", "visit"): Act(
        Sentence("set a visit"),
        Sentence("{who} set a visit at {site}, due on {due}."),
    ),
    ("offered", "visit"): Act(
        Sentence("offered a visit"),
        Sentence("{who} offered a visit at {site} to shopper {shopper}."),
    ),
    ("accepted", "visit"): Act(
        Sentence("accepted a visit"),
        Sentence("{who} accepted a visit at {site}."),
    ),
    ("declined", "visit"): Act(
        Sentence("declined a visit"),
        Sentence("{who} declined a visit at {site}: {reason}"),
        Sentence("{who} declined a visit at {site}."),
    ),
    ("loaded", "file"): Act(
        Sentence("loaded a file that a phone saved"),
        Sentence("{who} loaded a file that a phone saved: reports {n}, new photos {photos}."),
    ),
    ("made a link for a phone", PERSON): Act(
        Sentence("made a link for a phone"),
        Sentence("{who} made a link that signs a phone of {person} in."),
    ),
    ("set how long they stay signed in", "phones"): Act(
        Sentence("set how long phones stay signed in"),
        Sentence("{who} let phones stay signed in for this number of days: {new}."),
        Sentence("{who} let phones stay signed in until they are signed out."),
    ),
    ("accepted by itself", "submission"): Act(
        Sentence("let a report count by itself"),
        Sentence("A report at {site} counts by itself: its hours had passed."),
    ),
    ("returned", "submission"): Act(
        Sentence("returned a report"),
        Sentence("{who} returned a report at {site}: {reason}"),
        Sentence("{who} returned a report at {site}."),
    ),
    ("appealed", "submission"): Act(
        Sentence("appealed"),
        Sentence("{who} appealed: their report at {site} should count."),
    ),
    ("upheld", "submission"): Act(
        Sentence("upheld a rejection"),
        Sentence("{who} rejected the appeal about a report at {site}: {reason}"),
    ),
    ("took back", "visit"): Act(
        Sentence("took the offer of a visit back"),
        Sentence("{who} took back the offer of a visit at {site} to shopper {shopper}."),
    ),
    ("changed", "visit"): Act(
        Sentence("changed a visit"),
        Sentence("{who} changed a visit at {site}, due on {due}."),
    ),
    ("cancelled", "visit"): Act(
        Sentence("cancelled a visit"),
        Sentence("{who} cancelled a visit at {site}: {reason}"),
    ),
    ("reopened", "visit"): Act(
        Sentence("took a cancellation back"),
        Sentence("{who} set a cancelled visit at {site} again."),
    ),
    ("took away", "visit"): Act(
        Sentence("took a visit from a shopper"),
        Sentence("{who} took a visit at {site} from shopper {shopper}: {reason}"),
    ),
    ("imported", "visits"): Act(
        Sentence("imported visits"),
        Sentence("{who} imported visits: {n}."),
    ),
    ("declared", "interest"): Act(
        Sentence("declared an interest"),
        Sentence("{who} declared an interest at {site}: {reason}"),
    ),
    ("took back", "interest"): Act(
        Sentence("took an interest back"),
        Sentence("{who} has no interest at {site} any more."),
    ),
    ("added", "plan"): Act(
        Sentence("made a plan of visits"),
        Sentence("{who} made the plan “{plan}”."),
    ),
    ("changed", "plan"): Act(
        Sentence("changed a plan of visits"),
        Sentence("{who} changed the plan “{plan}”."),
    ),
    ("ended", "plan"): Act(
        Sentence("ended a plan of visits"),
        Sentence("{who} ended the plan “{plan}”."),
    ),
    ("resumed", "plan"): Act(
        Sentence("took a plan of visits up again"),
        Sentence("{who} took the plan “{plan}” up again."),
    ),
    ("made visits", "plan"): Act(
        Sentence("made the visits of a month"),
        Sentence("{who} made visits of the plan “{plan}” for the month from {month}: {n}."),
    ),
    ("signed in a phone", PERSON): Act(
        Sentence("signed a phone in"),
        Sentence("{person} signed a phone in."),
    ),
    ("signed out a phone", PERSON): Act(
        Sentence("signed a phone out"),
        Sentence("{who} signed out a phone of {person}: {phone}."),
        Sentence("{who} signed out a phone of {person}."),
    ),
    ("passed the test of cases", PERSON): Act(
        Sentence("passed the test of cases"),
        Sentence("{person} passed the test of cases and is certified."),
    ),
    ("did not pass the test of cases", PERSON): Act(
        Sentence("did not pass the test of cases"),
        Sentence("{person} did not pass the test of cases."),
    ),
    ("withdrew the certificate", PERSON): Act(
        Sentence("withdrew a certificate"),
        Sentence("{who} withdrew the certificate of {person}: {reason}"),
    ),
    ("paced", "certification"): Act(
        Sentence("changed how often shoppers rate a case"),
        Sentence(
            "{who} changed after how many visits a shopper rates a case, from {old} to {new}."
        ),
    ),
}
"""(Action, kind of subject) → its words."""
