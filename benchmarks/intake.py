"""Durable submissions a second: alone and in batches, beside a bare Flask endpoint.

The bare endpoint reads the body and answers a constant; it checks nothing and keeps nothing. Both
run on the same server with the same settings, in alternating rounds, so that what else the machine
does meets both.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.chain import Chain
from benchmarks.load import Outcome, drive, request
from tests.rig.server import ROOT, Server, answers, free_port

WORKERS = (1, 2, 4)
BATCH = 20
PATH = "/api/submissions"
BARE, SINGLE, BATCHES = 12_000, 3_000, 300  # requests a round


def report(rounds: int, rows: int) -> Iterator[str]:
    """Two tables, each as soon as it is measured."""
    with tempfile.TemporaryDirectory(prefix="touchstone-") as folder:
        chain = Chain(Path(folder) / "empty")
        yield _by_workers(chain, rounds)
        full = Chain(Path(folder) / "full")
        start = time.perf_counter()
        full.fill(rows)
        took = time.perf_counter() - start
        print(f"filled with {rows:,} through intake, {rows / took:,.0f}/s", file=sys.stderr)
        yield _by_rows(Chain(Path(folder) / "fresh"), full, rounds, rows)


def _by_workers(chain: Chain, rounds: int) -> str:
    lines = [
        "| workers | bare Flask, requests/s | single, submissions/s | ratio"
        f" | batches of {BATCH}, submissions/s | ratio | worst wait, single |",
        "|---|---|---|---|---|---|---|",
    ]
    for workers in WORKERS:
        bare, single, batches, worst = [], [], [], []
        with _bare(workers) as bare_port, Server(chain.folder, workers=workers) as server:
            for _ in range(rounds):
                bare.append(_rate(bare_port, chain, BARE, 1, stores=False)[0])
                rate, outcome = _rate(server.port, chain, SINGLE, 1)
                single.append(rate)
                worst.append(outcome.worst_ms)
                batches.append(_rate(server.port, chain, BATCHES, BATCH)[0])
        in_single = statistics.median(s / b for s, b in zip(single, bare, strict=True))
        in_batches = statistics.median(s / b for s, b in zip(batches, bare, strict=True))
        lines.append(
            f"| {workers} | {statistics.median(bare):,.0f} | {statistics.median(single):,.0f}"
            f" | {in_single:.2f} | {statistics.median(batches):,.0f} | {in_batches:.2f}"
            f" | {statistics.median(worst):.0f} ms |"
        )
    lines.append("")
    lines.append(
        f"Medians of {rounds} alternating rounds of {BARE:,} bare requests, {SINGLE:,} single"
        f" submissions and {BATCHES} batches over 32 connections; a ratio is the median of the"
        " rounds' own. The load generator is a process on the same cores and takes its share of"
        " both. Every submission was answered `accepted`, which is said once it is on disk."
    )
    return "\n".join(lines)


def _by_rows(fresh: Chain, full: Chain, rounds: int, rows: int) -> str:
    few: list[float] = []
    many: list[float] = []
    few_batched: list[float] = []
    many_batched: list[float] = []
    with Server(fresh.folder, workers=2) as one, Server(full.folder, workers=2) as other:
        for _ in range(rounds):
            few.append(_rate(one.port, fresh, SINGLE, 1)[0])
            many.append(_rate(other.port, full, SINGLE, 1)[0])
            few_batched.append(_rate(one.port, fresh, BATCHES, BATCH)[0])
            many_batched.append(_rate(other.port, full, BATCHES, BATCH)[0])
    lines = [
        f"| 2 workers | an empty database | {rows:,} submissions in it | ratio |",
        "|---|---|---|---|",
    ]
    for name, before, after in (
        ("single, submissions/s", few, many),
        (f"batches of {BATCH}, submissions/s", few_batched, many_batched),
    ):
        ratio = statistics.median(b / a for a, b in zip(before, after, strict=True))
        lines.append(
            f"| {name} | {statistics.median(before):,.0f} | {statistics.median(after):,.0f}"
            f" | {ratio:.2f} |"
        )
    return "\n".join(lines)


def _rate(
    port: int, chain: Chain, requests: int, each: int, *, stores: bool = True
) -> tuple[float, Outcome]:
    """Submissions (or bare requests) a second."""
    if stores:
        sent = [request(PATH, body) for body in chain.bodies(requests, each)]
    else:  # the bare endpoint does not look: the same few bodies again and again
        few = [request(PATH, body) for body in chain.bodies(100, each)]
        sent = few * (requests // len(few))
    outcome = drive(port, sent)
    if stores and outcome.accepted != requests * each:
        raise RuntimeError(f"{outcome.accepted} of {requests * each} were accepted")
    return len(sent) * each / outcome.seconds, outcome


@contextmanager
def _bare(workers: int) -> Iterator[int]:
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.bare", str(port), str(workers)], cwd=ROOT
    )
    try:
        end = time.monotonic() + 30
        while not answers(port):
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError("the bare server does not start")
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait(20)
