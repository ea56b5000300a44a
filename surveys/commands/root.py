"""The root of the command line: ``python app.py COMMAND``."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

# module of surveys.commands → its commands
MODULES = {
    "serve": ("serve",),
    "demo": ("demo",),
    "sites": ("sites",),
    "people": ("people",),
    "qr": ("qr",),
    "instrument": ("instrument",),
    "export": ("export",),
    "data": ("rebuild", "load"),
}


class Commands(click.Group):
    """Loads a command's module when it is called: ``--help`` stays quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for names in MODULES.values() for name in names]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        for module, names in MODULES.items():
            if cmd_name in names:
                command = getattr(importlib.import_module(f"surveys.commands.{module}"), cmd_name)
                assert isinstance(command, click.Command)  # noqa: S101
                return command
        return None


@click.group(cls=Commands, invoke_without_command=True)
@click.pass_context
def main(ctx: click.Context) -> None:
    """Touchstone: mystery-shopper field surveys. Without a command it serves."""
    if ctx.invoked_subcommand is None:
        command = main.get_command(ctx, "serve")
        assert command is not None  # noqa: S101
        ctx.invoke(command)


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
