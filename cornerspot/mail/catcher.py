"""The development inbox: a mail server on this machine that delivers to nobody.

What it takes is kept as ``.eml`` files, for a person to read in the browser. It
listens on loopback only and never passes a message on.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from cornerspot.kit import ids

LOOPBACK = ("127.0.0.1", "::1", "localhost")
LARGEST_MESSAGE = 32 * 1024 * 1024


class _Keeper:
    """Writes each message to a file of its own, named in the order of arrival."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def handle_DATA(self, _: SMTP, __: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.original_content or b""
        await asyncio.to_thread(self._keep, content)
        return "250 Kept in the development inbox"

    def _keep(self, content: bytes) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        name = ids.encode_public_id("mail", ids.new_id())
        incoming = self._folder / f".{name}.incoming"
        incoming.write_bytes(content)
        incoming.replace(self._folder / f"{name}.eml")  # A reader never sees half a message.


def catcher(host: str, port: int, folder: Path) -> Controller:
    """The mail server, not yet started; raises ValueError for an address others can reach."""
    if host not in LOOPBACK:
        raise ValueError("The development inbox listens on this machine only.")
    options: dict[str, Any] = {"data_size_limit": LARGEST_MESSAGE, "enable_SMTPUTF8": True}
    return Controller(_Keeper(folder), hostname=host, port=port, **options)


def run_catcher(host: str, port: int, folder: Path) -> None:
    """Take mail until SIGTERM or SIGINT; raises OSError when the port is taken."""
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    server = catcher(host, port, folder)
    server.start()
    try:
        stopped.wait()
    finally:
        server.stop()
