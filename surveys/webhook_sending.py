"""One message to one web-hook, by the Standard Webhooks scheme.

Each message is a POST with the headers ``webhook-id`` (the same when it is sent again),
``webhook-timestamp`` and ``webhook-signature``: ``v1,`` and the base64 of the HMAC-SHA256 of
``id.timestamp.body`` under the secret. While a secret is being changed, both sign.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import ssl
from collections.abc import Collection
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from surveys import ids, outside, webhooks
from surveys.outside import Deadline, Undelivered, allowed_hosts
from surveys.sentences import Sentence, kept
from surveys.store import times
from surveys.store import webhooks as store
from surveys.store.database import Database
from surveys.store.webhooks import Webhook
from surveys.webhooks import PREFIX, WebhookError


@dataclass(frozen=True)
class Limits:
    """How long the other side may say nothing, and take altogether, in seconds."""

    still: float = 15.0
    whole: float = 30.0


class Gone(Undelivered):
    """The receiver wants no more of these: it answered 410."""


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """One signature, as it stands in ``webhook-signature``."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode("ascii")


def headers(webhook: Webhook, message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The headers of an attempt at ``at``."""
    timestamp = int(at.timestamp())
    signing = [webhook.secret]
    if webhook.old_secret and times.text(at) < (webhook.old_until_utc or ""):
        signing.append(webhook.old_secret)
    return {
        "Content-Type": "application/json",
        "User-Agent": "Touchstone",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(
            signature(secret, message_id, timestamp, body) for secret in signing
        ),
    }


def send(
    webhook: Webhook,
    message_id: str,
    body: bytes,
    at: datetime,
    *,
    allowed: Collection[str] | None = None,
    look_up: outside.Resolve = outside.resolve,
    limits: Limits | None = None,
) -> Sentence:
    """One attempt; what was answered. Raises :class:`Undelivered`, of a 410 :class:`Gone`.

    The connection goes to an address that was checked; redirects are not followed.
    """
    limits = limits or Limits()
    allowed = allowed_hosts() if allowed is None else allowed
    try:
        parts = urlsplit(webhooks.checked(webhook.url, allowed))
    except WebhookError as error:
        raise Undelivered(error.args[0], final=True, server=True) from None
    host, secure = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    found = outside.addresses(host, port, allowed, look_up)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    with Deadline(limits.whole) as deadline:
        try:
            connection = _connection(host, port, secure, limits.still)
            connection.sock = outside.connect(found, port, limits.still)
            deadline.watch(connection.sock)
            try:
                if secure:
                    context = ssl.create_default_context()
                    connection.sock = context.wrap_socket(connection.sock, server_hostname=host)
                    deadline.watch(connection.sock)
                connection.request("POST", path, body, headers(webhook, message_id, at, body))
                with closing(connection.getresponse()) as answer:  # its head alone says it all
                    if deadline.passed:  # then it may be torn
                        raise TimeoutError
                    return _judged(host, answer)
            finally:
                connection.close()
        except ssl.SSLCertVerificationError as error:
            raise Undelivered(
                Sentence(
                    "The certificate of {host} cannot be trusted: {error}.",
                    host=host,
                    error=error.verify_message.rstrip("."),
                ),
                server=True,
            ) from None
        except (OSError, http.client.HTTPException, UnicodeError) as error:
            slow = TimeoutError() if deadline.passed else error
            raise outside.unreachable(host, port, slow) from None


def _connection(host: str, port: int, secure: bool, seconds: float) -> http.client.HTTPConnection:
    ascii_host = host.encode("idna").decode("ascii") if ":" not in host else host
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    return kind(ascii_host, port, timeout=seconds)


def _judged(host: str, answer: http.client.HTTPResponse) -> Sentence:
    said = f"{answer.status} {answer.reason}".strip()[:200]
    if 200 <= answer.status < 300:
        return Sentence("{host} answered {answer}.", host=host, answer=said)
    if answer.status == 410:
        raise Gone(
            Sentence("{host} answered 410: it wants no more of these.", host=host), final=True
        )
    if 300 <= answer.status < 400:
        raise Undelivered(
            Sentence(
                "{host} answered {answer}: it leads to another address, and only the address"
                " itself is asked. Put in the final one.",
                host=host,
                answer=said,
            ),
            server=True,
        )
    wait = answer.getheader("Retry-After", "")
    raise Undelivered(
        Sentence("{host} answered {answer}.", host=host, answer=said),
        server=answer.status in {429, 502, 503, 504},
        wait=int(wait) if wait.isascii() and wait.isdigit() and len(wait) < 7 else 0,
    )


def try_out(db: Database, at: datetime, webhook: Webhook, limits: Limits | None = None) -> Sentence:
    """Send a message of the type ``test`` at once; what was answered.

    Raises :class:`Undelivered`. Whatever comes of it stands with the web-hook.
    """
    body = json.dumps({"type": "test", "timestamp": times.text(at), "data": {"version": 1}})
    try:
        answer = send(webhook, f"msg_test_{ids.uuid7(at)}", body.encode(), at, limits=limits)
    except Undelivered as why:
        answered(db, at, webhook.webhook_id, why.why, succeeded=False)
        raise
    answered(db, at, webhook.webhook_id, answer, succeeded=True)
    return answer


def answered(
    db: Database, at: datetime, webhook_id: str, answer: Sentence, *, succeeded: bool
) -> None:
    """Remember what came of the last attempt."""
    with db.transaction():
        store.set_answer(db, webhook_id, times.text(at), kept(answer), succeeded=succeeded)
