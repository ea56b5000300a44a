"""What a newcomer types works: the README's commands, the locked versions, the links."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
RUNTIME = [*PROJECT["project"]["dependencies"], *PROJECT["build-system"]["requires"]]
EXTRAS = PROJECT["project"]["optional-dependencies"]
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("*.md")])


def command(name: str) -> list[str]:
    """The steps of one of the README's commands."""
    block = re.search(rf"<!-- {name} -->\n```sh\n(.*?)```\n<!-- end -->", README, re.DOTALL)
    assert block, f"README has no command “{name}”"
    return [step.strip() for step in block[1].split("&&")]


def locked(file: str) -> dict[str, list[str]]:
    """Package → its locked versions (one per system or Python that needs another)."""
    found: dict[str, list[str]] = {}
    for name, version in re.findall(r"^([\w.-]+)==(\S+)", (ROOT / file).read_text(), re.MULTILINE):
        found.setdefault(canonicalize_name(name), []).append(version)
    return found


def test_ci_takes_its_commands_from_the_readme() -> None:
    """The very line of .ci/run that extracts the command gives the README's steps."""
    script = (ROOT / ".ci/run").read_text()
    (line,) = re.findall(r"^command=.*$", script, re.MULTILINE)
    said = subprocess.run(
        ["bash", "-c", f'{line}\necho "$command"'],
        cwd=ROOT, capture_output=True, encoding="utf-8", check=True,
    ).stdout  # fmt: skip
    assert [step.strip() for step in said.split("&&")] == command("test")
    assert 'eval "${install' in script
    assert 'eval "$tests"' in script


@pytest.mark.parametrize("kind", ["start", "test"])
def test_pip_and_uv_do_the_same(kind: str) -> None:
    pip, uv = command(kind), command(f"{kind}: uv")
    assert [re.sub(r"^\.venv/bin/pip", "uv pip", step) for step in pip[1:]] == uv[1:]
    assert (pip[0], uv[0]) == ("python3 -m venv .venv", "uv venv")


def test_the_commands_end_where_they_say() -> None:
    assert command("start")[-2:] == [".venv/bin/python app.py demo", ".venv/bin/python app.py"]
    assert command("test")[-1] == ".venv/bin/python -m pytest"


@pytest.mark.parametrize(
    ("file", "wanted"),
    [("requirements.lock", RUNTIME), ("requirements-test.lock", RUNTIME + EXTRAS["test"])],
)
def test_the_lock_holds_what_the_project_asks_for(file: str, wanted: list[str]) -> None:
    """If this fails after a change of pyproject.toml: run ``.ci/lock``."""
    found = locked(file)
    for text in wanted:
        asked = Requirement(text)
        versions = found.get(canonicalize_name(asked.name), [])
        assert versions, f"{file} lacks {asked.name}: run .ci/lock"
        for version in versions:
            assert Version(version) in asked.specifier, f"{asked} in {file}: run .ci/lock"


def test_what_runs_is_what_was_tested() -> None:
    tested = locked("requirements-test.lock")
    for name, versions in locked("requirements.lock").items():
        assert tested[name] == versions


@pytest.mark.parametrize("file", ["requirements.lock", "requirements-test.lock"])
def test_the_lock_names_hashes_and_no_address(file: str) -> None:
    text = (ROOT / file).read_text()
    assert not re.search(r"://|--index|--find-links|--extra-index", text)
    for entry in re.split(r"\n(?=\S)", text.strip()):
        assert "--hash=sha256:" in entry, entry


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        if "://" not in link:
            assert (page.parent / link).exists(), f"{page.name} links to {link}"


def test_the_licence_is_the_one_that_is_named() -> None:
    assert PROJECT["project"]["license"] == "AGPL-3.0-or-later"
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert text.startswith("GNU AFFERO GENERAL PUBLIC LICENSE\nVersion 3, 19 November 2007")
    assert "13. Remote Network Interaction" in text
