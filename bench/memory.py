"""The memory of a worker over many small jobs, and over invoices printed one after the other."""

from __future__ import annotations

import gc
import os
from functools import partial
from typing import Any

import psutil
from sqlalchemy import text

from bench.measuring import machine, seconds, show, verdict
from bench.pdfs import example_document
from bench.world import World, world
from cornerspot.billing.rendering import document_pdf
from cornerspot.db import db
from cornerspot.db.transaction import transaction
from cornerspot.jobs.publishing import enqueue, enqueue_for_teams
from cornerspot.jobs.worker import run_pending
from cornerspot.tenancy import system_scope

JOBS = int(os.environ.get("BENCH_JOBS", "1000"))  # 10,000 take some minutes.
BATCH = JOBS // 10
TEAM_TASK, SYSTEM_TASK = "plans.apply_due_changes", "jobs.forget_receipts"
PRINTS, PRINTS_IN_BATCH = 40, 10
MEGABYTE = 1024 * 1024


def measure(place: World) -> dict[str, Any]:
    """Megabytes after each tenth of the jobs, and of prints; the later half may not grow."""
    document = example_document(place, place.open_team())
    teams = [place.open_team().story.team.id for _ in range(2)]
    with place.app.app_context(), db.engine.begin() as connection:
        # What the other modules left: prints of their invoices, and the floor's job, which nobody performs.
        connection.execute(text("DELETE FROM procrastinate_jobs"))
    spent, sizes = 0.0, []
    for _ in range(JOBS // BATCH):
        with place.app.app_context(), system_scope("a benchmark queues jobs"), transaction():
            enqueue_for_teams(TEAM_TASK, teams * (BATCH // 2 // len(teams)))
            for _ in range(BATCH // 2):
                enqueue(SYSTEM_TASK)
        spent += seconds(partial(run_pending, place.app))
        sizes.append(_megabytes())
    printed = []
    for _ in range(PRINTS // PRINTS_IN_BATCH):
        for _ in range(PRINTS_IN_BATCH):
            document_pdf(document)
        printed.append(_megabytes())
    return {
        "what": f"{JOBS} jobs through the worker's own code, half of them for a team, in this process;"
        f" then {PRINTS} invoices of {len(document.lines)} lines printed",
        "megabytes_after_each_tenth_of_the_jobs": sizes,
        "jobs_per_second": round(JOBS / spent, 1),
        "megabytes_after_each_ten_prints": printed,
        "verdicts": {
            "growth_over_the_later_half_mb": verdict(sizes[-1] - sizes[len(sizes) // 2 - 1], at_most=4),
            "growth_over_the_later_prints_mb": verdict(printed[-1] - printed[len(printed) // 2 - 1], at_most=4),
        },
    }


def _megabytes() -> float:
    gc.collect()
    return round(psutil.Process().memory_info().rss / MEGABYTE, 1)


if __name__ == "__main__":
    with world(served=False) as place:
        show({"machine": machine(), "memory": measure(place)})
