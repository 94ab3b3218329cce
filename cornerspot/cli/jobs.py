"""``cornerspot job …``: jobs that failed for good."""

from __future__ import annotations

import click

from cornerspot.cli.support import in_app, in_installation, print_table
from cornerspot.jobs.dead import count_jobs, list_dead_jobs, retry_job


@click.group("job")
def job() -> None:
    """Jobs: list the dead ones, retry one."""


@job.command("list")
@in_app
def list_jobs() -> None:
    """How many jobs wait and run, and those that failed on every try."""
    with in_installation("jobs are listed"):
        counts, dead = count_jobs(), list_dead_jobs()
    click.echo(f"waiting {counts.get('todo', 0)}, running {counts.get('doing', 0)}, dead {counts.get('failed', 0)}")
    if dead:
        rows = [
            (each.id, each.name, each.tries, f"{each.failed_at:%Y-%m-%d %H:%M}" if each.failed_at else "–")
            for each in dead
        ]
        print_table(("ID", "JOB", "TRIES", "FAILED (UTC)"), rows)


@job.command("retry")
@click.argument("job_id", type=click.IntRange(1, 2**63 - 1))
@in_app
def retry(job_id: int) -> None:
    """Send the dead job JOB_ID round again."""
    with in_installation("a job is retried"):
        retry_job(job_id)
    click.echo(f"Job {job_id} waits for the worker again.")
