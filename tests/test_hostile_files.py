"""YAML that wants to do harm: a clear fault, or a 413, in bounded time and memory.

Each goes through the desk's own form, in a process that may use so much of both and no more. The
bounds are many times what is used, since they say that nothing grows without end.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import pytest

from tests.rig.server import ROOT

SECONDS = 60  # of the processor, for one file
MEGABYTES = 1000  # of addresses, with the interpreter and all it imports; more is refused

_CHILD = """
import json, resource, sys, time
from pathlib import Path
from surveys.installation import Installation
from surveys.web.application import build
from tests.conftest import NOW
from tests.desk_people import HTML, enrol, form_token, signed_in

folder, bombs, megabytes = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
app = build(folder, clock=lambda: NOW)
client = signed_in(app.test_client(), enrol(Installation(folder).database(), "owner"))
token = form_token(client.get("/desk/instruments/counter/edit", headers=HTML))
resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))
for bomb in sorted(bombs.iterdir()):
    before = time.process_time()
    answer = client.post(
        "/desk/instruments/counter/edit",
        data={"csrf": token, "text": bomb.read_text("utf-8"), "do": "check"},
        content_type="multipart/form-data",
        headers=HTML,
    )
    told = {"status": answer.status_code, "page": answer.text}
    print(json.dumps([bomb.name, {**told, "seconds": time.process_time() - before}]), flush=True)
"""

LARGEST = 256 * 1024


def full(part: str, before: str = "", after: str = "") -> str:
    """As much of ``part`` as an instrument may have."""
    room = LARGEST - len(before.encode()) - len(after.encode())
    return before + part * (room // len(part.encode())) + after


LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)

BOMBS: Mapping[str, tuple[str, str]] = {
    "a billion laughs": (LAUGHS, "alias"),
    "an alias of itself": ("a: &a [*a]", "alias"),
    "merged keys": ("a: &a {x: 1}\nb: {<<: *a}", "alias"),
    "a tag that would run something": ("a: !!python/object/apply:os.system [id]", "tag"),
    "brackets in brackets": (full("["), "too-deep"),
    "mappings in mappings": (full("{a: "), "too-deep"),
    "dashes in one line": (full("- "), "too-deep"),
    "questions in questions": (full("? "), "too-deep"),
    "steps to the right": ("".join(" " * i + "a:\n" for i in range(700)), "too-deep"),
    "one huge word": (full("x", "title: "), "wrong-type"),
    "one huge key": (full("x", "", ": 1"), "not-yaml"),
    "one huge number": (full("1", "title: "), "wrong-type"),
    "one huge quoted text": (full("\\n", 'title: "', '"'), "wrong-type"),
    "a quote that never ends": (full("x", 'title: "'), "not-yaml"),
    "a huge folded text": (full(" x\n\n", "title: >\n"), "wrong-type"),
    "a huge list": (full("1,", "title: [", "]"), "too-large"),
    "as many keys as fit": ("".join(f"k{i}: 1\n" for i in range(25_000)), "too-large"),
    "one key again and again": (full("a: 1\n"), "duplicate-key"),
    "unknown keys that are nearly known": (
        "".join(f"instrumen{i}: 1\n" for i in range(4_900)),
        "unknown-key",
    ),
    "tabs": (full("\t\n"), "tab"),
    "tabs after spaces": (full(" \tx\n", "a:\n"), "tab"),
    "control characters": (full("\x01"), "control-character"),
    "documents": (full("---\n"), "several-documents"),
    "directives": (full("%TAG ! tag:x,2000:\n"), "not-yaml"),
    "colons": (full(":"), "not-yaml"),
    "comments": (full("#\n"), "empty"),
    "empty lines": (full("\n"), "empty"),
    "spaces in a tag": (full("%41", "a: !"), "tag"),
    "more than an instrument has": ("#" * (LARGEST + 1), "too-large"),
}


TOO_LARGE = {"two megabytes": 2, "a hundred megabytes": 100}


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What the desk answers to each, all in one process."""
    folder = tmp_path_factory.mktemp("hostile")
    bombs = folder / "bombs"
    bombs.mkdir()
    for name, (text, _) in BOMBS.items():
        (bombs / name).write_text(text, "utf-8")
    for name, megabytes in TOO_LARGE.items():
        (bombs / name).write_text("a: 1\n" * (megabytes * 200_000), "utf-8")
    told = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _CHILD, folder / "data", bombs, str(MEGABYTES)],
        cwd=ROOT, capture_output=True, encoding="utf-8", check=False,
        timeout=SECONDS * (len(BOMBS) + len(TOO_LARGE)),
    )  # fmt: skip
    assert told.returncode == 0, told.stderr[-2000:]
    return dict(json.loads(line) for line in told.stdout.splitlines())


@pytest.mark.parametrize("name", BOMBS)
def test_a_hostile_file_has_a_clear_fault(name: str, answers: dict[str, dict[str, Any]]) -> None:
    answer = answers[name]
    assert answer["status"] == 422
    assert f"<code>{BOMBS[name][1]}</code>" in answer["page"]
    assert len(answer["page"]) < 3_000_000
    assert answer["seconds"] < SECONDS


@pytest.mark.parametrize("name", TOO_LARGE)
def test_a_file_far_too_large_is_not_taken(name: str, answers: dict[str, dict[str, Any]]) -> None:
    assert answers[name]["status"] == 413
    assert answers[name]["seconds"] < SECONDS
