"""The data dictionary: a sheet with one row for each column of another, for people to read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from exports.columns import Column, Sheet, Value
from exports.words import say
from surveys import translation
from surveys.instrument import Text
from surveys.translation import LANGUAGES, locale_of

NAME: Text = {"en": "Dictionary", "fr": "Dictionnaire", "es": "Diccionario", "ar": "القاموس"}
HEADERS: dict[str, Text] = {
    "column": {"en": "column", "fr": "colonne", "es": "columna", "ar": "العمود"},
    "header": {"en": "header", "fr": "en-tête", "es": "encabezado", "ar": "العنوان"},
    "type": {"en": "type", "fr": "type", "es": "tipo", "ar": "النوع"},
    "unit": {"en": "unit", "fr": "unité", "es": "unidad", "ar": "الوحدة"},
    "meaning": {"en": "meaning", "fr": "signification", "es": "significado", "ar": "المعنى"},
    "values": {"en": "values", "fr": "valeurs", "es": "valores", "ar": "القيم"},
}


def dictionary(sheet: Sheet, language: str) -> Sheet:
    """What the Data Package says of each column of ``sheet``, in ``language`` as far as can be."""
    locale = locale_of(language if language in LANGUAGES else "en")

    def rows() -> Iterator[tuple[Value, ...]]:
        for column in sheet.columns:
            yield (
                column.name,
                column.header,
                column.type,
                column.unit,
                translation.say(column.description, locale),
                _values(column.constraints),
            )

    columns = tuple(
        Column(name, "string", "", header=say(header, language)) for name, header in HEADERS.items()
    )
    return Sheet("dictionary", say(NAME, language), sheet.description, ("column",), columns, rows)


def _values(constraints: Mapping[str, Any]) -> str | None:
    """Such as ``routine, joint-work``, ``1 … 7`` or ``≥ 0``; None if anything may stand there."""
    if "enum" in constraints:
        return ", ".join(map(str, constraints["enum"]))
    low, high = constraints.get("minimum"), constraints.get("maximum")
    if low is not None and high is not None:
        return f"{low} … {high}"
    if low is not None:
        return f"≥ {low}"
    return None if high is None else f"≤ {high}"
