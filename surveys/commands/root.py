"""The root of the command line: ``python app.py COMMAND``."""

from __future__ import annotations

import errno
import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from surveys.store.database import Unavailable

F = TypeVar("F", bound=Callable[..., Any])

# module of surveys.commands → its commands
MODULES = {
    "serve": ("serve",),
    "demo": ("demo",),
    "sites": ("sites",),
    "people": ("people",),
    "visits": ("visits",),
    "qr": ("qr",),
    "instrument": ("instrument",),
    "export": ("export",),
    "data": ("rebuild", "load"),
    "jobs": ("jobs",),
    "mail": ("mail",),
}


class Commands(click.Group):
    """Loads a command's module when it is called: ``--help`` stays quick."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Options without a command are those of ``serve``, which is meant without one."""
        if args and args[0].startswith("--") and args[0] != "--help":
            args = ["serve", *args]
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for names in MODULES.values() for name in names]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        for module, names in MODULES.items():
            if cmd_name in names:
                command = getattr(importlib.import_module(f"surveys.commands.{module}"), cmd_name)
                assert isinstance(command, click.Command)  # noqa: S101
                return command
        return None

    def invoke(self, ctx: click.Context) -> Any:
        """One line instead of a traceback where a folder, a file or the database fails."""
        try:
            return super().invoke(ctx)
        except Unavailable as error:
            raise click.ClickException(
                f"The database cannot be used: {error}. Is the disk full, is --data the right"
                " folder, may this user write there?"
            ) from error
        except OSError as error:
            if error.errno == errno.EPIPE:  # whoever read along has left: click knows what to do
                raise
            where = f"{error.filename}: " if error.filename else ""
            raise click.ClickException(
                f"{where}{error.strerror or error}. Name another folder or file, or give this user"
                " the right to it."
            ) from error


@click.group(cls=Commands, invoke_without_command=True)
@click.pass_context
def main(ctx: click.Context) -> None:
    """Touchstone: mystery-shopper field surveys. Without a command it serves."""
    if ctx.invoked_subcommand is None:
        command = main.get_command(ctx, "serve")
        assert command is not None  # noqa: S101
        # as if it had been named: ctx.invoke would overlook TOUCHSTONE_DATA
        with command.make_context("serve", [], parent=ctx) as serving:
            command.invoke(serving)


def data_option(command: F) -> F:
    """``--data DIR``, which every command takes."""
    return click.option(
        "--data",
        type=click.Path(path_type=Path, file_okay=False),
        default=Path("instance"),
        envvar="TOUCHSTONE_DATA",
        show_default=True,
        help="The data folder.",
    )(command)
