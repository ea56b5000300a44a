"""What is set for a visit, read from texts: the same for a form, a row of a CSV and a plan."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from surveys.sentences import Sentence

EDGES = {
    "": Sentence("at any hour"),
    "opening": Sentence("right after opening"),
    "closing": Sentence("right before closing"),
}
LONGEST_BRIEFING = 4000
MOST = Decimal(1_000_000)
_AMOUNT = re.compile(r"\d{1,7}([.,]\d{1,3})?", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
_DAY = re.compile(r"20\d\d-\d\d-\d\d", re.ASCII)
"""Of this century, as the months of the desk are."""
_YES = ("1", "yes", "true", "x", "on")
_NO = ("", "0", "no", "false", "off")


@dataclass(frozen=True)
class Terms:
    """What a shopper is told and given: of one visit, or of all that a plan makes.

    ``fee`` and ``expenses`` are decimal texts in ``currency``, an ISO 4217 code, "" for none.
    """

    briefing: str = ""
    certificate: bool = False
    fee: str = ""
    expenses: str = ""
    currency: str = ""


@dataclass
class Reading:
    """Values while they are read; ``faults`` has the first that is wrong with each column."""

    values: Mapping[str, str]
    faults: dict[str, Sentence]

    @classmethod
    def of(cls, values: Mapping[str, str]) -> Reading:
        return cls(values, {})

    def text(self, column: str) -> str:
        return self.values.get(column, "").strip()

    def wrong(self, column: str, message: Sentence) -> None:
        self.faults.setdefault(column, message)

    def day(self, column: str) -> date | None:
        """A day as 2026-12-01; None for no text, or a fault."""
        text = self.text(column)
        if not text:
            return None
        try:
            if not _DAY.fullmatch(text):  # Python reads weeks too
                raise ValueError
            return date.fromisoformat(text)
        except ValueError:
            self.wrong(
                column, Sentence("“{text}” is not a day. Write it like 2026-12-01", text=text[:40])
            )
            return None

    def edge(self) -> str:
        text = self.text("edge").casefold()
        if text not in EDGES:
            self.wrong(
                "edge",
                Sentence(
                    "“{text}” is no edge hour. Write opening or closing, or leave it empty",
                    text=text[:40],
                ),
            )
        return text

    def whole(self, column: str, low: int, high: int) -> int:
        """A whole number within these; ``low`` where it is a fault."""
        text = self.text(column)
        if re.fullmatch(r"\d{1,6}", text, re.ASCII) and low <= int(text) <= high:
            return int(text)
        said = Sentence("Write a whole number from {low} to {high}", low=low, high=high)
        self.wrong(column, said)
        return low

    def terms(self) -> Terms:
        fee, expenses = self._amount("fee"), self._amount("expenses")
        return Terms(
            briefing=self._briefing(),
            certificate=self._yes("certificate"),
            fee=fee,
            expenses=expenses,
            currency=self._currency(needed=bool(fee or expenses)),
        )

    def _briefing(self) -> str:
        text = "\n".join(line.rstrip() for line in self.text("briefing").splitlines())
        if len(text) > LONGEST_BRIEFING:
            self.wrong(
                "briefing",
                Sentence(
                    "The briefing has {n} letters; {most} are the most. Shorten it",
                    n=len(text),
                    most=LONGEST_BRIEFING,
                ),
            )
        return text

    def _yes(self, column: str) -> bool:
        text = self.text(column).casefold()
        if text not in (*_YES, *_NO):
            self.wrong(
                column,
                Sentence(
                    "“{text}” is neither yes nor no. Write yes, or leave it empty", text=text[:40]
                ),
            )
        return text in _YES

    def _amount(self, column: str) -> str:
        text = self.text(column)
        if not text:
            return ""
        plain = text.replace(",", ".")
        if not _AMOUNT.fullmatch(text) or Decimal(plain) > MOST:
            self.wrong(
                column,
                Sentence(
                    "“{text}” is not an amount. Write a number such as 25 or 12.50, and the"
                    " currency for itself",
                    text=text[:40],
                ),
            )
            return ""
        return plain if Decimal(plain) else ""

    def _currency(self, *, needed: bool) -> str:
        text = self.text("currency").upper()
        if text and not _CURRENCY.fullmatch(text):
            self.wrong(
                "currency",
                Sentence(
                    "“{text}” is not a currency. Write its three letters, such as EUR",
                    text=text[:40],
                ),
            )
        elif needed and not text:
            self.wrong(
                "currency", Sentence("An amount needs its currency. Write its three letters")
            )
        return text if needed else ""


@dataclass(frozen=True)
class Facts:
    """What is set for one visit, without to whom it is offered. No ``not_before``: from today."""

    site_id: str
    instrument: str
    not_before: date | None
    due: date
    edge: str
    terms: Terms


def check(values: Mapping[str, str]) -> tuple[Facts, dict[str, Sentence]]:
    """The facts that texts make, to be used if there is no fault (by column).

    Columns: site_id, instrument, not_before, due, edge, briefing, certificate, fee, expenses,
    currency; one that is missing is empty.
    """
    reading = Reading.of(values)
    site_id, instrument = reading.text("site_id"), reading.text("instrument")
    if not site_id:
        reading.wrong("site_id", Sentence("The site is missing. Say where the visit is to be made"))
    if not instrument:
        reading.wrong("instrument", Sentence("The instrument is missing. Say which form it takes"))
    first, due = reading.day("not_before"), reading.day("due")
    if due is None:
        reading.wrong("due", Sentence("The deadline is missing. Write it like 2026-12-01"))
    elif first is not None and due < first:
        reading.wrong("due", Sentence("The deadline is before the first day"))
    facts = Facts(site_id, instrument, first, due or date.max, reading.edge(), reading.terms())
    return facts, reading.faults
