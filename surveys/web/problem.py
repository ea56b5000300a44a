"""JSON for programs: answers, and problems of a whole request as RFC 9457 writes them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from flask import Response


def problem(
    status: int,
    detail: str,
    *,
    code: str | None = None,
    headers: Mapping[str, str] | None = None,
    **more: Any,
) -> Response:
    """An ``application/problem+json`` answer.

    ``detail`` is a sentence that says what to do; ``code`` a stable word for programs, which
    becomes the ``type`` (a relative address: it names, it need not lead anywhere).
    """
    title = HTTPStatus(status).phrase
    body = {
        "type": f"/problems/{code}" if code else "about:blank",
        "title": title,
        "status": status,
        "detail": detail,
        **more,
    }
    text = json.dumps(body, ensure_ascii=False)
    answer = Response(text, status, mimetype="application/problem+json")
    answer.headers.extend(headers or {})
    return answer


def json_answer(body: Mapping[str, Any], status: int = 200) -> Response:
    """An answer that nobody keeps: the next one may be another."""
    answer = Response(json.dumps(body), status, mimetype="application/json")
    answer.headers["Cache-Control"] = "no-store"
    return answer
