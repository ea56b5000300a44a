"""Rows a second of the exports, beside the sqlite3 shell over the same database.

The shell writes the stored columns as they stand. An export resolves names, local times and forms,
guards every text cell against spreadsheets that would run it, and hides small cells. An Excel file
is the same rows, typed, as compressed XML.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.chain import Chain
from surveys.installation import DATABASE_FILE
from tests.rig.server import ROOT

SHELL = {
    "ratings": """
        SELECT s.submission_id, s.site_id, t.region, s.instrument, s.source, s.mode, s.day,
               substr(m.value ->> 0, 11) AS dimension, s.touchpoint, m.value ->> 1 AS level,
               s.flagged
        FROM submissions s JOIN sites t ON t.site_id = s.site_id, json_each(s.marks) m
        WHERE s.status = 'counted' AND m.value ->> 0 LIKE 'dimension:%' AND m.value ->> 1 <> 'asked'
        """,
    "submissions": """
        SELECT s.submission_id, s.site_id, t.name, t.region, s.source, s.mode, s.form, s.language,
               s.started_local, s.finished_local, s.received_utc, s.day, s.status, s.flags,
               s.payload
        FROM submissions s JOIN sites t ON t.site_id = s.site_id
        """,
}


def report(rounds: int, rows: int) -> str:
    if shutil.which("sqlite3") is None:
        sys.exit("no sqlite3 shell here: on Debian or Ubuntu `apt-get install sqlite3`")
    lines = [
        "| table | rows | csv, rows/s | sqlite3 shell, rows/s | csv / shell | xlsx, rows/s"
        " | xlsx / csv |",
        "|---|---|---|---|---|---|---|",
    ]
    with tempfile.TemporaryDirectory(prefix="touchstone-") as folder:
        chain = Chain(Path(folder) / "data")
        chain.fill(rows)
        for table, query in SHELL.items():
            shell_command = ["sqlite3", "-readonly", "-csv", "-header"]
            shell_command += [str(chain.folder / DATABASE_FILE), query]
            command = [sys.executable, "app.py", "export", table, "--instrument", "counter"]
            command += ["--data", str(chain.folder)]
            ours: list[float] = []
            shell: list[float] = []
            excel: list[float] = []
            for _ in range(rounds):
                count, rate = _rate(command, Path(folder) / "ours.csv")
                shell_count, shell_rate = _rate(shell_command, Path(folder) / "shell.csv")
                if count != shell_count:
                    raise RuntimeError(f"{count} rows of {table}, but the shell has {shell_count}")
                ours.append(rate)
                shell.append(shell_rate)
                excel.append(count / _seconds([*command, "--format", "xlsx"], Path(folder) / "x"))
            to_shell = statistics.median(a / b for a, b in zip(ours, shell, strict=True))
            to_csv = statistics.median(a / b for a, b in zip(excel, ours, strict=True))
            lines.append(
                f"| `{table}` | {count:,} | {statistics.median(ours):,.0f}"
                f" | {statistics.median(shell):,.0f} | {to_shell:.2f}"
                f" | {statistics.median(excel):,.0f} | {to_csv:.2f} |"
            )
    lines.append("")
    lines.append(
        f"Medians of {rounds} alternating rounds, each program's start included, written to a file."
    )
    return "\n".join(lines)


def _rate(command: Sequence[str], out: Path) -> tuple[int, float]:
    """Rows written (without the header), and how many a second."""
    seconds = _seconds(command, out)
    with out.open("rb") as file:
        rows = sum(1 for _ in file) - 1
    return rows, rows / seconds


def _seconds(command: Sequence[str], out: Path) -> float:
    start = time.perf_counter()
    with out.open("wb") as file:
        subprocess.run(command, cwd=ROOT, stdout=file, check=True)
    return time.perf_counter() - start
