"""Nothing is left out of the documentation: addresses, options, variables, pictures, pages.

Commands: tests/test_architecture.py. Every key and fault of an instrument:
tests/test_instrument_guide.py. Every column: tests/test_exports.py.
"""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest
from flask import Flask
from PIL import Image

from tests.rig.pages import VIEWS
from tests.rig.pictures import FOLDER, PICTURES, SIZES, shown
from tests.test_architecture import COMMANDS
from tests.test_authorisation import ANYBODY, RULES, SIGNED_IN

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = (ROOT / "README.md", *sorted(DOCS.glob("*.md")))
EVERYTHING = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
TABLES = (DOCS / "tables.md").read_text(encoding="utf-8")

ROW = re.compile(r"^\| (GET|POST|PUT) \| `([^`]+)` \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
EVERYBODY = {"anybody": ANYBODY, "signed in": SIGNED_IN, "its token": ()}


def told_addresses() -> dict[tuple[str, str], tuple[str, ...]]:
    """What docs/addresses.md tells: method and address → who."""
    text = (DOCS / "addresses.md").read_text(encoding="utf-8")
    rows = ROW.findall(text)
    assert len(rows) == len(re.findall(r"^\| [A-Z]+ \|", text, re.MULTILINE)), "a row reads wrongly"
    found = {
        (method, address): EVERYBODY.get(who, tuple(who.split(", ")))
        for method, address, who, _ in rows
    }
    assert len(found) == len(rows), "an address stands there twice"
    return found


def addresses(app: Flask) -> dict[tuple[str, str], str]:
    """The application's own addresses: method and address → endpoint."""
    return {
        (method, rule.rule): rule.endpoint
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def test_every_address_is_documented_and_every_documented_address_is_there(app: Flask) -> None:
    told, there = told_addresses(), addresses(app)
    assert there.keys() - told.keys() == set(), "tell of these in docs/addresses.md"
    assert told.keys() - there.keys() == set(), "docs/addresses.md tells of addresses that are gone"


def test_the_documentation_says_who_may_open_an_address_as_the_rules_do(app: Flask) -> None:
    there = addresses(app)
    for (method, address), who in told_addresses().items():
        rule = RULES[there[method, address], method]
        assert set(who) == set(rule.who), f"{method} {address}"


def test_every_option_of_export_is_documented_beside_the_tables() -> None:
    export = COMMANDS["export"]
    options = [option for option in export.params if isinstance(option, click.Option)]
    names = {name for option in options for name in option.opts} - {"--data"}
    assert len(names) > 10
    told = set(re.findall(r"^\| `(--[a-z-]+)", TABLES, re.MULTILINE))
    assert told == names


def test_every_variable_of_the_environment_is_documented_and_there() -> None:
    sources = [
        ROOT / "app.py",
        *(ROOT / "surveys").rglob("*.py"),
        *(ROOT / "exports").rglob("*.py"),
    ]
    read = {
        name
        for file in sources
        for name in re.findall(r"[\"'](TOUCHSTONE_[A-Z_]+)[\"']", file.read_text(encoding="utf-8"))
    }
    assert len(read) >= 4
    operating = (DOCS / "operating.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `(TOUCHSTONE_[A-Z_]+)`", operating, re.MULTILINE)) == read
    assert set(re.findall(r"TOUCHSTONE_[A-Z_]+", EVERYTHING)) == read


def test_every_page_is_reached_from_the_way_in() -> None:
    way_in = (DOCS / "README.md").read_text(encoding="utf-8")
    for page in DOCS.glob("*.md"):
        assert page.name == "README.md" or f"({page.name}" in way_in, page.name


# --- pictures ---------------------------------------------------------------------------------


def test_the_pictures_that_pages_show_are_those_that_the_command_makes() -> None:
    used = {name for page in PAGES for name in shown(page)}
    assert used == set(PICTURES)
    assert {file.name for file in FOLDER.iterdir()} == {f"{name}.png" for name in PICTURES}
    assert set(re.findall(r"pictures/([\w-]+)\.png", EVERYTHING)) == used, (
        "one has no text beside it"
    )


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_small_and_of_views_that_there_are(name: str) -> None:
    file = FOLDER / f"{name}.png"
    with Image.open(file) as picture:
        assert picture.width <= 1280
        assert picture.mode == "P"
    assert file.stat().st_size < 100_000
    assert set(PICTURES[name].views) <= {view.name for view in VIEWS}
    assert PICTURES[name].size in SIZES
