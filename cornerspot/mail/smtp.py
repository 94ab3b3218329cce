"""Handing one message to the mail server named in the settings, for one recipient.

One recipient a conversation, because each has a return address of its own and may be
refused, put off or taken without the others.
"""

from __future__ import annotations

import smtplib
import ssl
from contextlib import suppress
from email.message import EmailMessage
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

PORTS = {"smtp": 25, "smtps": 465, "smtp+starttls": 587}
# RFC 5321, 4.5.3.2.6: giving up early on the answer to the whole message is what makes copies.
PATIENCE_AT_THE_END = 10


class Refused(Exception):
    """The mail server will never take this message; the text is its answer."""


class Deferred(Exception):
    """The mail server cannot take the message now; the text says why."""


class Unanswered(Deferred):
    """The mail server had the message and broke off before its answer: it may have taken it or not.

    It is sent again under the same Message-ID, by which mail programs recognise a copy
    (RFC 1047): a message twice is better than none, and SMTP offers nothing third.
    """


def deliver(
    message: EmailMessage, smtp_url: str, *, recipient: str, return_path: str = "", timeout: float = 20
) -> None:
    """The mail server has accepted the message for the recipient; raises Refused or Deferred.

    ``return_path`` is where reports about it go, the sender's address if empty.
    ``timeout`` in seconds for each answer, ten times that for the last one.
    """
    server = None
    try:
        server = _connect(urlsplit(smtp_url), timeout)
        server.send_message(message, return_path or None, [recipient])
    except smtplib.SMTPRecipientsRefused as error:
        code, answer = next(iter(error.recipients.values()))
        raise _failure(code, answer) from error
    except smtplib.SMTPResponseException as error:
        raise _failure(error.smtp_code, error.smtp_error) from error
    except smtplib.SMTPNotSupportedError as error:
        raise Refused(str(error)) from error
    except (OSError, smtplib.SMTPException) as error:
        if server is not None and server.has_sent_content:
            raise Unanswered(f"The mail server did not say whether it took the message: {error}") from error
        raise Deferred(f"The mail server could not be reached: {error}") from error
    finally:
        if server is not None:
            _say_goodbye(server)


class _Conversation(smtplib.SMTP):
    """SMTP that knows whether the content has gone out, and waits longer for the answer to it."""

    has_sent_content = False

    def data(self, msg: Any) -> tuple[int, bytes]:
        self.has_sent_content = True
        if self.sock is not None and self.timeout is not None:
            self.sock.settimeout(self.timeout * PATIENCE_AT_THE_END)
        return super().data(msg)


class _EncryptedConversation(_Conversation, smtplib.SMTP_SSL):
    """The same under TLS from the first byte."""


def _connect(url: SplitResult, timeout: float) -> _Conversation:
    host, port = url.hostname or "127.0.0.1", url.port or PORTS[url.scheme]
    if url.scheme == "smtps":
        context = ssl.create_default_context()
        server: _Conversation = _EncryptedConversation(host, port, timeout=timeout, context=context)
    else:
        server = _Conversation(host, port, timeout=timeout)
    try:
        if url.scheme == "smtp+starttls":
            server.starttls(context=ssl.create_default_context())
        if url.username:
            server.login(unquote(url.username), unquote(url.password or ""))
    except BaseException:
        server.close()
        raise
    return server


def _say_goodbye(server: smtplib.SMTP) -> None:
    """End the conversation; how it ends changes nothing any more."""
    with suppress(OSError, smtplib.SMTPException):
        if server.sock is not None and server.timeout is not None:
            server.sock.settimeout(server.timeout)
        server.quit()
    server.close()


def _failure(code: int, answer: bytes | str) -> Exception:
    said = answer.decode(errors="replace") if isinstance(answer, bytes) else answer
    text = f"{code} {said}"
    # Wrong credentials (530, 535 …) are the operator's to mend, not the message's fault.
    permanent = 500 <= code < 600 and code not in (530, 534, 535, 538)
    return Refused(text) if permanent else Deferred(text)
