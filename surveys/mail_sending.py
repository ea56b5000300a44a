"""Letters: what they are made of, and how they are handed to the server that takes them in."""

from __future__ import annotations

import hashlib
import smtplib
import socket
import ssl
from contextlib import closing, suppress
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as POLICY
from email.utils import format_datetime
from typing import cast

from surveys import outside, people
from surveys.mail import MailError, MailServer
from surveys.outside import Deadline, Undelivered
from surveys.passwords import PeopleError
from surveys.sentences import Sentence

STILL_SECONDS = 20.0
"""How long a mail server may say nothing."""

WHOLE_SECONDS = 120.0
"""How long one letter may take altogether."""


def letter(
    sender: MailServer, *, to: str, subject: str, text: str, ident: str, at: datetime
) -> EmailMessage:
    """A plain-text letter in any alphabet.

    ``ident`` is the job's id: the Message-ID is made of it, so that one which was handed in twice
    is known for the same letter.
    """
    made = EmailMessage(policy=POLICY)
    made["Subject"] = " ".join(subject.split())
    made["From"] = _address(sender.sender, "Touchstone")
    made["To"] = _address(to)
    made["Date"] = format_datetime(at)
    domain = _ascii(sender.sender).rpartition("@")[2]
    made["Message-ID"] = f"<{hashlib.sha256(ident.encode()).hexdigest()[:32]}@{domain}>"
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(text, cte="7bit" if _short_and_ascii(text) else "quoted-printable")
    return made


def try_out(
    through: MailServer,
    *,
    to: str,
    at: datetime,
    still: float = STILL_SECONDS,
    whole: float = WHOLE_SECONDS,
) -> str:
    """Send a short letter at once; what the server answered.

    Raises :class:`Undelivered`, and :class:`MailError` where ``to`` is no address.
    """
    try:
        to = people.check_email(to)
    except PeopleError as error:
        raise MailError(error.args[0]) from None
    message = letter(
        through,
        to=to,
        subject="A letter from Touchstone",
        text="This letter shows that Touchstone can send letters.\n",
        ident=f"test:{at.isoformat()}:{to}",
        at=at,
    )
    return send(through, message, still=still, whole=whole)


def _short_and_ascii(text: str) -> bool:
    return text.isascii() and all(len(line) < 900 for line in text.splitlines())


def _address(email: str, name: str = "") -> Address:
    local, _, domain = _ascii(email).rpartition("@")
    return Address(display_name=name, username=local, domain=domain)


def _ascii(email: str) -> str:
    """The address with its domain as every mail server writes it."""
    local, _, domain = email.rpartition("@")
    with suppress(UnicodeError):
        domain = domain.encode("idna").decode("ascii")
    return f"{local}@{domain}"


# --- handing it in ----------------------------------------------------------------------------


class _Session(smtplib.SMTP):
    """A connection whose deadline holds from its first byte on."""

    def __init__(self, through: MailServer, deadline: Deadline, still: float) -> None:
        super().__init__(timeout=still)
        self.through = through
        self.deadline = deadline
        self.context = ssl.create_default_context()
        # What STARTTLS checks the certificate against; connect() does not remember it.
        self._host = through.host

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        found = socket.create_connection((host, port), timeout)
        self.deadline.watch(found)
        if self.through.security == "tls":
            found = self.context.wrap_socket(found, server_hostname=host)
            self.deadline.watch(found)
        return found

    def begin(self) -> None:
        """Connect, go over to TLS and sign in, as it is set up."""
        self.expect(self.connect(self.through.host, self.through.port), (220,), server=True)
        self.ehlo_or_helo_if_needed()
        if self.through.security == "starttls":
            self.expect(self.starttls(context=self.context), (220,), server=True)
            assert self.sock is not None  # noqa: S101 - it has just spoken
            self.deadline.watch(self.sock)
            self.ehlo_or_helo_if_needed()
        if self.through.user:
            self.login(self.through.user, self.through.password)

    def expect(
        self, answer: tuple[int, bytes], wanted: tuple[int, ...], *, server: bool = False
    ) -> None:
        """``server``: a refusal at this point is about this installation, and may be mended."""
        if self.deadline.passed:  # then the answer may be torn
            raise TimeoutError
        if answer[0] not in wanted:
            raise Undelivered(
                Sentence("{host} answered: {answer}", host=self._host, answer=_text(answer)),
                final=answer[0] >= 500 and not server,
                server=server or answer[0] == 421,
            )


def send(
    through: MailServer,
    message: EmailMessage,
    *,
    still: float = STILL_SECONDS,
    whole: float = WHOLE_SECONDS,
) -> str:
    """Hand a letter in; what the server answered. Raises :class:`Undelivered`."""
    with Deadline(whole) as deadline, closing(_Session(through, deadline, still)) as session:
        try:
            session.begin()
            answer = _hand_in(session, message)
        except (smtplib.SMTPException, OSError, UnicodeError) as error:
            raise _why(through, deadline, error) from None
        with suppress(smtplib.SMTPException, OSError):  # the letter is in; good-bye is courtesy
            session.quit()
        return answer


def _hand_in(session: _Session, message: EmailMessage) -> str:
    sender = message["From"].addresses[0].addr_spec
    to = message["To"].addresses[0].addr_spec
    international = not (sender.isascii() and to.isascii())
    if international and not session.has_extn("smtputf8"):
        raise Undelivered(
            Sentence(
                "{host} does not take addresses with letters beyond a to z.",
                host=session.through.host,
            ),
            final=True,
        )
    options = ["SMTPUTF8", "BODY=8BITMIME"] if international else []
    session.expect(session.mail(sender, options), (250,), server=True)
    session.expect(session.rcpt(to), (250, 251))
    answer = session.data(message.as_bytes(policy=POLICY.clone(utf8=international)))
    session.expect(answer, (250,))
    return _text(answer)


def _text(answer: tuple[int, bytes]) -> str:
    said = answer[1].decode("utf-8", "replace") if isinstance(answer[1], bytes) else str(answer[1])
    return " ".join(f"{answer[0]} {said}".split())[:500]


def _why(through: MailServer, deadline: Deadline, error: Exception) -> Undelivered:
    """What went wrong with the server, in words. Trying again may always help."""
    host = through.host
    silent = isinstance(error, smtplib.SMTPServerDisconnected) and isinstance(
        error.__context__, TimeoutError
    )
    if deadline.passed or silent:
        return outside.unreachable(host, through.port, TimeoutError())
    if isinstance(error, smtplib.SMTPServerDisconnected):
        said = Sentence("{host} closed the connection in the middle.", host=host)
    elif isinstance(error, ssl.SSLCertVerificationError):
        reason = error.verify_message.rstrip(".")
        said = Sentence(
            "The certificate of {host} cannot be trusted: {error}.", host=host, error=reason
        )
    elif isinstance(error, smtplib.SMTPNotSupportedError):
        what = "STARTTLS" if through.security == "starttls" else "AUTH"
        said = Sentence(
            "{host} does not offer what is set up: {what}. Choose another security or port.",
            host=host,
            what=what,
        )
    elif isinstance(error, smtplib.SMTPResponseException):
        answer = _text((error.smtp_code, cast(bytes, error.smtp_error)))
        if isinstance(error, smtplib.SMTPAuthenticationError):
            said = Sentence(
                "{host} does not take this user name and password: {answer}",
                host=host,
                answer=answer,
            )
        else:
            said = Sentence("{host} answered: {answer}", host=host, answer=answer)
    else:
        return outside.unreachable(host, through.port, error)
    return Undelivered(said, server=True)
