"""Words for readers, where labels are asked for: of questions, choices, dimensions, moments."""

from __future__ import annotations

from surveys import publishing
from surveys.instrument import Item, Text
from surveys.store.database import Database

MOMENTS: dict[str, Text] = {
    "worse": {
        "en": "worse than expected",
        "fr": "moins bien que prévu",
        "es": "peor de lo esperado",
        "ar": "أسوأ من المتوقع",
    },
    "expected": {
        "en": "as expected",
        "fr": "comme prévu",
        "es": "como se esperaba",
        "ar": "كما هو متوقع",
    },
    "better": {
        "en": "better than expected",
        "fr": "mieux que prévu",
        "es": "mejor de lo esperado",
        "ar": "أفضل من المتوقع",
    },
}
SHEETS: dict[str, Text] = {
    "scores": {"en": "Scores", "fr": "Notes", "es": "Puntuaciones", "ar": "الدرجات"},
    "moments": {"en": "Moments", "fr": "Moments", "es": "Momentos", "ar": "اللحظات"},
    "submissions": {"en": "Submissions", "fr": "Envois", "es": "Envíos", "ar": "الإرسالات"},
    "visits": {"en": "Visits", "fr": "Visites", "es": "Visitas", "ar": "الزيارات"},
    "payroll": {"en": "Payroll", "fr": "Paie", "es": "Pagos", "ar": "المستحقات"},
    "ratings": {"en": "Ratings", "fr": "Évaluations", "es": "Valoraciones", "ar": "التقييمات"},
}
"""What each table is called on a tab of Excel."""
YES: Text = {"en": "yes", "fr": "oui", "es": "sí", "ar": "نعم"}
NO: Text = {"en": "no", "fr": "non", "es": "no", "ar": "لا"}


PARTS: dict[str, Text] = {
    "latitude": {"en": "latitude", "fr": "latitude", "es": "latitud", "ar": "خط العرض"},
    "longitude": {"en": "longitude", "fr": "longitude", "es": "longitud", "ar": "خط الطول"},
    "accuracy": {"en": "accuracy", "fr": "précision", "es": "precisión", "ar": "الدقة"},
}
"""What the columns of a place are called."""


def say(text: Text, language: str) -> str:
    """``text`` in ``language``, else in English, else in whatever language it has."""
    for code in (language, "en", *text):
        if text.get(code):
            return " ".join(text[code].split())
    return ""


def header(item: Item, language: str, part: str | None = None, label: Text | None = None) -> str:
    """What stands above a question's column: its words, then its key, which keeps it unique.

    ``part`` and its ``label`` where the question has several: a choice, or a number of a place.
    """
    named = item.scale.name if item.scale else item.ask
    if part is None:
        return f"{say(named, language)} [{item.key}]"
    return f"{say(named, language)} {say(label or {}, language)} [{item.key}.{part}]"


def dimension_names(db: Database, language: str) -> dict[str, str]:
    """Each dimension's name."""
    return {key: say(scale.name, language) for key, scale in publishing.scales(db).items()}
