"""Receiving reports: a mail server of our own, for return addresses that we signed and nothing else.

The installation's mail server hands it what comes for ``bounces+…@``, over LMTP or
SMTP. Everything else is refused in the conversation, so that it relays for nobody.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable
from typing import Any

import structlog
from aiosmtpd.controller import Controller
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session

from cornerspot.mail.reports import LARGEST_REPORT
from cornerspot.mail.returning import read_token

log = structlog.get_logger("cornerspot.mail")
Take = Callable[[bytes, tuple[str, ...]], bool]


class _Taker:
    """Takes mail for signed return addresses, and has each message looked at."""

    def __init__(self, take: Take) -> None:
        self._take = take

    # aiosmtpd looks for methods with these names.
    async def handle_RCPT(self, _: SMTP, __: Session, envelope: Envelope, address: str, ___: list[str]) -> str:  # noqa: N802
        if read_token(address) is None:
            return "550 5.1.1 Not an address of ours"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _: SMTP, __: Session, envelope: Envelope) -> str:  # noqa: N802
        raw = envelope.original_content or b""
        noted = await asyncio.to_thread(self._take, raw, tuple(envelope.rcpt_tos))
        log.info("report_taken", noted=noted)
        return "250 Noted" if noted else "250 Nothing to note"

    async def handle_exception(self, error: Exception) -> str:
        """The mail server keeps the report and comes back with it."""
        log.error("report_not_taken", error=repr(error), exc_info=error)
        return "451 4.3.0 Try again later"


class _LmtpController(Controller):
    """The same in LMTP, which mail servers speak to programs."""

    def factory(self) -> SMTP:
        return LMTP(self.handler, **self.SMTP_kwargs)


def receiver(take: Take, host: str, port: int, *, lmtp: bool = False) -> Controller:
    """The mail server, not yet started."""
    options: dict[str, Any] = {"data_size_limit": LARGEST_REPORT, "enable_SMTPUTF8": True}
    kind = _LmtpController if lmtp else Controller
    return kind(_Taker(take), hostname=host, port=port, **options)


def run_receiver(take: Take, host: str, port: int, *, lmtp: bool = False) -> None:
    """Take reports until SIGTERM or SIGINT; raises OSError when the port is taken."""
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    server = receiver(take, host, port, lmtp=lmtp)
    server.start()
    try:
        stopped.wait()
    finally:
        server.stop()
