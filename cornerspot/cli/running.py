"""``cornerspot worker``, ``inbox`` and ``stripe-standin``: the processes beside the web."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import click

from cornerspot.cli.support import open_app, read_settings
from cornerspot.jobs.worker import run_worker
from cornerspot.schedule import by_clock


@click.command("worker")
@click.option("--concurrency", type=click.IntRange(1, 32), default=2, show_default=True, help="Jobs at a time.")
def worker(concurrency: int) -> None:
    """Run jobs and the schedule until stopped; SIGTERM lets the jobs at hand finish."""
    run_worker(open_app(), by_clock(), concurrency=concurrency)


@click.command("inbox")
def inbox() -> None:
    """Receive mail that the development installation sends, to read at /dev/inbox."""
    from cornerspot.mail.inbox import run_inbox

    run_inbox(read_settings())


@click.command("stripe-standin")
@click.option("--host", default="127.0.0.1", show_default=True, help="An address of this machine only.")
@click.option("--port", type=click.IntRange(0, 65535), default=12111, show_default=True)
@click.option(
    "--state", type=click.Path(dir_okay=False, path_type=Path), help="Keep accounts and payments in this file."
)
def stripe_standin(host: str, port: int, state: Path | None) -> None:
    """Stand in for Stripe without real money, for the demo; refuses to run beside a live key."""
    from cornerspot.payments.standin.errors import StandInRefused
    from cornerspot.payments.standin.wsgi import serve_standin

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # What is kept is written on the way out.
    try:
        serve_standin(host, port, state, environment=read_settings().environment)
    except StandInRefused as refused:
        raise click.ClickException(str(refused)) from refused
