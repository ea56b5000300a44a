"""Never lost, never doubled: whatever is sent, in whichever order, by how many hands at once.

The recount here is written from the contract alone and shares no code with the program.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import threading
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from surveys import holding
from surveys.holding import HoldingError
from surveys.installation import Installation
from surveys.intake import Intake, Receipt
from surveys.rebuild import rebuild
from surveys.store.database import Database
from surveys.store.writer import GroupCommit
from tests.conftest import CODES, NOW, WITHDRAWN, add_chain
from tests.records import REVIEWED, VISIT, Record, add_reviewed, add_visit, counter_form, make

SCALES = ("welcome", "waiting", "knowledge", "listening", "empathy", "clarity")

# --- the recount ------------------------------------------------------------------------------


def recount(db: Database) -> Counter[tuple[Any, ...]]:
    """What the tallies should hold, from the rows of submissions and amendments."""
    bars: Counter[tuple[Any, ...]] = Counter()
    for row in db.rows("SELECT * FROM submissions WHERE status = 'counted'"):
        sent = json.loads(row["payload"])
        answers = dict(sent["answers"])
        amendments = db.rows(
            "SELECT answers FROM amendments WHERE site_id = :site AND submission_id = :id"
            " ORDER BY number",
            {"site": row["site_id"], "id": row["submission_id"]},
        )
        for amendment in amendments:
            for question, answer in json.loads(amendment["answers"]).items():
                if answer is None and question not in SCALES:
                    answers.pop(question, None)
                else:
                    answers[question] = answer
        asked = set(sent.get("asked") or ()) | set(answers)
        found = _marks(answers, asked, row["touchpoint"])
        where = [row[name] for name in ("site_id", "instrument", "source", "mode", "day")]
        for facet, level in found:
            bars[(*where, facet, level, row["flagged"])] += 1
    return bars


def _marks(
    answers: dict[str, Any], asked: set[str], touchpoint: str | None
) -> Iterator[tuple[str, str]]:
    yield "submission", "counted"
    for question in ("moment", *SCALES):
        is_moment = question == "moment"
        facet = question if is_moment else f"dimension:{question}"
        if question in asked:
            yield facet, "asked"
        if answers.get(question) is not None:
            yield facet, str(answers[question])
            if touchpoint:
                at = "touchpoint_moment" if is_moment else "touchpoint"
                yield f"{at}:{touchpoint}", str(answers[question])
    if "come_back" in answers:
        yield "measure:return", json.dumps(answers["come_back"])


def tallies(db: Database) -> Counter[tuple[Any, ...]]:
    rows = db.rows("SELECT * FROM tallies")
    names = ("site_id", "instrument", "source", "mode", "day", "facet", "level", "flagged")
    return Counter({tuple(row[name] for name in names): row["n"] for row in rows})


# --- a folder for each example ----------------------------------------------------------------


@pytest.fixture(scope="session")
def chain_folder(fresh_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("chain") / "data"
    shutil.copytree(fresh_folder, folder)
    installation = Installation.open(folder)
    add_chain(installation.database())
    add_reviewed(installation)
    add_visit(installation)
    installation.database().close()
    return folder


@contextmanager
def a_copy(folder: Path) -> Iterator[Installation]:
    with tempfile.TemporaryDirectory() as place:
        shutil.copytree(folder, Path(place) / "data")
        installation = Installation(Path(place) / "data")
        try:
            yield installation
        finally:
            installation.database().close()


class Door:
    """A client's own way in: its own intake, its own writing thread, as another process has."""

    def __init__(self, installation: Installation) -> None:
        self.writer = GroupCommit(installation.new_database)
        self.intake = Intake(self.writer.run)

    def send(self, records: Sequence[object], **context: Any) -> list[Receipt]:
        return self.intake.receive(records, **{"received": NOW, **context})


# --- records of every kind --------------------------------------------------------------------

good_answers = st.fixed_dictionaries(
    {},
    optional={
        "moment": st.sampled_from(("worse", "expected", "better")),
        "welcome": st.one_of(st.none(), st.integers(1, 7)),
        "waiting": st.one_of(st.none(), st.integers(1, 7)),
        "come_back": st.booleans(),
        "comment": st.text(max_size=20),
    },
)
bad_answers = st.sampled_from(
    (
        {"welcome": 0},
        {"welcome": 8, "moment": "better"},
        {"welcome": 3.0},
        {"welcome": True},
        {"welcome": "3"},
        {"nobody_asked": 1},
        {"moment": "fine"},
        {"told": True},
        {"come_back": None},
    )
)


@st.composite
def sound_or_not(draw: st.DrawFn, form: str, reviewed: str) -> Record:
    here = CODES["vienna-1"]
    token = draw(st.sampled_from((here, here, here, CODES["lisbon-1"], WITHDRAWN, REVIEWED)))
    by = reviewed if token == REVIEWED else form
    if draw(st.integers(0, 9)) == 0:
        by = draw(st.sampled_from((reviewed, "counter@000000000000", form)))
    answers = draw(st.one_of(good_answers, good_answers, bad_answers))
    record = make(by, token=token, answers=answers, id=str(uuid.UUID(int=draw(st.integers(1, 6)))))
    if draw(st.booleans()):
        record["asked"] = ["moment", "welcome", "knowledge"]
    else:
        del record["asked"]
    if draw(st.integers(0, 3)):
        record["secret_sha256"] = draw(st.sampled_from(("a" * 64, "a" * 64, "b" * 64)))
    if draw(st.booleans()):
        record["replaces"] = str(uuid.UUID(int=draw(st.integers(1, 6))))
    minutes = draw(st.sampled_from((0, 0, 10, 60 * 24, 60 * 24 * 90)))
    finished = NOW - timedelta(minutes=minutes)
    record["started_at"] = (finished - timedelta(seconds=draw(st.integers(0, 30)))).isoformat()
    record["finished_at"] = finished.isoformat()
    return record


class Field(RuleBasedStateMachine):
    """Two clients send what they have, again and again; a person decides about what is held."""

    folder: Path  # set by the test

    records = Bundle("records")

    @initialize()
    def open(self) -> None:
        self._copy = a_copy(self.folder)
        self.installation = self._copy.__enter__()
        self.db = self.installation.database()
        self.form = counter_form(self.installation)
        self.reviewed = "reviewed@" + str(
            self.db.row("SELECT version FROM instruments WHERE instrument = 'reviewed'")["version"]  # type: ignore[index]
        )
        self.doors = (Door(self.installation), Door(self.installation))
        self.acknowledged: Counter[tuple[str, str, str]] = Counter()  # token, id, digest
        self.first_receipts: Counter[tuple[str, str, str]] = Counter()

    def teardown(self) -> None:
        assert rebuild(self.db) == []
        for door in self.doors:
            door.writer.close()
        self._copy.__exit__(None, None, None)

    def note(self, sent: Sequence[Record], receipts: Sequence[Receipt]) -> None:
        assert len(sent) == len(receipts)
        for record, receipt in zip(sent, receipts, strict=True):
            assert receipt.id == record["id"]
            assert receipt.status in ("accepted", "duplicate", "held")
            assert receipt.digest is not None
            site = "lisbon-1" if record["token"] == CODES["lisbon-1"] else "vienna-1"
            key = (site, record["id"], receipt.digest)
            self.acknowledged[key] += 1
            if receipt.status != "duplicate":
                self.first_receipts[key] += 1

    @rule(target=records, data=st.data())
    def fill_in(self, data: st.DataObject) -> Any:
        return multiple(
            *data.draw(st.lists(sound_or_not(self.form, self.reviewed), min_size=1, max_size=6))
        )

    @rule(
        batch=st.lists(records, min_size=1, max_size=8),
        door=st.sampled_from((0, 1)),
        sender=st.sampled_from((None, "phone")),
        late=st.sampled_from((0, 3)),
    )
    def send(self, batch: list[Record], door: int, sender: str | None, late: int) -> None:
        received = NOW + timedelta(days=late)
        self.note(batch, self.doors[door].send(batch, sender=sender, received=received))

    @rule(batch=st.lists(records, min_size=1, max_size=8))
    def send_the_same_through_both_at_once(self, batch: list[Record]) -> None:
        found: dict[int, list[Receipt]] = {}
        together = threading.Barrier(2)

        def go(number: int, part: list[Record]) -> None:
            together.wait()
            found[number] = self.doors[number].send(part)

        orders = (batch, batch[::-1])
        threads = [threading.Thread(target=go, args=(n, orders[n])) for n in (0, 1)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for number in (0, 1):
            self.note(orders[number], found[number])

    def _some(self, data: st.DataObject, table: str, statuses: tuple[str, ...]) -> Any:
        rows = [
            row
            for row in self.db.rows(f"SELECT * FROM {table} ORDER BY site_id, submission_id")
            if row["status"] in statuses
        ]
        return data.draw(st.sampled_from(rows)) if rows else None

    @rule(data=st.data(), choose=st.booleans())
    def accept(self, data: st.DataObject, choose: bool) -> None:
        row = self._some(data, "submissions", ("held", "pending"))
        if row is None:
            return
        form = self.form if choose and row["instrument"] == "counter" else None
        try:
            holding.accept(self.db, row["site_id"], row["submission_id"], "p", NOW, form=form)
        except HoldingError:
            assert self._status(row) == row["status"]
        else:
            assert self._status(row) == "counted"

    @rule(data=st.data(), answers=st.one_of(good_answers, bad_answers))
    def mend(self, data: st.DataObject, answers: dict[str, Any]) -> None:
        row = self._some(data, "submissions", ("held", "pending"))
        if row is None:
            return
        sent = json.loads(row["payload"])["answers"]
        form = self.form if row["instrument"] == "counter" else self.reviewed
        holding.mend(
            self.db,
            row["site_id"],
            row["submission_id"],
            "p",
            NOW,
            answers={**dict.fromkeys(sent), **answers},
            reason="asked the customer",
            form=form,
        )
        assert self._status(row) == row["status"]

    @rule(data=st.data())
    def reject(self, data: st.DataObject) -> None:
        row = self._some(data, "submissions", ("held", "pending"))
        if row is not None:
            holding.reject(self.db, row["site_id"], row["submission_id"], "p", NOW, reason="spam")
            assert self._status(row) == "rejected"
            with pytest.raises(HoldingError):
                holding.accept(self.db, row["site_id"], row["submission_id"], "p", NOW)

    @rule(data=st.data(), accept=st.booleans())
    def decide_about_other_content(self, data: st.DataObject, accept: bool) -> None:
        row = self._some(data, "conflicting", ("held",))
        if row is None:
            return
        key = (row["site_id"], row["submission_id"], row["digest"])
        if not accept:
            holding.reject_content(self.db, *key, "p", NOW, reason="a test")
            return
        before = self._status(row)
        with suppress(HoldingError):  # it may not fit
            holding.accept_content(self.db, *key, "p", NOW)
        assert self._status(row) == before

    def _status(self, row: Any) -> str:
        found = self.db.row(
            "SELECT status FROM submissions WHERE site_id = :site_id AND submission_id = :id",
            {"site_id": row["site_id"], "id": row["submission_id"]},
        )
        assert found is not None
        return str(found["status"])

    @invariant()
    def tallies_equal_a_recount(self) -> None:
        assert tallies(self.db) == recount(self.db)

    @invariant()
    def everything_acknowledged_is_there_once(self) -> None:
        stored = Counter(
            (row["site_id"], row["submission_id"], row["digest"])
            for table in ("submissions", "conflicting")
            for row in self.db.rows(f"SELECT site_id, submission_id, digest FROM {table}")
        )
        assert stored.keys() == self.acknowledged.keys()
        assert set(stored.values()) <= {1}
        # One receipt said that it was taken in, all others that it was there.
        assert self.first_receipts == stored


def test_whatever_happens_each_id_counts_once(chain_folder: Path) -> None:
    class FieldHere(Field):
        folder = chain_folder

    run_state_machine_as_test(
        FieldHere,
        settings=settings(
            max_examples=40,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


# --- the order of arrival ---------------------------------------------------------------------


@st.composite
def families(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Submissions of one site that replace each other, with and without the right to."""
    count = draw(st.integers(2, 6))
    family = []
    for number in range(count):
        earlier = st.sampled_from([None, *range(number), *[number - 1] * number])
        token = draw(st.sampled_from(("code",) * 8 + ("visit", "visit", "withdrawn")))
        family.append(
            {
                "token": token,
                "secret": draw(st.sampled_from((None, *"aaaaaab"))),
                "fits": draw(st.sampled_from((True, True, True, False))),
                "replaces": draw(earlier),
            }
        )
    return family


def expected_statuses(family: list[dict[str, Any]]) -> list[str]:
    """The contract's words on ``replaces``, as a rule without time."""

    def entitled(new: dict[str, Any], old: dict[str, Any]) -> bool:
        if new["token"] != old["token"]:
            return False
        return new["token"] == "visit" or (
            new["secret"] is not None and new["secret"] == old["secret"]
        )

    def held(one: dict[str, Any]) -> bool:
        without_right = one["replaces"] is not None and not entitled(one, family[one["replaces"]])
        return not one["fits"] or one["token"] == "withdrawn" or without_right

    statuses = ["held" if held(one) else "counted" for one in family]
    for number in reversed(range(len(family))):  # whoever replaces comes later in the family
        one = family[number]
        acts = statuses[number] in ("counted", "replaced") and one["replaces"] is not None
        if acts and entitled(one, family[one["replaces"]]):
            statuses[one["replaces"]] = "replaced"
    return statuses


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(family=families(), data=st.data())
def test_replacing_ends_the_same_in_every_order_of_arrival(
    chain_folder: Path, family: list[dict[str, Any]], data: st.DataObject
) -> None:
    order = data.draw(st.permutations(range(len(family))))
    cut = data.draw(st.integers(0, len(family)))
    ids = [str(uuid.UUID(int=number + 1)) for number in range(len(family))]
    with a_copy(chain_folder) as installation:
        form = counter_form(installation)
        places = {"code": CODES["vienna-1"], "visit": VISIT, "withdrawn": WITHDRAWN}
        records = []
        for number, one in enumerate(family):
            record = make(
                form,
                id=ids[number],
                token=places[one["token"]],
                answers={"welcome": 1 + number if one["fits"] else 8},
            )
            del record["asked"]
            if one["secret"]:
                record["secret_sha256"] = one["secret"] * 64
            if one["replaces"] is not None:
                record["replaces"] = ids[one["replaces"]]
            records.append(record)
        door = Door(installation)
        arriving = [records[number] for number in order]
        for part in (arriving[:cut], arriving[cut:], arriving[:cut]):
            door.send(part)
        door.writer.close()
        db = installation.database()
        rows = {
            row["submission_id"]: row["status"]
            for row in db.rows("SELECT submission_id, status FROM submissions")
        }
        assert [rows[this] for this in ids] == expected_statuses(family)
        assert tallies(db) == recount(db)
        assert rebuild(db) == []
