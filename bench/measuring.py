"""Rounds that take turns, so that whatever else the machine does hits both sides alike."""

from __future__ import annotations

import json
import os
import platform
import statistics
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

PACKAGES = ("flask", "gunicorn", "jinja2", "psycopg", "procrastinate", "sqlalchemy", "weasyprint")


def seconds(work: Callable[[], object]) -> float:
    """How long the work took, in seconds."""
    began = perf_counter()
    work()
    return perf_counter() - began


def processor_seconds(work: Callable[[], object]) -> float:
    """How long this process kept a processor busy with it: for work that waits for nothing, on a shared machine."""
    began = process_time()
    work()
    return process_time() - began


def take_turns(
    sides: Mapping[str, Callable[[], object]],
    *,
    rounds: int,
    warm_up: int = 1,
    took: Callable[[Callable[[], object]], float] = seconds,
) -> dict[str, list[float]]:
    """Seconds of every round of every side, run A B A B …; warm-up rounds are not kept."""
    taken: dict[str, list[float]] = {name: [] for name in sides}
    for number in range(warm_up + rounds):
        for name, work in sides.items():
            spent = took(work)
            if number >= warm_up:
                taken[name].append(spent)
    return taken


def summary(rounds: list[float], *, per: int = 1) -> dict[str, float]:
    """Milliseconds of one of ``per`` operations: best, median and worst round; operations a second of the best."""
    each = sorted(spent / per * 1000 for spent in rounds)
    return {
        "best_ms": round(each[0], 3),
        "median_ms": round(statistics.median(each), 3),
        "worst_ms": round(each[-1], 3),
        "best_per_second": round(1000 / each[0], 1),
    }


def share_of_floor(ours: list[float], floor: list[float]) -> dict[str, float]:
    """Our throughput as a part of the floor's: of the best rounds, the medians, and each round with its neighbour."""
    return {
        "best": round(min(floor) / min(ours), 3),
        "median": round(statistics.median(floor) / statistics.median(ours), 3),
        "paired": round(_paired(floor, ours), 3),
    }


def times_floor(ours: list[float], floor: list[float]) -> dict[str, float]:
    """How many times the floor's time we take: of the best rounds, the medians, and each round with its neighbour."""
    return {
        "best": round(min(ours) / min(floor), 3),
        "median": round(statistics.median(ours) / statistics.median(floor), 3),
        "paired": round(_paired(ours, floor), 3),
    }


def _paired(these: list[float], those: list[float]) -> float:
    """The median of what each round took beside its neighbour: a moment that was good to one side counts once."""
    return statistics.median(this / that for this, that in zip(these, those, strict=True))


def verdict(measured: float, *, at_least: float | None = None, at_most: float | None = None) -> dict[str, Any]:
    """A measured number beside its budget, and whether it keeps to it."""
    kept = (at_least is None or measured >= at_least) and (at_most is None or measured <= at_most)
    budget = {"at_least": at_least} if at_least is not None else {"at_most": at_most}
    return {"measured": round(measured, 3), "budget": budget, "kept": kept}


def machine() -> dict[str, Any]:
    """What this ran on, and how busy it was at this moment."""
    return {
        "cores": os.cpu_count(),
        "processor": _processor(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "load_average": [round(load, 2) for load in os.getloadavg()],
        "packages": {name: version(name) for name in PACKAGES},
    }


def show(result: Mapping[str, Any]) -> None:
    """Print a result as JSON."""
    print(json.dumps(result, indent=2))


def _processor() -> str:
    try:
        with Path("/proc/cpuinfo").open() as lines:
            return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or "unknown"
