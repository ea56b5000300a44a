"""The desk: where should I look, is it real, and what did people say?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from itertools import islice

from flask import Blueprint, abort, render_template, request

from surveys import desk, holding_desk, mirror, people, publishing, results
from surveys.grammar import FORECAST, FORECASTS
from surveys.people import DESK_ROLES
from surveys.sentences import Sentence
from surveys.store import desk as store
from surveys.store import reviews
from surveys.store import sites as sites_store
from surveys.store.sites import Site
from surveys.suppression import CONFIDENTIAL
from surveys.web.desk import choice as choices
from surveys.web.desk.choice import Choice
from surveys.web.security import needs
from surveys.web.services import services
from surveys.web.sessions import me

blueprint = Blueprint("desk", __name__)

SOURCES = {
    "customer": Sentence("Customers"),
    "shopper": Sentence("Mystery shoppers"),
    "manager": Sentence("Managers"),
    "staff": Sentence("Staff"),
    "partner": Sentence("Partners"),
    "manager_forecast": Sentence("Managers’ forecasts"),
    "staff_forecast": Sentence("Staff forecasts"),
}
ALWAYS_SHOWN = ("customer", "shopper")
MIRRORED = ("customer", *FORECASTS)
"""The sources beside which the mirror stands."""

COMMENTS_A_PAGE = 30
MOST_PAGES = 10_000
FLAGS = {
    "careless": Sentence("answered faster than anybody reads"),
    "repeat": Sentence("perhaps the same person again"),
    "clock": Sentence("the phone’s clock was wrong"),
}


@blueprint.get("/desk")
@needs(*DESK_ROLES)
def scores() -> str:
    database, person = services().database, me()
    with database.snapshot():
        sites = list(sites_store.every(database))
        mine = [site for site in sites if people.may_see(person, site)]
        choice = _choice(mine)
        selection = choice.selection(_today(), people.reach(person, mine))
        found = list(results.scores(database, selection))
        scales = publishing.scales(database)
        tabs = _tabs(store.sources(database))
        shown = [site for site in mine if choice.region in (None, site.region)]
        waiting = holding_desk.waiting(database, shown)
        reads = person.role in ("owner", "reviewer")
        to_review = reviews.waiting(database, {site.site_id for site in shown}) if reads else 0
        anything = bool(found) or bool(store.sources(database))
    return render_template(
        "desk/results.html",
        choice=choice,
        person=person,
        tabs=tabs,
        tables=desk.tables(shown, found, tuple(scales)) if found else [],
        scales=scales,
        by_level={
            level: [key for key, scale in scales.items() if scale.level == level]
            for level in ("employee", "management")
        },
        regions=sorted({site.region for site in mine if site.region}),
        shown=shown,
        span=_span(choice, found),
        anything=anything,
        waiting=waiting,
        to_review=to_review,
        today=_today(),
        instruments=_instruments(choice.source),
        SOURCES=SOURCES,
    )


@blueprint.get("/desk/sites/<site_id>")
@needs(*DESK_ROLES)
def site(site_id: str) -> str:
    database, person = services().database, me()
    with database.snapshot():
        place = sites_store.find(database, site_id)
        if place is None or not people.may_see(person, place):
            # The same answer for both: whether a site exists is nobody else's business.
            abort(
                404,
                Sentence("There is no such site among yours. The results list those you can open."),
            )
        choice = _choice([place])
        asked = choice.selection(_today(), frozenset({site_id}))
        found = list(results.scores(database, asked))
        histograms = {(h.dimension, h.mode): h.bars for h in results.histograms(database, asked)}
        moments = list(results.moments(database, asked))
        scales = publishing.scales(database)
        page = min(max(0, request.args.get("page", 0, int)), MOST_PAGES)
        start = page * COMMENTS_A_PAGE
        comments = list(
            islice(
                desk.comments(database, place, asked, choice.source),
                start,
                start + COMMENTS_A_PAGE + 1,
            )
        )
        tabs = _tabs(store.sources(database))
        gaps = list(mirror.gaps(database, asked)) if choice.source in MIRRORED else []
        customers = replace(asked, sources=(mirror.CUSTOMER,))
        said = list(results.scores(database, customers)) if gaps else []
        accepting = mirror.acceptance(database, asked)
        observed = mirror.observed(database, asked)
    return render_template(
        "desk/site.html",
        choice=choice,
        person=person,
        place=place,
        tabs=tabs,
        scores=sorted(found, key=_order(tuple(scales))),
        histograms=histograms,
        moments=moments,
        scales=scales,
        comments=comments[:COMMENTS_A_PAGE],
        older=len(comments) > COMMENTS_A_PAGE,
        page=page,
        span=_span(choice, found),
        today=_today(),
        few_comments=choice.source in CONFIDENTIAL,
        mirrored=mirror.lines(said, gaps, tuple(scales)) if gaps else [],
        accepting=accepting,
        observed=observed,
        FLAGS=FLAGS,
        SOURCES=SOURCES,
    )


@blueprint.get("/desk/contacts")
@needs("owner", "manager")
def contacts() -> str:
    database, person = services().database, me()
    with database.snapshot():
        mine = [site for site in sites_store.every(database) if people.may_see(person, site)]
        found = desk.contacts(database, mine)
    return render_template("desk/contacts.html", person=person, contacts=found)


def _today() -> date:
    return services().clock().date()


def _choice(mine: list[Site]) -> Choice:
    """What the address asks for. A region that is not the reader's is as if there were none."""
    try:
        choice = choices.read(request.args, tuple(SOURCES))
    except choices.NotAChoice as wrong:
        abort(400, wrong.args[0])
    if choice.region is not None and choice.region not in {site.region for site in mine}:
        abort(
            404,
            Sentence("There is no such region among yours. The results list those you can choose."),
        )
    return choice


def _tabs(with_data: list[str]) -> list[str]:
    return [source for source in SOURCES if source in ALWAYS_SHOWN or source in with_data]


def _span(choice: Choice, found: list[results.Score]) -> tuple[date | None, date | None]:
    """The days the figures cover: as chosen; where an end is open, as there is data."""
    if found:
        return found[0].period_start, found[0].period_end
    return choice.span(_today())


def _instruments(source: str) -> list[str]:
    """The forms that answers from ``source`` came by."""
    newest = publishing.newest_of_all(services().database)
    sources = (source, FORECAST) if source in FORECASTS else (source,)
    return [found.key for found in newest if found.source in sources]


def _order(known: tuple[str, ...]) -> Callable[[results.Score], tuple[bool, int, str]]:
    """Routine first, then the dimensions as they are asked."""
    places = {dimension: place for place, dimension in enumerate(known)}
    return lambda score: (
        score.mode != "routine",
        places.get(score.dimension, len(places)),
        score.dimension,
    )
