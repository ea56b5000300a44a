"""The demonstration: plausible, the same for the same seed, and true to what it says is true."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner, Result
from scipy import stats

from surveys import demo_comments, people, people_joining, rebuild, visits
from surveys.commands.root import main
from surveys.demo import MANAGER, OWNER, SHOPPER, STAFF, TRUTH_FILE, Made, Wanted, fill
from surveys.demo_chain import DIMENSIONS, sites, truth
from surveys.grammar import LANGUAGES
from surveys.installation import Installation
from surveys.store import tokens

ROOT = Path(__file__).resolve().parent.parent
NOW = datetime(2026, 11, 22, 19, 30, tzinfo=UTC)
PASSWORD = "three harbour lamps"
WANTED = Wanted(sites=12, days=60, submissions=2400, seed=7)


def make(folder: Path, wanted: Wanted, now: datetime = NOW) -> tuple[Installation, Made]:
    installation = Installation.open(folder)
    return installation, fill(installation, wanted, password=PASSWORD, now=now)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Installation, Made]:
    return make(tmp_path_factory.mktemp("demo"), WANTED)


@pytest.fixture(scope="module")
def stored(made: tuple[Installation, Made]) -> list[dict[str, Any]]:
    """Every submission, its payload read."""
    return list(submissions(made[0]))


def submissions(installation: Installation) -> Iterator[dict[str, Any]]:
    rows = installation.database().rows("SELECT * FROM submissions ORDER BY submission_id")
    for row in rows:
        yield {**row, "payload": json.loads(row["payload"]), "flags": json.loads(row["flags"])}


def counted(stored: list[dict[str, Any]], instrument: str) -> Iterator[dict[str, Any]]:
    return (one for one in stored if (one["instrument"], one["status"]) == (instrument, "counted"))


# --- true to itself ---------------------------------------------------------------------------


def test_every_submission_is_there_once(
    made: tuple[Installation, Made], stored: list[dict[str, Any]]
) -> None:
    statuses = made[1].statuses
    whole = WANTED.submissions + WANTED.inside
    assert len(stored) == whole == statuses["accepted"] + statuses["held"]
    assert Counter(one["status"] for one in stored) == {
        "counted": statuses["accepted"] - 1,
        "returned": 1,
        "held": statuses["held"],
    }
    assert statuses["held"] == 3
    assert 5 < statuses["duplicate"] < 60
    assert set(statuses) == {"accepted", "held", "duplicate"}


def test_rebuild_finds_no_difference(made: tuple[Installation, Made]) -> None:
    assert rebuild.rebuild(made[0].database()) == []


def test_means_follow_the_truth(
    made: tuple[Installation, Made], stored: list[dict[str, Any]]
) -> None:
    told = json.loads((made[0].folder / TRUTH_FILE).read_text("utf-8"))
    assert told["seed"] == WANTED.seed
    levels: dict[tuple[str, str], list[int]] = defaultdict(list)
    for one in counted(stored, "counter"):
        for dimension in DIMENSIONS:
            if one["payload"]["answers"].get(dimension) is not None and not one["flagged"]:
                levels[one["site_id"], dimension].append(one["payload"]["answers"][dimension])
    expected = {key: told["sites"][key[0]][key[1]]["expected"]["customer"] for key in levels}
    means = {key: sum(values) / len(values) for key, values in levels.items()}
    assert len(means) == 12 * 12
    assert stats.spearmanr([*means.values()], [*expected.values()]).statistic > 0.85
    # Every cell lies as near to its truth as chance allows: z values are standard normal.
    z = [(means[key] - expected[key]) / (1.08 / len(levels[key]) ** 0.5) for key in levels]
    assert abs(sum(z) / len(z)) < 4 / len(z) ** 0.5
    assert max(map(abs, z)) < 5
    assert 0.6 < stats.tstd(z) < 1.4


def test_the_expected_mean_is_what_many_ratings_have() -> None:
    levels = truth(sites(1), 3)
    dice = stats.norm(levels.level("0101", "waiting"), (0.6**2 + 0.9**2) ** 0.5)
    chances = [dice.cdf(step + 0.5) for step in range(1, 7)]
    by_hand = sum(
        level * (high - low)
        for level, low, high in zip(range(1, 8), [0, *chances], [*chances, 1], strict=True)
    )
    assert levels.expected("0101", "waiting") == pytest.approx(by_hand, abs=1e-12)


def test_moments_go_with_levels(stored: list[dict[str, Any]]) -> None:
    means: dict[str, list[float]] = defaultdict(list)
    for one in counted(stored, "counter"):
        answers = one["payload"]["answers"]
        rated = [answers[key] for key in DIMENSIONS if answers.get(key) is not None]
        if rated and "moment" in answers:
            means[answers["moment"]].append(sum(rated) / len(rated))
    worse, expected, better = (
        sum(means[moment]) / len(means[moment]) for moment in ("worse", "expected", "better")
    )
    assert worse + 0.5 < expected < better - 0.5
    assert min(map(len, means.values())) > 100


def test_scales_are_drawn_in_balance(stored: list[dict[str, Any]]) -> None:
    asked = Counter(
        key
        for one in stored
        if one["instrument"] == "counter"
        for key in one["payload"]["asked"]
        if key in DIMENSIONS
    )
    each = sum(asked.values()) / 12
    assert len(asked) == 12
    assert max(abs(n - each) for n in asked.values()) < 0.06 * each


# --- plausible --------------------------------------------------------------------------------


def test_there_are_nulls_words_contacts_and_every_language(
    made: tuple[Installation, Made], stored: list[dict[str, Any]]
) -> None:
    answers = [one["payload"]["answers"] for one in counted(stored, "counter")]
    assert any(None in given.values() for given in answers)
    assert {one["language"] for one in stored} == set(LANGUAGES)
    comments = [given["comment"] for given in answers if "comment" in given]
    assert len(set(comments)) > 200
    for question in ("went_wrong", "told", "come_back"):
        assert {given[question] for given in answers if question in given} == {True, False}
    assert all("contact" not in given for given in answers)
    row = made[0].database().row("SELECT COUNT(*) AS n FROM contacts")
    assert row is not None
    assert row["n"] > 20


def test_a_comment_is_in_the_language_of_its_form(stored: list[dict[str, Any]]) -> None:
    for one in counted(stored, "counter"):
        comment = one["payload"]["answers"].get("comment")
        if comment:
            arabic = bool(re.search("[\u0600-\u06ff]", comment))
            assert arabic == (one["language"] == "ar")


def test_shoppers_report_everywhere(
    made: tuple[Installation, Made], stored: list[dict[str, Any]]
) -> None:
    reports = list(counted(stored, "visit"))
    assert len(reports) == round(WANTED.submissions * 0.04) - 1  # the last one was returned
    assert {one["site_id"] for one in reports} == {site.site_id for site in made[1].sites}
    assert {one["source"] for one in reports} == {"shopper"}
    found = [tokens.find(made[0].database(), one["token"]) for one in reports]
    kinds = {token.kind for token in found if token}
    assert kinds == {"visit"}
    for one in reports:
        answers = one["payload"]["answers"]
        assert len(set(DIMENSIONS) & set(answers)) == 12
        arrived = datetime.fromisoformat(answers["arrived_at"])
        assert arrived < datetime.fromisoformat(one["payload"]["started_at"])


def test_every_report_is_of_a_visit_and_the_shopper_has_work(
    made: tuple[Installation, Made], stored: list[dict[str, Any]]
) -> None:
    db = made[0].database()
    reports = {one["submission_id"] for one in stored if one["instrument"] == "visit"}
    linked = [row["submission_id"] for row in db.rows("SELECT submission_id FROM visit_reports")]
    assert sorted(linked) == sorted(reports)
    shopper = people.find_email(db, SHOPPER)
    assert shopper is not None
    mine = visits.of_shopper(db, shopper.person_id)
    states = Counter(found.state for found in mine)
    assert (states["accepted"], states["returned"]) == (2, 1)
    assert states["counted"] > 0
    assert [found.is_due(NOW) for found in mine if found.state == "accepted"] == [True, False]
    assert len(visits.offered_to(db, shopper.person_id)) == 2


def test_they_come_while_it_is_open_and_not_after_now(
    made: tuple[Installation, Made], stored: list[dict[str, Any]]
) -> None:
    zones = {site.site_id: ZoneInfo(site.timezone) for site in made[1].sites}
    oldest = (NOW - timedelta(days=WANTED.days + 1)).date().isoformat()
    week: Counter[int] = Counter()
    for one in stored:
        received = datetime.fromisoformat(one["received_utc"])
        assert received <= NOW
        assert oldest <= one["day"] <= received.astimezone(zones[one["site_id"]]).date().isoformat()
        assert "clock" not in one["flags"]
        week[datetime.fromisoformat(one["day"]).weekday()] += 1
    assert week[5] > 1.5 * week[0] > 2 * week[6]


def test_some_are_late_some_careless_and_some_clocks_are_wrong(
    stored: list[dict[str, Any]],
) -> None:
    late = wrong = 0
    for one in stored:
        received = datetime.fromisoformat(one["received_utc"])
        waited = received - datetime.fromisoformat(one["finished_local"])
        late += timedelta(hours=1) < waited < timedelta(days=2)
        wrong += waited < timedelta()
    assert late > 60
    assert wrong > 5
    careless = sum("careless" in one["flags"] for one in stored)
    assert 0.01 < careless / len(stored) < 0.05


def test_each_is_held_for_a_reason_of_its_own(stored: list[dict[str, Any]]) -> None:
    held = [one for one in stored if one["status"] == "held"]
    reasons = {json.loads(one["problems"])[0]["code"] for one in held}
    assert reasons == {"withdrawn_token", "unknown_form", "does_not_fit"}


def test_comments_are_many_and_cover_everything() -> None:
    for language in LANGUAGES:
        for tone in (demo_comments.GOOD, demo_comments.BAD):
            assert set(tone[language]) == set(DIMENSIONS)
        said = [
            text
            for tone in (demo_comments.GOOD, demo_comments.BAD)
            for texts in tone[language].values()
            for text in texts
        ]
        assert len(said) == len(set(said))
        assert len(said) >= 36


def test_those_who_work_there_answer_too_some_too_few_to_be_shown(
    made: tuple[Installation, Made], stored: list[dict[str, Any]]
) -> None:
    inside = [one for one in stored if one["instrument"] in ("mirror", "counter_hour")]
    assert len(inside) == WANTED.inside == 192
    assert {one["status"] for one in inside} == {"counted"}
    each = Counter((one["site_id"], one["source"]) for one in inside)
    assert {source for _, source in each} == {"staff_forecast", "manager_forecast", "manager"}
    assert min(each.values()) < 5 <= max(each.values())
    assert Wanted(sites=12, submissions=239).inside == 0  # a small demonstration has none


# --- the chain --------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [1, 2, 5, 6, 12, 24, 60, 500, 2000])
def test_any_number_of_sites(number: int) -> None:
    chain = sites(number)
    assert len(chain) == len({site.site_id for site in chain}) == number
    assert len({site.name for site in chain}) == number
    assert {site.language for site in chain} <= set(LANGUAGES)
    if number >= 6:
        assert len({site.region for site in chain}) == 4
        assert {site.kind for site in chain} == {"external", "internal"}
    if number >= 24:
        assert len({site.timezone for site in chain}) >= 6


# --- the same again ---------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_ids_and_answers(tmp_path: Path) -> None:
    wanted = Wanted(sites=6, days=20, submissions=150, seed=3)
    first, second, later, other = (
        {
            one["submission_id"]: (one["site_id"], one["payload"]["answers"], one["flags"])
            for one in submissions(make(tmp_path / name, use, now)[0])
        }
        for name, use, now in (
            ("a", wanted, NOW),
            ("b", wanted, NOW),
            ("c", wanted, NOW + timedelta(days=3)),
            ("d", Wanted(6, 20, 150, 4), NOW),
        )
    )
    assert first == second
    assert set(first) == set(later)
    assert not set(first) & set(other)


# --- the command ------------------------------------------------------------------------------


def demo(folder: Path, *arguments: str) -> Result:
    small = ["--sites", "6", "--days", "10", "--submissions", "80", *arguments]
    return CliRunner().invoke(main, ["demo", *small, "--data", str(folder)])


def test_it_prints_what_one_needs(folder: Path) -> None:
    result = demo(folder, "--password", PASSWORD)
    assert result.exit_code == 0, result.output
    assert result.stderr == ""  # quiet in a pipe
    db = Installation.open(folder).database()
    now = datetime.now(UTC)
    for email, role in ((OWNER, "owner"), (MANAGER, "manager"), (STAFF, "staff")):
        assert re.search(rf"{role} +{email} +password {PASSWORD}", result.output)
        person = people.sign_in(db, email, PASSWORD)
        assert person is not None
        assert person.role == role
    manager = people.sign_in(db, MANAGER, PASSWORD)
    assert manager is not None
    assert manager.regions == {"France"}
    joins = re.findall(r"http://127\.0\.0\.1:8000/join/(\S+)", result.output)
    assert len(joins) == 1
    invited = people_joining.invitation(db, now, joins[0]).person
    assert invited is not None
    assert invited.role == "shopper"
    found = re.findall(r"http://127\.0\.0\.1:8000/q/([A-Za-z0-9_-]+)", result.output)
    tokens_ = [tokens.find(db, code) for code in found]
    assert [token.site_id for token in tokens_ if token and token.active] == sorted(
        site.site_id for site in sites(6)
    )
    assert f"serve --data {folder}" in result.output


def test_a_password_is_made_and_shown_once(folder: Path) -> None:
    result = demo(folder)
    (shown,) = set(re.findall(r"password (\S+)", result.output))
    assert people.sign_in(Installation.open(folder).database(), OWNER, shown) is not None


def test_a_folder_that_is_not_empty_is_left_alone(folder: Path) -> None:
    folder.mkdir()
    (folder / "notes.txt").write_text("mine")
    result = demo(folder)
    assert result.exit_code == 1
    assert "is not empty" in result.output
    assert [path.name for path in folder.iterdir()] == ["notes.txt"]


def test_not_twice_into_the_same_folder(folder: Path) -> None:
    assert demo(folder).exit_code == 0
    before = (folder / TRUTH_FILE).stat().st_mtime_ns
    assert demo(folder).exit_code == 1
    assert (folder / TRUTH_FILE).stat().st_mtime_ns == before


def test_a_password_that_may_not_be_writes_nothing(folder: Path) -> None:
    result = demo(folder, "--password", "short")
    assert result.exit_code == 1
    assert "at least 10 characters" in result.output
    assert not folder.exists()


@pytest.mark.parametrize("number", ["0", "1", "9"])
def test_very_few_submissions(folder: Path, number: str) -> None:
    result = demo(folder, "--submissions", number, "--sites", "1", "--days", "1")
    assert result.exit_code == 0, result.output
    row = Installation.open(folder).database().row("SELECT COUNT(*) AS n FROM submissions")
    assert row == {"n": int(number)}


def command(folder: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "app", "demo", *arguments, "--data", str(folder)]


def test_a_terminal_sees_how_far_it_is(folder: Path) -> None:
    outside, inside = pty.openpty()
    few = command(folder, "--sites", "2", "--days", "5", "--submissions", "60")
    with subprocess.Popen(few, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=inside) as running:
        os.close(inside)
        shown = b""
        with contextlib.suppress(OSError):  # EIO: the other end has left
            while more := os.read(outside, 1000):
                shown += more
    os.close(outside)
    assert running.returncode == 0
    assert b"Answers" in shown
    assert b"100%" in shown


def test_stopped_half_way_it_says_what_to_do(folder: Path) -> None:
    many = command(folder, "--submissions", "1000000")
    with subprocess.Popen(many, cwd=ROOT, stderr=subprocess.PIPE, text=True) as running:
        until = time.monotonic() + 60
        while not (folder / TRUTH_FILE).exists() and time.monotonic() < until:
            time.sleep(0.02)
        running.send_signal(signal.SIGINT)
        _, said = running.communicate(timeout=60)
    assert running.returncode == 1
    assert "Stopped half-way" in said
    assert f"What is in {folder} is no whole demonstration: remove that folder" in said
    assert demo(folder).exit_code == 1
