"""``instrument check``, ``preview`` and ``publish``; and what a change is called."""

from __future__ import annotations

import copy
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from surveys import publishing
from surveys.changes import changes
from surveys.checking import SHIPPED, load
from surveys.commands.instrument import instrument
from surveys.commands.root import main
from surveys.installation import Installation
from surveys.instrument import Instrument

COUNTER = SHIPPED / "counter.yaml"
FORM = load(COUNTER)


def run(*words: object) -> Result:
    return CliRunner().invoke(main, ["instrument", *map(str, words)])


@pytest.fixture
def form_file(tmp_path: Path) -> Path:
    """The counter form, to be changed."""
    file = tmp_path / "counter.yaml"
    file.write_bytes(COUNTER.read_bytes())
    return file


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), "utf-8")


@pytest.mark.parametrize("name", sorted(instrument.commands))
def test_every_command_has_help_and_takes_a_data_folder(name: str) -> None:
    result = run(name, "--help")
    assert "--data" in result.output
    short = instrument.commands[name].get_short_help_str(60)
    assert short
    assert not short.endswith("..."), "the list of commands cuts it off"


# --- check -----------------------------------------------------------------------------------


def test_what_ships_is_sound() -> None:
    result = run("check", SHIPPED)
    assert result.exit_code == 0, result.output
    for name in ("scales.yaml", "moments-map.yaml", *publishing.SHIPPED_FILES):
        assert f"{SHIPPED / name} is sound" in result.output


def test_faults_one_a_line(form_file: Path) -> None:
    change(form_file, "source: customer", "source: costumer")
    change(form_file, "mode: routine", "mood: routine")
    result = run("check", form_file)
    assert result.exit_code == 1
    lines = result.output.splitlines()
    assert len(lines) == 3
    assert all(line.startswith(f"{form_file}:") for line in lines)
    assert any(": unknown-value: `costumer` is not a source: did you mean" in x for x in lines)


def test_a_folder_names_the_sound_and_the_faulty(form_file: Path) -> None:
    form_file.with_name("broken.yaml").write_text("a: [")
    result = run("check", form_file.parent)
    assert result.exit_code == 1
    assert f"{form_file} is sound" in result.output
    assert "broken.yaml:1:5: not-yaml:" in result.output


def test_faults_of_shared_scales_are_told_once(form_file: Path) -> None:
    scales = (SHIPPED / "scales.yaml").read_text("utf-8").replace("level: employee", "level: x", 1)
    form_file.with_name("scales.yaml").write_text(scales, "utf-8")
    form_file.with_name("again.yaml").write_bytes(form_file.read_bytes())
    result = run("check", form_file.parent)
    assert result.output.count("unknown-value") == 1


def test_nothing_to_check(tmp_path: Path) -> None:
    assert run("check", tmp_path / "none.yaml").exit_code == 2
    empty = run("check", tmp_path)
    assert (empty.exit_code, "no .yaml file" in empty.output) == (1, True)


# --- preview ---------------------------------------------------------------------------------


class Page(HTMLParser):
    """The frames of a page, and every address it would load."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.frames: list[str] = []
        self.loads: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "iframe":
            self.frames.append(given["srcdoc"] or "")
        address = given.get("src") or given.get("href") or ""
        if tag in ("script", "link", "img") and not address.startswith("data:"):
            self.loads.append(f"{tag} {given}")


@pytest.mark.parametrize("name", publishing.SHIPPED_FILES)
def test_a_preview_shows_every_language_and_loads_nothing(name: str, tmp_path: Path) -> None:
    out = tmp_path / "preview.html"
    result = run("preview", SHIPPED / name, "--out", out)
    assert result.exit_code == 0, result.output
    page = Page(out.read_text("utf-8"))
    form = load(SHIPPED / name)
    assert len(page.frames) == len(form.languages)
    assert page.loads == []
    for language, frame in zip(form.languages, page.frames, strict=True):
        assert Page(frame).loads == []
        assert f'lang="{language}"' in frame
        assert form.title[language] in frame


def test_a_preview_of_one_language_with_every_scale() -> None:
    result = run("preview", COUNTER, "--language", "fr", "--every-scale")
    assert result.exit_code == 0, result.output
    assert FORM.draw is not None
    for item in FORM.draw.items:
        assert f'name="{item.key}"' in result.output
    once = run("preview", COUNTER, "--language", "fr").output
    assert sum(f'name="{item.key}"' in once for item in FORM.draw.items) == 3


def test_a_preview_needs_a_sound_file_and_a_language_it_speaks(form_file: Path) -> None:
    spoken = run("preview", form_file, "--language", "de")
    assert (spoken.exit_code, "It speaks en, fr, es, ar" in spoken.output) == (2, True)
    change(form_file, "type: moment", "type: momento")
    faulty = run("preview", form_file)
    assert (faulty.exit_code, "unknown-type" in faulty.output) == (1, True)
    assert "There is a fault in it. Mend it and try again." in faulty.output


# --- publish ---------------------------------------------------------------------------------


def test_publish_says_the_version_and_what_changed(
    form_file: Path, installation: Installation
) -> None:
    data = ("--data", installation.folder)
    same = run("publish", form_file, *data)
    assert same.output.splitlines() == [
        FORM.form,
        "This is the newest version already: nothing has changed.",
    ]
    change(form_file, 'en: "Would you come back?"', 'en: "Will you be back?"')
    change(form_file, "max_length: 2000", "max_length: 1000")
    changed = run("publish", form_file, *data)
    assert changed.exit_code == 0, changed.output
    assert changed.output.splitlines() == [
        load(form_file).form,
        f"Since {FORM.form}:",
        "  reworded: come_back: ask (en)",
        "  changed: comment: max_length 2000 → 1000",
    ]
    back = run("publish", COUNTER, *data)
    assert "This version was published before, on " in back.output
    newest = publishing.newest(installation.database(), "counter")
    assert newest == FORM


def test_publish_an_instrument_of_ones_own(form_file: Path, installation: Installation) -> None:
    change(form_file, "instrument: counter", "instrument: our_counter")
    result = run("publish", form_file, "--data", installation.folder)
    assert result.output.splitlines()[1:] == ["The first version of this instrument."]


def test_a_faulty_file_is_not_published(form_file: Path, installation: Installation) -> None:
    change(form_file, "review: none", "review: never")
    result = run("publish", form_file, "--data", installation.folder)
    assert (result.exit_code, "unknown-value" in result.output) == (1, True)
    assert len(publishing.versions(installation.database(), "counter")) == 1


# --- what a change is called -----------------------------------------------------------------


def _rename(document: dict[str, Any]) -> None:
    document["sections"][1]["items"][3]["key"] = "return_soon"


def _reword_scale(document: dict[str, Any]) -> None:
    scale = document["sections"][0]["items"][1]["scales"][0]
    scale["anchors"]["7"][0]["en"] += " Again."
    scale["low"]["ar"] += "."
    scale["status"] = "passed"


def _swap(document: dict[str, Any]) -> None:
    items = document["sections"][1]["items"]
    items[3], items[4] = items[4], items[3]


def _move(document: dict[str, Any]) -> None:
    items = document["sections"][1]["items"]
    document["sections"][0]["items"].append(items.pop(0))


CHANGES: list[tuple[Callable[[dict[str, Any]], object], list[str]]] = [
    (lambda d: None, []),
    (lambda d: d.update(review="required"), ["review: none → required"]),
    (lambda d: d["title"].update(fr="Alors ?", ar="؟"), ["title reworded (fr, ar)"]),
    (lambda d: d.update(languages=["en", "fr"]), ["language removed: es", "language removed: ar"]),
    (
        lambda d: d.update(languages=["fr", "en", "es", "ar"]),
        ["order of languages: fr, en, es, ar"],
    ),
    (lambda d: d.pop("careless"), ["careless under 1 → nothing seconds an item"]),
    (lambda d: d["sections"][1].pop("folded"), ["section 2 is unfolded now"]),
    (
        lambda d: d["sections"][0]["title"].update(en="X"),
        ["title of section 1 reworded (en)"],
    ),
    (lambda d: d["sections"][0]["items"][1].update(draw=4), ["scales drawn: 3 → 4"]),
    (_rename, ["added: return_soon (yes_no)", "removed: come_back (yes_no)"]),
    (
        _reword_scale,
        [
            "reworded: welcome: low (ar), behaviour 7/1 (en)",
            "changed: welcome: status provisional → passed",
        ],
    ),
    (
        lambda d: d["sections"][1]["items"][1].update(show_if={"went_wrong": False}),
        ['changed: told: show_if {"went_wrong": true} → {"went_wrong": false}'],
    ),
    (
        lambda d: d["sections"][1]["items"][0].update(required=True, help={"en": "?"}),
        ["new words: went_wrong: help", "changed: went_wrong: required no → yes"],
    ),
]


@pytest.mark.parametrize(("edit", "words"), CHANGES)
def test_a_change_in_words(edit: Callable[[dict[str, Any]], object], words: list[str]) -> None:
    document = copy.deepcopy(dict(FORM.document))
    edit(document)
    assert changes(FORM, Instrument.from_document(document)) == words


def test_questions_that_moved() -> None:
    for edit, last in ((_swap, "order of questions: "), (_move, "went_wrong: section 2 → 1")):
        document = copy.deepcopy(dict(FORM.document))
        edit(document)
        (said,) = changes(FORM, Instrument.from_document(document))
        assert said.startswith(last)


def test_choices_that_changed() -> None:
    visit = load(SHIPPED / "visit.yaml")
    document = copy.deepcopy(dict(visit.document))
    (request,) = (item for item in document["sections"][0]["items"] if item.get("key") == "request")
    request["choices"][0]["label"]["es"] = "Comprar"
    request["choices"].append({"key": "look", "label": {"en": "To look round"}})
    request["choices"][1:3] = reversed(request["choices"][1:3])
    assert changes(visit, Instrument.from_document(document)) == [
        "reworded: request: choice buy (es)",
        "new words: request: choice look",
    ]
