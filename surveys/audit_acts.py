"""Every act of the audit in words, by what was done and to what kind of thing.

One word is used of many things: a person, a web-hook and a touchpoint can all be ``removed``.
"""

from __future__ import annotations

from collections.abc import Mapping

from surveys.audit_act import Act
from surveys.audit_acts_field import FIELD
from surveys.sentences import Sentence
from surveys.store.audit import PERSON

KINDS = {
    "submission": Sentence("Submissions"),
    "held": Sentence("Held answers, many at once"),
    PERSON: Sentence("People"),
    "site": Sentence("A site"),
    "sites": Sentence("Lists of sites"),
    "region": Sentence("Regions"),
    "touchpoint": Sentence("Touchpoints"),
    "code": Sentence("Codes"),
    "link": Sentence("Links of voices"),
    "instrument": Sentence("Instruments"),
    "visit": Sentence("Visits"),
    "phones": Sentence("Shoppers’ phones"),
    "file": Sentence("Saved files"),
    "visits": Sentence("Lists of visits"),
    "interest": Sentence("Interests of shoppers"),
    "plan": Sentence("Plans of visits"),
    "web-hook": Sentence("Web-hooks"),
    "job": Sentence("Messages"),
    "e-mail": Sentence("E-mail"),
    "address": Sentence("The address"),
    "organisation": Sentence("The organisation"),
    "certification": Sentence("Certification"),
    "setup": Sentence("Setting up"),
}
"""The kinds of subjects (:func:`surveys.audit.kind_of`), in the order in which they are chosen."""

DESK: Mapping[tuple[str, str], Act] = {
    # --- what was answered --------------------------------------------------------------------
    ("accepted", "submission"): Act(
        Sentence("accepted a submission"),
        Sentence("{who} accepted a submission at {site}: {reason}"),
        Sentence("{who} accepted a submission at {site}."),
    ),
    ("mended", "submission"): Act(
        Sentence("mended answers"),
        Sentence("{who} mended answers of a submission at {site}: {reason}"),
    ),
    ("rejected", "submission"): Act(
        Sentence("rejected a submission"),
        Sentence("{who} rejected a submission at {site}: {reason}"),
    ),
    ("accepted other content", "submission"): Act(
        Sentence("took other content"),
        Sentence("{who} took the other answers of a submission at {site}: {reason}"),
        Sentence("{who} took the other answers of a submission at {site}."),
    ),
    ("rejected other content", "submission"): Act(
        Sentence("kept the first content"),
        Sentence("{who} kept the first answers of a submission at {site}: {reason}"),
    ),
    ("accepted all", "held"): Act(
        Sentence("accepted all of a kind"),
        Sentence("{who} accepted all that fit of {n} held, “{kind}”: {reason}"),
    ),
    ("rejected all", "held"): Act(
        Sentence("rejected all of a kind"),
        Sentence("{who} rejected all of {n} held, “{kind}”: {reason}"),
    ),
    # --- people -------------------------------------------------------------------------------
    ("invited", PERSON): Act(
        Sentence("invited somebody"),
        Sentence("{who} invited {person} as {role} for {places}."),
        Sentence("{who} invited {person} as {role}."),
        Sentence("{who} made a new invitation for {person}."),
    ),
    ("joined", PERSON): Act(
        Sentence("joined"),
        Sentence("{person} joined as {role} for {places}."),
        Sentence("{person} joined as {role}."),
    ),
    ("changed", PERSON): Act(
        Sentence("changed somebody’s role or places"),
        Sentence("{who} made {person} {role} instead of {was}, for {places}."),
        Sentence("{who} made {person} {role} instead of {was}."),
        Sentence("{who} changed where {person} is {role}: {places}."),
    ),
    ("changed password", PERSON): Act(
        Sentence("changed a password"),
        Sentence("{who} changed their password."),
    ),
    ("made a link for a new password", PERSON): Act(
        Sentence("made a link for a new password"),
        Sentence("{who} made a link for {person} to choose a new password."),
    ),
    ("chose a new password by a link", PERSON): Act(
        Sentence("chose a new password by a link"),
        Sentence("{person} chose a new password by a link."),
    ),
    ("signed out everywhere", PERSON): Act(
        Sentence("signed out everywhere"),
        Sentence("{who} signed {other} out everywhere."),
        Sentence("{who} signed out everywhere."),
    ),
    ("removed", PERSON): Act(
        Sentence("took access away"),
        Sentence("{who} took {person}’s access away."),
    ),
    # --- places -------------------------------------------------------------------------------
    ("added", "site"): Act(
        Sentence("added a site"),
        Sentence("{who} added the site {site} in the region “{region}”."),
        Sentence("{who} added the site {site}."),
    ),
    ("changed", "site"): Act(
        Sentence("changed a site"),
        Sentence("{who} changed {what} of {site} from “{old}” to “{new}”."),
        Sentence("{who} set {what} of {site} to “{new}”."),
        Sentence("{who} took away {what} of {site}, “{old}”."),
        Sentence("{who} changed {what} of {site}."),
    ),
    ("imported", "sites"): Act(
        Sentence("imported sites"),
        Sentence("{who} imported sites: {added} new, {changed} changed."),
    ),
    ("renamed", "region"): Act(
        Sentence("renamed or merged a region"),
        Sentence("{who} merged the region “{old}” into “{merged}”."),
        Sentence("{who} renamed the region “{old}” to “{new}”."),
    ),
    ("added", "touchpoint"): Act(
        Sentence("added a touchpoint"),
        Sentence("{who} added the touchpoint “{touchpoint}”."),
    ),
    ("renamed", "touchpoint"): Act(
        Sentence("renamed a touchpoint"),
        Sentence("{who} renamed the touchpoint “{old}” to “{new}”."),
        Sentence("{who} changed the names of the touchpoint “{touchpoint}”."),
    ),
    ("moved", "touchpoint"): Act(
        Sentence("moved a touchpoint"),
        Sentence("{who} moved the touchpoint “{touchpoint}” one place {way}."),
    ),
    ("hidden", "touchpoint"): Act(
        Sentence("hid a touchpoint"),
        Sentence("{who} hid the touchpoint “{touchpoint}”."),
    ),
    ("shown again", "touchpoint"): Act(
        Sentence("showed a touchpoint again"),
        Sentence("{who} showed the touchpoint “{touchpoint}” again."),
    ),
    ("removed", "touchpoint"): Act(
        Sentence("removed a touchpoint"),
        Sentence("{who} removed the touchpoint “{touchpoint}”."),
    ),
    # --- codes and links ----------------------------------------------------------------------
    ("issued", "code"): Act(
        Sentence("made a code"),
        Sentence("{who} made a code for “{touchpoint}” at {site}."),
        Sentence("{who} made a code at {site}."),
    ),
    ("withdrawn", "code"): Act(
        Sentence("withdrew a code"),
        Sentence("{who} withdrew the code of “{touchpoint}” at {site}: {reason}"),
        Sentence("{who} withdrew a code at {site}: {reason}"),
    ),
    ("replaced", "code"): Act(
        Sentence("replaced a code"),
        Sentence("{who} replaced the code of “{touchpoint}” at {site}: {reason}"),
        Sentence("{who} replaced a code at {site}: {reason}"),
    ),
    ("issued", "link"): Act(
        Sentence("made a link"),
        Sentence("{who} made the link of “{voice}” at {site}."),
    ),
    ("withdrawn", "link"): Act(
        Sentence("withdrew a link"),
        Sentence("{who} withdrew the link of “{voice}” at {site}: {reason}"),
    ),
    ("replaced", "link"): Act(
        Sentence("replaced a link"),
        Sentence("{who} replaced the link of “{voice}” at {site}: {reason}"),
    ),
    # --- instruments --------------------------------------------------------------------------
    ("published", "instrument"): Act(
        Sentence("published an instrument"),
        Sentence("{who} published “{instrument}”, version {version} in place of {old}."),
        Sentence("{who} published “{instrument}”, version {version}."),
    ),
    ("drafted", "instrument"): Act(
        Sentence("saved a draft"),
        Sentence("{who} saved a draft of “{instrument}”."),
    ),
    ("discarded draft", "instrument"): Act(
        Sentence("discarded a draft"),
        Sentence("{who} discarded the draft of “{instrument}”."),
    ),
    # --- messages -----------------------------------------------------------------------------
    ("added", "web-hook"): Act(
        Sentence("added a web-hook"),
        Sentence("{who} added a web-hook to {host}."),
    ),
    ("new secret", "web-hook"): Act(
        Sentence("made a new secret"),
        Sentence("{who} made a new secret for the web-hook to {host}."),
    ),
    ("switched on", "web-hook"): Act(
        Sentence("switched a web-hook on"),
        Sentence("{who} switched the web-hook to {host} on."),
    ),
    ("switched off", "web-hook"): Act(
        Sentence("switched a web-hook off"),
        Sentence("The web-hook to {host} was switched off. {reason}"),
        Sentence("{who} switched the web-hook to {host} off."),
    ),
    ("removed", "web-hook"): Act(
        Sentence("removed a web-hook"),
        Sentence("{who} removed the web-hook to {host}."),
    ),
    ("tried again", "job"): Act(
        Sentence("tried a message again"),
        Sentence("{who} had a letter to {person} tried again."),
        Sentence("{who} had a message to {host} tried again."),
        Sentence("{who} had a message tried again."),
    ),
    ("discarded", "job"): Act(
        Sentence("discarded a message"),
        Sentence("{who} discarded a letter to {person}."),
        Sentence("{who} discarded a message to {host}."),
        Sentence("{who} discarded a message."),
    ),
    # --- the installation ---------------------------------------------------------------------
    ("set up", "e-mail"): Act(
        Sentence("set e-mail up"),
        Sentence("{who} set e-mail up: it is sent by {host}, as {sender}."),
    ),
    ("switched off", "e-mail"): Act(
        Sentence("switched e-mail off"),
        Sentence("{who} switched e-mail off."),
    ),
    ("changed", "address"): Act(
        Sentence("changed the address"),
        Sentence("{who} changed the address from {old} to {new}."),
        Sentence("{who} set the address to {new}."),
    ),
    ("named", "organisation"): Act(
        Sentence("named the organisation"),
        Sentence("{who} renamed the organisation from “{old}” to “{new}”."),
        Sentence("{who} named the organisation “{new}”."),
    ),
    ("dismissed", "setup"): Act(
        Sentence("put the reminder away"),
        Sentence("{who} asked not to be reminded of what is left to set up."),
    ),
}
"""What is done at the desk and on the command line: (action, kind of subject) → its words."""

ACTS: Mapping[tuple[str, str], Act] = {**DESK, **FIELD}
