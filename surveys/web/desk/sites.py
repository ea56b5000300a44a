"""The sites, one by one: the list, a new one, changing one, all of them as a CSV."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from babel.core import get_global
from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from surveys import site_checks, sites, sites_file
from surveys.grammar import LANGUAGES
from surveys.store import sites as store
from surveys.store.sites import COLUMNS, Site
from surveys.web import speech
from surveys.web.desk.setup_steps import in_setup
from surveys.web.security import needs
from surveys.web.services import services
from surveys.web.sessions import me
from surveys.web.speech import gettext as _

blueprint = Blueprint("sites", __name__)

A_PAGE = 100


@blueprint.get("/desk/sites")
@needs("owner")
def page() -> str:
    every = list(store.every(services().database))
    wanted = request.args.get("q", "").strip()[:200]
    region = request.args.get("region") or None
    found = [
        site
        for site in every
        if (region is None or site.region == region) and _holds(site, wanted.casefold())
    ]
    number = min(max(0, request.args.get("page", 0, int)), len(found) // A_PAGE)
    start = number * A_PAGE
    return render_template(
        "desk/sites.html",
        every=every,
        found=found[start : start + A_PAGE],
        count=len(found),
        wanted=wanted,
        region=region,
        regions=regions_of(every),
        page=number,
        more=len(found) > start + A_PAGE,
    )


def _holds(site: Site, wanted: str) -> bool:
    return not wanted or any(
        wanted in text.casefold() for text in (site.site_id, site.name, site.region, site.address)
    )


@blueprint.get("/desk/sites.csv")
@needs("owner")
def csv() -> Response:
    """All sites as a CSV to be edited and imported again; with ``template`` only an example."""
    template = "template" in request.args
    content = sites_file.written(
        [sites_file.EXAMPLE] if template else store.every(services().database)
    )
    answer = Response(content, mimetype="text/csv")
    answer.headers["Content-Disposition"] = (
        f"attachment; filename={'sites-template' if template else 'sites'}.csv"
    )
    return answer


# --- one site ---------------------------------------------------------------------------------


@blueprint.get("/desk/sites/new")
@needs("owner")
def new() -> str:
    return render_template("desk/site_new.html", **blank_form())


@blueprint.post("/desk/sites/new")
@needs("owner")
def create() -> BaseResponse:
    database = services().database
    typed = _typed()
    if not typed["site_id"].strip():
        taken = {site.site_id for site in store.every(database)}
        typed["site_id"] = sites.proposed_id(typed["name"], taken)
    site, found = site_checks.check(typed)
    faults = {fault.column: fault.message for fault in reversed(found)}
    if not faults:
        try:
            sites.add(database, site, at=services().clock(), by=me().person_id)
        except sites.SiteThere as there:
            faults["site_id"] = there.args[0]
    if faults:
        typed["site_id"] = request.form.get("site_id", "")
        return _again("desk/site_new.html", typed, faults)
    flash(_("{name} is there, with the id {site_id}.", name=site.name, site_id=site.site_id))
    if request.form.get("then") == "another":
        return redirect(url_for("sites.new", setup=in_setup()), 303)
    if in_setup():
        return redirect(url_for("setup.poster", site=site.site_id), 303)
    return redirect(url_for("sites.page"), 303)


@blueprint.get("/desk/sites/<site_id>/edit")
@needs("owner")
def edit(site_id: str) -> str:
    site = _site(site_id)
    return render_template("desk/site_edit.html", site=site, **_form(_values(site), {}))


@blueprint.post("/desk/sites/<site_id>/edit")
@needs("owner")
def save(site_id: str) -> BaseResponse:
    before = _site(site_id)
    typed = {**_typed(), "site_id": site_id}
    site, found = site_checks.check(typed)
    # An id that is there is never changed, so nobody is told of what is wrong with it.
    faults = {f.column: f.message for f in reversed(found) if f.column != "site_id"}
    if faults:
        return _again("desk/site_edit.html", typed, faults, site=before)
    made = sites.change(services().database, site, at=services().clock(), by=me().person_id)
    if made.columns:
        flash(_("{name} is saved.", name=site.name))
    else:
        flash(_("Nothing was changed."))
    return redirect(url_for("sites.page"), 303)


def _site(site_id: str) -> Site:
    found = store.find(services().database, site_id)
    if found is None:
        abort(404, _("There is no such site. The list of sites shows those there are."))
    return found


# --- the form ---------------------------------------------------------------------------------


def blank_form() -> dict[str, object]:
    """What the form for a new site is rendered with."""
    every = list(store.every(services().database))
    values = dict.fromkeys(COLUMNS, "") | {
        "kind": "external",
        "timezone": _usual([site.timezone for site in every]) or _guessed_zone(),
        "language": _usual([site.language for site in every])
        or request.accept_languages.best_match(list(LANGUAGES))
        or "en",
    }
    return _form(values, {}, guessing=not every)


def _form(
    values: Mapping[str, str], faults: Mapping[str, object], *, guessing: bool = False
) -> dict[str, object]:
    """``guessing``: the browser may know the time zone better than we do."""
    spoken = values["language"].split()
    database = services().database
    site_id = values["site_id"]
    return {
        "values": values,
        "faults": faults,
        "spoken": spoken,
        "regions": regions_of(list(store.every(database))),
        "zones": sorted(site_checks.timezones()),
        "guessing": guessing,
        "answers": store.submissions(database, site_id) if site_id else 0,
        "languages": _languages(),
        "setup": in_setup(),
    }


def _again(
    template: str, typed: Mapping[str, str], faults: Mapping[str, object], **more: object
) -> BaseResponse:
    text = render_template(template, **more, **_form(typed, faults))
    return Response(text, 422, mimetype="text/html")


def _typed() -> dict[str, str]:
    """What was typed, a text for every column; the main language first."""
    typed = {name: request.form.get(name, "")[:2000] for name in COLUMNS}
    also = [code for code in request.form.getlist("also") if code != typed["language"]]
    return typed | {"language": " ".join([typed["language"], *also])}


def _values(site: Site) -> dict[str, str]:
    found = {name: getattr(site, name) for name in COLUMNS}
    return {name: "" if value is None else str(value) for name, value in found.items()}


def regions_of(every: Sequence[Site]) -> list[str]:
    return sorted({site.region for site in every if site.region})


def _languages() -> list[tuple[str, str]]:
    """The codes of what forms and posters speak, each with its name in the reader's language."""
    names = speech.locale().languages
    return [
        (code, str(names.get(code, english)).capitalize()) for code, english in LANGUAGES.items()
    ]


def _usual(values: Sequence[str]) -> str:
    common = Counter(values).most_common(1)
    return common[0][0] if common else ""


def _guessed_zone() -> str:
    """The time zone of the country that the browser's language names, if it has but one."""
    for tag, _quality in request.accept_languages:
        country = tag.replace("_", "-").rpartition("-")[2].upper()
        zones = get_global("territory_zones").get(country, [])
        if len(zones) == 1 and zones[0] in site_checks.timezones():
            return str(zones[0])
    return ""
