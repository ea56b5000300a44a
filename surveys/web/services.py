"""What the views need from below, in one place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from flask import current_app

from surveys.installation import Installation
from surveys.intake import Intake
from surveys.store.database import Database


@dataclass(frozen=True)
class Services:
    """The rooms below the web. ``clock`` gives the present moment in UTC."""

    installation: Installation
    intake: Intake
    clock: Callable[[], datetime]

    @property
    def database(self) -> Database:
        """This thread's connection, for reading and for the desk's own writes."""
        return self.installation.database()


def services() -> Services:
    return cast(Services, current_app.extensions["touchstone"])
