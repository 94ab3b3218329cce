"""A process that is gone at a chosen statement, without a fork: what it did at Stripe stays done.

``killing`` kills a real child, whose stand-in would die with it; this raises what nothing of
ours catches, so that the transaction is rolled back as the database would.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask

from tests.statements import each_statement

MOST_STATEMENTS = 200


class Crashed(BaseException):
    """The process is gone at this statement; nothing of ours may catch it."""


class Crasher:
    """Counts statements down; ``crashes`` is how often one was the last. 0 ``left`` means never."""

    def __init__(self) -> None:
        self.left = self.crashes = 0

    def tick(self, *_: object) -> None:
        if self.left:
            self.left -= 1
            if not self.left:
                self.crashes += 1
                raise Crashed


@contextmanager
def crasher(_: Flask) -> Iterator[Crasher]:
    """One that sees every statement of the app in the block."""
    made = Crasher()
    with each_statement(made.tick):
        yield made


def crashed_at_every_statement(app: Flask, work: Callable[[], Any]) -> Iterator[int]:
    """The work crashes at its 1st, 2nd, 3rd … statement; yields after each, until it gets to its end."""
    with crasher(app) as accident:
        for statement in range(1, MOST_STATEMENTS):
            accident.left, before = statement, accident.crashes
            try:
                work()
            except Crashed:
                pass
            finally:
                accident.left = 0
            yield statement
            if accident.crashes == before:
                return
    raise AssertionError(f"the work has more than {MOST_STATEMENTS} statements")
