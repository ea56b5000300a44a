"""What stands beside the editor: each type of question with a line to copy, and the other words."""

from __future__ import annotations

from dataclasses import dataclass

from surveys.sentences import Sentence


@dataclass(frozen=True)
class Example:
    """What a type of question, or a key, is for, and lines of a file that show it."""

    meaning: Sentence
    lines: str


TYPES = {
    "moment": Example(
        Sentence("Worse, as expected, or better."),
        '{key: moment, type: moment, ask: {en: "Compared with what you expected, this was …"}}',
    ),
    "scale": Example(
        Sentence("One of the twelve scales in full; the key is the dimension."),
        "{key: welcome, type: scale}",
    ),
    "yes_no": Example(
        Sentence("Yes or no."),
        '{key: went_wrong, type: yes_no, measures: problem, ask: {en: "Did something go wrong?"}}',
    ),
    "choice": Example(
        Sentence("One of several."),
        '{key: reason, type: choice, ask: {en: "Why did you come?"}, choices:'
        ' [{key: buy, label: {en: "To buy"}}, {key: ask, label: {en: "To ask"}}]}',
    ),
    "choices": Example(
        Sentence("Any of several."),
        '{key: seen, type: choices, ask: {en: "What did you see?"}, choices:'
        ' [{key: queue, label: {en: "A queue"}}, {key: signs, label: {en: "Signs"}}]}',
    ),
    "integer": Example(
        Sentence("A whole number, with bounds and a unit if you like."),
        '{key: minutes, type: integer, min: 0, max: 240, unit: min, ask: {en: "How long?"}}',
    ),
    "number": Example(
        Sentence("A number that may have decimals."),
        '{key: price, type: number, min: 0, ask: {en: "What did it cost?"}}',
    ),
    "text": Example(
        Sentence("A few words."),
        '{key: comment, type: text, max_length: 2000, ask: {en: "What should we know?"}}',
    ),
    "contact": Example(
        Sentence("A way to reach the person: kept apart, and in no download."),
        '{key: contact, type: contact, ask: {en: "How can we reach you?"}}',
    ),
    "date": Example(Sentence("A day."), '{key: due, type: date, ask: {en: "By when?"}}'),
    "time": Example(Sentence("A time of day."), '{key: came_at, type: time, ask: {en: "When?"}}'),
    "datetime": Example(
        Sentence("A day and a time."),
        '{key: visited, type: datetime, measures: visited_at, ask: {en: "When were you there?"}}',
    ),
    "duration": Example(
        Sentence("Seconds, by a timer that starts with one tap and stops with another."),
        '{key: waited, type: duration, measures: waited, ask: {en: "How long did you wait?"}}',
    ),
    "photo": Example(
        Sentence("Photos, each once; three at most if you do not say."),
        '{key: front, type: photo, max_photos: 2, ask: {en: "Show us the entrance."}}',
    ),
    "place": Example(
        Sentence("Where the phone is, if whoever holds it agrees. Say in the help what for."),
        '{key: here, type: place, measures: position, ask: {en: "Where are you?"},'
        ' help: {en: "Only to show that you were there."}}',
    ),
    "note": Example(
        Sentence("Words to read; nothing to answer."),
        '{key: hello, type: note, ask: {en: "Look around first."}}',
    ),
}

OTHERS = {
    "draw": Example(
        Sentence("Three scales in their short form, drawn anew for every customer."),
        "{draw: 3, from: scales}",
    ),
    "show_if": Example(
        Sentence("Asked only where an earlier question was answered like this."),
        '{key: told, type: yes_no, show_if: {went_wrong: true}, ask: {en: "Did you tell us?"}}',
    ),
    "required": Example(
        Sentence("Must be answered before the form can be sent."),
        '{key: name_of_place, type: text, required: true, ask: {en: "Which counter?"}}',
    ),
}
