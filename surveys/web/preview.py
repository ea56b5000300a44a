"""A form as one HTML page that needs nothing else: for its author, before it is published."""

from __future__ import annotations

from markupsafe import Markup

from surveys.instrument import Instrument
from surveys.web import rendering
from surveys.web.words import words

_PAGE = Markup("""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{form}</title>
<style>
:root {{ color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif }}
body {{ margin: 1.5rem }}
main {{ display: flex; flex-wrap: wrap; gap: 1.5rem }}
figure {{ margin: 0; width: 24rem; max-width: 100% }}
figcaption {{ padding: 0 0 .5rem }}
iframe {{ box-sizing: border-box; width: 100%; height: 46rem }}
iframe {{ border: 1px solid; border-radius: 1rem }}
</style>
<h1>{form}</h1>
<p>Source {source}, mode {mode}, review {review}. Each frame is the form as a phone shows it
without JavaScript; nothing you fill in here is sent.</p>
<main>{frames}</main>
</html>
""")
_FRAME = Markup(
    '<figure><figcaption lang="{language}" dir="auto">{name}</figcaption>'
    '<iframe sandbox title="{name}" srcdoc="{page}"></iframe></figure>'
)


def preview_page(
    instrument: Instrument, *, language: str | None = None, every_scale: bool = False
) -> str:
    """The form in ``language``, as it stands on a phone; if None, every language in a frame.

    ``every_scale`` shows all scales of a draw instead of one draw.
    """
    if language is not None:
        return _one(instrument, language, every_scale)
    frames = Markup("").join(
        _FRAME.format(
            language=code, name=words(code)["name"], page=_one(instrument, code, every_scale)
        )
        for code in instrument.languages
    )
    return str(
        _PAGE.format(
            form=instrument.form,
            source=instrument.source,
            mode=instrument.mode,
            review=instrument.review,
            frames=frames,
        )
    )


def _one(instrument: Instrument, language: str, every_scale: bool) -> str:
    draw = instrument.draw
    drawn = [item.key for item in draw.items] if draw and every_scale else ()
    form = rendering.render_form(instrument, language, drawn=drawn)
    return rendering.render_form_page(instrument, language, form, languages=())
