"""The two descriptions of Stripe's API, each with a judge, for tests that compare them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest

from tests.contracts.judge import BadAnswer, BadRequest, Judge
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


def wrong_places(judged: Callable[..., None], *sent: object) -> list[tuple[str, ...]]:
    """Where a judge says that what was sent is wrong; nowhere when it lets it pass."""
    try:
        judged(*sent)
    except (BadAnswer, BadRequest) as refusal:
        return [finding.place for finding in refusal.findings] or [("no place named",)]
    return []
