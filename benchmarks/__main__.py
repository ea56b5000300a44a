"""``python -m benchmarks NAME``: prints a table in Markdown, ready for docs/performance.md."""

from __future__ import annotations

import click

from benchmarks import export, intake, machine, page


@click.group()
def main() -> None:
    """Measures Touchstone on this machine; each prints its tables in Markdown.

    On a machine that does other work too, trust the ratios and the medians.
    """


@main.command("page")
def page_() -> None:
    """Bytes and requests of the customer's first view, as Chromium receives them."""
    click.echo(f"{machine.described()}\n")
    click.echo(page.report())


@main.command("intake")
@click.option("--rounds", default=5, show_default=True, type=click.IntRange(1, 50))
@click.option("--rows", default=200_000, show_default=True, help="Of the well-filled database.")
def intake_(rounds: int, rows: int) -> None:
    """Durable submissions a second, beside a bare Flask endpoint on the same server."""
    click.echo(f"{machine.described()}\n")
    for table in intake.report(rounds, rows):
        click.echo(f"{table}\n")


@main.command("export")
@click.option("--rounds", default=5, show_default=True, type=click.IntRange(1, 50))
@click.option("--rows", default=50_000, show_default=True, help="Submissions to export.")
def export_(rounds: int, rows: int) -> None:
    """Rows a second of the exports, beside the sqlite3 shell."""
    click.echo(f"{machine.described()}\n")
    click.echo(export.report(rounds, rows))


if __name__ == "__main__":
    main()
