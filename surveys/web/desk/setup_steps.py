"""The steps of setting up: their pages, and whether somebody is on their way through them."""

from __future__ import annotations

from dataclasses import dataclass

from flask import request

from surveys import setup
from surveys.sentences import Sentence
from surveys.web.services import services


@dataclass(frozen=True)
class Step:
    """``name`` as in :data:`surveys.setup.STEPS`; ``what`` is there to be done, in a few words."""

    name: str
    endpoint: str
    title: Sentence
    what: Sentence


STEPS = (
    Step(
        "organisation",
        "setup.organisation",
        Sentence("Your organisation"),
        Sentence("Say what your organisation is called"),
    ),
    Step(
        "address",
        "setup.address",
        Sentence("The address"),
        Sentence("Say under which address phones reach Touchstone"),
    ),
    Step("sites", "setup.first_sites", Sentence("First sites"), Sentence("Add your first sites")),
    Step(
        "poster",
        "setup.poster",
        Sentence("First poster"),
        Sentence("Make your first poster"),
    ),
)


def in_setup() -> str | None:
    """``"1"`` while the form or page belongs to setting up, to be handed on in addresses."""
    return "1" if request.values.get("setup") or request.blueprint == "setup" else None


def open_steps() -> list[Step]:
    """Those of the steps that are still to be done."""
    undone = setup.undone(services().database)
    return [step for step in STEPS if step.name in undone]


def after(name: str) -> Step | None:
    """The first step after ``name`` that is still to be done."""
    names = [step.name for step in STEPS]
    later = names[names.index(name) + 1 :]
    return next((step for step in open_steps() if step.name in later), None)
