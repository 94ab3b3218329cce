"""The two descriptions of Stripe's API, each with a judge, for tests that compare them."""

from __future__ import annotations

from functools import cache

import pytest

from tests.contracts.judge import Judge
from tests.contracts.judge.openapi import OpenApi, description_file
from tests.contracts.judge.typed import TypedParameters

OPENAPI, TYPED = "openapi", "typed"
BOTH = (OPENAPI, TYPED)
MODES = pytest.mark.parametrize("mode", BOTH)


@cache
def judge_by(mode: str) -> Judge:
    """A judge by one description; the test is skipped where Stripe's file is not there."""
    if mode == OPENAPI:
        path = description_file()
        if path is None:
            pytest.skip("STRIPE_OPENAPI gives no file: the SDK's types alone judge")
        return Judge(OpenApi(path))
    return Judge(TypedParameters())
