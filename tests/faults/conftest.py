"""Fixtures of the tests in which things go wrong."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from cornerspot.payments.standin import StandIn
from tests.faults.stripe_shop import Shop, open_shop, street


@pytest.fixture
def standin(app: Flask) -> Iterator[StandIn]:
    """A stand-in of Stripe whose webhooks come to the app."""
    with street(app) as made:
        yield made


@pytest.fixture
def shop(app: Flask, standin: StandIn) -> Shop:
    """A team that is connected to it."""
    return open_shop(app, standin)
