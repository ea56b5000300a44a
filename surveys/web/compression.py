"""Text travels gzipped.

A page costs about a millisecond to compress and saves most of its bytes; what never changes is
compressed once and remembered. Streams (exports) are left alone.
"""

from __future__ import annotations

import gzip
import io
import random
from functools import lru_cache

from flask import Flask, Response, request

from surveys.web.sessions import has_sessions

LEAST_BYTES = 500
"""Below this, gzip saves nothing that a packet notices."""

TYPES = ("text/", "application/json", "application/problem+json", "application/manifest+json")
VECTORS = ("image/svg+xml",)


def compress(app: Flask) -> None:
    """Compress every answer for which it pays, when the browser takes gzip."""
    app.after_request(_compress)


def _compress(response: Response) -> Response:
    if not _could(response):
        return response
    response.vary.add("Accept-Encoding")
    if not request.accept_encodings.quality("gzip"):
        return response
    response.direct_passthrough = False
    body = response.get_data()
    if len(body) < LEAST_BYTES:
        return response
    if "immutable" in response.headers.get("Cache-Control", ""):
        response.set_data(_remembered(body))
    else:
        response.set_data(_gzip(body, veiled=has_sessions(request.path)))
    tag, _ = response.get_etag()
    if tag is not None:
        response.set_etag(tag, weak=True)  # the same content in other bytes
    response.content_encoding = "gzip"
    return response


def _could(response: Response) -> bool:
    kind = response.mimetype or ""
    return (
        (kind.startswith(TYPES) or kind in VECTORS)
        and response.status_code not in (204, 206, 304)
        and response.content_encoding is None
        and request.method != "HEAD"
        # a file from the disk may be read, somebody's generator may not
        and (response.direct_passthrough or not response.is_streamed)
    )


@lru_cache(maxsize=64)
def _remembered(body: bytes) -> bytes:
    return _gzip(body)


def _gzip(body: bytes, *, veiled: bool = False) -> bytes:
    """``veiled`` adds a file name of random length, so that the size of a page that holds a secret
    (a form token) says nothing about it, whatever a stranger puts into its address (BREACH)."""
    out = io.BytesIO()
    name = "a" * random.SystemRandom().randint(1, 100) if veiled else ""
    with gzip.GzipFile(name, "wb", 9, out, mtime=0) as file:
        file.write(body)
    return out.getvalue()
