"""The demonstration chain: Juniper, household goods and repairs, and how good its sites really are.

Names, addresses and figures are made up. How good each site is in each dimension is drawn once
from a seed, so that what results say can be held against the truth.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain, count, zip_longest
from typing import Any

from surveys.store.sites import Site

BRITAIN, FRANCE, SPAIN, GULF = (
    "Britain and Ireland",
    "France",
    "Spain",
    "Morocco and the Gulf",
)

# city's shop, address, latitude, longitude
_SHOPS: dict[str, tuple[tuple[str, str, float, float], ...]] = {
    BRITAIN: (
        ("London, Lamb Street", "14 Lamb Street, London E1", 51.5196, -0.0752),
        ("Leeds, Briggate", "88 Briggate, Leeds LS1", 53.7970, -1.5417),
        ("Dublin, Smithfield", "5 Smithfield Square, Dublin 7", 53.3486, -6.2784),
        ("Bristol, Welsh Back", "31 Welsh Back, Bristol BS1", 51.4511, -2.5936),
        ("Edinburgh, Stockbridge", "7 Raeburn Place, Edinburgh", 55.9590, -3.2110),
        ("Cork, Oliver Plunkett Street", "40 Oliver Plunkett Street", 51.8979, -8.4706),
        ("Cardiff, Castle Arcade", "19 Castle Arcade, Cardiff", 51.4810, -3.1805),
    ),
    FRANCE: (
        ("Paris, Bastille", "12, rue de la Roquette, 75011 Paris", 48.8547, 2.3722),
        ("Lyon, Croix-Rousse", "3, grande rue, 69004 Lyon", 45.7747, 4.8316),
        ("Lille, Vieux-Lille", "27, rue de la Monnaie, 59000 Lille", 50.6405, 3.0624),
        ("Bordeaux, Chartrons", "9, rue Notre-Dame, 33000 Bordeaux", 44.8530, -0.5700),
        ("Marseille, Vieux-Port", "51, quai du Port, 13002 Marseille", 43.2965, 5.3698),
        ("Strasbourg, Petite France", "8, rue du Bain, Strasbourg", 48.5800, 7.7410),
    ),
    SPAIN: (
        ("Madrid, Chueca", "Calle de Pelayo 22, 28004 Madrid", 40.4233, -3.6976),
        ("Barcelona, Gràcia", "Carrer de Verdi 41, 08012 Barcelona", 41.4036, 2.1567),
        ("Las Palmas, Triana", "Calle Mayor de Triana 60", 28.1065, -15.4150),
        ("Valencia, Russafa", "Carrer de Sueca 15, 46006 València", 39.4620, -0.3740),
        ("Sevilla, Triana", "Calle San Jacinto 33, 41010 Sevilla", 37.3840, -6.0030),
    ),
    GULF: (
        ("الدار البيضاء، المعاريف", "17 شارع المسيرة الخضراء", 33.5840, -7.6350),
        ("دبي، ديرة", "4 شارع الرقة", 25.2697, 55.3095),
        ("الرباط، أكدال", "28 شارع فرنسا", 33.9990, -6.8500),
        ("مراكش، جليز", "6 شارع محمد الخامس", 31.6340, -8.0080),
        ("طنجة، مرشان", "11 شارع مرشان", 35.7890, -5.8190),
    ),
}  # fmt: skip

_ZONES = {
    BRITAIN: "Europe/London",
    FRANCE: "Europe/Paris",
    SPAIN: "Europe/Madrid",
    GULF: "Africa/Casablanca",
    "Dublin, Smithfield": "Europe/Dublin",
    "Cork, Oliver Plunkett Street": "Europe/Dublin",
    "Las Palmas, Triana": "Atlantic/Canary",
    "دبي، ديرة": "Asia/Dubai",
}
_LANGUAGE = {BRITAIN: "en", FRANCE: "fr", SPAIN: "es", GULF: "ar"}
_BRAND = {"ar": "جونيبر"}

# Departments whose customers are colleagues.
_INTERNAL = (
    Site("0290", "Juniper, atelier central", FRANCE, "Europe/Paris", "fr", kind="internal"),
    Site("0190", "Juniper, help desk for shops", BRITAIN, "Europe/London", "en", kind="internal"),
)

DIMENSIONS = {
    "welcome": 0.45,
    "listening": 0.15,
    "knowledge": 0.40,
    "eagerness": 0.0,
    "resourcefulness": -0.05,
    "ownership": -0.10,
    "waiting": -0.60,
    "promises": -0.45,
    "flexibility": -0.15,
    "recovery": -0.30,
    "access": 0.25,
    "culture": 0.20,
}
"""The twelve dimensions, and how far the whole chain lies above or below its own middle in each."""

MIDDLE = 4.75  # the chain's middle, in levels
BETWEEN_SITES = 0.40  # standard deviation of a site as a whole
WITHIN_SITES = 0.35  # and of its dimensions around that
OF_PEOPLE = 0.60  # of people: who is hard to please rates everything lower
OF_RATINGS = 0.90  # and of one rating
STRICTER = {
    "customer": 0.0,
    "shopper": -0.20,
    "manager": 0.10,
    "staff_forecast": 0.35,
    "manager_forecast": 0.75,
}
"""How far a source's ratings lie from the customers'."""


def sites(number: int) -> list[Site]:
    """``number`` sites, spread over the regions; from six on, departments are among them."""
    internal = _INTERNAL[: 0 if number < 6 else 1 if number < 12 else 2]
    one_by_one = (_shops(region, number) for region in _SHOPS)
    shops = [site for site in chain.from_iterable(zip_longest(*one_by_one)) if site]
    return [*shops[: number - len(internal)], *internal]


def _shops(region: str, at_most: int) -> list[Site]:
    """A region's shops: one in each city, then (in a very large chain) a second, a third …"""
    found: list[Site] = []
    first = 1 + list(_SHOPS).index(region)
    language = _LANGUAGE[region]
    for round_ in count(1):
        for place, address, latitude, longitude in _SHOPS[region]:
            if len(found) == at_most:
                return found
            again = "" if round_ == 1 else f" {round_}"
            # Four digits with a leading zero: ids are text, and a spreadsheet must not eat it.
            number = len(found) + 1 + (len(found) // 89) * 11  # x90 … x99 are departments
            found.append(
                Site(
                    f"{first * 100 + number:04d}" if number < 100 else f"{first:02d}-{number}",
                    f"{_BRAND.get(language, 'Juniper')} {place}{again}",
                    region,
                    _ZONES.get(place, _ZONES[region]),
                    language,
                    address,
                    latitude,
                    longitude,
                )
            )
    raise AssertionError  # the loop has no end of its own


@dataclass(frozen=True)
class Truth:
    """How good each site really is: site → dimension → level, before anybody rounds it."""

    seed: int
    latent: Mapping[str, Mapping[str, float]]

    def level(self, site_id: str, dimension: str, source: str = "customer") -> float:
        return self.latent[site_id][dimension] + STRICTER[source]

    def expected(self, site_id: str, dimension: str, source: str = "customer") -> float:
        """The mean that very many careful ratings would have (rounded, and cut at 1 and 7)."""
        spread = math.hypot(OF_PEOPLE, OF_RATINGS)
        return _mean_of_levels(self.level(site_id, dimension, source), spread)

    def as_document(self) -> dict[str, Any]:
        """As JSON: what was drawn, and what a perfect measurement would find."""
        return {
            "seed": self.seed,
            "about": "latent: the true level before rounding; expected: the mean of very many"
            " careful ratings by that source, each rounded to a level and cut at 1 and 7",
            "standard_deviations": {
                "between_sites": BETWEEN_SITES,
                "within_sites": WITHIN_SITES,
                "of_people": OF_PEOPLE,
                "of_ratings": OF_RATINGS,
            },
            "sites": {
                site_id: {
                    dimension: {
                        "latent": round(level, 6),
                        "expected": {
                            source: round(self.expected(site_id, dimension, source), 6)
                            for source in STRICTER
                        },
                    }
                    for dimension, level in levels.items()
                }
                for site_id, levels in self.latent.items()
            },
        }


def truth(places: list[Site], seed: int) -> Truth:
    """Draw the true levels. The same seed and sites give the same levels."""
    latent = {}
    for site in places:
        drawn = random.Random(f"{seed}:truth:{site.site_id}")  # noqa: S311 - a simulation
        whole = drawn.gauss(0, BETWEEN_SITES)
        latent[site.site_id] = {
            dimension: MIDDLE + whole + shared + drawn.gauss(0, WITHIN_SITES)
            for dimension, shared in DIMENSIONS.items()
        }
    return Truth(seed, latent)


def _mean_of_levels(level: float, spread: float) -> float:
    def below(x: float) -> float:
        return 0.5 * (1 + math.erf((x - level) / (spread * math.sqrt(2))))

    return 1 + sum(1 - below(step + 0.5) for step in range(1, 7))
