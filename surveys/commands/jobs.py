"""``jobs``: what waits to be sent, for those who prefer a timer of their own."""

from __future__ import annotations

import os
import signal
import threading
from datetime import UTC, datetime
from pathlib import Path

import click

from surveys import jobs as room
from surveys import worker
from surveys.commands.root import data_option
from surveys.commands.shared import count, existing, table
from surveys.jobs import JobError
from surveys.sentences import read
from surveys.store import jobs as store
from surveys.worker import Worker

MOST = 1000


def _now() -> datetime:
    return datetime.now(UTC)


@click.group(invoke_without_command=True)
@click.option("--watch", is_flag=True, help="Go on delivering until it is stopped.")
@click.option("--with-parent", type=int, hidden=True, help="End when this process has ended.")
@data_option
@click.pass_context
def jobs(ctx: click.Context, watch: bool, with_parent: int | None, data: Path) -> None:
    """Send what is due: letters and web-hooks.

    Not needed beside “serve”, which does it by itself unless it was started with --no-jobs.
    """
    if ctx.invoked_subcommand is not None:
        return
    found = Worker(existing(data), _now)
    if watch:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        if with_parent is not None:
            _end_with(with_parent, stop)
        found.run(stop)
        return
    done = found.once()
    if done.busy:
        click.echo("Another worker is at it: nothing to do here.")
        return
    click.echo(
        f"{done.delivered:,} sent, {done.waiting:,} to be tried again later,"
        f" {done.given_up:,} given up."
    )
    if done.given_up:
        click.echo("“jobs list” says why; “jobs retry” tries them again.")


def _end_with(parent: int, stop: threading.Event) -> None:
    """``parent`` is told and not asked for: it may have ended while this program was starting."""

    def watch() -> None:
        while os.getppid() == parent:
            if stop.wait(worker.POLL_SECONDS):
                return
        stop.set()

    threading.Thread(target=watch, daemon=True).start()


@jobs.command("list")
@data_option
def list_(data: Path) -> None:
    """Show what waits and what was given up, and why."""
    db = existing(data).database()
    found = [*store.of_status(db, "given_up", MOST), *store.of_status(db, "waiting", MOST)]
    if not found:
        click.echo("Nothing waits, nothing was given up.")
        return
    rows = [
        (
            job.job_id,
            job.kind,
            job.topic,
            "given up" if job.status == "given_up" else f"due {job.due_utc[:16]}Z",
            str(job.attempts),
            read(job.last_error) if job.last_error else "",
        )
        for job in found
    ]
    table(("ID", "KIND", "ABOUT", "STATUS", "TRIES", "LAST ERROR"), rows)


@jobs.command()
@click.argument("job_id", required=False)
@data_option
def retry(job_id: str | None, data: Path) -> None:
    """Try what was given up again: one job by its id, or all of them."""
    db = existing(data).database()
    given_up = [job.job_id for job in store.of_status(db, "given_up", MOST)]
    if job_id is not None and job_id not in given_up:
        raise click.ClickException(f"“{job_id}” is not among what was given up; see “jobs list”.")
    try:
        for found in [job_id] if job_id is not None else given_up:
            room.retry(db, _now(), found)
    except JobError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{count(1 if job_id else len(given_up), 'job')} will be tried again now.")
