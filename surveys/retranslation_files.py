"""The files of a retranslation: the sheet for judges, their answers, the evidence."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from surveys.faults import did_you_mean, listed, shown
from surveys.grammar import LANGUAGES
from surveys.retranslation import Behaviour, Evidence, Judgement, behaviours

SHEET = ("judge", "behaviour", "text", "dimension", "level")
ANSWERS = ("judge", "behaviour", "dimension", "level")
EVIDENCE = (
    *("behaviour", "language", "dimension", "level", "judges", "share", "mean", "sd", "passed"),
    *("verdict", "wording", "text"),
)


class BadAnswers(Exception):
    """Answers that cannot be read; ``lines`` say what is wrong, each with its place."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = tuple(lines)
        super().__init__("\n".join(lines))


def sheet(shuffled: Iterable[Behaviour]) -> str:
    """The sheet for one judge: opaque ids and texts; judge, dimension and level to fill in."""
    rows = (("", behaviour.opaque, behaviour.text, "", "") for behaviour in shuffled)
    return _csv(SHEET, rows)


def read_answers(paths: Sequence[Path], scales: Mapping[str, Mapping[str, Any]]) -> list[Judgement]:
    """The judgements in filled-in sheets; rows with neither dimension nor level are skipped.

    Columns may stand in any order, and others beside them; comma or semicolon. ``behaviour`` is
    the sheet's opaque id or ``dimension/level/number`` (then in the language of the column
    ``language``, else English). Raises :class:`BadAnswers` with every wrong cell, ``OSError``
    when a file cannot be opened.
    """
    reader = _Reader(scales)
    for path in paths:
        reader.read(path)
    if not reader.problems and not reader.judgements:
        reader.problems.append(f"{paths[0]}:1:1: nobody has judged anything: fill in the sheet")
    if reader.problems:
        raise BadAnswers(reader.problems)
    return reader.judgements


def evidence_csv(found: Iterable[Evidence]) -> str:
    """One row per behaviour and language judged. ``wording`` is the opaque id of its words."""
    return _csv(
        EVIDENCE,
        (
            (
                *(one.behaviour.id, one.behaviour.language),
                *(one.behaviour.dimension, one.behaviour.level, one.judges),
                *(f"{one.share:.6f}", f"{one.mean:.6f}"),
                "" if one.sd is None else f"{one.sd:.6f}",
                *("yes" if one.passed else "no", one.verdict),
                *(one.behaviour.opaque, one.behaviour.text),
            )
            for one in found
        ),
    )


class _Reader:
    def __init__(self, scales: Mapping[str, Mapping[str, Any]]) -> None:
        self._dimensions = list(scales)
        every = [one for language in LANGUAGES for one in behaviours(scales, language)]
        self._by_opaque = {one.opaque: one for one in every}
        self._by_id = {(one.id, one.language): one for one in every}
        self._seen: dict[tuple[str, Behaviour], str] = {}
        self.judgements: list[Judgement] = []
        self.problems: list[str] = []

    def read(self, path: Path) -> None:
        try:
            text = path.read_bytes().decode("utf-8-sig")
        except UnicodeDecodeError:
            self.problems.append(f"{path}:1:1: this is not UTF-8: save it as “CSV UTF-8”")
            return
        first = text.partition("\n")[0]
        separator = ";" if first.count(";") > first.count(",") else ","
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
        try:
            header = [name.strip() for name in next(rows, [])]
            missing = [name for name in ANSWERS if name not in header]
            if missing:
                names = listed(missing, "and")
                self.problems.append(f"{path}:1:1: the columns {names} are missing: add them")
                return
            for row in rows:
                if any(cell.strip() for cell in row):
                    self._row(path, rows.line_num, header, row)
        except csv.Error as error:
            self.problems.append(f"{path}:{rows.line_num}:1: {error}: look for a missing quote")

    def _row(self, path: Path, line: int, header: list[str], row: list[str]) -> None:
        cells = {name: cell.strip() for name, cell in zip(header, row, strict=False)}
        judge, dimension, level = (cells.get(name, "") for name in ("judge", "dimension", "level"))
        if not dimension and not level:
            return
        wrong: dict[str, str] = {}
        if not judge:
            wrong["judge"] = "who judged? Write a name or a number"
        behaviour = self._behaviour(cells)
        if behaviour is None:
            wrong["behaviour"] = (
                f"{shown(cells.get('behaviour', ''))} is no behaviour of these scales"
                " (as they are worded now): make a new sheet"
            )
        if dimension not in self._dimensions:
            wrong["dimension"] = (
                f"{shown(dimension)} is not a dimension:"
                f" {did_you_mean(dimension, self._dimensions)}write {listed(self._dimensions)}"
            )
        if level not in ("1", "2", "3", "4", "5", "6", "7"):
            wrong["level"] = f"{shown(level)} is not a level: write a whole number from 1 to 7"
        if behaviour is not None and judge:
            here = f"{path}:{line}"
            before = self._seen.setdefault((judge, behaviour), here)
            if before != here:
                wrong["behaviour"] = f"{judge} has judged this in {before} already: delete one"
        for name, message in wrong.items():
            self.problems.append(f"{path}:{line}:{header.index(name) + 1}: {name}: {message}")
        if behaviour is not None and not wrong:
            self.judgements.append(Judgement(judge, behaviour, dimension, int(level)))

    def _behaviour(self, cells: Mapping[str, str]) -> Behaviour | None:
        name = cells.get("behaviour", "")
        language = cells.get("language", "") or "en"
        return self._by_opaque.get(name) or self._by_id.get((name, language))


def _csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(header)
    writer.writerows(rows)
    return file.getvalue()
