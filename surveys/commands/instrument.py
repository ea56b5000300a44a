"""``instrument check``, ``preview``, ``publish`` and ``retranslate``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

import click

from surveys import publishing
from surveys.changes import changes
from surveys.checking import check_file, load, load_scales
from surveys.commands.root import data_option
from surveys.commands.shared import write
from surveys.faults import MOST_FAULTS, Fault, FaultyInstrument
from surveys.grammar import LANGUAGES
from surveys.installation import Installation
from surveys.instrument import Instrument
from surveys.retranslation import LEAST_SHARE, MOST_SD, Evidence, behaviours, evidence, shuffled
from surveys.retranslation_files import BadAnswers, evidence_csv, read_answers, sheet
from surveys.web.preview import preview_page

_file = click.Path(path_type=Path, exists=True, dir_okay=False, readable=True)
_out = click.Path(path_type=Path, dir_okay=False)
_no_data = click.option(
    "--data",
    type=click.Path(file_okay=False),
    envvar="TOUCHSTONE_DATA",
    expose_value=False,
    help="Taken by every command; this one needs no data folder.",
)


@click.group(short_help="The forms: check, preview, publish; and the scales.")
def instrument() -> None:
    """The forms: check, preview, publish; and the evidence for the scales."""


@instrument.command()
@click.argument("path", type=click.Path(path_type=Path, exists=True, readable=True))
@_no_data
def check(path: Path) -> None:
    """Print every fault of a form, a case, or all in a folder.

    One a line, as file:line:column: code: message. docs/instruments.md lists the codes with their
    cures. The exit status is 1 if there is any.
    """
    files = sorted([*path.glob("*.yaml"), *path.glob("*.yml")]) if path.is_dir() else [path]
    if not files:
        raise click.ClickException(f"{path} holds no .yaml file: name the folder that does.")
    faults: set[Fault] = set()
    for file in files:
        found = check_file(file)
        faults.update(found)
        if not found:
            click.echo(f"{file} is sound")
    for fault in sorted(faults):
        click.echo(str(fault))
    if len(faults) >= MOST_FAULTS:
        click.echo(f"The rest is not shown. Mend these {MOST_FAULTS} first.", err=True)
    if faults:
        sys.exit(1)


@instrument.command()
@click.argument("file", type=_file)
@click.option("--language", help="One language only, as the page stands on a phone.")
@click.option("--every-scale", is_flag=True, help="All scales of a draw, not just one draw.")
@click.option("--out", type=_out, help="Where to write the page; else to standard output.")
@_no_data
def preview(file: Path, language: str | None, every_scale: bool, out: Path | None) -> None:
    """Show a form as one HTML page, in each of its languages."""
    found = _load(file)
    if language is not None and language not in found.languages:
        known = ", ".join(found.languages)
        raise click.UsageError(f"{file.name} does not speak {language}. It speaks {known}.")
    page = preview_page(found, language=language, every_scale=every_scale)
    _write(page, out, "preview.html")


@instrument.command()
@click.argument("file", type=_file)
@data_option
def publish(file: Path, data: Path) -> None:
    """Make a file the newest version of its instrument.

    Codes open it from then on. Versions before stay for ever: what was answered under them is
    still taken in. Publishing an old version again takes a change back.
    """
    found = _load(file)
    database = Installation.open(data).database()
    before = publishing.newest(database, found.key)
    text = file.read_text("utf-8-sig")
    new = publishing.publish(database, found, datetime.now(UTC), text=text)
    click.echo(found.form)
    if before is not None and before.form == found.form:
        click.echo("This is the newest version already: nothing has changed.")
        return
    if not new:
        since = {one.form: one.published_utc for one in publishing.versions(database, found.key)}
        click.echo(f"This version was published before, on {since[found.form][:10]}.")
    if before is None:
        click.echo("The first version of this instrument.")
        return
    click.echo(f"Since {before.form}:")
    for change in changes(before, found):
        click.echo(f"  {change}")


@instrument.command(short_help="Do judges sort the behaviours back into the scales?")
@click.argument("file", type=_file)
@click.argument("answers", type=_file, nargs=-1)
@click.option("--sheet", "sheet_file", type=_out, help="Write a sheet for a judge to this CSV.")
@click.option("--seed", type=int, default=1, show_default=True, help="Orders the sheet.")
@click.option(
    "--language",
    type=click.Choice(LANGUAGES),
    default="en",
    show_default=True,
    help="The language of the sheet.",
)
@_no_data
def retranslate(
    file: Path, answers: tuple[Path, ...], sheet_file: Path | None, seed: int, language: str
) -> None:
    """Do fresh judges sort the behaviours of a file of scales back into its dimensions?

    With --sheet it writes the behaviours, shuffled, for a judge who has not seen the scales: to
    each, the judge adds a name, the dimension, and the level from 1 to 7. Give each judge a
    --seed of their own. With ANSWERS (the filled-in sheets) it says which behaviours hold: at
    least 75 % of the judges chose the dimension, and the standard deviation of their levels is at
    most 1.5. The evidence is written beside FILE, as FILE's name with .retranslation.csv. The
    exit status is 1 if a behaviour does not hold.
    """
    if not answers and sheet_file is None:
        raise click.UsageError("Name the judges' ANSWERS.csv, or make a sheet with --sheet.")
    try:
        scales = load_scales(file)
    except FaultyInstrument as faulty:
        _faulty(faulty.faults)
    if sheet_file is not None:
        found = behaviours(scales, language)
        if not found:
            raise click.ClickException(f"{file.name} has no behaviours in {language}.")
        _write(sheet(shuffled(found, seed)), sheet_file, "sheet.csv")
        click.echo(f"{len(found)} behaviours to judge are in {sheet_file}")
    if answers:
        _judge(file, answers, scales)


def _judge(file: Path, answers: Sequence[Path], scales: dict[str, dict[str, Any]]) -> None:
    try:
        judgements = read_answers(answers, scales)
    except BadAnswers as bad:
        for line in bad.lines:
            click.echo(line)
        raise click.ClickException("No evidence was written. Mend this and try again.") from None
    order = {one.id: place for place, one in enumerate(behaviours(scales, "en"))}
    found = sorted(
        evidence(judgements),
        key=lambda one: (one.behaviour.language, order.get(one.behaviour.id, 0)),
    )
    _table(found)
    beside = file.with_name(f"{file.stem}.retranslation.csv")
    _write(evidence_csv(found), beside, beside.name)
    judges = len({judgement.judge for judgement in judgements})
    held = sum(one.passed for one in found)
    click.echo(
        f"{held} of {len(found)} behaviours hold (judges: {judges}; at least {LEAST_SHARE:.0%} in"
        f" the dimension, standard deviation at most {MOST_SD}). Evidence: {beside}"
    )
    if held < len(found):
        sys.exit(1)


def _table(found: Sequence[Evidence]) -> None:
    width = max(len(one.behaviour.id) for one in found)
    click.echo(f"{'behaviour':<{width}}  lang  judges  share  mean    sd  verdict")
    for one in found:
        sd = "   –" if one.sd is None else f"{one.sd:4.2f}"
        click.echo(
            f"{one.behaviour.id:<{width}}  {one.behaviour.language:<4}  {one.judges:>6}"
            f"  {one.share:>5.0%}  {one.mean:4.2f}  {sd}  {one.verdict}"
        )


def _load(file: Path) -> Instrument:
    try:
        return load(file)
    except FaultyInstrument as faulty:
        _faulty(faulty.faults)


def _faulty(faults: Sequence[Fault]) -> NoReturn:
    for fault in faults:
        click.echo(str(fault))
    count = "a fault" if len(faults) == 1 else f"{len(faults)} faults"
    raise click.ClickException(f"There is {count} in it. Mend it and try again.")


def _write(text: str, out: Path | None, example: str) -> None:
    if out is None and sys.stdout.isatty():
        raise click.UsageError(f"Name a file to write to, such as --out {example}")
    write(text.encode("utf-8"), out)
