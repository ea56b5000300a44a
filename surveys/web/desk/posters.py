"""``/desk/posters``: sheets to print for the sites one looks after, and their codes alone.

Owners print for every site, managers for their own. Printing makes the code where there is none
yet: whoever may hang a poster may say where it hangs. Reviewers judge answers and print nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby

from flask import Blueprint, Response, abort, render_template, request, url_for
from werkzeug.datastructures import MultiDict

from surveys import addresses, codes, posters, publishing, qr_code, touchpoints
from surveys.codes import CodeError
from surveys.people import may_see
from surveys.poster_sheets import SHEETS
from surveys.poster_type import without_letters
from surveys.posters import Poster
from surveys.store import sites as store
from surveys.store.sites import Site
from surveys.web.security import MIB, needs, takes
from surveys.web.services import services
from surveys.web.sessions import me
from surveys.web.speech import gettext as _
from surveys.web.speech import language

blueprint = Blueprint("posters", __name__)

FORMATS = {"pdf": "application/pdf", "svg": "image/svg+xml", "png": "image/png"}
OPEN_AT_MOST = 12  # sites that are shown without a click
NO_CODE = "x" * codes.LENGTH  # stands in a picture: looking at a sheet makes no code


@dataclass(frozen=True)
class Wanted:
    """What the form asks for, as it was filled in."""

    everything: bool = False
    regions: frozenset[str] = frozenset()
    sites: frozenset[str] = frozenset()
    touchpoint: str = ""
    instrument: str = codes.COUNTER
    sheet: str = posters.A4
    anyway: bool = False

    def includes(self, site: Site) -> bool:
        """Whether a sheet is to be made for the site."""
        return self.everything or site.region in self.regions or site.site_id in self.sites


@blueprint.get("/desk/posters")
@needs("owner", "manager")
def page() -> str:
    mine = _mine()
    return _page(mine, _read(request.args, mine))


@blueprint.post("/desk/posters")
@takes(MIB)
@needs("owner", "manager")
def make() -> Response | tuple[str, int]:
    """The file that was asked for; codes that it needs are made."""
    mine, database = _mine(), services().database
    wanted = _read(request.form, mine)
    form = request.form.get("as", "pdf")
    chosen = [site for site in mine if wanted.includes(site)]
    base = addresses.own(database)
    if faults := _faults(wanted, form, chosen, base):
        return _page(mine, wanted, faults), 422
    now = services().clock()
    try:
        made = posters.issued(
            database,
            chosen,
            base=base,
            touchpoint=wanted.touchpoint or None,
            instrument=wanted.instrument,
            at=now,
            by=me().person_id,
        )
    except CodeError as error:
        return _page(mine, wanted, {"touchpoint": error}), 422
    if form == "pdf":
        content = posters.pdf(made, at=now, sheet=wanted.sheet)
    else:
        content = {"svg": qr_code.svg, "png": qr_code.png}[form](made[0].address)
    response = Response(content, mimetype=FORMATS[form])
    name = _file_name(wanted, form, chosen)
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


@blueprint.get("/desk/posters/<sheet>.svg")
@needs("owner", "manager")
def sheet(sheet: str) -> Response:
    """How a sheet looks, for the site that ``?site=`` names; with a code that leads nowhere."""
    found = [site for site in _mine() if site.site_id == request.args.get("site")]
    if not found or sheet not in SHEETS:
        abort(404, _("There is no such site among yours."))
    address = f"{addresses.own(services().database)}/q/{NO_CODE}"
    return Response(posters.picture(Poster(found[0], address), sheet), mimetype=FORMATS["svg"])


def _mine() -> list[Site]:
    return [site for site in store.every(services().database) if may_see(me(), site)]


def _read(given: MultiDict[str, str], mine: list[Site]) -> Wanted:
    """What was asked for. What is not the reader's is as if there were none."""
    wanted = Wanted(
        everything=bool(given.get("all")),
        regions=frozenset(given.getlist("region")),
        sites=frozenset(given.getlist("site")),
        touchpoint=given.get("touchpoint", "").strip(),
        instrument=given.get("instrument") or codes.COUNTER,
        sheet=given.get("sheet") or posters.A4,
        anyway=bool(given.get("anyway")),
    )
    if wanted.sites - {site.site_id for site in mine} or (
        wanted.regions - {site.region for site in mine}
    ):
        abort(404, _("There is no such site or region among yours."))
    if wanted.sheet not in SHEETS:
        abort(404, _("There is no such sheet."))
    return wanted


def _faults(wanted: Wanted, form: str, chosen: list[Site], base: str) -> dict[str, object]:
    if form not in FORMATS:
        abort(404, _("There is no such file."))
    faults: dict[str, object] = {}
    if not chosen:
        faults["sites"] = _("Choose at least one site.")
    elif form != "pdf" and len(chosen) > 1:
        faults["sites"] = _("The code alone is of one site: choose that one.")
    if wanted.instrument not in _instruments():
        # Else whoever is judged could hang a mystery shopper's form on their own wall.
        faults["instrument"] = _("Only forms that customers fill in hang on a wall. Choose one.")
    if addresses.only_this_machine(base) and not wanted.anyway:
        faults["anyway"] = _(
            "Nothing was printed: the sheets would name {address}, which no phone can open.",
            address=base,
        )
    return faults


def _page(mine: list[Site], wanted: Wanted, faults: Mapping[str, object] | None = None) -> str:
    database = services().database
    base = addresses.own(database)
    shown = next((site for site in mine if wanted.includes(site)), mine[0] if mine else None)
    in_use = {token.touchpoint for site in mine for token in codes.of(database, site.site_id)}
    listed = touchpoints.every(database, hidden=False)
    return render_template(
        "desk/posters.html",
        person=me(),
        mine=mine,
        regions=[(name, list(group)) for name, group in groupby(mine, lambda site: site.region)],
        wanted=wanted,
        faults=faults or {},
        shown=shown,
        sheets=list(SHEETS),
        instruments=[(key, key) for key in _instruments()],
        touchpoints={
            **{key: key for key in sorted(key for key in in_use if key)},
            **{one.key: touchpoints.name_of(one, language()) for one in listed},
        },
        base=base,
        only_here=addresses.only_this_machine(base),
        settings=url_for("settings.page"),
        unprintable=[site for site in mine if without_letters(f"{site.name} {site.site_id}")],
        open_at_most=OPEN_AT_MOST,
    )


def _instruments() -> list[str]:
    """The forms that customers fill in."""
    newest = publishing.newest_of_all(services().database)
    return [found.key for found in newest if found.source == "customer"]


def _file_name(wanted: Wanted, form: str, chosen: list[Site]) -> str:
    """Such as ``poster-a5-0417-till.pdf``, ``posters-card-24-sites.pdf``, ``code-0417.svg``."""
    what = (
        ["code"] if form != "pdf" else ["poster" if len(chosen) == 1 else "posters", wanted.sheet]
    )
    whose = chosen[0].site_id if len(chosen) == 1 else f"{len(chosen)}-sites"
    parts = [*what, whose, *([wanted.touchpoint] if wanted.touchpoint else [])]
    plain = re.sub(r"[^\w.-]+", "-", "-".join(parts))
    return f"{plain}.{form}"
