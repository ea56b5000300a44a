"""What a reader of the desk chose to see: source, days, region, with or without flagged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, cast

from surveys.results import FLAGGED, Flagged, Selection
from surveys.sentences import Sentence

Days = Literal["30", "90", "all", "own"]


class NotAChoice(ValueError):
    """The address asks for something there is not; the message says what to do."""


@dataclass(frozen=True)
class Choice:
    """Days are inclusive; ``days`` is ``own`` where the reader named the first or the last."""

    source: str = "customer"
    days: Days = "90"
    first: date | None = None
    last: date | None = None
    region: str | None = None
    flagged: Flagged = "include"

    def selection(self, today: date, allowed: frozenset[str] | None) -> Selection:
        """The choice as results take it. ``allowed``: the site ids within the reader's reach."""
        first, last = self.span(today)
        return Selection(
            day_from=first,
            day_to=last,
            regions=() if self.region is None else (self.region,),
            sources=(self.source,),
            flagged=self.flagged,
            allowed=allowed,
        )

    def span(self, today: date) -> tuple[date | None, date | None]:
        """First and last day; None where the end is open."""
        if self.days == "own":
            return self.first, self.last
        if self.days == "all":
            return None, None
        # The end is open: where it is tomorrow already, today's ratings count.
        return today - timedelta(days=int(self.days) - 1), None

    def asked(self, **changes: str | None) -> dict[str, str]:
        """The choice as an address says it, with ``changes``; what goes without saying left out."""
        said: dict[str, str | None] = {
            "source": self.source,
            "days": None if self.days in {"90", "own"} else self.days,
            "from": self.first.isoformat() if self.first else None,
            "to": self.last.isoformat() if self.last else None,
            "region": self.region,
            "flagged": None if self.flagged == "include" else self.flagged,
        }
        return {name: value for name, value in {**said, **changes}.items() if value is not None}

    def exported(self, today: date, **more: str) -> dict[str, str]:
        """The choice in the words of ``/exports`` and of the ``export`` command."""
        first, last = self.span(today)
        said = {
            "from": first.isoformat() if first else None,
            "to": last.isoformat() if last else None,
            "region": self.region,
            "source": self.source,
            "flagged": None if self.flagged == "include" else self.flagged,
        }
        return {name: value for name, value in {**said, **more}.items() if value is not None}


def read(args: Mapping[str, str], sources: tuple[str, ...]) -> Choice:
    """The choice an address makes. Raises :class:`NotAChoice`."""
    source = args.get("source", "customer")
    if source not in sources:
        raise NotAChoice(
            Sentence(
                "There is no source “{source}”. There are: {sources}.",
                source=source[:40],
                sources=", ".join(sources),
            )
        )
    flagged = args.get("flagged", "include")
    if flagged not in FLAGGED:
        raise NotAChoice(Sentence("“flagged” can be include, exclude or only."))
    first, last = _day(args.get("from")), _day(args.get("to"))
    days = "own" if first or last else args.get("days", "90")
    if days not in {"30", "90", "all"} and not (first or last):
        raise NotAChoice(
            Sentence("“days” can be 30, 90 or all; or name the days by “from” and “to”.")
        )
    if first and last and first > last:
        raise NotAChoice(Sentence("The first day comes after the last. Go back and swap them."))
    return Choice(
        source=source,
        days=cast(Days, days),
        first=first,
        last=last,
        region=args.get("region") or None,
        flagged=flagged,
    )


def _day(text: str | None) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise NotAChoice(
            Sentence("“{text}” is not a day. Go back and write it like 2026-11-22.", text=text[:40])
        ) from None
