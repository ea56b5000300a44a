"""The worker beside the real server: delivers once, goes on after a kill, ends with its parent."""

from __future__ import annotations

import json
import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from surveys import jobs, webhooks
from surveys.commands.root import main
from surveys.installation import Installation
from surveys.sentences import Sentence, kept
from surveys.store import jobs as store
from surveys.store import times
from surveys.store.database import Database
from surveys.store.webhooks import Webhook
from tests.rig.receivers import CUT, ERROR, GOOD, HANG, Receiver
from tests.rig.server import Server

PATIENCE = 90  # generous: a busy machine is no fault of the worker's


@pytest.fixture(autouse=True)
def allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOUCHSTONE_WEBHOOK_HOSTS", "localhost")


@pytest.fixture
def db(installation: Installation) -> Database:
    return installation.database()


def put(db: Database, hook: Webhook, *names: str) -> None:
    with db.transaction():
        for name in names:
            jobs.put(
                db, datetime.now(UTC), job_id=name, kind="webhook", topic="moment.misery",
                recipient=hook.webhook_id, payload={"id": name, "body": json.dumps({})},
            )  # fmt: skip


def hook_to(db: Database, receiver: Receiver) -> Webhook:
    return webhooks.add(db, datetime.now(UTC), url=receiver.url, events=["moment.misery"])


def wait(until: Callable[[], object], what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not until():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def worker_of(server: Server) -> int | None:
    """The process id of the worker beside the server."""
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if b"surveys.commands" in words and parent == server.pid:
            return int(entry.name)
    return None


def is_alive(pid: int) -> bool:
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_with_two_web_workers_each_job_is_delivered_once(
    installation: Installation, db: Database
) -> None:
    names = [f"job-{number}" for number in range(30)]
    with Receiver() as receiver:
        hook = hook_to(db, receiver)
        with Server(installation.folder, workers=2):
            put(db, hook, *names)
            wait(lambda: store.counts(db).get("done") == len(names), "not delivered")
    assert Counter(got.message_id for got in receiver.received) == Counter(names)


def test_after_the_worker_was_killed_in_the_middle_nothing_is_lost(
    installation: Installation, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"job-{number}" for number in range(40)]
    with Receiver() as receiver, Server(installation.folder) as server:
        hook = hook_to(db, receiver)
        put(db, hook, *names)
        wait(lambda: len(receiver.received) >= 3, "it has not begun")
        first = worker_of(server)
        assert first is not None
        os.kill(first, signal.SIGKILL)
        wait(lambda: worker_of(server) not in {None, first}, "no other worker was started")
        # the one attempt that the kill cut off waits for five minutes: time does not, in a test
        wait(lambda: store.counts(db).get("done", 0) >= len(names) - 1, "it does not go on")
        with db.transaction():
            db.execute(
                "UPDATE jobs SET due_utc = :now WHERE status = 'waiting'",
                {"now": times.text(datetime.now(UTC))},
            )
        wait(lambda: store.counts(db) == {"done": len(names)}, "something was lost")
        assert "is started again" in server.output()
    taken = Counter(got.message_id for got in receiver.taken)
    assert set(taken) == set(names)
    assert sum(taken.values()) <= len(names) + 1  # at least once; the one cut off perhaps twice


def test_it_stops_with_the_server(installation: Installation) -> None:
    with Server(installation.folder) as server:
        wait(lambda: worker_of(server), "no worker was started")
        worker = worker_of(server)
        assert worker is not None
    assert not is_alive(worker)


def test_it_ends_when_the_server_was_killed(installation: Installation) -> None:
    with Server(installation.folder) as server:
        wait(lambda: worker_of(server), "no worker was started")
        worker = worker_of(server)
        assert worker is not None
        os.kill(server.pid, signal.SIGKILL)
        wait(lambda: not is_alive(worker), "the worker lives on without its server")
        server.kill()


def test_stopping_does_not_wait_for_a_receiver_that_hangs(
    installation: Installation, db: Database
) -> None:
    with Receiver([HANG]) as receiver:
        with Server(installation.folder) as server:
            put(db, hook_to(db, receiver), "one")
            wait(lambda: receiver.received, "it has not begun")
            started = time.monotonic()
            server.stop()
            assert time.monotonic() - started < 20
        found = store.find(db, "one")
        assert found is not None
        assert found.status == "waiting"  # and is tried again


def test_serve_without_jobs_leaves_it_to_the_command(
    installation: Installation, db: Database
) -> None:
    with Receiver() as receiver:
        hook = hook_to(db, receiver)
        put(db, hook, "one")
        with Server(installation.folder, options=["--no-jobs"]) as server:
            assert worker_of(server) is None
            assert receiver.received == []
            assert server.command("jobs") == ("1 sent, 0 to be tried again later, 0 given up.\n")
    assert len(receiver.taken) == 1


# --- the command ------------------------------------------------------------------------------


def run(installation: Installation, *arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, [*arguments, "--data", str(installation.folder)])
    return done.exit_code, done.output


def test_jobs_says_what_became_of_what_was_due(installation: Installation, db: Database) -> None:
    assert run(installation, "jobs", "list") == (0, "Nothing waits, nothing was given up.\n")
    with Receiver([GOOD, ERROR, CUT]) as receiver:
        put(db, hook_to(db, receiver), "a", "b", "c")
        code, said = run(installation, "jobs")
        assert (code, said) == (0, "1 sent, 2 to be tried again later, 0 given up.\n")
        code, said = run(installation, "jobs", "list")
    lines = said.splitlines()
    assert lines[0].split() == ["ID", "KIND", "ABOUT", "STATUS", "TRIES", "LAST", "ERROR"]
    assert sorted(line.split()[0] for line in lines[1:]) == ["b", "c"]
    assert "localhost answered 500 Internal Server Error." in said


def test_what_was_given_up_is_tried_again(installation: Installation, db: Database) -> None:
    with Receiver() as receiver:
        put(db, hook_to(db, receiver), "a", "b")
        with db.transaction():
            for name in ("a", "b"):
                store.give_up(db, name, "2026-11-22", kept(Sentence("Enough.")))
        assert "given up" in run(installation, "jobs", "list")[1]
        assert run(installation, "jobs", "retry", "x")[0] == 1
        assert run(installation, "jobs", "retry", "a") == (0, "1 job will be tried again now.\n")
        assert run(installation, "jobs", "retry") == (0, "1 job will be tried again now.\n")
        assert run(installation, "jobs")[1].startswith("2 sent")
    assert len(receiver.taken) == 2


def test_beside_another_worker_there_is_nothing_to_do(
    installation: Installation, db: Database
) -> None:
    now = datetime.now(UTC)
    with Receiver() as receiver:
        put(db, hook_to(db, receiver), "a")
        with db.transaction():
            until = times.text(now + timedelta(minutes=5))
            store.take_lease(db, "jobs", "another", times.text(now), until)
        assert run(installation, "jobs")[1].startswith("Another worker is at it")
        assert receiver.received == []


def test_without_an_installation_the_command_says_so(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["jobs", "--data", str(tmp_path / "none")])
    assert done.exit_code == 1
    assert "There is no Touchstone" in done.output
