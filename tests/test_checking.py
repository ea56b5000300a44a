"""Every fault the checker knows: each form is written out, with ▶ where the fault must be named."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveys import publishing
from surveys.checking import SHIPPED, check_file, check_text, load, load_scales
from surveys.faults import CATALOGUE, MOST_FAULTS, Fault, FaultyInstrument, Findings
from surveys.yaml_tree import MAX_BYTES, MAX_NODES, parse
from tests.test_casebook import SLIPS as CASE_SLIPS

GUIDE = Path(__file__).parent.parent / "docs" / "instruments.md"

HEAD = """\
instrument: form
title: {en: A form}
source: customer
mode: routine
review: none
languages: [en]
"""


def form(items: str, head: str = HEAD, section: str = "") -> str:
    """A whole instrument from its items, each line of which may be written without indentation."""
    lines = "".join(f"      {line}\n" for line in items.strip("\n").split("\n"))
    return f"{head}sections:\n  - title: {{en: Part}}\n{section}    items:\n{lines}"


def scale(body: str = "", **other: str) -> str:
    """A file of one scale, with parts of it in other words."""
    parts = {
        "level": "employee",
        "status": "provisional",
        "name": "{en: Welcome, fr: Accueil}",
        "ask": "{en: Greeted?, fr: Salué ?}",
        "low": "{en: Nobody, fr: Personne}",
        "high": "{en: At once, fr: Tout de suite}",
        "anchors": "{7: [{en: a}, {en: b}], 4: [{en: c}, {en: d}], 1: [{en: e}, {en: f}]}",
        "coaching": "{en: On Monday}",
        **other,
    }
    lines = "".join(f"    {name}: {text}\n" for name, text in parts.items() if text)
    return f"scales:\n  welcome:\n{lines}{body}"


ASK = "ask: {en: Yes}"
YES_NO = f"- {{key: a, type: yes_no, {ASK}}}"

CASES: list[tuple[str, str | bytes]] = [
    # the file
    ("not-utf-8", form(YES_NO).replace("A form", "Caf▶\xe9").encode("latin-1", "replace")),
    ("control-character", "instrument: f▶\x07orm\n"),
    ("control-character", form(YES_NO).replace("A form", '▶"A\\0form"')),
    ("tab", form(YES_NO).replace("    items:", "▶\titems:")),
    ("not-yaml", "instrument: form\ntitle: {en: A form\nsource▶: customer\n"),
    ("not-yaml", "instrument: form▶: x\n"),
    ("alias", form(f"{YES_NO}\n- {{key: b, type: yes_no, ask: ▶*a}}")),
    ("alias", form(f"{YES_NO}\n- {{key: b, type: yes_no, ask: ▶&a {{en: Yes}}}}")),
    ("tag", form(YES_NO).replace("A form", "▶!!python/object:os.system x")),
    ("too-deep", "a: " + "[" * 19 + "▶[" + "[" * 99),
    ("several-documents", form(YES_NO) + "▶---\ninstrument: other\n"),
    ("empty", "▶# nothing but a comment\n"),
    # its structure
    ("wrong-type", "▶- a list"),
    ("wrong-type", form(YES_NO).replace("{en: A form}", "▶A form")),
    ("wrong-type", form(YES_NO).replace("{en: A form}", "{en: ▶7}")),
    ("wrong-type", form("- ▶a question")),
    ("wrong-type", form(f"- {{key: a, type: yes_no, {ASK}, required: ▶no}}")),
    ("wrong-type", form(f"- {{key: a, type: integer, {ASK}, min: ▶0.5}}")),
    ("wrong-type", form(f"- {{key: a, type: integer, {ASK}, min: ▶true}}")),
    ("wrong-type", form(f"- {{key: a, type: integer, {ASK}, unit: ▶minutes or hours}}")),
    ("wrong-type", form("- {draw: ▶three, from: scales}")),
    ("wrong-type", form(f"- {{key: a, type: yes_no, {ASK}, show_if: ▶b}}")),
    ("wrong-type", form(YES_NO, HEAD + "? ▶[a, b]\n: c\n")),
    ("wrong-type", form(f"{YES_NO}\n- {{key: b, type: yes_no, {ASK}, show_if: {{any: ▶a}}}}")),
    ("wrong-type", "scales: ▶welcome\n"),
    ("wrong-type", scale(anchors="▶[a, b]")),
    ("empty", form(YES_NO).replace("[en]", "▶[]")),
    ("empty", HEAD + "sections: ▶[]\n"),
    ("empty", form(f"- {{key: a, type: yes_no, {ASK}, show_if: ▶{{}}}}")),
    ("empty", form(f"{YES_NO}\n- {{key: b, type: yes_no, {ASK}, show_if: {{all: ▶[]}}}}")),
    ("empty", form(f"{YES_NO}\n- {{key: b, type: yes_no, {ASK}, show_if: {{a: ▶{{}}}}}}")),
    ("empty", form(f"- {{key: a, type: choice, {ASK}, choices: ▶[]}}")),
    ("empty", "scales: ▶{}\n"),
    ("duplicate-key", form(YES_NO, HEAD + "▶mode: joint-work\n")),
    ("duplicate-key", form(f"- {{key: a, type: yes_no, {ASK}, ▶ask: {{en: No}}}}")),
    ("duplicate-value", form(YES_NO).replace("[en]", "[en, ▶en]")),
    ("unknown-key", form(YES_NO, HEAD + "▶reveiw: none\n")),
    ("unknown-key", form(YES_NO, section="    ▶foldde: true\n")),
    ("unknown-key", form(f"- {{key: a, type: yes_no, {ASK}, ▶requierd: true}}")),
    ("unknown-key", scale(anchors="{7: [{en: a}, {en: b}], 4: [{en: c}, {en: d}],"
                          " 1: [{en: e}, {en: f}], ▶5: [{en: g}, {en: h}]}")),
    ("missing-key", "▶" + form(YES_NO).replace("source: customer\n", "")),
    ("missing-key", form("- ▶{key: a, type: yes_no}")),
    ("missing-key", form(f"- ▶{{key: a, {ASK}}}")),
    ("missing-key", form(f"- ▶{{type: yes_no, {ASK}}}")),
    ("missing-key", form("- ▶{draw: 3}")),
    ("missing-key", form(YES_NO, HEAD + "careless: ▶{}\n")),
    ("missing-key", scale(coaching="").replace("    level:", "    ▶level:")),
    ("unknown-value", form(YES_NO).replace("source: customer", "source: ▶costumer")),
    ("unknown-value", form(YES_NO).replace("mode: routine", "mode: ▶joint_work")),
    ("unknown-value", form(YES_NO).replace("review: none", "review: ▶after-0h")),
    ("unknown-value", form(YES_NO).replace("review: none", "review: ▶after-72")),
    ("unknown-value", form("- {draw: 3, from: ▶casebook}")),
    ("unknown-value", form("- {scales: ▶every}")),
    ("unknown-value", scale(level="▶employees")),
    ("unknown-value", scale(status="▶final")),
    ("out-of-range", form(YES_NO, HEAD + "careless: {seconds_per_item: ▶-1}\n")),
    ("out-of-range", form(f"- {{key: a, type: text, {ASK}, max_length: ▶0}}")),
    ("out-of-range", form(f"- {{key: a, type: integer, {ASK}, max: ▶9007199254740992}}")),
    ("out-of-range", form(f"- {{key: a, type: number, {ASK}, max: ▶1e999}}")),
    # keys of the author's own
    ("bad-key", form(YES_NO).replace("instrument: form", "instrument: ▶Form")),
    ("bad-key", form(f"- {{key: ▶went-wrong, type: yes_no, {ASK}}}")),
    ("bad-key", form(f"- {{key: ▶7, type: yes_no, {ASK}}}")),
    ("bad-key", form(f"- {{key: ▶{'a' * 64}, type: yes_no, {ASK}}}")),
    ("bad-key", form(f"- {{key: a, type: yes_no, {ASK}, touchpoint: ▶The till}}")),
    ("bad-key", form(f"- {{key: a, type: choice, {ASK},\n"
                     "   choices: [{key: ▶A, label: {en: A}}]}")),
    ("bad-key", scale().replace("welcome:", "▶Welcome:")),
    ("reserved-key", form(f"- {{key: ▶id, type: yes_no, {ASK}}}")),
    ("reserved-key", form(f"- {{key: ▶language, type: yes_no, {ASK}}}")),
    ("reserved-key", form(f"- {{key: ▶day, type: yes_no, {ASK}}}")),
    ("reserved-key", form(f"- {{key: ▶any, type: yes_no, {ASK}}}")),
    ("reserved-key", scale().replace("welcome:", "▶status:", 1)),
    ("duplicate-question", form(f"{YES_NO}\n- {{key: ▶a, type: date, {ASK}}}")),
    ("duplicate-question", form("- {draw: 3, from: scales}\n"
                                f"- {{key: ▶access, type: date, {ASK}}}")),
    ("duplicate-question", form("- {key: waiting, type: scale}\n- ▶{scales: all}")),
    # texts
    ("empty-text", form(YES_NO).replace("{en: A form}", "{en: ▶'  '}")),
    ("empty-text", form(YES_NO).replace("{en: A form}", "{en:▶ }")),
    ("missing-language", form(YES_NO).replace("{en: A form}", "▶{}")),
    ("missing-language", form(YES_NO).replace("[en]", "[en, fr]").replace("Yes", "Yes, fr: Oui")
                         .replace("{en: A form}", "▶{en: A form}").replace("Part", "P, fr: P")),
    ("missing-language", form("- ▶{scales: all}").replace("[en]", "[ar]").replace("en:", "ar:")),
    ("missing-language", form("- {key: ▶access, type: scale}")
                         .replace("[en]", "[ar]").replace("en:", "ar:")),
    ("missing-language", scale(low="▶{en: Nobody}")),
    ("missing-language", scale(coaching="▶{fr: Lundi}", anchors="{7: [{en: a, fr: a}, {en: b,"
                               " fr: b}], 4: [{en: c, fr: c}, {en: d, fr: d}],"
                               " 1: [{en: e, fr: e}, {en: f, fr: f}]}")),
    ("unknown-language", form(YES_NO).replace("[en]", "[en, ▶no]")),
    ("unknown-language", form(YES_NO).replace("{en: A form}", "{en: A form, ▶eng: A form}")),
    ("unlisted-language", form(YES_NO).replace("{en: A form}", "{en: A form, ▶fr: Un formulaire}")),
    ("long-end", scale(high="{en: ▶one two three four five six seven eight nine, fr: Un}")),
    # questions
    ("unknown-type", form(f"- {{key: a, type: ▶yesno, {ASK}}}")),
    ("unknown-type", form(f"- {{key: a, type: ▶[yes_no], {ASK}}}")),
    ("not-for-type", form(f"- {{key: a, type: yes_no, {ASK}, ▶max: 3}}")),
    ("not-for-type", form(f"- {{key: a, type: text, {ASK}, ▶choices: []}}")),
    ("not-for-type", form(f"- {{key: waiting, type: scale, ▶{ASK}}}")),
    ("not-for-type", form(f"- {{key: a, type: note, {ASK}, ▶required: true}}")),
    ("not-for-type", form(f"- {{key: a, type: contact, {ASK}, ▶required: true}}")),
    ("not-for-type", form(f"- {{key: a, type: text, {ASK}, measures: ▶problem}}")),
    ("not-for-type", form(f"- {{key: a, type: photo, {ASK}, ▶max: 3}}")),
    ("not-for-type", form(f"- {{key: a, type: text, {ASK}, ▶max_photos: 3}}")),
    ("not-for-type", form(f"- {{key: a, type: duration, {ASK}, ▶unit: min}}")),
    ("not-for-type", form(f"- {{key: a, type: duration, {ASK}, measures: ▶wait_minutes}}")),
    ("not-for-type", form(f"- {{key: a, type: number, {ASK}, measures: ▶waited}}")),
    ("not-for-type", form(f"- {{key: a, type: place, {ASK}, ▶min: 3}}")),
    ("out-of-range", form(f"- {{key: a, type: photo, {ASK}, max_photos: ▶0}}")),
    ("out-of-range", form(f"- {{key: a, type: photo, {ASK}, max_photos: ▶11}}")),
    ("out-of-range", form(f"- {{key: a, type: duration, {ASK}, min: ▶-1}}")),
    ("wrong-type", form(f"- {{key: a, type: duration, {ASK}, max: ▶1.5}}")),
    ("wrong-type", form(f"- {{key: a, type: photo, {ASK}, max_photos: ▶two}}")),
    ("min-above-max", form(f"- {{key: a, type: duration, {ASK}, min: ▶60, max: 30}}")),
    ("missing-choices", form(f"- ▶{{key: a, type: choices, {ASK}}}")),
    ("duplicate-choice", form(f"- {{key: a, type: choice, {ASK},\n   choices:"
                              " [{key: b, label: {en: B}}, {key: ▶b, label: {en: C}}]}")),
    ("min-above-max", form(f"- {{key: a, type: integer, {ASK}, min: ▶5, max: 4}}")),
    ("unknown-measure", form(f"- {{key: a, type: yes_no, {ASK}, measures: ▶problems}}")),
    ("measure-twice", form(f"- {{key: a, type: yes_no, {ASK}, measures: told}}\n"
                           f"- {{key: b, type: yes_no, {ASK}, measures: ▶told}}")),
    ("required-folded", form(f"- {{key: a, type: yes_no, {ASK}, required: ▶true}}",
                             section="    folded: true\n")),
    # conditions
    ("unknown-question", form(f"- {{key: a, type: yes_no, {ASK}, show_if: {{▶zz: true}}}}")),
    ("own-answer", form(f"- {{key: a, type: yes_no, {ASK}, show_if: {{▶a: true}}}}")),
    ("later-question", form(f"- {{key: b, type: date, {ASK}, show_if: {{▶a: true}}}}\n{YES_NO}")),
    ("later-question", form(f"- {{key: b, type: date, {ASK}, show_if: {{not: {{any:\n"
                            f"   [{{▶access: 1}}]}}}}}}\n- {{draw: 3, from: scales}}")),
    ("impossible-value", form(f"{YES_NO}\n- {{key: b, type: date, {ASK}, show_if: {{a: ▶yes}}}}")),
    ("impossible-value", form(f"{YES_NO}\n- {{key: b, type: date, {ASK}, show_if: {{a: ▶no}}}}")),
    ("impossible-value", form(f"{YES_NO}\n- {{key: b, type: date, {ASK}, show_if: {{a:▶ }}}}")),
    ("impossible-value", form("- {key: waiting, type: scale}\n"
                              f"- {{key: b, type: date, {ASK}, show_if: {{waiting: ▶8}}}}")),
    ("impossible-value", form("- {draw: 3, from: scales}\n- {key: b, type: date,"
                              f" {ASK}, show_if: {{waiting: {{less_than: ▶1}}}}}}")),
    ("impossible-value", form(f"- {{key: a, type: integer, {ASK}, max: 5}}\n"
                              f"- {{key: b, type: date, {ASK},\n"
                              "   show_if: {a: {more_than: ▶5}}}")),
    ("impossible-value", form(f"- {{key: a, type: moment, {ASK}}}\n"
                              f"- {{key: b, type: date, {ASK},\n"
                              "   show_if: {a: {at_least: ▶2}}}")),
    ("impossible-value", form(f"- {{key: a, type: moment, {ASK}}}\n- {{key: b, type: date, {ASK},"
                              " show_if: {a: {one_of: [worse, ▶same]}}}")),
    ("impossible-value", form(f"- {{key: a, type: choices, {ASK}, choices: [{{key: x,\n"
                              "   label: {en: X}}]}\n"
                              f"- {{key: b, type: date, {ASK}, show_if: {{a: ▶y}}}}")),
    ("impossible-value", form(f"- {{key: a, type: contact, {ASK}}}\n- {{key: b, type: date, {ASK},"
                              " show_if: {a: ▶{answered: true}}}")),
    ("impossible-value", form(f"- {{key: a, type: note, {ASK}}}\n- {{key: b, type: date, {ASK},"
                              " show_if: {a: ▶{answered: true}}}")),
    ("impossible-value", form(f"- {{key: a, type: photo, {ASK}}}\n- {{key: b, type: date, {ASK},"
                              " show_if: {a: ▶{at_least: 1}}}")),
    ("impossible-value", form(f"- {{key: a, type: place, {ASK}}}\n- {{key: b, type: date, {ASK},"
                              " show_if: {a: ▶here}}")),
    ("impossible-value", form(f"- {{key: a, type: place, {ASK}}}\n- {{key: b, type: date, {ASK},"
                              " show_if: {not: {a: ▶{answered: true, one_of: [here]}}}}")),
    ("impossible-value", form(f"- {{key: a, type: duration, {ASK}}}\n"
                              f"- {{key: b, type: date, {ASK},"
                              " show_if: {a: {less_than: ▶0}}}")),
    ("impossible-value", form(f"- {{key: a, type: duration, {ASK}}}\n"
                              f"- {{key: b, type: date, {ASK}, show_if: {{a: ▶\"3:20\"}}}}")),
    ("unknown-comparison", form(f"- {{key: a, type: integer, {ASK}}}\n"
                                f"- {{key: b, type: date, {ASK},"
                                " show_if: {a: {▶atleast: 2}}}")),
    ("wrong-type", form(f"- {{key: a, type: moment, {ASK}}}\n- {{key: b, type: date, {ASK},"
                        " show_if: {a: {one_of: ▶worse}}}")),
    ("empty", form(f"- {{key: a, type: moment, {ASK}}}\n- {{key: b, type: date, {ASK},"
                   " show_if: {a: {one_of: ▶[]}}}")),
    ("impossible-value", form("- {key: waiting, type: scale}\n"
                              f"- {{key: b, type: date, {ASK}, show_if: {{waiting:\n"
                              "   {at_most: 1, less_than: 2, at_least: 7, more_than: ▶7}}}")),
    # scales
    ("draw-count", form("- {draw: ▶0, from: scales}")),
    ("draw-count", form("- {draw: ▶13, from: scales}")),
    ("second-draw", form("- {draw: 3, from: scales}\n- {▶draw: 2, from: scales}")),
    ("unknown-scale", form("- {key: ▶waitng, type: scale}")),
    ("missing-level", scale(anchors="▶{7: [{en: a}, {en: b}], 1: [{en: e}, {en: f}]}")),
    ("behaviour-count", scale(anchors="{7: ▶[{en: a}], 4: [{en: c}, {en: d}],"
                              " 1: [{en: e}, {en: f}]}")),
    ("behaviour-count", scale(anchors="{7: ▶[{en: a}, {en: b}, {en: x}, {en: y}],"
                              " 4: [{en: c}, {en: d}], 1: [{en: e}, {en: f}]}")),
    ("duplicate-behaviour", scale(anchors="{7: [{en: a}, {en: b}], 4: [{en: c}, {en: d}],"
                                  " 1: [{en: e}, {en: ▶a}]}")),
]  # fmt: skip


def marked(source: str | bytes) -> tuple[bytes, int, int]:
    """The file without its mark, and the line and column where the mark stood."""
    if isinstance(source, str):
        before, mark, after = source.partition("▶")
        data = (before + after).encode()
    else:
        head, mark_bytes, tail = source.partition(b"?")
        before, mark, data = head.decode("latin-1"), mark_bytes.decode(), head + tail
    assert mark, "no ▶ in the case"
    lines = before.split("\n")
    return data, len(lines), len(lines[-1]) + 1


@pytest.mark.parametrize(
    ("code", "source"), CASES, ids=[f"{index}-{code}" for index, (code, _) in enumerate(CASES)]
)
def test_a_fault_is_named_where_it_is(code: str, source: str | bytes, tmp_path: Path) -> None:
    data, line, column = marked(source)
    file = tmp_path / "form.yaml"
    file.write_bytes(data)
    faults = check_file(file)
    assert [(f.code, f.line, f.column) for f in faults] == [(code, line, column)], faults
    assert faults[0].file == str(file)
    cure = faults[0].message.partition(": ")[2]
    assert len(cure) >= 7, "a message ends with what to do"


def test_what_is_timed_photographed_or_located_can_be_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "form.yaml"
    file.write_text(
        form(
            f"- {{key: a, type: duration, {ASK}, min: 0, max: 600, measures: waited}}\n"
            f"- {{key: b, type: photo, {ASK}, max_photos: 10, measures: receipt_photo,"
            " show_if: {a: {more_than: 90}}}\n"
            f"- {{key: c, type: place, {ASK}, measures: position,"
            " show_if: {b: {answered: true}}}\n"
            f"- {{key: d, type: yes_no, {ASK}, show_if: {{not: {{c: {{answered: false}}}}}}}}\n"
            f"- {{key: e, type: number, {ASK}, measures: expenses}}\n"
            f"- {{key: f, type: time, {ASK}, measures: left_at}}"
        )
    )
    assert check_file(file) == []
    items = load(file).items
    assert (items["a"].max, items["b"].max_photos, items["c"].measures) == (600, 10, "position")


def test_a_file_that_is_too_large(tmp_path: Path) -> None:
    file = tmp_path / "form.yaml"
    file.write_bytes(b"#" * (MAX_BYTES + 1))
    assert [(f.code, f.line, f.column) for f in check_file(file)] == [("too-large", 1, 1)]


def test_a_file_with_more_than_an_instrument_has(tmp_path: Path) -> None:
    file = tmp_path / "form.yaml"
    file.write_text("- 1\n" * MAX_NODES)
    assert [(f.code, f.line) for f in check_file(file)] == [("too-large", MAX_NODES)]


def test_checking_ends_after_five_hundred_faults(tmp_path: Path) -> None:
    file = tmp_path / "form.yaml"
    file.write_text("".join(f"k{number}: 1\n" for number in range(3000)))
    assert len(check_file(file)) == MOST_FAULTS


def test_the_key_of_another_instrument() -> None:
    (fault,) = check_text(form(YES_NO).encode(), "other").faults
    assert (fault.code, fault.line, fault.column) == ("other-key", 1, 13)
    assert "write `other`" in fault.message


def test_a_text_without_a_folder_takes_the_scales_that_ship() -> None:
    checked = check_text((SHIPPED / "counter.yaml").read_bytes(), "counter")
    assert checked.faults == ()
    assert checked.instrument == load(SHIPPED / "counter.yaml")
    assert check_text((SHIPPED / "scales.yaml").read_bytes(), "counter").instrument is None


def test_no_scales_to_refer_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("surveys.checking.SHIPPED", tmp_path / "none")
    file = tmp_path / "form.yaml"
    file.write_text(form("- {draw: 3, from: scales}"))
    assert [(f.code, f.line, f.column) for f in check_file(file)] == [("no-scales", 10, 9)]


def test_every_code_has_a_test() -> None:
    elsewhere = {"too-large", "no-scales", "other-key", "duplicate-case"}  # in tests of their own
    elsewhere |= {code for code, _ in CASE_SLIPS}
    assert {code for code, _ in CASES} | elsewhere == set(CATALOGUE)


def test_every_code_is_in_the_guide_and_no_other() -> None:
    rows = [line.split("|") for line in GUIDE.read_text("utf-8").splitlines()]
    table = {row[1].strip().strip("`"): row for row in rows if len(row) == 5}
    codes = {code for code in table if code in CATALOGUE}
    assert codes == set(CATALOGUE)
    start = GUIDE.read_text("utf-8").index("## Every fault")
    listed = [
        line.split("|")[1].strip().strip("`")
        for line in GUIDE.read_text("utf-8")[start:].splitlines()
        if line.startswith("| `")
    ]
    assert sorted(listed) == sorted(CATALOGUE), "no code that does not exist, none twice"


def test_a_code_outside_the_catalogue_cannot_be_given() -> None:
    with pytest.raises(KeyError):
        Findings("x").add("surprise", (1, 1), "…")  # type: ignore[arg-type]


def test_all_faults_of_a_file_at_once_sorted_by_place(tmp_path: Path) -> None:
    file = tmp_path / "form.yaml"
    file.write_text(
        "instrument: Form\n"
        "title: {en: A, xx: B}\n"
        "source: nobody\n"
        "mode: routine\n"
        "languages: [en, fr]\n"
        "sections:\n"
        "  - title: {en: Part, fr: Partie}\n"
        "    items:\n"
        "      - {key: id, type: yesno, ask: {en: Q, fr: Q}, colour: red}\n"
        "      - {key: b, type: integer, ask: {en: Q, fr: Q}, min: 4, max: 3, show_if: {c: 1}}\n"
    )
    assert [(f.line, f.column, f.code) for f in check_file(file)] == [
        (1, 1, "missing-key"),
        (1, 13, "bad-key"),
        (2, 8, "missing-language"),
        (2, 16, "unknown-language"),
        (3, 9, "unknown-value"),
        (9, 15, "reserved-key"),
        (9, 25, "unknown-type"),
        (9, 53, "unknown-key"),
        (10, 59, "min-above-max"),
        (10, 80, "unknown-question"),
    ]


def test_one_slip_is_one_fault_whatever_refers_to_it(tmp_path: Path) -> None:
    file = tmp_path / "form.yaml"
    file.write_text(
        form(
            f"- {{key: a, type: yesno, {ASK}}}\n"
            f"- {{key: b, type: date, {ASK}, show_if: {{a: true}}}}\n"
            f"- {{key: c, type: choice, {ASK}, choices: wrong}}\n"
            f"- {{key: d, type: date, {ASK}, show_if: {{c: x}}}}\n"
            f"- {{key: e, type: integer, {ASK}, max: many}}\n"
            f"- {{key: f, type: date, {ASK}, show_if: {{e: {{more_than: 3}}}}}}"
        )
    )
    assert [(f.line, f.code) for f in check_file(file)] == [
        (10, "unknown-type"),
        (12, "wrong-type"),
        (14, "wrong-type"),
    ]


def test_the_faults_of_its_scales_are_named_in_their_own_file(tmp_path: Path) -> None:
    (tmp_path / "scales.yaml").write_text(scale(level="chief"))
    file = tmp_path / "form.yaml"
    file.write_text(form("- {draw: 1, from: scales}"))
    assert [(Path(f.file).name, f.line, f.code) for f in check_file(file)] == [
        ("scales.yaml", 3, "unknown-value")
    ]


@pytest.mark.parametrize("broken", ["scales: [", "scales: {}", "", "other: 1", "scales: {a: 7}"])
@pytest.mark.parametrize(
    "items", ["- {draw: 1, from: scales}", "- {scales: all}", "- {key: waiting, type: scale}"]
)
def test_broken_scales_are_the_only_fault(broken: str, items: str, tmp_path: Path) -> None:
    (tmp_path / "scales.yaml").write_text(broken)
    file = tmp_path / "form.yaml"
    file.write_text(form(items))
    assert {Path(f.file).name for f in check_file(file)} <= {"scales.yaml", "form.yaml"}
    assert "scales.yaml" in {Path(f.file).name for f in check_file(file)}
    if "a: 7" not in broken:
        assert "form.yaml" not in {Path(f.file).name for f in check_file(file)}


def test_scales_beside_the_file_come_before_the_shipped_ones(tmp_path: Path) -> None:
    (tmp_path / "scales.yaml").write_text(scale())
    file = tmp_path / "form.yaml"
    file.write_text(form("- {draw: 1, from: scales}"))
    assert list(load(file).items) == ["welcome"]
    file.write_text(form("- {draw: 2, from: scales}"))
    assert [f.code for f in check_file(file)] == ["draw-count"]


@pytest.mark.parametrize("name", ["scales.yaml", *publishing.SHIPPED_FILES])
def test_what_ships_is_sound(name: str) -> None:
    assert check_file(SHIPPED / name) == []


def test_a_fault_reads_as_the_contract_says() -> None:
    fault = Fault("a.yaml", 3, 7, "bad-key", "it is bad: mend it")
    assert str(fault) == "a.yaml:3:7: bad-key: it is bad: mend it"


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("type: yes_n, ask", "yes_no"),
        ("type: yes_no, aks", "ask"),
        ("type: yes_no, measures: probelm, ask", "problem"),
    ],
)
def test_a_slip_of_the_pen_is_recognised(word: str, meant: str, tmp_path: Path) -> None:
    file = tmp_path / "form.yaml"
    file.write_text(form(f"- {{key: a, {word}: {{en: Q}}}}"))
    assert any(f"did you mean `{meant}`? Else" in fault.message for fault in check_file(file))


def test_a_scales_file_is_no_instrument(tmp_path: Path) -> None:
    with pytest.raises(FaultyInstrument, match="file of scales"):
        load(SHIPPED / "scales.yaml")
    with pytest.raises(FaultyInstrument, match="unknown-key"):
        load_scales(SHIPPED / "counter.yaml")


def test_a_billion_laughs_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "form.yaml"
    lines = ["a0: &a0 [x, x]"]
    lines += [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 40)]
    file.write_text("\n".join(lines))
    assert [f.code for f in check_file(file)] == ["alias"]


def test_no_stays_text_and_so_does_a_date() -> None:
    tree = parse(
        b"{a: no, b: yes, c: 2026-11-22, d: 0x10, e: 1_000, f: 07, g: -1.5}", Findings("x")
    )
    assert tree is not None
    assert tree.plain() == {
        "a": "no",
        "b": "yes",
        "c": "2026-11-22",
        "d": "0x10",
        "e": "1_000",
        "f": 7,
        "g": -1.5,
    }


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    file = tmp_path / "form.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + form(YES_NO).encode())
    assert check_file(file) == []


def test_windows_line_ends_are_no_fault(tmp_path: Path) -> None:
    file = tmp_path / "form.yaml"
    file.write_bytes(form(YES_NO).replace("\n", "\r\n").encode())
    assert check_file(file) == []
    file.write_bytes(form(YES_NO).replace("\n", "\r\n").replace("yes_no", "yesno").encode())
    assert [(f.line, f.column) for f in check_file(file)] == [(10, 24)]


SOUND = form(
    f"{YES_NO}\n- {{key: b, type: integer, {ASK}, min: 0, show_if: {{any: [{{a: true}}]}}}}\n"
    "- {draw: 3, from: scales}\n"
    f"- {{key: c, type: choice, {ASK}, choices: [{{key: x, label: {{en: X}}}}]}}"
)
"""A form to tear apart."""


@given(data=st.data())
def test_a_torn_file_never_breaks_the_checker(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    start = data.draw(st.integers(0, len(SOUND)))
    stop = data.draw(st.integers(start, min(len(SOUND), start + 12)))
    piece = data.draw(
        st.sampled_from(["", "{", "}", "[", "]", ": ", "- ", "'", '"', "\n", "~", "7", "true", "#"])
        | st.text(max_size=4)
    )
    torn = (SOUND[:start] + piece + SOUND[stop:]).encode("utf-8", "surrogatepass")
    file = tmp_path_factory.getbasetemp() / "torn.yaml"
    file.write_bytes(torn)
    faults = check_file(file)
    lines = torn.count(b"\n") + torn.count(b"\r") + 2
    assert faults == sorted(faults)
    assert all(1 <= fault.line <= lines and fault.column >= 1 for fault in faults)
    if not faults:
        load(file)


@given(st.binary(max_size=200))
def test_any_bytes_get_an_answer(data: bytes) -> None:
    findings = Findings("x.yaml")
    assert (parse(data, findings) is None) == bool(findings.sorted()) or findings.sorted()


@pytest.mark.parametrize("escape", ["UFFFFFFFF", "U00110000"])
def test_an_escape_of_no_character_is_a_fault_at_its_place(escape: str) -> None:
    checked = check_text(f'instrument: x\ntitle: "a \\{escape}"\n'.encode(), "x")
    (fault,) = checked.faults
    assert (fault.code, fault.line, fault.column) == ("not-yaml", 2, 11)
