"""The documentation is true: every command it shows is run, in order, page by page.

A page is run as a reader would follow it: in a checkout of its own, from top to bottom, with its
CSV of sites saved as ``sites.csv``. What the page takes for granted stands in ``BEFORE``.
"""

from __future__ import annotations

import csv
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.rig.server import free_port

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]

BLOCK = re.compile(
    r"(?P<mark><!-- (?P<why>[^>]*) -->\n)?```(?P<kind>sh|console|csv)\n(?P<text>.*?)```", re.DOTALL
)
MARKED = {"start", "start: uv", "test", "test: uv"}
"""README's blocks that ``.ci/run`` and ``tests/test_newcomer.py`` see to."""

NOT_OURS = re.compile(r"(systemctl|journalctl|git|sudo|apt-get|caddy|crontab|\.venv/bin/pip) ")
"""Programs of the system's, shown with ours; they cannot be run wherever the tests are."""

LONG = re.compile(
    r"\S*python (-m (benchmarks|tests\.screenshots|tests\.rig\.catalogues|pytest)"
    r"|app\.py visits import)\b"
)
"""What measures or tests for minutes, writes into the source, or needs days that are still to come:
asked for its help only, which shows that it is there."""

SERVES = re.compile(r"app\.py( (serve\b|--)[^&|;]*)?$")

SITES = """site_id,name,region,timezone,language,address,latitude,longitude,kind
0417,Harbour Street,North,Europe/London,en,,,,
store-12,Market Place,Old Town,Europe/Paris,fr,,,,
"""
SAVED = """echo '{"submissions": []}' > saved.json"""
BEFORE: dict[str, tuple[str, ...]] = {
    "README.md": (),
    "jobs.md": ("python app.py demo --sites 2 --submissions 50", "echo secret > password.txt"),
    "people.md": ("python app.py sites import sites.csv",),
    "operating.md": ("python app.py demo --sites 2 --submissions 50",),
    "shoppers.md": ("python app.py demo --sites 2 --submissions 50", SAVED),
    "tables.md": ("python app.py sites import sites.csv",),
}


@dataclass(frozen=True)
class Shown:
    """A block of a page that is typed (``sh``, ``console``), or a file that it shows (``csv``)."""

    kind: str
    text: str

    @property
    def commands(self) -> Iterator[str]:
        lines = re.sub(r"\\\n\s*|(?<=&&)\n\s*", " ", self.text).splitlines()
        if self.kind == "console":
            lines = [line[2:] for line in lines if line.startswith("$ ")]
        for line in lines:
            command = re.sub(r"\s+# .*", "", line).strip()
            if command and not command.startswith("#"):
                yield command


def shown(page: Path) -> list[Shown]:
    """The blocks of a page that this module sees to, in order."""
    return [
        Shown(block["kind"], block["text"])
        for block in BLOCK.finditer(page.read_text(encoding="utf-8"))
        if (block["why"] or "").strip() not in MARKED
    ]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with an environment in it, and no data folder yet."""
    folder = tmp_path / "touchstone"
    folder.mkdir()
    for name in ("app.py", "surveys", "exports", "static", "tests", "benchmarks"):
        (folder / name).symlink_to(ROOT / name)
    shutil.copytree(ROOT / "instruments", folder / "instruments")  # evidence is written there
    for program in (folder / ".venv/bin/python", tmp_path / "bin/python"):
        program.parent.mkdir(parents=True)
        # Not a link: an interpreter finds its packages by the path it was called by.
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
        program.chmod(0o755)
    (folder / "sites.csv").write_text(SITES)
    # A font of the reader's own; any will do.
    shutil.copy(ROOT / "static/fonts/NotoSans-Regular.ttf", folder / "NotoSansSC-Regular.ttf")
    return folder


def fill_in(sheet: Path) -> None:
    """A judge's work, by one who sorts every behaviour where it came from."""
    scales = YAML(typ="safe").load(ROOT / "instruments/scales.yaml")["scales"]
    known = {
        behaviour["en"]: {"dimension": key, "level": level}
        for key, scale in scales.items()
        for level, behaviours in scale["anchors"].items()
        for behaviour in behaviours
    }
    with sheet.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    with sheet.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows({**row, "judge": sheet.stem, **known[row["text"]]} for row in rows)


def run(command: str, checkout: Path) -> None:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("TOUCHSTONE")},
        "PATH": f"{checkout.parent / 'bin'}:{os.environ['PATH']}",
        "TOUCHSTONE_PORT": str(free_port()),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    with subprocess.Popen(
        ["bash", "-c", f"exec {command}" if SERVES.search(command) else command],
        cwd=checkout,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    ) as process:
        # Never waits for ever: what hangs is ended, and the test says what it had printed.
        guard = threading.Timer(120, process.kill)
        guard.start()
        said = ""
        assert process.stdout is not None
        for line in process.stdout:
            said += line
            if line.startswith("Ctrl-C stops it.") and SERVES.search(command):
                process.send_signal(signal.SIGTERM)
        guard.cancel()
    assert process.returncode == 0, f"{command}\n{said}"


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_every_command_of_a_page_can_be_typed(page: Path, checkout: Path) -> None:
    typed = [block for block in shown(page) if any(block.commands)]
    if not typed:
        return
    for command in BEFORE.get(page.name, ()):
        run(command, checkout)
    for block in shown(page):
        if block.kind == "csv":
            if block.text.startswith("site_id,name,"):
                (checkout / "sites.csv").write_text(block.text, encoding="utf-8")
            continue
        for command in block.commands:
            for sheet in checkout.glob("*.csv") if "scales.yaml anna.csv" in command else ():
                if sheet.name != "sites.csv":
                    fill_in(sheet)
            if not NOT_OURS.match(command):
                run(f"{command} --help" if LONG.match(command) else command, checkout)


def test_every_command_of_ours_stands_in_a_block_that_is_run() -> None:
    """A block of another kind, or none, would be passed over."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        rest = BLOCK.sub("", text)
        for block in re.findall(r"^```.*?^```", rest, re.MULTILINE | re.DOTALL):
            shows = re.search(r"^(\$ )?([\w./]*python )app\.py", block, re.MULTILINE)
            assert not shows, f"{page.name}: mark this block as `sh` or `console`: {block}"
