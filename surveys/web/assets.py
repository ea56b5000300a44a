"""The few files a phone loads, under addresses whose content never changes.

They lie under ``/static/v-<hash>/``, with the hash of all there are: a new version is a new
address, which every cache can keep for ever. The service worker is the one file whose address
stays, so it is asked for anew each time.

``form.js`` travels together with what it imports, as one file: on a phone with a weak signal a
request costs more than its bytes. ``shopper.js`` is all that the pages of a shopper's phone run.
The manifest makes of those pages an app on the home screen.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from functools import cache

from flask import Blueprint, Response, abort, request

from surveys.web.rendering import STATIC, squeezed

MODULES = {
    "form.js": (
        *("common.js", "storage.js", "conditions.js", "figures.js", "queue.js", "form.js"),
    ),
    "shopper.js": (
        *("common.js", "storage.js", "keeping.js", "conditions.js", "figures.js"),
        *("shopper/store.js", "shopper/queue.js", "shopper/ready.js", "shopper/reports.js"),
        *("shopper/reading.js", "shopper/photos.js", "shopper/gadgets.js", "shopper/codes.js"),
        *("shopper/drafts.js", "shopper/forms.js", "shopper/parts.js", "shopper/review.js"),
        *("shopper/form.js", "shopper/pages.js"),
    ),
}
"""What is served, and the files it is made of, in their order."""

WORKER = ("common.js", "storage.js", "keeping.js", "shopper/store.js", "shopper/queue.js", "sw.js")
STYLES = ("form.css", "phone.css", "report.css")
PICTURES = ("icon.svg",)
MANIFEST = "manifest.webmanifest"
JAVASCRIPT = "text/javascript"
FOR_EVER = "public, max-age=31536000, immutable"


_COMMENT = re.compile(r"/\*\*.*?\*/|^\s*//[^\n]*$", re.DOTALL | re.MULTILINE)
_QUOTED = r"\"(?:\\.|[^\"\\])*\"|`(?:\\.|[^`\\])*`"
_PATTERN = r"(?<=[(=:?!|&,])\s*/(?:\\.|[^/\\\n])+/"
_SPACE = r"\s*([{}()\[\];,=<>|&?:+!])\s*|\s+"
_IMPORT = re.compile(r"""\bimport ?(?:\{[^}]*\}from ?)?"[^"]*";""")
_EXPORT = re.compile(r"\bexport (?=async |const |function )")
_TOKEN = re.compile(f"({_QUOTED}|{_PATTERN})|{_SPACE}")


@cache
def source(name: str) -> str:
    """A module without what is there for its readers only: comments, spaces, new lines.

    Literals stay as they are. The modules help: statements end with semicolons, and comments are
    ``/** … */``, or ``//`` on lines of their own.
    """
    text = _COMMENT.sub("", (STATIC / name).read_text(encoding="utf-8"))
    return _TOKEN.sub(lambda found: found[1] or found[2] or " ", text).strip()


@cache
def module(name: str) -> str:
    """A module as it is served: its parts in one, which therefore share their names."""
    return in_one(MODULES[name])


def in_one(names: Sequence[str]) -> str:
    """Several files as one: what they import from each other stands beside them."""
    *parts, last = (_IMPORT.sub("", source(part)) for part in names)
    return "".join([*(_EXPORT.sub("", part) for part in parts), last])


def _others() -> dict[str, tuple[str, str]]:
    """What else lies in the folder: its content and its type."""
    styles = {name: (squeezed(name), "text/css") for name in STYLES}
    pictures = {name: (_text(f"icons/{name}"), "image/svg+xml") for name in PICTURES}
    return styles | pictures


def _text(name: str) -> str:
    return (STATIC / name).read_text(encoding="utf-8")


@cache
def version() -> str:
    """Twelve hex digits that change when anything in the folder does, or the worker."""
    others = [content for content, _ in _others().values()]
    together = "\0".join([*map(module, MODULES), in_one(WORKER), *others])
    return hashlib.sha256(together.encode()).hexdigest()[:12]


def folder() -> str:
    """The address of the folder in which the modules lie."""
    return f"/static/v-{version()}/"


def add_to(blueprint: Blueprint) -> None:
    """Serve the folder, the service worker and the manifest from ``blueprint``."""
    blueprint.add_url_rule("/static/v-<found>/<name>", "module", _serve_module)
    blueprint.add_url_rule("/sw.js", "worker", _worker)
    blueprint.add_url_rule(f"/{MANIFEST}", "manifest", _manifest)


def _serve_module(found: str, name: str) -> Response:
    if found != version() or name not in {*MODULES, *_others()}:
        # Never this version's content under another's address: the form works without.
        abort(404)
    content, kind = _others().get(name) or (module(name), JAVASCRIPT)
    return _answer(content, kind, FOR_EVER)


def _worker() -> Response:
    text = in_one(WORKER).replace("{{ folder }}", folder())
    answer = _answer(text, JAVASCRIPT, "no-cache")
    answer.headers["Service-Worker-Allowed"] = "/"
    answer.add_etag()
    answer.make_conditional(request)
    return answer


def _manifest() -> Response:
    return _answer(_text(MANIFEST), "application/manifest+json", "max-age=86400")


def _answer(text: str, kind: str, caching: str) -> Response:
    answer = Response(text, mimetype=kind)
    answer.headers["Cache-Control"] = caching
    return answer
