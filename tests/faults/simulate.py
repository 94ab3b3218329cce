"""``python -m tests.faults.simulate --seed N --runs M``: walks from seed N on; one run prints its whole story."""

from __future__ import annotations

import argparse
import os
import sys

import pytest


def main() -> int:
    """Run the walks under pytest, which brings the database and the judge; 0 when every one ended well."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.simulate", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--runs", type=int, default=1)
    wanted = parser.parse_args()
    os.environ.update(SIMULATE_SEED=str(wanted.seed), SIMULATE_RUNS=str(wanted.runs))
    return int(pytest.main(["-q", "-s", "-n", "0", "tests/faults/test_stripe_simulation.py", "-k", "walks_end"]))


if __name__ == "__main__":
    sys.exit(main())
