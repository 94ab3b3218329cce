"""One transaction per request, job or command; only these edges commit."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

from sqlalchemy.exc import DBAPIError

from cornerspot.db import session

Result = TypeVar("Result")
RETRYABLE = {"40001", "40P01"}  # serialization failure, deadlock
TRIES = 4

read_only: ContextVar[bool] = ContextVar("read_only", default=False)


@contextmanager
def transaction() -> Iterator[None]:
    """Commit what the block did, or nothing of it."""
    try:
        yield
        session.commit()
    except BaseException:
        session.rollback()
        raise


def in_transaction(work: Callable[[], Result]) -> Result:
    """Run work in a transaction of its own and commit; a deadlock is tried again."""

    def run() -> Result:
        with transaction():
            return work()

    return tried_again(run, forget=session.expunge_all)


def tried_again(run: Callable[[], Result], *, forget: Callable[[], object] = lambda: None) -> Result:
    """What the whole transaction ``run`` gives; run again, a little later, when PostgreSQL asks for that.

    ``forget`` drops what the failed try left in this process.
    """
    for attempt in range(1, TRIES + 1):
        try:
            return run()
        except DBAPIError as error:
            if not is_retryable(error) or attempt == TRIES:
                raise
        forget()
        time.sleep(random.uniform(0.005, 0.05) * attempt)  # noqa: S311 - spreads the retries
    raise AssertionError("unreachable")


def is_retryable(error: BaseException) -> bool:
    """Whether PostgreSQL asked for the transaction to be run again."""
    cause = getattr(error, "orig", None)
    return getattr(cause, "sqlstate", None) in RETRYABLE


@contextmanager
def reading_only() -> Iterator[None]:
    """Transactions begun in the block cannot write: a GET request."""
    token = read_only.set(True)
    try:
        yield
    finally:
        read_only.reset(token)
