"""The few files a phone loads, under addresses whose content never changes.

A module lies under ``/static/v-<hash>/``, with the hash of all there are: a new version is a new
address, which every cache can keep for ever. The service worker is the one file whose address
stays, so it is asked for anew each time.

``form.js`` travels together with what it imports, as one file: on a phone with a weak signal a
request costs more than its bytes. ``shopper.js`` is all that the pages of a shopper's phone run.
"""

from __future__ import annotations

import hashlib
import re
from functools import cache

from flask import Blueprint, Response, abort, request

from surveys.web.rendering import STATIC

MODULES = {
    "form.js": ("conditions.js", "queue.js", "form.js"),
    "shopper.js": ("shopper/store.js",),
}
"""What is served, and the files it is made of, in their order."""

WORKER = "sw.js"
FOR_EVER = "public, max-age=31536000, immutable"


_COMMENT = re.compile(r"/\*\*.*?\*/|^\s*//[^\n]*$", re.DOTALL | re.MULTILINE)
_QUOTED = r"\"(?:\\.|[^\"\\])*\"|`(?:\\.|[^`\\])*`"
_PATTERN = r"(?<=[(=:?!|&,])\s*/(?:\\.|[^/\\\n])+/"
_SPACE = r"\s*([{}()\[\];,=<>|&?:+!])\s*|\s+"
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
    *parts, last = (source(part) for part in MODULES[name])
    parts = [re.sub(r"\bexport (?=async |const |function )", "", part) for part in parts]
    return "".join(parts) + re.sub(r"""import\{[^}]*\}from ?"[^"]*";""", "", last)


@cache
def version() -> str:
    """Twelve hex digits that change when any module does."""
    together = "\0".join([*map(module, MODULES), source(WORKER)])
    return hashlib.sha256(together.encode()).hexdigest()[:12]


def folder() -> str:
    """The address of the folder in which the modules lie."""
    return f"/static/v-{version()}/"


def add_to(blueprint: Blueprint) -> None:
    """Serve the modules and the service worker from ``blueprint``."""
    blueprint.add_url_rule("/static/v-<found>/<name>", "module", _serve_module)
    blueprint.add_url_rule("/sw.js", "worker", _worker)


def _serve_module(found: str, name: str) -> Response:
    if found != version() or name not in MODULES:
        # Never this version's content under another's address: the form works without.
        abort(404)
    return _script(module(name), FOR_EVER)


def _worker() -> Response:
    answer = _script(source(WORKER).replace("{{ folder }}", folder()), "no-cache")
    answer.headers["Service-Worker-Allowed"] = "/"
    answer.add_etag()
    answer.make_conditional(request)
    return answer


def _script(text: str, caching: str) -> Response:
    answer = Response(text, mimetype="text/javascript")
    answer.headers["Cache-Control"] = caching
    return answer
