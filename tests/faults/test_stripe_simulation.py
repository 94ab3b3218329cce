"""Random walks end with books that are equal to Stripe's, whatever happened on the way."""

from __future__ import annotations

import os
import traceback

import pytest

from tests.faults.simulation.seeds import FAILED_ONCE
from tests.faults.simulation.walking import Walk, walk

FIRST, RUNS = int(os.environ.get("SIMULATE_SEED", "1")), int(os.environ.get("SIMULATE_RUNS", "12"))
TELLS = "SIMULATE_RUNS" in os.environ


def told(result: Walk) -> str:
    why = traceback.format_exception(result.failure)[-4:] if result.failure else ["it ended well"]
    return "\n".join((f"seed {result.seed}", *result.story, *why))


@pytest.mark.parametrize("seed", FAILED_ONCE)
def test_a_seed_that_failed_once_ends_well(app, seed):
    result = walk(app, seed)
    assert result.failure is None, told(result)


def test_walks_end_with_equal_books(app):
    failed, steps, crashes = [], 0, 0
    for seed in range(FIRST, FIRST + RUNS):
        result = walk(app, seed)
        steps, crashes = steps + result.steps, crashes + result.crashes
        if result.failure is not None:
            failed.append(seed)
            print(told(result), flush=True)  # noqa: T201 - the story is what the caller wants
            if not TELLS or RUNS == 1:
                raise result.failure
        elif TELLS and (RUNS == 1 or seed % 20 == 0):
            print(told(result) if RUNS == 1 else f"seed {seed} fine, {steps} steps", flush=True)  # noqa: T201
    if TELLS:
        print(f"{RUNS} walks, {steps} steps, {crashes} crashes; failed: {failed}", flush=True)  # noqa: T201
    assert not failed
