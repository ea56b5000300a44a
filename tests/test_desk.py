"""The desk shows what results say, and says what to do where there is nothing."""

from __future__ import annotations

import html
import re
from datetime import date, timedelta
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from surveys import desk, publishing, results, voices
from surveys.installation import Installation
from surveys.instrument import Instrument
from surveys.results import Score, Selection
from surveys.store import sites, tallies
from surveys.store.database import Database
from surveys.store.sites import Site
from surveys.store.tallies import Bar
from surveys.voices import Voice
from surveys.web.desk import choice as choices
from surveys.web.desk.choice import Choice, NotAChoice
from tests.conftest import NOW, Clock
from tests.desk_people import HTML, enrol, signed_in, submit
from tests.exported import unpacked

TODAY = NOW.date()


@pytest.fixture
def db(chain: Installation) -> Database:
    return chain.database()


@pytest.fixture
def owner(client: FlaskClient, db: Database) -> FlaskClient:
    return signed_in(client, enrol(db, "owner"))


def rate(
    db: Database,
    site_id: str,
    levels: list[int],
    *,
    dimension: str = "welcome",
    source: str = "customer",
    mode: str = "routine",
    days_ago: int = 0,
    flagged: int = 0,
    asked: int | None = None,
) -> None:
    """Put ratings where intake would have counted them."""
    day = (TODAY - timedelta(days=days_ago)).isoformat()
    instrument = "counter" if source == "customer" else "visit"
    bars: dict[Bar, int] = {}
    counts = {"asked": len(levels) if asked is None else asked}
    for level in levels:
        counts[str(level)] = counts.get(str(level), 0) + 1
    for level, n in counts.items():
        key = (site_id, instrument, source, mode, f"dimension:{dimension}", day, level, flagged)
        bars[Bar(*key)] = n
    with db.transaction():
        tallies.add(db, bars)


def page(client: FlaskClient, address: str) -> TestResponse:
    answer = client.get(address, headers=HTML)
    assert answer.status_code == 200, answer.text
    return answer


def cells(text: str) -> dict[str, list[str]]:
    """The table's rows as a screen reader reads them: site → its cells."""
    rows: dict[str, list[str]] = {}
    for row in re.findall(r'<tr role="row">(.*?)</tr>', text, re.DOTALL):
        head = re.search(r'<th role="rowheader".*?</th>', row, re.DOTALL)
        if head:
            found = re.findall(r'<td role="cell">(.*?)</td>', row, re.DOTALL)
            rows[words(head[0])] = [words(cell) for cell in found]
    return rows


def words(markup: str) -> str:
    markup = re.sub(r'<(\w+)[^>]*aria-hidden="true".*?</\1>', "", markup, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", "", markup)).split())


def of(score: Score) -> str:
    return (
        f"{score.mean:.1f}, between {score.mean_low:.1f} and {score.mean_high:.1f},"
        f" ratings: {score.n}"
    )


# --- the figures -----------------------------------------------------------------------------


def test_the_table_shows_what_results_say(owner: FlaskClient, db: Database) -> None:
    rate(db, "vienna-1", [7, 6, 7, 5])
    rate(db, "vienna-1", [2, 3], dimension="culture")
    rate(db, "lisbon-1", [4, 4, 1])
    rate(db, "vienna-2", [], dimension="waiting", asked=3)
    shown = cells(page(owner, "/desk").text)
    known = list(publishing.scales(db))
    assert known[0] == "welcome"
    assert len(known) == 12
    expected = {
        (score.site, score.dimension): score
        for score in results.scores(db, Selection(sources=("customer",)))
    }
    assert len(expected) == 4
    for site, row in shown.items():
        for dimension, cell in zip(known, row, strict=True):
            score = expected.pop((site, dimension), None)
            if score is None:
                assert cell == "not asked"
            elif score.n:
                assert cell == of(score)
            else:
                assert cell == "asked, but nobody rated it"
    assert expected == {}
    assert set(shown) >= {"Auckland, Queen Street"}  # a site without ratings keeps its line


def test_the_drawing_lies_where_the_figures_are(owner: FlaskClient, db: Database) -> None:
    rate(db, "vienna-1", [4] * 40)
    text = page(owner, "/desk").text
    (score,) = results.scores(db, Selection())
    step = (72 - 8) / 6
    low, high = score.mean_low, score.mean_high
    assert low is not None
    assert high is not None
    assert f'x="{4 + (low - 1) * step - 1:.1f}" y="4" width="{(high - low) * step + 2:.1f}"' in text
    assert f'x="{4 + 3 * step - 1.5:.1f}" y="1.5"' in text


def test_sources_are_never_pooled(owner: FlaskClient, db: Database) -> None:
    rate(db, "vienna-1", [7, 7, 7])
    rate(db, "vienna-1", [1, 1], source="shopper")
    customers = cells(page(owner, "/desk").text)["Vienna, Graben"][0]
    shoppers = cells(page(owner, "/desk?source=shopper").text)["Vienna, Graben"][0]
    assert customers.startswith("7.0")
    assert customers.endswith("ratings: 3")
    assert shoppers.startswith("1.0")
    assert shoppers.endswith("ratings: 2")


def test_modes_are_never_mixed(owner: FlaskClient, db: Database) -> None:
    rate(db, "vienna-1", [7, 7])
    assert "nothing has come from long joint work" in page(owner, "/desk").text
    rate(db, "vienna-1", [1], mode="joint-work")
    text = page(owner, "/desk").text
    routine, joint = text.split("Long joint work</h2>")
    assert cells(routine)["Vienna, Graben"][0].endswith("ratings: 2")
    assert cells(joint)["Vienna, Graben"][0].endswith("ratings: 1")
    assert "long joint work has its own" in text


@pytest.mark.parametrize(
    ("query", "n"),
    [
        ("", 3),
        ("?days=30", 2),
        ("?days=all", 4),
        ("?from=2026-11-22&to=2026-11-22", 1),
        ("?days=30&from=2026-08-01", 4),
        ("?flagged=exclude", 2),
        ("?flagged=only", 1),
    ],
)
def test_days_and_flags_are_chosen(owner: FlaskClient, db: Database, query: str, n: int) -> None:
    for days_ago, flagged in ((0, 0), (29, 1), (89, 0), (90, 0)):
        rate(db, "vienna-1", [4], days_ago=days_ago, flagged=flagged)
    shown = cells(page(owner, f"/desk{query}").text)["Vienna, Graben"][0]
    assert shown.endswith(f"ratings: {n}")
    shown = page(owner, f"/desk/sites/vienna-1{query}").text
    assert f'<p class="quiet">{n} rating{"s" if n > 1 else ""}.' in shown


def test_a_region_is_chosen(owner: FlaskClient, db: Database) -> None:
    rate(db, "vienna-1", [4])
    rate(db, "lisbon-1", [4])
    assert set(cells(page(owner, "/desk?region=west").text)) == {
        "Lisbon, Chiado",
        "Auckland, Queen Street",
    }


def test_choosing_less_changes_no_figure(app: Flask, db: Database) -> None:
    """The interval leans on the whole chain, whoever looks and at whatever."""
    for site_id, levels in (("vienna-1", [1, 7, 1, 7]), ("lisbon-1", [4, 4, 5]), ("vienna-2", [6])):
        rate(db, site_id, levels)
    manager = enrol(db, "manager", regions=["east"])
    theirs = cells(page(signed_in(app.test_client(), manager), "/desk").text)
    everything = cells(page(signed_in(app.test_client(), enrol(db, "owner")), "/desk").text)
    assert theirs["Vienna, Graben"] == everything["Vienna, Graben"]
    assert theirs["Vienna, Praterstern"] == everything["Vienna, Praterstern"]
    assert "Lisbon, Chiado" not in theirs


def test_few_staff_are_hidden(owner: FlaskClient, db: Database) -> None:
    rate(db, "vienna-1", [1, 1, 1, 2], source="staff")
    assert cells(page(owner, "/desk?source=staff").text)["Vienna, Graben"][0] == "4 ratings, hidden"
    text = page(owner, "/desk/sites/vienna-1?source=staff").text
    assert "Fewer than five" in text
    assert 'aria-label="Level 1' not in text


def test_look_first_names_what_is_low_even_when_chance_is_given_its_due(
    owner: FlaskClient, db: Database
) -> None:
    rate(db, "vienna-1", [2, 2, 3] * 10)  # low and sure
    rate(db, "vienna-2", [1])  # lower, but one rating proves nothing
    rate(db, "lisbon-1", [6, 7, 6] * 10)
    rate(db, "auckland-1", [4, 5, 4] * 10)
    first, second, _ = desk.look_first(list(results.scores(db, Selection())))
    assert (first.site_id, second.site_id) == ("vienna-1", "vienna-2")
    assert first.mean is not None
    assert second.mean is not None
    assert first.mean > second.mean
    assert "Look here first" in page(owner, "/desk").text


def test_what_customers_praise_is_nothing_to_look_at_first(
    owner: FlaskClient, db: Database
) -> None:
    rate(db, "vienna-1", [6])
    rate(db, "lisbon-1", [6, 7, 6] * 10)
    assert desk.look_first(list(results.scores(db, Selection()))) == ()
    assert "Look here first" not in page(owner, "/desk").text


# --- one site --------------------------------------------------------------------------------


def test_a_site_shows_its_histogram_moments_and_words(
    owner: FlaskClient, db: Database, clock: Clock
) -> None:
    rate(db, "vienna-1", [1, 7, 7])
    for moment, comment in (("better", "first words"), ("worse", "second words")):
        submit(owner, db, "vienna-1", {"moment": moment, "comment": comment})
        clock.forward(seconds=1)
    text = page(owner, "/desk/sites/vienna-1").text
    assert "Level 1: 1, Level 2: 0" in text
    assert "Level 7: 2" in text
    assert re.search(r"<dt>better</dt><dd>1</dd>", text)
    assert re.search(r"<dt>as expected</dt><dd>0</dd>", text)
    assert re.search(r"<dt>worse</dt><dd>1</dd>", text)
    assert text.index("second words") < text.index("first words")
    assert html.escape(publishing.scales(db)["welcome"].coaching["en"]) in text
    assert text.count("provisional</small>") == 1


def test_words_are_shown_as_words_and_cannot_turn_the_page(
    owner: FlaskClient, db: Database
) -> None:
    hostile = "<script>alert(1)</script> \u202eesrever\u202c & <b>"
    submit(owner, db, "vienna-1", {"moment": "worse", "comment": hostile, "contact": hostile})
    site = Site("x-1", '"><i>\u202etaht', "<u>north", "Europe/Vienna", "en", "<address>")
    with db.transaction():
        sites.put(db, [site])
    rate(db, "x-1", [1])
    for address in ("/desk?days=all", "/desk/sites/vienna-1", "/desk/contacts", "/desk/sites/x-1"):
        text = page(owner, address).text
        for tag in ("<script>alert", "<i>", "<u>", "<address>", "& <b>"):
            assert tag not in text
        for found in re.finditer("\u202e", text):
            before = text[: found.start()]
            inside = before.rfind("<bdi>") > before.rfind("</bdi>")
            title = before.rfind("<title>") > before.rfind("</title>")
            assert inside or title, text[found.start() - 60 : found.end() + 20]


def test_flagged_words_say_so(owner: FlaskClient, db: Database) -> None:
    submit(
        owner,
        db,
        "vienna-1",
        {"moment": "worse", "welcome": 1, "waiting": 1, "knowledge": 1, "comment": "in a hurry"},
        started_at="2026-11-22T08:00:00+00:00",
        finished_at="2026-11-22T08:00:01+00:00",
    )
    text = page(owner, "/desk/sites/vienna-1").text
    assert "in a hurry" in text
    assert "faster than anybody reads" in text
    assert "in a hurry" not in page(owner, "/desk/sites/vienna-1?flagged=exclude").text


def test_words_are_shown_as_mended(owner: FlaskClient, db: Database) -> None:
    kept = submit(owner, db, "vienna-1", {"moment": "worse", "comment": "names an employee"})
    db.execute(
        "INSERT INTO amendments (site_id, submission_id, number, at_utc, person_id, reason, form,"
        " answers) SELECT site_id, submission_id, 1, received_utc, '', 'a name', form, :answers"
        " FROM submissions WHERE submission_id = :submission_id",
        {"submission_id": kept, "answers": '{"comment": "without a name"}'},
    )
    text = page(owner, "/desk/sites/vienna-1").text
    assert "without a name" in text
    assert "names an employee" not in text


def test_many_comments_are_turned_by_pages(owner: FlaskClient, db: Database) -> None:
    for number in range(31):
        submit(owner, db, "vienna-1", {"moment": "worse", "comment": f"words {number:02}."})
    first = page(owner, "/desk/sites/vienna-1").text
    second = page(owner, "/desk/sites/vienna-1?page=1").text
    seen = [re.findall(r"words \d\d\.", text) for text in (first, second)]
    assert [len(found) for found in seen] == [30, 1]
    assert len({*seen[0], *seen[1]}) == 31
    assert "Older" in first
    assert "Newer" in second


# --- contacts --------------------------------------------------------------------------------


def test_contacts_are_for_those_who_look_after_the_site(app: Flask, db: Database) -> None:
    submit(
        app.test_client(),
        db,
        "vienna-1",
        {"moment": "worse", "contact": "+43 1 234", "comment": "it broke"},
    )
    for role, granted, sees in (
        ("owner", [], True),
        ("manager", ["east"], True),
        ("manager", ["west"], False),
    ):
        client = signed_in(app.test_client(), enrol(db, role, regions=granted))
        text = page(client, "/desk/contacts").text
        assert ("<bdi>+43 1 234</bdi>" in text) is sees
        assert ("it broke" in text) is sees
    reviewer = signed_in(app.test_client(), enrol(db, "reviewer"))
    assert reviewer.get("/desk/contacts").status_code == 403
    assert "/desk/contacts" not in page(reviewer, "/desk").text


def test_beside_the_contact_of_one_of_the_staff_stands_nothing_they_wrote(
    app: Flask, db: Database, owner: FlaskClient
) -> None:
    counter = publishing.newest(db, "counter")
    assert counter is not None
    document = {**counter.document, "instrument": "staffroom", "source": "staff"}
    staffroom = Instrument.from_document(document)
    publishing.publish(db, staffroom, NOW)
    token = voices.issue(db, "vienna-1", Voice("staffroom", "staff"), NOW)
    answers = {"moment": "worse", "contact": "+43 1 234", "comment": "the manager shouts"}
    submit(app.test_client(), db, "vienna-1", answers, token=token, form=staffroom.form)
    text = page(owner, "/desk/contacts").text
    assert "+43 1 234" in text
    assert "shouts" not in text


def test_a_contact_that_was_taken_back_is_gone(owner: FlaskClient, db: Database) -> None:
    kept = submit(owner, db, "vienna-1", {"moment": "worse", "contact": "+43 1 234"})
    assert "+43 1 234" in page(owner, "/desk/contacts").text
    db.execute(
        "UPDATE submissions SET erased_utc = '2026-11-22T10:00:00Z'"
        " WHERE submission_id = :submission_id",
        {"submission_id": kept},
    )
    assert "Nobody is waiting" in page(owner, "/desk/contacts").text


def test_what_is_held_is_said_and_not_counted(owner: FlaskClient, db: Database) -> None:
    submit(owner, db, "vienna-1", {"moment": "worse", "welcome": 2})
    assert "is held" not in page(owner, "/desk").text
    submit(owner, db, "vienna-1", {"moment": "worse", "welcome": 9}, expected="held")
    text = page(owner, "/desk").text
    assert "1 submission is held" in text
    assert cells(text)["Vienna, Graben"][0].endswith("ratings: 1")
    assert "is held" not in page(owner, "/desk?region=west").text


# --- nothing to show -------------------------------------------------------------------------


def test_without_sites_it_leads_to_where_they_are_added(
    installation: Installation, clock: Clock
) -> None:
    from surveys.web.application import build  # noqa: PLC0415 - a chain of its own, with no site

    app = build(installation.folder, clock=clock)
    app.testing = True
    client = signed_in(app.test_client(), enrol(installation.database(), "owner"))
    text = page(client, "/desk").text
    assert "There are no sites yet" in text
    assert 'href="/desk/setup"' in text
    assert "/exports/" not in text


def test_without_ratings_it_says_how_to_get_some(owner: FlaskClient) -> None:
    text = page(owner, "/desk").text
    assert "Nothing has come in yet" in text
    assert "/desk/sites/vienna-1" in text
    assert "Nothing has come in for this choice" in page(owner, "/desk/sites/vienna-1").text


def test_a_choice_without_ratings_says_how_to_widen_it(owner: FlaskClient, db: Database) -> None:
    rate(db, "vienna-1", [4], days_ago=200)
    text = page(owner, "/desk?flagged=exclude").text
    assert "Nothing has come in for this choice" in text
    assert "days=all" in text
    assert "with flagged answers" in text


# --- what an address can ask for -------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "status", "says"),
    [
        ("source=nobody", 400, "There are: customer"),
        ("days=7", 400, "30, 90 or all"),
        ("flagged=maybe", 400, "include, exclude or only"),
        ("from=2026-13-40", 400, "write it like 2026-11-22"),
        ("from=<script>", 400, "write it like 2026-11-22"),
        ("from=2026-11-22&to=2026-11-01", 400, "swap them"),
        ("region=nowhere", 404, "no such region among yours"),
    ],
)
def test_a_choice_there_is_not_is_explained(
    owner: FlaskClient, query: str, status: int, says: str
) -> None:
    answer = owner.get(f"/desk?{query}", headers=HTML)
    assert answer.status_code == status
    assert says in answer.text
    assert "<script>" not in answer.text


def test_an_address_says_a_choice_and_is_read_as_the_same() -> None:
    for choice in (
        Choice(),
        Choice(source="shopper", days="30", region="a&b=c", flagged="only"),
        Choice(days="own", first=date(2026, 1, 2), last=date(2026, 3, 4)),
        Choice(days="own", last=date(2026, 3, 4)),
        Choice(days="all"),
    ):
        assert choices.read(choice.asked(), ("customer", "shopper")) == choice
    with pytest.raises(NotAChoice):
        choices.read({"source": "staff"}, ("customer",))


# --- downloads -------------------------------------------------------------------------------


def test_downloads_carry_the_choice(owner: FlaskClient, db: Database) -> None:
    rate(db, "vienna-1", [4])
    rate(db, "lisbon-1", [6])
    text = page(owner, "/desk?region=east&days=30&flagged=exclude").text
    links = [html.unescape(link) for link in re.findall(r'href="(/exports/[^"]+)"', text)]
    tables = {re.split(r"[/.]", link)[2] for link in links}
    assert tables == {"scores", "moments", "ratings", "submissions"}
    for link in links:
        assert "region=east" in link
        assert "from=2026-10-24" in link
        assert "flagged=exclude" in link
        answer = owner.get(link)
        assert answer.status_code == 200, (link, answer.text)
        assert "lisbon-1" not in unpacked(answer.data)
        answer.close()
    forms = [link for link in links if "instrument=" in link]
    assert all("instrument=counter" in link for link in forms)  # a visit is no customer's
    kinds = [re.split(r"[?.]", link)[1] for link in links if "/scores." in link]
    assert kinds == ["xlsx", "csv", "csv", "datapackage"]  # what opens by itself comes first
    scores = next(link for link in links if link.startswith("/exports/scores.csv"))
    with owner.get(scores) as answer:
        assert "vienna-1" in answer.text


def test_reviewers_read_and_do_not_take_away(client: FlaskClient, db: Database) -> None:
    rate(db, "vienna-1", [4])
    reviewer = signed_in(client, enrol(db, "reviewer"))
    assert "/exports/" not in page(reviewer, "/desk").text
    assert reviewer.get("/exports/scores.csv").status_code == 403


HOSTILE = (
    *("", " ", "\x00", "\u202e", "é", "'", '"><script>', "../../etc/passwd", "%00", "%ff"),
    *("-1", "0", "1e9", "9" * 40, "NaN", "0001-01-01", "9999-12-31", "2026-W47-7", "x" * 5000),
)


@pytest.mark.parametrize("address", ["/desk", "/desk/sites/vienna-1", "/desk/contacts", "/sign-in"])
def test_no_address_breaks_it(owner: FlaskClient, db: Database, address: str) -> None:
    rate(db, "vienna-1", [1, 4])
    for name in ("source", "days", "from", "to", "region", "flagged", "page", "next"):
        for value in HOSTILE:
            answer = owner.get(address, query_string={name: value}, headers=HTML)
            assert answer.status_code in (200, 303, 400, 404), (name, value)
            assert "<script>" not in answer.text


@pytest.mark.parametrize(
    "value", [value for value in HOSTILE if value not in ("", "../../etc/passwd")]
)
def test_no_site_id_breaks_it(owner: FlaskClient, value: str) -> None:
    answer = owner.get(f"/desk/sites/{quote(value)}", headers=HTML)
    assert answer.status_code == 404
    assert "<script>" not in answer.text
