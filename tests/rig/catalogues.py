"""``python -m tests.rig.catalogues``: brings the translators' files up to date with the source.

Sentences that are new stand there empty, those that changed are marked fuzzy with their old
translation, those that are gone go. ``tests/test_translations.py`` fails until none is empty or
fuzzy.
"""

from __future__ import annotations

import argparse
import ast
import io
from collections.abc import Iterator
from pathlib import Path

from babel.messages import Catalog, Message, pofile
from jinja2.ext import babel_extract

from surveys.translation import FOLDER, LANGUAGES

ROOT = Path(__file__).resolve().parent.parent.parent
FUNCTIONS = ("_", "gettext", "ngettext", "Sentence")
JINJA = {"trimmed": "true", "silent": "false", "encoding": "utf-8"}


def source() -> Catalog:
    """Every sentence that a person may be shown at the desk or in a letter."""
    found = Catalog(project="Touchstone", charset="utf-8", fuzzy=False)
    for path, message in _messages():
        # No line numbers: every change of the source would change every catalogue.
        found.add(message, locations=[(str(path.relative_to(ROOT)), 0)])
    return found


def _messages() -> Iterator[tuple[Path, str | tuple[str, ...]]]:
    for path in sorted([*(ROOT / "surveys").rglob("*.py"), *(ROOT / "exports").rglob("*.py")]):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and ast.unparse(call.func) in FUNCTIONS:
                literals = [a.value for a in call.args if isinstance(a, ast.Constant)]
                texts = tuple(text for text in literals if isinstance(text, str))
                if texts:
                    yield path, texts[:2] if ast.unparse(call.func) == "ngettext" else texts[0]
    for path in sorted((ROOT / "surveys/web/templates").rglob("*.html")):
        with path.open("rb") as file:
            for _, function, found, _ in babel_extract(file, FUNCTIONS, [], JINJA):
                # Behind the texts stands a None for each value that fills their braces.
                texts = (found,) if isinstance(found, str) else found
                yield path, texts[:2] if function == "ngettext" else texts[0]


def read(language: str) -> Catalog:
    with (FOLDER / f"{language}.po").open("rb") as file:
        return pofile.read_po(file, locale=language)


def written(catalog: Catalog) -> str:
    """The catalogue as it stands in its file: sorted, without what changes by itself."""
    stream = io.BytesIO()
    pofile.write_po(
        stream, catalog, width=100, sort_output=True, omit_header=True, no_location=True
    )
    head = (
        'msgid ""\nmsgstr ""\n"Project-Id-Version: Touchstone\\n"\n'
        f'"Language: {catalog.locale}\\n"\n"MIME-Version: 1.0\\n"\n'
        '"Content-Type: text/plain; charset=utf-8\\n"\n"Content-Transfer-Encoding: 8bit\\n"\n'
        f'"Plural-Forms: {catalog.plural_forms}\\n"\n\n'
    )
    return head + stream.getvalue().decode()


def main() -> None:
    name = "python -m tests.rig.catalogues"
    argparse.ArgumentParser(prog=name, description=__doc__).parse_args()
    everything = source()
    for language in LANGUAGES:
        if language != "en":
            catalog = read(language)
            catalog.update(everything)
            catalog.obsolete.clear()
            (FOLDER / f"{language}.po").write_text(written(catalog), encoding="utf-8")
            left = sum(not done(message) for message in catalog if message.id)
            print(f"{language}: {len(catalog)} sentences, {left} to translate")


def done(message: Message) -> bool:
    """Whether a message has its whole translation, and nobody doubts it."""
    text = message.string or ""
    return not message.fuzzy and all([text] if isinstance(text, str) else text)


def forms(message: Message) -> list[tuple[str, str]]:
    """Each form of a message with its translation; none while that is not done."""
    if not message.id or not done(message):
        return []
    ids = [message.id] if isinstance(message.id, str) else list(message.id)
    said = [message.string] if isinstance(message.string, str) else list(message.string)
    return [(ids[min(number, len(ids) - 1)], text) for number, text in enumerate(said)]


if __name__ == "__main__":
    main()
