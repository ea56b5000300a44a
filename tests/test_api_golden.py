"""The API answers what it always answered: the golden payloads of every version, replayed."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from surveys import publishing
from surveys.installation import Installation
from surveys.instrument import Instrument
from surveys.store import sites, tokens
from surveys.store.sites import Site
from surveys.web.application import build

GOLDEN = Path(__file__).resolve().parent.parent / "docs" / "golden"
VERSIONS = sorted(folder for folder in GOLDEN.iterdir() if folder.is_dir())
FOR_PEOPLE = {"message", "detail"}


def holds(answer: Any, golden: Any, where: str = "") -> None:
    """``answer`` has all that ``golden`` has; words for people may have become better ones."""
    if isinstance(golden, dict):
        assert isinstance(answer, dict), where
        for name, value in golden.items():
            if name in FOR_PEOPLE:
                assert isinstance(answer[name], str), f"{where}/{name}"
            else:
                assert name in answer, f"{where}/{name}"
                holds(answer[name], value, f"{where}/{name}")
    elif isinstance(golden, list):
        assert isinstance(answer, list), where
        assert len(answer) == len(golden), where
        for number, (one, other) in enumerate(zip(answer, golden, strict=True)):
            holds(one, other, f"{where}/{number}")
    else:
        assert answer == golden, where


def settle(installation: Installation, setting: dict[str, Any], now: datetime) -> None:
    """Make the installation what the payloads were sent to."""
    db = installation.database()
    for document in setting["instruments"]:
        publishing.publish(db, Instrument.from_document(document), now)
    with db.transaction():
        sites.put(db, [Site(**site) for site in setting["sites"]])
        for made in setting["tokens"]:
            token, reason = made["token"], made.get("withdrawn")
            facts = {name: made[name] for name in made if name not in ("token", "withdrawn")}
            tokens.create(db, token, at=now, **facts)
            if reason:
                tokens.withdraw(db, token, now, reason)


@pytest.mark.parametrize("version", VERSIONS, ids=[folder.name for folder in VERSIONS])
def test_what_was_sent_then_is_answered_the_same(installation: Installation, version: Path) -> None:
    setting = json.loads((version / "setting.json").read_text(encoding="utf-8"))
    now = datetime.fromisoformat(setting["now"])
    settle(installation, setting, now)
    client = build(installation.folder, clock=lambda: now).test_client()
    payloads = sorted(version.glob("[0-9]*.json"))
    assert len(payloads) >= 20
    for payload in payloads:
        shown = json.loads(payload.read_text(encoding="utf-8"))
        request, golden = shown["request"], shown["answer"]
        answer = client.open(request["path"], method=request["method"], json=request["body"])
        assert (answer.status_code, answer.mimetype) == (golden["status"], golden["type"]), payload
        holds(answer.get_json(force=True), golden["body"], payload.name)


def test_the_list_of_versions_is_whole() -> None:
    page = (GOLDEN / "README.md").read_text(encoding="utf-8")
    assert VERSIONS
    for version in VERSIONS:
        assert f"[{version.name}]({version.name})" in page


def test_a_payload_that_lacks_something_would_be_found() -> None:
    with pytest.raises(AssertionError):
        holds({"status": "held"}, {"status": "accepted"})
    with pytest.raises(AssertionError):
        holds({}, {"digest": "x"})
    holds({"message": "better words", "new": 1}, {"message": "old words"})
