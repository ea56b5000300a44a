"""The tables that can be exported: every column with its meaning, and how its rows are made.

``docs/tables.md`` says the same in prose; a test holds the two together. The order of columns is
fixed: programs elsewhere rely on it. New ones go at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from operator import attrgetter

from exports import rows, visits
from exports.asking import Asked
from exports.columns import FLAG, NEEDED, CannotExport, Column, NotMade, Sheet, Value, place
from exports.visit_columns import PAYROLL, VISITS
from exports.words import dimension_names
from surveys import results
from surveys.sentences import Sentence
from surveys.store.database import Database

LEVEL = {"minimum": 1, "maximum": 7}
SHARE = {"minimum": 0, "maximum": 1}
COUNT = {"minimum": 0}
STATUSES = ["counted", "pending", "held", "returned", "rejected", "replaced"]
LATER = Sentence("Blank: for a later version.")


SOURCE = Column(
    "source",
    "string",
    Sentence(
        "Who answered: customer, shopper, manager, staff, partner, manager_forecast or"
        " staff_forecast. Sources are never pooled."
    ),
    None,
    NEEDED,
)
MODE = Column(
    "mode",
    "string",
    Sentence("How people worked together: routine or joint-work. Modes are never averaged."),
    None,
    {"enum": ["routine", "joint-work"], "required": True},
)
DAYS = (
    Column("period_start", "date", Sentence("First day that the row covers."), None, NEEDED),
    Column(
        "period_end", "date", Sentence("Last day that the row covers, inclusive."), None, NEEDED
    ),
)
DIMENSION = Column("dimension", "string", Sentence("Which of the behaviour scales."), None, NEEDED)
SUBMISSION = Column(
    "submission_id",
    "string",
    Sentence("The submission's UUID, unique within its site."),
    None,
    NEEDED,
)
DAY = Column(
    "day", "date", Sentence("The day in the site's time zone, fixed at intake."), None, NEEDED
)
NOTE = Column(
    "note",
    "string",
    Sentence(
        "Why figures are missing: “suppressed” where they would show what few, known people"
        " answered."
    ),
)

SCORES = (
    *place(name=True),
    DIMENSION,
    SOURCE,
    MODE,
    *DAYS,
    Column("n", "integer", Sentence("How many ratings."), "ratings", {**COUNT, **NEEDED}),
    Column("n_asked", "integer", Sentence("How often the scale was shown."), "times", COUNT),
    Column(
        "coverage",
        "number",
        Sentence("n / n_asked. The rest said “did not come up” or left it out."),
        "share",
        COUNT,
    ),
    Column("mean", "number", Sentence("Arithmetic mean of the ratings."), "level", LEVEL),
    Column(
        "sd",
        "number",
        Sentence("Sample standard deviation; blank below two ratings."),
        "level",
        COUNT,
    ),
    Column(
        "mean_low",
        "number",
        Sentence(
            "Lower end of the mean's 95 % interval: a t interval whose variance is drawn towards"
            " that of all sites of the same kind, clipped to 1…7."
        ),
        "level",
        LEVEL,
    ),
    Column("mean_high", "number", Sentence("Upper end of that interval."), "level", LEVEL),
    Column("top2", "number", Sentence("Share of ratings at 6 or 7."), "share", SHARE),
    Column(
        "top2_low", "number", Sentence("Lower end of its 95 % Wilson interval."), "share", SHARE
    ),
    Column("top2_high", "number", Sentence("Upper end of that interval."), "share", SHARE),
    Column("bottom2", "number", Sentence("Share of ratings at 1 or 2."), "share", SHARE),
    Column(
        "bottom2_low", "number", Sentence("Lower end of its 95 % Wilson interval."), "share", SHARE
    ),
    Column("bottom2_high", "number", Sentence("Upper end of that interval."), "share", SHARE),
    Column("adjusted", "number", LATER, "level", LEVEL),
    Column("reliability", "number", LATER, "share", SHARE),
    Column("shops_needed", "number", LATER, "ratings", COUNT),
    Column("rank", "integer", LATER, "rank", {"minimum": 1}),
    Column("rank_low", "integer", LATER, "rank", {"minimum": 1}),
    Column("rank_high", "integer", LATER, "rank", {"minimum": 1}),
    Column("change", "number", LATER, "level", {"minimum": -6, "maximum": 6}),
    Column("change_low", "number", LATER, "level", {"minimum": -6, "maximum": 6}),
    Column("change_high", "number", LATER, "level", {"minimum": -6, "maximum": 6}),
    Column("change_verdict", "string", LATER),
    NOTE,
)

MOMENTS = (
    *place(name=True),
    SOURCE,
    MODE,
    *DAYS,
    Column(
        "contacts",
        "integer",
        Sentence("Answered moments. One that was asked and not answered is not a neutral one."),
        "moments",
        {**COUNT, **NEEDED},
    ),
    Column("magic", "integer", Sentence("Better than expected."), "moments", COUNT),
    Column("truth", "integer", Sentence("As expected."), "moments", COUNT),
    Column("misery", "integer", Sentence("Worse than expected."), "moments", COUNT),
    Column("magic_share", "number", LATER, "share", SHARE),
    Column("magic_share_low", "number", LATER, "share", SHARE),
    Column("magic_share_high", "number", LATER, "share", SHARE),
    Column("wom_balance", "number", LATER, "people per 100 contacts"),
    Column("wom_balance_low", "number", LATER, "people per 100 contacts"),
    Column("wom_balance_high", "number", LATER, "people per 100 contacts"),
    Column("break_even_p", "number", LATER, "probability", SHARE),
    NOTE,
)

SUBMISSIONS = (
    SUBMISSION,
    *place(name=True),
    SOURCE,
    MODE,
    Column(
        "form",
        "string",
        Sentence(
            "Instrument and version it is read by; as it was sent, until a person chose another."
        ),
    ),
    Column("language", "string", Sentence("The language it was answered in.")),
    Column(
        "started_local",
        "datetime",
        Sentence("When the answering began, by the phone's clock: ISO 8601 with its offset."),
    ),
    Column(
        "finished_local",
        "datetime",
        Sentence("When it was sent off, by the phone's clock, likewise."),
    ),
    Column(
        "received_utc", "datetime", Sentence("When it arrived here: ISO 8601, UTC."), None, NEEDED
    ),
    DAY,
    Column(
        "status",
        "string",
        Sentence("Only counted ones are in any figure; held and pending ones wait for a person."),
        None,
        {"enum": STATUSES, "required": True},
    ),
    Column(
        "flags",
        "string",
        Sentence(
            "What was noticed, space between: careless (too fast), repeat (same sender again),"
            " clock (the phone's time was off). Blank: nothing."
        ),
    ),
)

UNFIT = Column(
    "answers.unfit",
    "string",
    Sentence(
        "JSON: answers that do not fit their question (a level 8, a word for a number), by"
        " question. They are in no other column."
    ),
)

RATINGS = (
    SUBMISSION,
    *place(name=False),
    Column("instrument", "string", Sentence("The key of the instrument."), None, NEEDED),
    SOURCE,
    MODE,
    DAY,
    DIMENSION,
    Column(
        "touchpoint",
        "string",
        Sentence("Where on the customer's way: the question's, else the code's."),
    ),
    Column("level", "integer", Sentence("The rating; 7 is best."), "level", {**LEVEL, **NEEDED}),
    Column("flagged", "integer", Sentence("1 if careless or a repeat, else 0."), None, FLAG),
)


@dataclass(frozen=True)
class Table:
    """A table's fixed columns and what a row is."""

    name: str
    title: str
    row: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    prepare: Callable[[Table, Database, Asked], Sheet]

    def sheet(
        self, columns: tuple[Column, ...], made: Callable[[], Iterator[tuple[Value, ...]]]
    ) -> Sheet:
        return Sheet(self.name, self.title, f"One row per {self.row}.", self.key, columns, made)


def _scores(table: Table, db: Database, asked: Asked) -> Sheet:
    names = dimension_names(db, asked.language) if asked.labels else {}
    cells = attrgetter(*(column.name for column in table.columns))

    def made() -> Iterator[tuple[Value, ...]]:
        for score in results.scores(db, asked.selection, asked.by):
            named = names.get(score.dimension)
            yield cells(replace(score, dimension=named) if named else score)

    return table.sheet(table.columns, made)


def _moments(table: Table, db: Database, asked: Asked) -> Sheet:
    cells = attrgetter(*(column.name for column in table.columns))

    def made() -> Iterator[tuple[Value, ...]]:
        yield from map(cells, results.moments(db, asked.selection, asked.by))

    return table.sheet(table.columns, made)


def _submissions(table: Table, db: Database, asked: Asked) -> Sheet:
    form = rows.form(db, asked)
    columns = (*table.columns, *(question.column for question in form.questions), UNFIT)
    return table.sheet(columns, lambda: rows.submissions(db, asked, form))


def _ratings(table: Table, db: Database, asked: Asked) -> Sheet:
    names = dimension_names(db, asked.language) if asked.labels else {}
    return table.sheet(table.columns, lambda: rows.ratings(db, asked, names))


def _visits(table: Table, db: Database, asked: Asked) -> Sheet:
    visits.check(asked)
    return table.sheet(table.columns, lambda: visits.visits(db, asked))


def _payroll(table: Table, db: Database, asked: Asked) -> Sheet:
    visits.check(asked, owners_alone=True)
    return table.sheet(table.columns, lambda: visits.payroll(db, asked))


_CELL = ("site_id", "dimension", "source", "mode", "period_start")
_ALL = (
    Table("scores", "Scores", "site × dimension × source × mode × period", _CELL, SCORES, _scores),
    Table(
        "moments",
        "Moments",
        "site × source × mode × period",
        ("site_id", "source", "mode", "period_start"),
        MOMENTS,
        _moments,
    ),
    Table(
        "submissions",
        "Submissions",
        "submission of one instrument, of every status, with the values as amended",
        ("site_id", "submission_id"),
        SUBMISSIONS,
        _submissions,
    ),
    Table(
        "ratings",
        "Ratings",
        "rating that counts",
        ("site_id", "submission_id", "dimension"),
        RATINGS,
        _ratings,
    ),
    Table("visits", "Visits", "visit", ("site_id", "visit_id"), VISITS, _visits),
    Table(
        "payroll",
        "Payroll",
        "visit whose report counts",
        ("site_id", "visit_id"),
        PAYROLL,
        _payroll,
    ),
)
TABLES = {table.name: table for table in _ALL}
LATER_TABLES = ("touchpoints", "site_facts", "mirror", "agreement", "cases")
COUNTED_BY_PERIOD = ("scores", "moments")


def sheet(db: Database, name: str, asked: Asked) -> Sheet:
    """The table ``name`` as it was asked for.

    Raises, always with what there is instead, :class:`NotMade` for a table or a kind of file that
    is not made, :class:`NotYours` for what lies beyond the reader's reach, and
    :class:`CannotExport` for any other region, site or instrument that does not exist and for
    options that the table does not have.
    """
    table = TABLES.get(name)
    if table is None:
        known = ", ".join(TABLES)
        if name in LATER_TABLES:
            raise NotMade(
                Sentence(
                    "The table “{name}” is not made yet. There are: {known}.",
                    name=name,
                    known=known,
                )
            )
        raise NotMade(
            Sentence(
                "The table “{name}” does not exist. There are: {known}.", name=name, known=known
            )
        )
    if asked.by != "all" and name not in COUNTED_BY_PERIOD:
        raise CannotExport(
            Sentence(
                "{name} has a row for each, with its day, and no periods: leave out “by”.",
                name=name,
            )
        )
    asked.check(db)
    return table.prepare(table, db, asked)
