"""The house stands as docs/architecture.md says: read from the source, not from what it does.

Which room imports which, where SQL and clocks are, and that the statements would run on a
database that is spread over several machines by site.
"""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import click
import pytest

from surveys.commands.root import main
from surveys.store import tables

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("surveys", "exports")
DOCS = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))

PURE = {
    *("surveys.answers", "surveys.changes", "surveys.checking", "surveys.condition_checks"),
    *("surveys.conditions", "surveys.days", "surveys.digest", "surveys.distributions"),
    *("surveys.draw", "surveys.faults", "surveys.figures", "surveys.grammar"),
    *("surveys.holding_kinds", "surveys.wording", "surveys.presence"),
    *("surveys.csv_reading", "surveys.planning", "surveys.visit_facts"),
    *("surveys.instrument", "surveys.instrument_checks", "surveys.intake_reading"),
    *("surveys.instrument", "surveys.instrument_checks", "surveys.instrument_writer"),
    *("surveys.comparability", "surveys.intake_reading"),
    *("surveys.moments_map", "surveys.casebook", "surveys.calibration", "surveys.case_choice"),
    *("surveys.moments_map", "surveys.pictures"),
    *("surveys.periods", "surveys.problems", "surveys.retranslation"),
    *("surveys.retranslation_files", "surveys.scale_checks", "surveys.scoring"),
    *("surveys.sentences", "surveys.suppression", "surveys.yaml_tree"),
    *("surveys.photos_listed", "surveys.written"),
}
"""The middle: no Flask, no SQL, no clock, and nothing of ours that has one."""

FLOORS = ("pure", "surveys.store", "surveys", "exports", "surveys.web", "surveys.commands", "app")
"""A room imports from its own floor and the floors below it."""

CLOCKS = {
    "surveys.installation",  # publishes the shipped forms when it is opened
    "surveys.reach_asking",  # how long an answer is waited for
    "surveys.web.application",  # the application's clock, unless a test brings its own
    "surveys.web.bodies",  # how long a body stands still
    "surveys.web.rates",  # how many requests within a second
    *(f"surveys.commands.{name}" for name in ("data", "demo", "export", "instrument", "people")),
    *(f"surveys.commands.{name}" for name in ("jobs", "mail", "qr", "serve", "sites", "visits")),
}
"""Where the time comes from; everywhere else it is passed in."""

REFERENCE = {
    *("settings", "sites", "instruments", "tokens", "people", "grants", "invitations", "audit"),
    *("preferences", "touchpoints", "jobs", "webhooks", "leases"),
    *("instrument_sources", "instrument_drafts"),
    *("shoppers", "devices", "device_codes", "visit_plans", "visit_plan_months"),
    *("case_attempts", "case_ratings", "certificates"),
}
"""Tables that every machine has whole. All others are spread by ``site_id``."""


# --- reading the source -----------------------------------------------------------------------


@cache
def modules() -> Mapping[str, ast.Module]:
    """Every module of the program, by its name."""
    files = [ROOT / "app.py", *(file for name in PACKAGES for file in (ROOT / name).rglob("*.py"))]
    found = {}
    for file in files:
        parts = file.relative_to(ROOT).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = ast.parse(file.read_text(encoding="utf-8"))
    return found


@cache
def imports(module: str) -> frozenset[str]:
    """The modules that one imports, wherever in it that stands."""
    found = set()
    for node in ast.walk(modules()[module]):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relatively"
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                found.add(full if full in modules() else str(node.module))
    return frozenset(found)


def floor(module: str) -> int:
    if module in PURE:
        return 0
    rooms = [room for room in FLOORS if module == room or module.startswith(f"{room}.")]
    return FLOORS.index(max(rooms, key=len))


def texts(module: str) -> Iterator[str]:
    """The texts in a module's code, without docstrings; constants put in where they are named."""
    tree, inside = modules()[module], set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            inside.add(id(node.value))
        elif isinstance(node, ast.JoinedStr):
            inside |= {id(part) for part in node.values}
            yield "".join(_text(module, part) for part in node.values)
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and id(node) not in inside
            and isinstance(node.value, str)
        ):
            yield node.value


def _text(module: str, part: ast.expr) -> str:
    if isinstance(part, ast.Constant):
        return str(part.value)
    assert isinstance(part, ast.FormattedValue)
    if module.startswith("surveys.store"):
        names = vars(importlib.import_module(module))
        with suppress(NameError):  # what a function puts together stays "…"
            return str(eval(compile(ast.Expression(part.value), module, "eval"), names))
    return "…"


STATEMENT = re.compile(
    r"\s*(SELECT\s|INSERT\s+(OR|INTO)\s|REPLACE\s+INTO\s|UPDATE\s+\w+\s+SET\s|DELETE\s+FROM\s"
    r"|WITH\s+\w+\s+AS\s|(CREATE|DROP|ALTER)\s+\w+\s|PRAGMA\s|BEGIN\b|COMMIT\b|ROLLBACK\b)"
)


@cache
def statements() -> tuple[tuple[str, str], ...]:
    """Every portable statement, with its module. (What only SQLite is told stands in sqlite.py.)"""
    return tuple(
        (module, text)
        for module in modules()
        if module.startswith("surveys.store") and module != "surveys.store.sqlite"
        for text in texts(module)
        if STATEMENT.match(text)
    )


# --- which room imports which -----------------------------------------------------------------


def test_the_middle_is_pure() -> None:
    assert set(modules()) >= PURE, "a pure room has gone: take it from the list"
    foreign = {"flask", "werkzeug", "jinja2", "click", "sqlite3", "sqlite_utils", "time"}
    for module in sorted(PURE):
        for imported in imports(module):
            assert imported.partition(".")[0] not in foreign, f"{module} imports {imported}"
            if imported in modules():
                assert imported in PURE, f"{module} is pure and imports {imported}"


def test_no_room_imports_upwards() -> None:
    for module in modules():
        for imported in imports(module) & modules().keys():
            assert floor(imported) <= floor(module), f"{module} imports {imported}"


def test_no_rooms_import_each_other_in_a_ring() -> None:
    left = {module: imports(module) & modules().keys() for module in modules()}
    while free := {module for module, needs in left.items() if not needs & left.keys()}:
        left = {module: needs for module, needs in left.items() if module not in free}
    assert not left


@pytest.mark.parametrize(
    ("library", "room"),
    [
        ("flask", "surveys.web"),
        ("werkzeug", "surveys.web"),
        ("jinja2", "surveys.web"),
        ("click", "surveys.commands"),
        ("sqlite3", "surveys.store"),
        ("sqlite_utils", "surveys.store"),
    ],
)
def test_a_library_is_known_in_one_room(library: str, room: str) -> None:
    users = {
        module
        for module in modules()
        if any(name.partition(".")[0] == library for name in imports(module))
    }
    assert users, f"nobody imports {library}: take it from the list"
    assert {module for module in users if not module.startswith(room)} <= {"app"}


def test_the_time_is_passed_in() -> None:
    reading = re.compile(r"\b(now|utcnow|today|time|monotonic|perf_counter|time_ns)$")
    for module, tree in modules().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and module not in CLOCKS:
                said = ast.unparse(node)
                if re.match(r"(datetime|date|time)\.", said):
                    assert not reading.search(said), f"{module}:{node.lineno} reads a clock"


# --- SQL --------------------------------------------------------------------------------------


def test_sql_stands_in_the_store_only() -> None:
    assert len(statements()) > 50  # they are found at all
    for module in modules():
        if not module.startswith("surveys.store"):
            for text in texts(module):
                assert not STATEMENT.match(text), f"{module}: {text}"


def test_every_row_of_a_site_has_its_site_first_in_its_key() -> None:
    spread = tables.ALL.keys() - REFERENCE
    assert tables.ALL.keys() >= REFERENCE
    for name in spread:
        table = tables.ALL[name]
        assert table.key[0] == "site_id", name
        assert table.columns["site_id"] is str, name
        assert all("site_id" in columns for columns in table.unique), name
        for columns, (_, other_columns) in table.references.items():
            assert columns[0] == other_columns[0] == "site_id", name
    for name in REFERENCE:
        for other, _ in tables.ALL[name].references.values():
            assert other in REFERENCE, f"{name} is on every machine, the rows of {other} are not"


def test_ids_and_times_are_made_by_the_program() -> None:
    for name, table in tables.ALL.items():
        numbers = [column for column in table.key if table.columns[column] is not str]
        assert set(numbers) <= {"number", "flagged"}, f"{name} has a key that is counted"
    banned = r"\bnow\(|CURRENT_|strftime|datetime\(|date\(|TRIGGER|AUTOINCREMENT|SERIAL|IDENTITY"
    banned += r"|nextval|last_insert_rowid|\browid\b|random\("
    for module, text in statements():
        assert not re.search(banned, text, re.IGNORECASE), f"{module}: {text}"


def test_statements_run_on_any_engine_and_on_many_machines() -> None:
    banned = r"INSERT OR|REPLACE INTO|FOR UPDATE|ROLLUP|CUBE|NOTIFY|advisory|\(\s*SELECT|\?"
    banned += r"|UPDATE \w+ SET [^;]*\bsite_id = .* WHERE|IFNULL|GROUP_CONCAT|json_"
    for module, text in statements():
        assert not re.search(banned, text, re.IGNORECASE), f"{module}: {text}"


def test_an_upsert_sets_what_it_was_given() -> None:
    upserts = [text for _, text in statements() if "DO UPDATE SET" in text]
    assert len(upserts) >= 3
    for text in upserts:
        sets = text.partition("DO UPDATE SET ")[2]
        for part in sets.split(","):
            assert re.fullmatch(r"\s*(\w+) = (\w+\.\1 [+-] )?excluded\.\1", part), text


def test_conflicts_are_told_apart_by_the_whole_key() -> None:
    found = 0
    for _, text in statements():
        insert = re.match(r"\s*INSERT INTO (\w+) ", text)
        if insert and (target := re.search(r"ON CONFLICT \(([^)]*)\)", text)):
            assert tuple(target[1].split(", ")) == tables.ALL[insert[1]].key, text
            found += 1
        else:
            assert "ON CONFLICT" not in text, text
    assert found >= 5


# --- the command line and its documentation ---------------------------------------------------


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every command that does something, as it is typed."""

    def below(name: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
        if isinstance(command, click.Group):
            with click.Context(command) as context:
                for part in command.list_commands(context):
                    inner = command.get_command(context, part)
                    assert inner is not None
                    yield from below(f"{name} {part}".strip(), inner)
        else:
            yield name, command

    return below("", main)


COMMANDS = dict(commands())


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_explains_itself_and_each_of_its_options(name: str) -> None:
    command = COMMANDS[name]
    assert (command.help or "").strip().endswith((".", "?")), name
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{name} {parameter.opts}"
    assert "--data" in {text for parameter in command.params for text in parameter.opts}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_stands_in_the_documentation(name: str) -> None:
    said = "\n".join(page.read_text(encoding="utf-8") for page in DOCS)
    assert f"app.py {name}" in said


def test_the_documentation_names_no_option_that_does_not_exist() -> None:
    for page in DOCS:
        for line in re.findall(r"app\.py ([^`\n#|;]+)", page.read_text(encoding="utf-8")):
            words = [*line.split(), ""]
            name = next((n for n in (" ".join(words[:2]), words[0]) if n in COMMANDS), None)
            options: set[Any] = {"--help"}
            if name is not None:
                options |= {text for param in COMMANDS[name].params for text in param.opts}
            for word in words:
                if word.startswith("--"):
                    assert word in options or name is None, f"{page.name}: {line}"


def test_the_newcomers_page_names_every_room() -> None:
    page = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    for module in modules():
        if module.count(".") == 1 and module.startswith("surveys."):
            name = module.removeprefix("surveys.")
            family = f"`{name.partition('_')[0]}_*.py`"
            assert f"`{name}.py`" in page or f"surveys/{name}/" in page or family in page, module
    for path in re.findall(r"`((?:surveys|static|tests|exports|instruments)/[\w/.]*)`", page):
        assert (ROOT / path).exists(), path
