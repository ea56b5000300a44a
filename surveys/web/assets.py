"""The few files a phone loads, under addresses whose content never changes.

Modules lie under ``/static/v-<hash>/``, where the hash is that of all of them together: one may
import another by its bare name, and a new version is a new address that every cache can keep for
ever. The service worker is the one file whose address stays, so it is asked for anew each time.
"""

from __future__ import annotations

import hashlib
import re
from functools import cache

from flask import Blueprint, Response, abort

from surveys.web.rendering import STATIC

MODULES = ("form.js", "queue.js")
WORKER = "sw.js"
FOR_EVER = "public, max-age=31536000, immutable"


@cache
def source(name: str) -> str:
    """A module without the comments and the indentation that are there for its readers.

    Only whole lines go, each leaving an empty one, so that a fault's line number stays right.
    """
    text = (STATIC / name).read_text(encoding="utf-8")
    text = re.sub(
        r"(?ms)^[ \t]*/\*\*.*?\*/[ \t]*$", lambda found: "\n" * found[0].count("\n"), text
    )
    text = re.sub(r"(?m)^[ \t]*//.*$", "", text)
    return re.sub(r"(?m)^[ \t]+", "", text)


@cache
def version() -> str:
    """Twelve hex digits that change when any module does."""
    together = "\0".join(source(name) for name in (*MODULES, WORKER))
    return hashlib.sha256(together.encode()).hexdigest()[:12]


def folder() -> str:
    """The address of the folder in which the modules lie."""
    return f"/static/v-{version()}/"


def add_to(blueprint: Blueprint) -> None:
    """Serve the modules and the service worker from ``blueprint``."""
    blueprint.add_url_rule("/static/v-<found>/<name>", "module", _module)
    blueprint.add_url_rule("/sw.js", "worker", _worker)


def _module(found: str, name: str) -> Response:
    if found != version() or name not in MODULES:
        # Never this version's content under another's address: the form works without.
        abort(404)
    return _script(source(name), FOR_EVER)


def _worker() -> Response:
    text = source(WORKER).replace("{{ folder }}", folder())
    answer = _script(text, "no-cache")
    answer.headers["Service-Worker-Allowed"] = "/"
    return answer


def _script(text: str, caching: str) -> Response:
    answer = Response(text, mimetype="text/javascript")
    answer.headers["Cache-Control"] = caching
    answer.set_etag(hashlib.sha256(text.encode()).hexdigest()[:16])
    return answer
