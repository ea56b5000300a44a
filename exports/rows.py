"""The rows of the tables that have one for each submission or rating."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

from exports import questions
from exports.asking import Asked
from exports.columns import CannotExport, Value
from exports.questions import Form, Question
from surveys import publishing, results
from surveys.sentences import Sentence
from surveys.store import results as store
from surveys.store.database import Database, Row
from surveys.suppression import CONFIDENTIAL, FEWEST_FOR_WORDS


def form(db: Database, asked: Asked) -> Form:
    """The columns of the one instrument asked for; :class:`CannotExport` if it is not one."""
    if len(asked.selection.instruments) != 1:
        raise CannotExport(
            Sentence(
                "submissions is one file for each instrument: say which one with “instrument”."
                " There are: {known}.",
                known=", ".join(publishing.keys(db)) or "none",
            )
        )
    key = asked.selection.instruments[0]
    older = (publishing.version(db, version.form) for version in publishing.versions(db, key))
    versions = {form.form: form for form in (publishing.newest(db, key), *older) if form}
    return questions.read(versions.values(), asked.language if asked.labels else None)


def submissions(db: Database, asked: Asked, form: Form) -> Iterator[tuple[Value, ...]]:
    """Every stored submission, whatever its status, with its values as amended."""
    facets = {question.item.key: _facets(question) for question in form.questions}
    for site in asked.selection.shown(db):
        reach = _Reach(db, asked, site.site_id)
        rows = store.submissions(db, site.site_id, asked.selection.wanted())
        for _, parts in groupby(rows, key=lambda row: row["submission_id"]):
            row, answers = _amended(parts)
            tallied = [
                facet
                for key, every in facets.items()
                if answers.get(key) is not None
                for facet in every
            ]
            if not reach.sees(row, "submission", *tallied):
                continue
            yield (
                row["submission_id"],
                site.site_id,
                site.name,
                site.region,
                row["source"],
                row["mode"],
                row["form_used"] or row["form"],
                row["language"],
                row["started_local"],
                row["finished_local"],
                row["received_utc"],
                row["day"],
                row["status"],
                " ".join(json.loads(row["flags"])),
                *form.cells(answers, words=reach.reads_words(row)),
            )


def ratings(db: Database, asked: Asked, names: Mapping[str, str]) -> Iterator[tuple[Value, ...]]:
    """Every rating of every counted submission. ``names`` are dimensions' names, or nothing."""
    touchpoints: dict[str, dict[str, str | None]] = {}
    for site in asked.selection.shown(db):
        reach = _Reach(db, asked, site.site_id)
        for row in store.counted(db, site.site_id, asked.selection.wanted()):
            form = row["form_used"]
            if form not in touchpoints:
                touchpoints[form] = _touchpoints(db, form)
            for facet, level in json.loads(row["marks"]):
                kind, _, dimension = facet.partition(":")
                if kind != "dimension" or level == "asked" or not reach.sees(row, facet):
                    continue
                yield (
                    row["submission_id"],
                    site.site_id,
                    site.region,
                    row["instrument"],
                    row["source"],
                    row["mode"],
                    row["day"],
                    names.get(dimension, dimension),
                    touchpoints[form].get(dimension) or row["touchpoint"],
                    int(level),
                    row["flagged"],
                )


def _touchpoints(db: Database, form: str) -> dict[str, str | None]:
    """Where each dimension is rated, as far as the form's questions say."""
    version = publishing.version(db, form)
    return {key: item.touchpoint for key, item in version.items.items()} if version else {}


def _facets(question: Question) -> list[str]:
    """The facets that an answer to the question is tallied under with its value."""
    item = question.item
    if item.type == "scale":
        found = [f"dimension:{item.key}"]
    else:
        found = ["moment"] if item.type == "moment" else []
    if item.measures is not None and item.type in ("yes_no", "integer"):
        found.append(f"measure:{item.measures}")
    return found


def _amended(parts: Iterable[Row]) -> tuple[Row, dict[str, Any]]:
    """A submission and its answers, from its rows: one for each amendment, or one for none."""
    row: Row | None = None
    answers: dict[str, Any] = {}
    for part in parts:
        if row is None:
            row = part
            sent = json.loads(part["payload"]).get("answers")
            answers = dict(sent) if isinstance(sent, dict) else {}
        if part["amended"] is not None:
            answers.update(json.loads(part["amended"]))
    if row is None:
        raise ValueError("a submission has at least one row")
    return row, answers


class _Reach:
    """What one reader may see of one site's rows: not those of suppressed cells."""

    def __init__(self, db: Database, asked: Asked, site_id: str) -> None:
        self._everything = asked.everything
        self._db, self._site_id, self._selection = db, site_id, asked.selection
        self._open: Mapping[results.Place, int] | None = None

    def sees(self, row: Row, *facets: str) -> bool:
        """Whether all of the row's cells are shown."""
        return self._all(row) or all(self._n(row, facet) is not None for facet in facets)

    def reads_words(self, row: Row) -> bool:
        """Whether somebody's own words may be shown: they need more company than ticks."""
        return self._all(row) or (self._n(row, "submission") or 0) >= FEWEST_FOR_WORDS

    def _all(self, row: Row) -> bool:
        return self._everything or row["source"] not in CONFIDENTIAL

    def _n(self, row: Row, facet: str) -> int | None:
        if self._open is None:
            shown = results.showable(self._db, self._site_id, self._selection, "all", "%")
            self._open = {place: n for (place, _), n in shown.items()}
        return self._open.get((facet, row["source"], row["mode"]))
