"""Fixtures for everybody, each named for what it is."""

from __future__ import annotations

import gc
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import settings

from surveys.installation import DATABASE_FILE, Installation
from surveys.people import Person
from surveys.store import sites, tokens
from surveys.store.database import Database
from surveys.store.sites import Site
from surveys.store.sqlite import SqliteDatabase

# A busy machine is slow now and then; that is no fault of what is tested.
settings.register_profile("touchstone", deadline=None)
settings.load_profile("touchstone")

NOW = datetime(2026, 11, 22, 9, 0, 0, tzinfo=UTC)
"""A Sunday morning."""

CHAIN = (
    Site("vienna-1", "Vienna, Graben", "east", "Europe/Vienna", "en"),
    Site("vienna-2", "Vienna, Praterstern", "east", "Europe/Vienna", "en"),
    Site("lisbon-1", "Lisbon, Chiado", "west", "Europe/Lisbon", "es"),
    Site("auckland-1", "Auckland, Queen Street", "west", "Pacific/Auckland", "en"),
)
"""Two regions, three time zones."""

CODES = {site.site_id: f"{site.site_id}-counter" for site in CHAIN}
"""Each site's code for the customer's counter form (readable here; real ones are drawn)."""

WITHDRAWN = "vienna-1-withdrawn"
"""A code of vienna-1 that has been withdrawn."""

VISITS = {site.site_id: f"{site.site_id}-visit" for site in CHAIN}
"""A token of kind visit at each site, for the shopper's form."""


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **spans: float) -> datetime:
        """``clock.forward(hours=2)``; answers the new moment."""
        self.now += timedelta(**spans)
        return self.now


@pytest.fixture(scope="module", autouse=True)
def collected() -> Iterator[None]:
    """What a module's tests opened is closed after it: applications and their connections hang
    together in circles, and thousands of open files would be too many for a small machine."""
    yield
    gc.collect()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty data folder."""
    return tmp_path / "data"


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files go, to see that none is left."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture(scope="session")
def fresh_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder as the first start leaves it, to copy: making one takes a moment."""
    folder = tmp_path_factory.mktemp("fresh") / "data"
    Installation.open(folder).database().close()
    return folder


@pytest.fixture
def installation(folder: Path, fresh_folder: Path) -> Installation:
    """An installation with nothing in it but the shipped instruments."""
    shutil.copytree(fresh_folder, folder)
    return Installation.open(folder)


def add_chain(db: Database) -> None:
    """The sites of ``CHAIN`` with their codes and visits."""
    with db.transaction():
        sites.put(db, CHAIN)
        for site in CHAIN:
            for token, kind, instrument, source in (
                (CODES[site.site_id], "code", "counter", "customer"),
                (VISITS[site.site_id], "visit", "visit", "shopper"),
            ):
                tokens.create(
                    db,
                    token,
                    kind=kind,
                    site_id=site.site_id,
                    instrument=instrument,
                    source=source,
                    touchpoint="queue" if kind == "code" else None,
                    at=NOW - timedelta(days=100),
                )
        tokens.create(
            db,
            WITHDRAWN,
            kind="code",
            site_id="vienna-1",
            instrument="counter",
            source="customer",
            touchpoint=None,
            at=NOW - timedelta(days=100),
        )
        tokens.withdraw(db, WITHDRAWN, NOW - timedelta(days=1), "the poster was torn down")


@pytest.fixture
def chain(installation: Installation) -> Installation:
    """An installation with ``CHAIN``, its codes and its visits."""
    add_chain(installation.database())
    return installation


@pytest.fixture
def ana(chain: Installation) -> Person:
    """A shopper who has joined."""
    from tests.field import add_shopper  # noqa: PLC0415 - it imports this module

    return add_shopper(chain, "ana")


@pytest.fixture
def ben(chain: Installation) -> Person:
    """Another one."""
    from tests.field import add_shopper  # noqa: PLC0415

    return add_shopper(chain, "ben")


@pytest.fixture
def app(chain: Installation, clock: Clock) -> Flask:
    """The application over the chain, at the clock's time."""
    from surveys.web.application import build  # noqa: PLC0415 - only those who need it pay for it

    application = build(chain.folder, clock=clock)
    application.testing = True
    return application


@pytest.fixture
def hers(app: Flask, chain: Installation, ana: Person) -> FlaskClient:
    """Ana's phone, signed in."""
    from tests.field import add_phone, phone  # noqa: PLC0415

    return phone(app, add_phone(chain, ana)[1])


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


# --- engines: a second one is one more parameter ----------------------------------------------

OpenDatabase = Callable[[], Database]


@pytest.fixture(params=["sqlite"])
def open_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OpenDatabase]:
    """Opens a new connection to one and the same empty database, of each engine."""
    opened: list[Database] = []
    path = tmp_path / DATABASE_FILE
    SqliteDatabase.make(path)

    def connect() -> Database:
        database = SqliteDatabase(path)
        if threading.current_thread() is threading.main_thread():
            opened.append(database)  # a connection of another thread is that thread's to close
        return database

    yield connect
    for database in opened:
        database.close()


@pytest.fixture
def database(open_database: OpenDatabase) -> Database:
    """A connection to an empty database, of each engine."""
    return open_database()
