"""Progress of long work: a bar on a terminal, nothing in a pipe."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager
from typing import Any

import click


def progress(length: int, label: str, at_least: int = 1) -> AbstractContextManager[Any]:
    """A bar on standard error; work shorter than ``at_least`` steps is done before one is read."""
    return click.progressbar(
        length=length,
        label=label,
        file=sys.stderr,
        hidden=length < at_least or not sys.stderr.isatty(),
    )
