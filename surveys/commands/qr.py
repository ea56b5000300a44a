"""``qr``: codes and posters, and taking them back."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from surveys import addresses, codes, posters, qr_code, sites
from surveys.commands.root import data_option
from surveys.commands.shared import progress, write
from surveys.installation import Installation
from surveys.poster_sheets import SHEETS
from surveys.poster_type import UnusableFont, without_letters
from surveys.posters import Poster
from surveys.store import sites as store
from surveys.store.database import Database
from surveys.store.sites import Site

FORMATS = ("pdf", "svg", "png")
MANY = 10  # posters from which on waiting is worth a progress bar


@click.command()
@click.argument("site", required=False)
@click.option("--all", "every", is_flag=True, help="A poster for every site, in one PDF.")
@click.option("--touchpoint", metavar="T", help="Where it hangs, such as queue or fitting_room.")
@click.option(
    "--instrument",
    metavar="KEY",
    default=codes.COUNTER,
    show_default=True,
    help="The form that it opens.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    help="pdf: the poster; svg, png: the code alone. Default: by the name of FILE, else pdf.",
)
@click.option(
    "--sheet",
    type=click.Choice(tuple(SHEETS)),
    help="What the poster is printed on: a4, a5; card: folds into a tent for the counter; stickers:"
    " eight on a page.  [default: a4]",
)
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="Default: standard output."
)
@click.option("--anyway", is_flag=True, help="Print posters that only this machine can open.")
@click.option(
    "--font",
    "fonts",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    multiple=True,
    help="A TrueType file for letters that the posters' own fonts lack. May be repeated.",
)
@click.option("--withdraw", metavar="REASON", help="Withdraw the code; nothing is printed.")
@click.option("--replace", metavar="REASON", help="Withdraw the code and print a new one.")
@data_option
def qr(
    data: Path,
    site: str | None,
    every: bool,
    touchpoint: str | None,
    instrument: str,
    form: str | None,
    sheet: str | None,
    out: Path | None,
    anyway: bool,
    fonts: tuple[Path, ...],
    withdraw: str | None,
    replace: str | None,
) -> None:
    """Print the QR code of SITE, or its poster.

    The same SITE, touchpoint and instrument give the same code again, until it is withdrawn or
    replaced. What comes in under a withdrawn code is not lost: it is held for a person to look at.
    """
    if (site is None) != every:
        raise click.UsageError("Name one SITE, or say --all.")
    if every and (withdraw is not None or replace is not None):
        raise click.UsageError("Codes are withdrawn and replaced one by one: name the SITE.")
    if withdraw is not None and replace is not None:
        raise click.UsageError("Either --withdraw or --replace: a replaced code is withdrawn too.")
    form = form or _by_name(out)
    if every and form != "pdf":
        raise click.UsageError("--all makes one PDF of posters; svg and png hold one code.")
    if sheet is not None and form != "pdf":
        raise click.UsageError(f"A sheet is a PDF; {form} is the code alone, without --sheet.")
    database = Installation.open(data).database()
    now = datetime.now(UTC)
    try:
        if withdraw is not None:
            assert site is not None  # noqa: S101 - refused above
            _withdraw(database, site, touchpoint, instrument, withdraw, now)
            return
        base = addresses.own(database)
        _check_address(base, form, anyway)
        _check_output(form, out)
        wanted = list(store.every(database)) if site is None else [sites.get(database, site)]
        if not wanted:
            raise click.ClickException(
                "There are no sites yet. Import them with “sites import FILE.csv”."
            )
        _say_what_is_missing(wanted, fonts)
        if replace is not None:
            old = _standing(database, wanted[0], touchpoint, instrument)
            codes.replace(database, old, replace, now)
        made = posters.issued(
            database, wanted, base=base, touchpoint=touchpoint, instrument=instrument, at=now
        )
        write(_drawn(made, form, sheet or posters.A4, fonts, now), out)
    except (sites.UnknownSite, codes.CodeError, UnusableFont) as error:
        raise click.ClickException(str(error)) from None
    if out is not None:
        _report(made, form, out)


def _by_name(out: Path | None) -> str:
    ending = out.suffix.lower().removeprefix(".") if out is not None else ""
    return ending if ending in FORMATS else "pdf"


def _check_address(base: str, form: str, anyway: bool) -> None:
    if anyway or not addresses.only_this_machine(base):
        return
    how = (
        "Tell the address that phones reach it by, once: “serve --base-url"
        " https://survey.example.org”, or on the desk's page of settings."
    )
    if form == "pdf":
        raise click.ClickException(
            f"The poster would name {base}, which no phone can open. {how} To print it all the"
            " same, add --anyway."
        )
    click.echo(f"Note: the code names {base}, which no phone can open. {how}", err=True)


def _check_output(form: str, out: Path | None) -> None:
    if out is None and form != "svg" and sys.stdout.isatty():
        raise click.ClickException(
            f"A {form.upper()} is no text for a terminal. Name a file with --out FILE.{form},"
            " or send it on with | or >."
        )
    if out is not None and not out.absolute().parent.is_dir():
        raise click.ClickException(f"There is no folder {out.parent}. Make it, or choose another.")


def _standing(db: Database, site: Site, touchpoint: str | None, instrument: str) -> str:
    found = codes.active(db, site.site_id, touchpoint, instrument)
    if found is None:
        at = f" at {touchpoint}" if touchpoint else ""
        others = [
            " ".join(
                [
                    *([f"--touchpoint {token.touchpoint}"] if token.touchpoint else []),
                    *([f"--instrument {token.instrument}"] * (token.instrument != codes.COUNTER)),
                ]
            )
            or "the one without a touchpoint"
            for token in codes.of(db, site.site_id)
            if token.active
        ]
        hint = f" It has: {'; '.join(others)}." if others else " It has no other code."
        raise click.ClickException(
            f"The site “{site.site_id}” has no active code for {instrument}{at}.{hint}"
        )
    return found.token


def _withdraw(
    db: Database,
    site_id: str,
    touchpoint: str | None,
    instrument: str,
    reason: str,
    now: datetime,
) -> None:
    site = sites.get(db, site_id)
    codes.withdraw(db, _standing(db, site, touchpoint, instrument), reason, now)
    click.echo(
        f"The code of {site.site_id} is withdrawn. Take its posters down: what still comes in under"
        " it is kept, and held until a person has looked at it."
    )


def _say_what_is_missing(wanted: list[Site], fonts: tuple[Path, ...]) -> None:
    for site in wanted:
        missing = without_letters(f"{site.name} {site.site_id}", fonts)
        if missing:
            click.echo(
                f"Note: the posters' fonts lack {missing} in the name of {site.site_id}; it is"
                " marked there. Give a TrueType file that has it with --font FILE.ttf.",
                err=True,
            )


def _drawn(
    made: list[Poster], form: str, sheet: str, fonts: tuple[Path, ...], now: datetime
) -> bytes:
    if form == "svg":
        return qr_code.svg(made[0].address)
    if form == "png":
        return qr_code.png(made[0].address)
    with progress(len(made), "Drawing", MANY) as bar:
        return posters.pdf(made, at=now, sheet=sheet, fonts=fonts, done=bar.update)


def _report(made: list[Poster], form: str, out: Path) -> None:
    if len(made) == 1:
        click.echo(f"{out}: {made[0].address}")
    else:
        click.echo(f"{out}: {len(made)} posters, one a page.")
