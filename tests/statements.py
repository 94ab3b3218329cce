"""Every statement on its way to the database, SQLAlchemy's and those sent past it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from cornerspot.db import straight
from cornerspot.db.cursors import QuietCursor


@contextmanager
def each_statement(note: Callable[[str], object]) -> Iterator[None]:
    """``note`` is called with each statement before it is sent, in the thread that sends it; it may raise."""

    def noting(send: Callable[..., Any]) -> Callable[..., Any]:
        def noted(cursor: QuietCursor, statement: Any, *rest: Any, **options: Any) -> Any:
            note(str(statement))
            return send(cursor, statement, *rest, **options)

        return noted

    def noting_trip(send: Callable[..., Any]) -> Callable[..., Any]:
        def noted(pooled: Any, steps: Any) -> Any:
            note(steps[-1][0])  # Those before it say for which team it is.
            return send(pooled, steps)

        return noted

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(straight, "_in_one_trip", noting_trip(straight._in_one_trip))
        for name in ("execute", "executemany"):
            patch.setattr(QuietCursor, name, noting(getattr(QuietCursor, name)))
        yield
