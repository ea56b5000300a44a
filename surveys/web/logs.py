"""Logs that can be shown: whoever reads them must not be able to use what is in an address."""

from __future__ import annotations

import logging
import re

from flask import Flask

# The part of an address after these is a key to something: an invitation, a QR code, a visit.
_SECRET = re.compile(r"(/(?:join|q|visits|api/submissions)/)[^\s/?#\"'\]]+")


def masked(text: str) -> str:
    """The text with every token in an address replaced by dots."""
    return _SECRET.sub(r"\1…", text)


class Masked(logging.Filter):
    """Rewrites a record's message before any handler sees it."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        hidden = masked(message)
        if hidden != message:
            record.msg, record.args = hidden, None
        return True


def mask(app: Flask) -> None:
    app.logger.addFilter(Masked())
