"""The casebook: what a case must say, and what the twenty-five that ship say together."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from surveys.casebook import LANGUAGES, Case
from surveys.checking import CASEBOOK, SHIPPED, check_file, load_casebook, load_scales
from surveys.commands.root import main
from surveys.faults import FaultyInstrument
from surveys.instrument import LEVELS

NAME = "07-promised-tuesday.yaml"
TEXT = "{en: A, fr: B, es: C}"
RATING = f"- {{scale: promises, gold: 1, why: {TEXT}}}"
SECOND = f"- {{scale: recovery, gold: 6, why: {TEXT}}}"


def case(ratings: str = f"{RATING}\n{SECOND}", **other: str) -> str:
    """A whole case, with parts of it in other words ("" leaves one out)."""
    parts = {"case": "promised_tuesday", "title": TEXT, "setting": "bank", "story": TEXT}
    lines = [f"{name}: {value}" for name, value in {**parts, **other}.items() if value]
    return "\n".join(lines) + "\nratings:\n" + "".join(f"  {x}\n" for x in ratings.split("\n"))


SLIPS = [
    ("missing-key", f"▶{case(story='')}"),
    ("unknown-key", case(setting="bank\n▶storey: {en: x}")),
    ("bad-key", case(case="▶Promised")),
    ("bad-key", case(setting="▶“a bank”")),
    ("case-name", case(case="▶promised_monday")),
    ("wrong-type", case(title="▶Tuesday")),
    ("missing-language", case(title="▶{en: A, fr: B}")),
    ("unknown-language", case(title="{en: A, fr: B, es: C, ▶eng: D}")),
    ("empty-text", case(story='{en: A, fr: ▶"", es: C}')),
    ("wrong-type", case().partition("ratings:")[0] + "ratings: ▶none\n"),
    ("rating-count", case(f"▶{RATING}")),
    ("rating-order", case(SECOND + "\n" + RATING.replace("promises", "▶promises"))),
    ("duplicate-value", case(RATING + "\n" + RATING.replace("promises", "▶promises"))),
    ("unknown-scale", case(RATING.replace("promises", "▶promise") + f"\n{SECOND}")),
    ("out-of-range", case(RATING.replace("1", "▶8") + f"\n{SECOND}")),
    ("wrong-type", case(RATING.replace("1", "▶1.5") + f"\n{SECOND}")),
    ("missing-language", case(RATING.replace(TEXT, "▶{en: A, es: C}") + f"\n{SECOND}")),
    ("missing-key", case(f"- ▶{{scale: promises, gold: 1}}\n{SECOND}")),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A casebook with one case, below a folder without scales: those that ship are taken."""
    folder = tmp_path / "casebook"
    folder.mkdir()
    (folder / NAME).write_text(case(), "utf-8")
    return folder


def check(path: Path) -> Result:
    return CliRunner().invoke(main, ["instrument", "check", str(path)])


@pytest.mark.parametrize(
    ("code", "source"), SLIPS, ids=[f"{index}-{code}" for index, (code, _) in enumerate(SLIPS)]
)
def test_a_fault_of_a_case_is_named_where_it_is(code: str, source: str, folder: Path) -> None:
    before, mark, after = source.partition("▶")
    assert mark
    (folder / NAME).write_text(before + after, "utf-8")
    lines = before.split("\n")
    found = [(fault.code, fault.line, fault.column) for fault in check_file(folder / NAME)]
    assert found == [(code, len(lines), len(lines[-1]) + 1)]
    with pytest.raises(FaultyInstrument):
        load_casebook(folder)


def test_a_sound_case_is_read_in_every_language(folder: Path) -> None:
    assert check_file(folder / NAME) == []
    found = load_casebook(folder)["promised_tuesday"]
    assert (found.setting, dict(found.story)) == ("bank", {"en": "A", "fr": "B", "es": "C"})
    assert found.levels == {"promises": 1, "recovery": 6}


def test_two_cases_with_one_key_or_one_number_are_told_apart(folder: Path) -> None:
    (folder / "08-promised-tuesday.yaml").write_text(case(), "utf-8")
    (folder / "07-other.yaml").write_text(case(case="other"), "utf-8")
    with pytest.raises(FaultyInstrument) as caught:
        load_casebook(folder)
    told = [(Path(fault.file).name, fault.code) for fault in caught.value.faults]
    assert Counter(told) == {
        (NAME, "duplicate-case"): 2,  # by its key and by its number
        ("08-promised-tuesday.yaml", "duplicate-case"): 1,
        ("07-other.yaml", "duplicate-case"): 1,
    }


def test_the_scales_beside_the_folder_are_the_ones_it_is_rated_on(folder: Path) -> None:
    shipped = (SHIPPED / "scales.yaml").read_text("utf-8")
    (folder.parent / "scales.yaml").write_text(shipped.replace("  promises:", "  vows:"), "utf-8")
    assert {fault.code for fault in check_file(folder / NAME)} == {"unknown-scale"}


def test_no_scales_anywhere(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("surveys.checking.SHIPPED", folder / "none")
    assert [fault.code for fault in check_file(folder / NAME)] == ["no-scales"]


def test_the_command_explains_a_case_and_a_folder_of_them(folder: Path) -> None:
    assert check(folder).output == f"{folder / NAME} is sound\n"
    (folder / NAME).write_text(case(RATING.replace("promises", "promisse") + f"\n{SECOND}"))
    for path in (folder, folder / NAME):
        result = check(path)
        assert result.exit_code == 1
        assert f"{folder / NAME}:6:13: unknown-scale: `promisse` is not a scale" in result.output
        assert "did you mean `promises`?" in result.output


def test_a_case_is_no_instrument(folder: Path) -> None:
    result = CliRunner().invoke(main, ["instrument", "preview", str(folder / NAME)])
    assert (result.exit_code, "not an instrument" in result.output) == (1, True)


# --- the cases that ship ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def shipped() -> list[Case]:
    return list(load_casebook(CASEBOOK).values())


def test_twenty_five_ship_numbered_from_one(shipped: list[Case]) -> None:
    numbers = [path.name[:2] for path in sorted(CASEBOOK.glob("*.yaml"))]
    assert numbers == [f"{number:02}" for number in range(1, 26)]
    assert len(shipped) == 25


def test_the_shipped_folder_is_sound_to_the_command() -> None:
    result = check(CASEBOOK)
    assert (result.exit_code, result.output.count(" is sound\n")) == (0, 25), result.output


def test_every_scale_is_met_in_four_cases_low_and_high(shipped: list[Case]) -> None:
    for scale in load_scales(SHIPPED / "scales.yaml"):
        golds = [found.levels[scale] for found in shipped if scale in found.scales]
        assert len(golds) >= 4, (scale, golds)
        assert min(golds) <= 3, (scale, golds)
        assert max(golds) >= 5, (scale, golds)


def test_the_golds_spread_over_all_levels(shipped: list[Case]) -> None:
    golds = Counter(gold.level for found in shipped for gold in found.golds)
    assert set(golds) == set(LEVELS)
    assert golds[1] >= 8
    assert golds[6] + golds[7] >= 10


def test_every_gold_has_its_reason_in_words_and_no_two_cases_share_any(
    shipped: list[Case],
) -> None:
    for language in LANGUAGES:
        texts = [text[language] for found in shipped for text in (found.title, found.story)]
        texts += [gold.why[language] for found in shipped for gold in found.golds]
        assert len(set(texts)) == len(texts)
        assert all(len(gold.why[language].split()) >= 6 for one in shipped for gold in one.golds)
