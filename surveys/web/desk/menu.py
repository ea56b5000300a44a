"""The desk's menu: sections, and the pages in each."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask, request

from surveys.people import DESK_ROLES, Person
from surveys.sentences import Sentence


@dataclass(frozen=True)
class Entry:
    """A page in the menu: its endpoint, its name, who may open it.

    The menu marks it where the address is the endpoint's, or one of ``also``; an endpoint such as
    ``held.*`` stands for all of its blueprint.
    """

    endpoint: str
    title: Sentence
    roles: tuple[str, ...]
    also: tuple[str, ...] = ()

    @property
    def is_here(self) -> bool:
        here = request.endpoint or ""
        return here == self.endpoint or here in self.also or f"{request.blueprint}.*" in self.also


@dataclass(frozen=True)
class Section:
    """Pages that belong together; the section leads to the first that its reader may open."""

    title: Sentence
    entries: tuple[Entry, ...]

    @property
    def is_here(self) -> bool:
        return any(entry.is_here for entry in self.entries)


MENU = (
    Section(Sentence("Your place"), (Entry("staff.page", Sentence("Your place"), ("staff",)),)),
    Section(
        Sentence("Results"),
        (
            Entry("desk.scores", Sentence("Scores"), DESK_ROLES, also=("desk.site",)),
            Entry("desk.contacts", Sentence("Contacts"), ("owner", "manager")),
            Entry("observing.page", Sentence("Observe"), ("owner", "manager")),
            Entry("raters.page", Sentence("Raters"), ("owner", "reviewer"), also=("raters.*",)),
        ),
    ),
    Section(
        Sentence("Visits"),
        (
            Entry(
                "visits_desk.listed",
                Sentence("Visits"),
                DESK_ROLES,
                also=("visits_desk.*", "visits_making.*", "visits_import.*"),
            ),
            Entry("visit_plans.every", Sentence("Plans"), ("owner",), also=("visit_plans.*",)),
        ),
    ),
    Section(
        Sentence("Review"),
        (Entry("review.listed", Sentence("Review"), ("owner", "reviewer"), also=("review.*",)),),
    ),
    Section(
        Sentence("Held"),
        (
            Entry("held.listed", Sentence("Held"), DESK_ROLES, also=("held.*", "held_all.*")),
            Entry(
                "load.page",
                Sentence("A file from a phone"),
                ("owner", "reviewer"),
                also=("load.*",),
            ),
        ),
    ),
    Section(
        Sentence("Set up"),
        (
            Entry(
                "sites.page",
                Sentence("Sites"),
                ("owner",),
                also=("sites.*", "sites_import.*", "codes.*"),
            ),
            Entry("regions.page", Sentence("Regions"), ("owner",), also=("regions.*",)),
            Entry("posters.page", Sentence("Posters"), ("owner", "manager"), also=("posters.*",)),
            Entry(
                "touchpoints.listed", Sentence("Touchpoints"), ("owner",), also=("touchpoints.*",)
            ),
            Entry("voices.overview", Sentence("Voices"), ("owner",), also=("voices.*",)),
            Entry(
                "people.everyone",
                Sentence("People"),
                ("owner",),
                also=("people.*", "people_phones.*"),
            ),
            Entry(
                "instruments.every",
                Sentence("Instruments"),
                ("owner", "reviewer"),
                also=("instruments.*", "instrument_editor.*", "instrument_publishing.*"),
            ),
        ),
    ),
    Section(
        Sentence("Settings"),
        (
            Entry(
                "settings.page",
                Sentence("Name, address, phones"),
                ("owner",),
                also=("settings.*", "setup.*"),
            ),
            Entry(
                "mail_settings.settings", Sentence("E-mail"), ("owner",), also=("mail_settings.*",)
            ),
            Entry("webhooks.listed", Sentence("Web-hooks"), ("owner",), also=("webhooks.*",)),
        ),
    ),
    Section(
        Sentence("Running"),
        (
            Entry("messages.listed", Sentence("Messages"), ("owner",), also=("messages.*",)),
            Entry("audit.lines", Sentence("Audit"), ("owner",)),
        ),
    ),
)


def menu_of(person: Person) -> list[Section]:
    """The sections that this person has pages in, with those pages alone."""
    mine = (
        Section(section.title, tuple(e for e in section.entries if person.role in e.roles))
        for section in MENU
    )
    return [section for section in mine if section.entries]


def register(app: Flask) -> None:
    app.jinja_env.globals["menu_of"] = menu_of
