"""``cornerspot mail …``: reports of mail servers about messages that did not arrive."""

from __future__ import annotations

import sys

import click

from cornerspot.cli.support import in_app, open_app
from cornerspot.mail.bouncing import take_bounce
from cornerspot.mail.receiving import run_receiver
from cornerspot.mail.reports import LARGEST_REPORT


@click.group("mail")
def mail() -> None:
    """Reports about messages that came back."""


@mail.command("bounce")
@click.option("--recipient", multiple=True, help="Whom the report was sent to, if the mail server says so apart.")
@in_app
def bounce(recipient: tuple[str, ...]) -> None:
    """Take one report from standard input, as mail servers hand it to a program.

    It ends well even when there is nothing to note, so that no report is reported back.
    """
    raw = sys.stdin.buffer.read(LARGEST_REPORT)
    noted = take_bounce(raw, recipient)
    click.echo("Noted." if noted else "Nothing to note: no report about a message of ours.")


@mail.command("receive-bounces")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(1, 65535), default=8026, show_default=True)
@click.option("--lmtp", is_flag=True, help="Speak LMTP instead of SMTP.")
def receive_bounces(host: str, port: int, lmtp: bool) -> None:
    """Receive reports from the mail server until stopped."""
    app = open_app()

    def take(raw: bytes, recipients: tuple[str, ...]) -> bool:
        with app.app_context():
            return take_bounce(raw, recipients)

    run_receiver(take, host, port, lmtp=lmtp)
