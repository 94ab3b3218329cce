"""``cornerspot worker`` and ``cornerspot inbox``: the processes beside the web."""

from __future__ import annotations

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
