"""The way in: ``python app.py`` serves; ``create_app()`` is the application for any WSGI server."""

from __future__ import annotations

import os
from pathlib import Path

from flask import Flask

from surveys.commands.root import main
from surveys.web.application import build
from surveys.web.bodies import PATIENCE


def create_app() -> Flask:
    """The application over the data folder named by ``TOUCHSTONE_DATA`` (default ``instance/``)."""
    return build(Path(os.environ.get("TOUCHSTONE_DATA", "instance")), patience=PATIENCE)


if __name__ == "__main__":
    main()
