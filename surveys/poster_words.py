"""What posters say, in every language that forms speak."""

from __future__ import annotations

from collections.abc import Sequence

RIGHT_TO_LEFT = frozenset({"ar"})
MOST = 3
"""So many languages stand on a poster: with more it would say nothing to anybody."""

QUESTION = {
    "en": "How was it?",
    "fr": "Comment ça s’est passé ?",
    "es": "¿Cómo le fue?",
    "ar": "كيف كانت تجربتك؟",
}
SENTENCE = {
    "en": "Tell us in 15 seconds, with a few taps on your phone.",
    "fr": "Dites-le-nous en 15 secondes, en quelques gestes sur votre téléphone.",
    "es": "Cuéntenoslo en 15 segundos, con unos toques en su móvil.",
    "ar": "أخبرنا في ١٥ ثانية، ببضع لمسات على هاتفك.",
}
CAMERA = {
    "en": "Point your camera here. No app, no sign-up.",
    "fr": "Visez avec l’appareil photo. Ni application, ni inscription.",
    "es": "Apunte con la cámara. Sin aplicación y sin registro.",
    "ar": "وجّه الكاميرا إلى هنا. لا تطبيق ولا تسجيل.",
}
FOLD = {
    "en": "Print on stiff paper, at actual size. Fold along the dotted lines so that it stands like"
    " a roof. This side lies on the counter; glue the strip below behind the other face.",
    "fr": "Imprimez sur du papier fort, en taille réelle. Pliez selon les pointillés pour former un"
    " toit. Ce côté repose sur le comptoir ; collez la bande ci-dessous derrière l’autre face.",
    "es": "Imprima en papel grueso, a tamaño real. Doble por las líneas de puntos para que quede"
    " como un tejado. Este lado apoya en el mostrador; pegue la tira de abajo detrás de la otra"
    " cara.",
    "ar": "اطبع على ورق سميك بالحجم الفعلي. اطوِ على الخطوط المنقّطة ليقف مثل سقف. هذا الوجه يستقر"
    " على المنضدة، والشريط أدناه يُلصق خلف الوجه الآخر.",
}
GLUE = {"en": "Glue here", "fr": "Collez ici", "es": "Pegue aquí", "ar": "ألصق هنا"}


def spoken(languages: Sequence[str]) -> tuple[str, ...]:
    """Those of a site's languages that its poster speaks, the main one first; at least one."""
    known = tuple(code for code in languages if code in QUESTION)
    return known[:MOST] or ("en",)
