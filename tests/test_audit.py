"""The audit's page: who did what, in words."""

from __future__ import annotations

import ast
import html
import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from surveys import audit, audit_words, codes
from surveys.installation import Installation
from surveys.store.database import Database
from tests.conftest import CODES, NOW, Clock
from tests.desk_people import enrol, signed_in
from tests.test_architecture import modules
from tests.test_held import page


@pytest.fixture
def db(chain: Installation) -> Database:
    return chain.database()


@pytest.fixture
def owner(app: Flask, db: Database) -> FlaskClient:
    return signed_in(app.test_client(), enrol(db, "owner", email="owner@example.org"))


def lines(client: FlaskClient, query: str = "") -> list[str]:
    answer = client.get(f"/desk/audit{query}")
    assert answer.status_code == 200, answer.text
    cells = re.findall(r'<td role="cell"><bdi>(.*?)</bdi>', answer.text)
    return [html.unescape(cell) for cell in cells]


def record(db: Database, action: str, subject: str, **more: object) -> None:
    at = more.pop("at", NOW)
    person_id = str(more.pop("by", ""))
    with db.transaction():
        audit.record(db, at, person_id, action, subject, more)  # type: ignore[arg-type]


def test_each_line_says_who_did_what(db: Database, owner: FlaskClient) -> None:
    ana = enrol(db, "reviewer", email="ana@example.org")
    submission = "submission vienna-1 0192f0c1-7d3e-7c11-8a2b-5d6a2f1e9a77"
    record(db, "accepted", submission, by=ana.person_id, reason="")
    record(db, "rejected", submission, by=ana.person_id, reason="an old poster")
    record(db, "removed", "ana@example.org", by="gone")
    codes.withdraw(db, CODES["vienna-1"], "The poster was stolen.", NOW)
    found = lines(owner)
    for expected in (
        "Reviewer Müller accepted a submission at Vienna, Graben.",
        "Reviewer Müller rejected a submission at Vienna, Graben: an old poster",
        "Somebody on the server withdrew the code of “queue” at Vienna, Graben:"
        " The poster was stolen.",
        "Somebody who is unknown here took Reviewer Müller’s access away.",
        "Owner Müller joined as owner.",
    ):
        assert expected in found, found


def test_what_has_no_words_yet_is_shown_as_it_is_written_down(
    db: Database, owner: FlaskClient
) -> None:
    record(db, "painted", "the wall", colour="<green>")
    assert "Somebody on the server: painted, the wall" in lines(owner)
    assert "&lt;green&gt;" in owner.get("/desk/audit").text


def test_every_action_that_the_program_writes_down_has_words() -> None:
    """A new one fails here until it has its sentence and its name in ``audit_words``."""
    assert _actions() >= {"accepted", "mended", "joined", "withdrawn", "rejected all"}
    assert _actions() - set(audit_words.WORDS) == set()
    assert set(audit_words.NAMES) == set(audit_words.WORDS)


def _actions() -> set[str]:
    """The actions named in calls of ``audit.record``, or of a function that hands its own on."""
    found: set[str] = set()
    for tree in modules().values():
        for function in [tree, *(n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef))]:
            for call in (n for n in ast.walk(function) if isinstance(n, ast.Call)):
                if ast.unparse(call.func) != "audit.record":
                    continue
                action = next(
                    (key.value for key in call.keywords if key.arg == "action"),
                    call.args[3] if len(call.args) > 3 else None,
                )
                assert action is not None, ast.unparse(call)
                found |= _texts(action, function, tree)
    return found


def _texts(action: ast.expr, function: ast.AST, tree: ast.Module) -> set[str]:
    """The texts that an expression can be: literals, a variable's values, a parameter's."""
    texts = {
        node.value
        for node in ast.walk(action)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    if not isinstance(action, ast.Name):
        return texts
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == action.id:
            branches = node.value
            parts = (
                [branches.body, branches.orelse] if isinstance(branches, ast.IfExp) else [branches]
            )
            texts |= {p.value for p in parts if isinstance(p, ast.Constant)}  # type: ignore[misc]
    if isinstance(function, ast.FunctionDef):
        names = [arg.arg for arg in function.args.args]
        if action.id in names:
            place = names.index(action.id)
            for call in ast.walk(tree):
                if isinstance(call, ast.Call) and ast.unparse(call.func) == function.name:
                    given = call.args[place] if len(call.args) > place else None
                    if isinstance(given, ast.Constant):
                        texts.add(given.value)  # type: ignore[arg-type]
    return texts


def test_the_audit_is_chosen_by_person_action_days_and_what_it_is_about(
    db: Database, owner: FlaskClient
) -> None:
    ana = enrol(db, "reviewer", email="ana@example.org")
    for day, site in ((1, "vienna-1"), (2, "lisbon-1"), (3, "lisbon-1")):
        subject = f"submission {site} 0192f0c1-7d3e-7c11-8a2b-5d6a2f1e9a77"
        at = NOW + timedelta(days=day)
        record(db, "accepted", subject, by=ana.person_id, reason=f"day {day}", at=at)
    chosen = {
        f"?person={ana.person_id}": 3,
        "?person=-&action=accepted": 0,
        "?action=accepted&about=Lisbon, Chiado": 2,
        "?about=lisbon-1": 2,
        "?about=day%203": 1,
        "?about=%25": 0,
        "?from=2026-11-24&to=2026-11-24": 1,
        "?from=2026-11-24": 2,
    }
    for query, expected in chosen.items():
        assert len(lines(owner, query)) == expected, query
    assert owner.get("/desk/audit?from=yesterday").status_code == 400
    assert "Nothing in this choice" in page(owner, "/desk/audit?about=nothing at all")


def test_the_newest_comes_first_and_pages_leave_none_out(
    db: Database, owner: FlaskClient, clock: Clock
) -> None:
    for number in range(103):
        record(db, "painted", f"wall {number}", at=NOW + timedelta(seconds=number // 10))
    seen: list[str] = []
    address = "/desk/audit?action=painted"
    while address:
        answer = owner.get(address)
        seen += re.findall(r"painted, wall (\d+)<", answer.text)
        older = re.search(r'href="([^"]+)">Older', answer.text)
        address = html.unescape(older[1]) if older else ""
    assert len(seen) == len(set(seen)) == 103
    seconds = [int(number) // 10 for number in seen]
    assert seconds == sorted(seconds, reverse=True)


@pytest.mark.parametrize("role", ["manager", "reviewer"])
def test_only_the_owner_reads_the_audit(app: Flask, db: Database, role: str) -> None:
    granted = {"regions": ["east"]} if role == "manager" else {}
    client = signed_in(app.test_client(), enrol(db, role, **granted))
    assert client.get("/desk/audit").status_code == 403
    assert "Audit" not in page(client, "/desk")
