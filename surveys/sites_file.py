"""The sites CSV: read whole, every fault named, or not read at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from surveys import csv_reading
from surveys.csv_reading import CellFault, Columns, Faulty, Reader
from surveys.sentences import Sentence
from surveys.site_checks import check
from surveys.store.sites import COLUMNS, Site


class FaultySites(Faulty):
    """The file cannot be imported. ``faults`` says why, in the order of the lines."""


@dataclass(frozen=True)
class SitesFile:
    """A file that is right: its sites in order, and headers that Touchstone has no use for."""

    sites: tuple[Site, ...]
    ignored: tuple[str, ...]


def read(data: bytes, seen: Callable[[int], None] = lambda rows: None) -> SitesFile:
    """The sites in the bytes of a CSV; ``seen`` is told how many rows have been looked at.

    Raises :class:`FaultySites` with everything that is wrong.
    """
    try:
        reader = Reader(data, Columns(COLUMNS, COLUMNS))
    except Faulty as faulty:
        raise FaultySites(faulty.faults) from None
    faults: list[CellFault] = []
    sites: list[Site] = []
    lines: dict[str, int] = {}
    for number, line in enumerate(reader.lines(), start=1):
        if number % 500 == 0:
            seen(500)
        if line.fault is not None:
            faults.append(line.fault)
            continue
        site, wrong = check(line.values, line.number)
        faults += wrong
        if not site.site_id:
            continue
        first = lines.setdefault(site.site_id, line.number)
        if first != line.number:
            faults.append(
                CellFault(
                    line.number,
                    "site_id",
                    Sentence(
                        "“{site_id}” stands in line {line} already. Every site has an id of"
                        " its own: remove one of the two rows, or give it another id",
                        site_id=site.site_id,
                        line=first,
                    ),
                )
            )
        sites.append(site)
    if not sites and not faults:
        none = Sentence("There is no site under the header. Add a row per site")
        faults.append(CellFault(2, "", none))
    if faults:
        raise FaultySites(sorted(faults, key=lambda fault: fault.line))
    return SitesFile(tuple(sites), reader.ignored)


# --- writing ----------------------------------------------------------------------------------

EXAMPLE = Site(
    "0417", "Harbour Street", "North", "Europe/London", "en", "1 Harbour Street, Leeds", 53.797,
    -1.5417,
)  # fmt: skip
"""What a template shows under its header."""


def written(sites: Iterable[Site]) -> bytes:
    """A CSV that :func:`read` takes back unchanged, and that spreadsheets open right."""
    return csv_reading.written(
        COLUMNS, ([getattr(site, name) for name in COLUMNS] for site in sites)
    )
