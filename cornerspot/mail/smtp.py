"""Handing one message to the mail server named in the settings."""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from urllib.parse import SplitResult, unquote, urlsplit

TIMEOUT_SECONDS = 20
PORTS = {"smtp": 25, "smtps": 465, "smtp+starttls": 587}


class Refused(Exception):
    """The mail server will never take this message; the text is its answer."""


class Deferred(Exception):
    """The mail server cannot take the message now; the text says why."""


def deliver(message: EmailMessage, smtp_url: str) -> None:
    """The mail server has accepted the message; raises Refused or Deferred."""
    try:
        with _connect(urlsplit(smtp_url)) as server:
            server.send_message(message)
    except smtplib.SMTPRecipientsRefused as error:
        code, answer = next(iter(error.recipients.values()))
        raise _failure(code, answer) from error
    except smtplib.SMTPResponseException as error:
        raise _failure(error.smtp_code, error.smtp_error) from error
    except smtplib.SMTPNotSupportedError as error:
        raise Refused(str(error)) from error
    except (OSError, smtplib.SMTPException) as error:
        raise Deferred(f"The mail server could not be reached: {error}") from error


def _connect(url: SplitResult) -> smtplib.SMTP:
    host, port = url.hostname or "127.0.0.1", url.port or PORTS[url.scheme]
    if url.scheme == "smtps":
        context = ssl.create_default_context()
        server: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=TIMEOUT_SECONDS, context=context)
    else:
        server = smtplib.SMTP(host, port, timeout=TIMEOUT_SECONDS)
    try:
        if url.scheme == "smtp+starttls":
            server.starttls(context=ssl.create_default_context())
        if url.username:
            server.login(unquote(url.username), unquote(url.password or ""))
    except BaseException:
        server.close()
        raise
    return server


def _failure(code: int, answer: bytes | str) -> Exception:
    said = answer.decode(errors="replace") if isinstance(answer, bytes) else answer
    text = f"{code} {said}"
    # Wrong credentials (530, 535 …) are the operator's to mend, not the message's fault.
    permanent = 500 <= code < 600 and code not in (530, 534, 535, 538)
    return Refused(text) if permanent else Deferred(text)
