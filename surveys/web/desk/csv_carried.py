"""A CSV that was sent to be looked at first: it travels with the page that shows what it would do.

Signed, together with the fingerprint of what was shown: what is done is what was agreed to.
"""

from __future__ import annotations

from flask import current_app, request
from itsdangerous import BadData, URLSafeTimedSerializer

GOOD_FOR = 24 * 60 * 60
"""Seconds for which a page that shows changes can be agreed to."""


def sent() -> bytes:
    """The file that was chosen; else what was pasted."""
    file = request.files.get("file")
    data = file.read() if file else b""
    return data or request.form.get("pasted", "").encode("utf-8", "replace")


def text(data: bytes) -> str:
    """What stands in the box to be mended; of another encoding than UTF-8 what it most likely is.

    It is shown and never taken as it is: only who knows the names sees whether they are right.
    """
    if is_utf8(data):
        return data.decode("utf-8-sig")
    likely = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "cp1252"
    found = data.decode(likely, "replace")
    return "" if "\0" in found else found  # a workbook, not a text


def is_utf8(data: bytes) -> bool:
    try:
        return "\0" not in data.decode("utf-8")
    except UnicodeDecodeError:
        return False


def carry(what: str, data: bytes, fingerprint: str) -> str:
    """The value of the page's hidden field ``file``; ``what`` keeps one kind from another."""
    return str(_signer(what).dumps({"csv": data.decode("utf-8-sig"), "shown": fingerprint}))


def carried(what: str) -> tuple[bytes, str] | None:
    """The CSV and the fingerprint that were posted back; None if they are too old, or not ours."""
    try:
        found = _signer(what).loads(request.form.get("file", ""), max_age=GOOD_FOR)
    except BadData:
        return None
    return found["csv"].encode("utf-8"), found["shown"]


def _signer(what: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.secret_key or "", salt=f"{what}-import")
