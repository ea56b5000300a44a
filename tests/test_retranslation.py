"""Retranslation: the sheet, the answers, the figures, and the commands round them."""

from __future__ import annotations

import csv
import statistics
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from surveys.checking import SHIPPED, load_scales
from surveys.commands.root import main
from surveys.retranslation import Behaviour, Judgement, behaviours, evidence, shuffled
from surveys.retranslation_files import ANSWERS, EVIDENCE, SHEET, BadAnswers, read_answers, sheet

SCALES = load_scales(SHIPPED / "scales.yaml")
ENGLISH = behaviours(SCALES, "en")
ONE = ENGLISH[0]


def run(*words: object) -> Result:
    return CliRunner().invoke(main, ["instrument", "retranslate", *map(str, words)])


def judgement(judge: str, dimension: str, level: int, behaviour: Behaviour = ONE) -> Judgement:
    return Judgement(judge, behaviour, dimension, level)


def answers(path: Path, rows: list[tuple[object, ...]], header: tuple[str, ...] = ANSWERS) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
    return path


# --- the figures -----------------------------------------------------------------------------


def test_behaviours_have_their_place_as_their_name() -> None:
    assert ENGLISH[0].id == "welcome/7/1"
    assert {one.level for one in ENGLISH} == {7, 4, 1}
    assert len({one.opaque for one in ENGLISH}) == len(ENGLISH)
    assert not any(one.dimension in one.opaque for one in ENGLISH)


def test_another_wording_or_language_has_another_opaque_name() -> None:
    reworded = Behaviour(ONE.dimension, ONE.level, ONE.number, "en", ONE.text + " Really.")
    assert reworded.opaque != ONE.opaque
    assert behaviours(SCALES, "fr")[0].opaque != ONE.opaque


def test_a_worked_example() -> None:
    (found,) = evidence(
        [
            judgement("a", "welcome", 7),
            judgement("b", "welcome", 6),
            judgement("c", "welcome", 7),
            judgement("d", "listening", 4),
        ]
    )
    assert (found.judges, found.share, found.mean) == (4, 0.75, 6.0)
    assert found.sd == pytest.approx(1.414214, abs=1e-6)
    assert found.instead == "listening"
    assert found.passed
    assert found.verdict == "holds"


def test_exactly_at_both_cuts_it_holds() -> None:
    names = ("welcome", "welcome", "welcome", "culture")
    given_ = [
        judgement(str(n), name, level)
        for n, (name, level) in enumerate(zip(names, (1, 1, 1, 4), strict=True))
    ]
    (found,) = evidence(given_)
    assert (found.share, found.sd) == (0.75, 1.5)
    assert found.passed
    assert found.verdict == "holds"


@pytest.mark.parametrize(
    ("given_", "verdict"),
    [
        ([("welcome", 7), ("culture", 7), ("culture", 7)], "sorted into culture"),
        ([("welcome", 7), ("welcome", 4)], "judges differ on the level"),
        ([("welcome", 7)], "one judge is not enough"),
        ([("culture", 1), ("access", 7)], "sorted into access; judges differ on the level"),
    ],
)
def test_why_a_behaviour_does_not_hold(given_: list[tuple[str, int]], verdict: str) -> None:
    (found,) = evidence([judgement(str(n), *one) for n, one in enumerate(given_)])
    assert not found.passed
    assert found.verdict == verdict


@given(st.lists(st.tuples(st.sampled_from(list(SCALES)), st.integers(1, 7)), min_size=2))
def test_figures_of_any_judgements(given_: list[tuple[str, int]]) -> None:
    (found,) = evidence([judgement(str(n), *one) for n, one in enumerate(given_)])
    levels = [level for _, level in given_]
    assert found.share == sum(name == "welcome" for name, _ in given_) / len(given_)
    assert found.mean == pytest.approx(statistics.fmean(levels))
    assert found.sd == pytest.approx(statistics.stdev(levels))
    (again,) = evidence([judgement(str(n), *one) for n, one in enumerate(reversed(given_))])
    assert again == found


@given(st.integers(), st.integers())
def test_each_judge_has_an_order_of_their_own(first: int, second: int) -> None:
    one, other = shuffled(ENGLISH, first), shuffled(ENGLISH, second)
    assert sorted(one, key=str) == sorted(ENGLISH, key=str)
    assert (one == other) == (abs(first) == abs(second))  # Random takes a seed without its sign


# --- the files -------------------------------------------------------------------------------


def test_the_sheet_tells_nothing_of_the_key() -> None:
    rows = list(csv.reader(sheet(shuffled(ENGLISH, 1)).splitlines()))
    assert tuple(rows[0]) == SHEET
    assert [row[1] for row in rows[1:]] == [one.opaque for one in shuffled(ENGLISH, 1)]
    assert all(row[0] == row[3] == row[4] == "" for row in rows[1:])
    assert {row[2] for row in rows[1:]} == {one.text for one in ENGLISH}


def test_a_filled_in_sheet_comes_back(tmp_path: Path) -> None:
    found = read_answers(
        [
            answers(tmp_path / "a.csv", [("anna", ONE.opaque, "x", "welcome", 7)], SHEET),
            answers(tmp_path / "b.csv", [("ben", ONE.id, "listening", 1), ("ben", "", "", "")]),
        ],
        SCALES,
    )
    assert found == [judgement("anna", "welcome", 7), judgement("ben", "listening", 1)]


def test_a_sheet_from_a_spreadsheet_with_semicolons_and_a_mark(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(
        f"\ufefflevel;dimension;behaviour;judge\r\n7;welcome;{ONE.opaque};anna\r\n".encode()
    )
    assert read_answers([file], SCALES) == [judgement("anna", "welcome", 7)]


def test_another_language_is_another_text(tmp_path: Path) -> None:
    header = ("judge", "language", "behaviour", "dimension", "level")
    rows = [("a", "fr", ONE.id, "welcome", 7), ("a", "", ONE.id, "welcome", 7)]
    found = read_answers([answers(tmp_path / "a.csv", rows, header)], SCALES)
    assert [one.behaviour.language for one in found] == ["fr", "en"]


BAD = [
    (("", ONE.id, "welcome", 7), "2:1: judge: who judged"),
    (("a", "0123456789", "welcome", 7), "2:2: behaviour: `0123456789` is no behaviour"),
    (("a", ONE.id, "welcom", 7), "2:3: dimension: `welcom` is not a dimension: did you mean"),
    (("a", ONE.id, "", 7), "2:3: dimension: "),
    (("a", ONE.id, "welcome", 8), "2:4: level: `8` is not a level"),
    (("a", ONE.id, "welcome", "3.0"), "2:4: level: "),
    (("a", ONE.id, "welcome", ""), "2:4: level: "),
]


@pytest.mark.parametrize(("row", "says"), BAD)
def test_a_wrong_cell_is_named(row: tuple[object, ...], says: str, tmp_path: Path) -> None:
    with pytest.raises(BadAnswers) as raised:
        read_answers([answers(tmp_path / "a.csv", [row])], SCALES)
    (line,) = raised.value.lines
    assert says in line


def test_a_judge_judges_a_behaviour_once(tmp_path: Path) -> None:
    rows = [("a", ONE.id, "welcome", 7), ("a", ONE.opaque, "culture", 1)]
    with pytest.raises(BadAnswers, match=r"has judged this in .*a\.csv:2 already"):
        read_answers([answers(tmp_path / "a.csv", rows)], SCALES)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"judge,behaviour\n", "the columns dimension and level are missing"),
        (b"", "the columns judge, behaviour, dimension and level are missing"),
        (b"judge,behaviour,dimension,level\n", "nobody has judged anything"),
        ("judge,behaviour,dimension,level\né".encode("latin-1"), "not UTF-8"),
        (b"judge,behaviour,dimension,level\n" + b"x" * 200_000, "field larger than"),
    ],
)
def test_a_file_that_cannot_be_read(data: bytes, says: str, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(data)
    lifted = csv.field_size_limit(131_072)  # frictionless lifts it for the whole process
    try:
        with pytest.raises(BadAnswers, match=says):
            read_answers([tmp_path / "a.csv"], SCALES)
    finally:
        csv.field_size_limit(lifted)


# --- the command -----------------------------------------------------------------------------


@pytest.fixture
def scales_file(tmp_path: Path) -> Path:
    file = tmp_path / "scales.yaml"
    file.write_bytes((SHIPPED / "scales.yaml").read_bytes())
    return file


def judged(scales_file: Path, judge: str, *, wrong: int = 0) -> Path:
    """A judge's sheet, made by the command and filled in, ``wrong`` of them put elsewhere."""
    path = scales_file.with_name(f"{judge}.csv")
    made = run(scales_file, "--sheet", path, "--seed", len(judge))
    assert made.exit_code == 0, made.output
    key = {one.opaque: one for one in behaviours(load_scales(scales_file), "en")}
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    astray = sorted(row["behaviour"] for row in rows)[:wrong]
    for row in rows:
        one = key[row["behaviour"]]
        elsewhere = "culture" if one.dimension != "culture" else "welcome"
        row["judge"] = judge
        row["dimension"] = elsewhere if row["behaviour"] in astray else one.dimension
        row["level"] = str(one.level)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, SHEET)
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_judges_who_agree(scales_file: Path) -> None:
    result = run(scales_file, judged(scales_file, "anna"), judged(scales_file, "ben"))
    assert result.exit_code == 0, result.output
    assert f"{len(ENGLISH)} of {len(ENGLISH)} behaviours hold (judges: 2;" in result.output
    with scales_file.with_name("scales.retranslation.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == EVIDENCE
    assert [row["behaviour"] for row in rows] == [
        one.id for one in behaviours(load_scales(scales_file), "en")
    ]
    assert {(row["judges"], row["share"], row["sd"], row["passed"]) for row in rows} == {
        ("2", "1.000000", "0.000000", "yes")
    }


def test_judges_who_do_not(scales_file: Path) -> None:
    files = [judged(scales_file, "anna", wrong=2), judged(scales_file, "ben")]
    result = run(scales_file, *files)
    assert result.exit_code == 1
    assert f"{len(ENGLISH) - 2} of {len(ENGLISH)} behaviours hold" in result.output
    assert result.output.count("sorted into ") == 2


def test_wrong_answers_write_no_evidence(scales_file: Path) -> None:
    rows = [(judge and f"{judge}{n}", *rest) for n, ((judge, *rest), _) in enumerate(BAD)]
    file = answers(scales_file.with_name("a.csv"), rows)
    result = run(scales_file, file)
    assert result.exit_code == 1
    assert result.output.count("a.csv:") == len(BAD)
    assert "No evidence was written" in result.output
    assert not scales_file.with_name("scales.retranslation.csv").exists()


def test_what_the_command_needs_is_told(scales_file: Path, tmp_path: Path) -> None:
    assert run(scales_file).exit_code == 2
    assert "--sheet" in run(scales_file).output
    arabic = run(scales_file, "--sheet", tmp_path / "x.csv", "--language", "ar")
    assert (arabic.exit_code, "no behaviours in ar" in arabic.output) == (1, True)
    nowhere = run(scales_file, "--sheet", tmp_path / "no" / "x.csv")
    assert (nowhere.exit_code, "cannot be written" in nowhere.output) == (1, True)
    broken = run(SHIPPED / "counter.yaml", "--sheet", tmp_path / "x.csv")
    assert (broken.exit_code, "missing-key" in broken.output) == (1, True)


# --- the evidence that ships -----------------------------------------------------------------


def shipped_evidence() -> list[dict[str, str]]:
    path = SHIPPED / "scales.retranslation.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_evidence_is_about_the_words_as_they_are() -> None:
    """A reworded behaviour has lost its evidence: judge it again, or take its row out."""
    words = {
        one.opaque: one for language in ("en", "fr", "es") for one in behaviours(SCALES, language)
    }
    stale = [row["behaviour"] for row in shipped_evidence() if row["wording"] not in words]
    assert stale == []


def test_a_scale_has_passed_only_where_all_its_behaviours_hold() -> None:
    held = {row["behaviour"] for row in shipped_evidence() if row["passed"] == "yes"}
    held -= {row["behaviour"] for row in shipped_evidence() if row["passed"] != "yes"}
    for key, scale in SCALES.items():
        if scale["status"] == "passed":
            own = {one.id for one in behaviours(SCALES, "en") if one.dimension == key}
            assert own <= held, key
