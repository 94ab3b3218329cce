"""How long to wait after failing to sign in: the same for teammates and for members of a portal."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil
from typing import TypeVar

from sqlalchemy import delete, select
from sqlalchemy.orm import Mapped, mapped_column

from cornerspot.db import session
from cornerspot.db.locks import lock, lock_name
from cornerspot.kit import clock
from cornerspot.kit.secrets import digest

FREE_FAILURES = 5
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(minutes=30)
FORGOTTEN_AFTER = timedelta(hours=24)
WRONG = "This e-mail address and password do not belong together. Check both and try again."


class FailureCount:
    """How often signing in failed for an e-mail address lately; a table says for whose sign-ins.

    A row of its own, and also for addresses that nobody has: whether a wait is
    asked for must not tell who has a sign-in.
    """

    email_digest: Mapped[str]
    failures: Mapped[int] = mapped_column(default=0)
    last_failed_at: Mapped[datetime] = mapped_column(default=clock.now)
    locked_until: Mapped[datetime | None]


Count = TypeVar("Count", bound=FailureCount)


def held_failures(model: type[Count], address: str, *, purpose: str) -> Count:
    """The row of an address, held until the transaction ends; a new one, not added, when there is none.

    Tries for one address are so made one after the other, and many at once cannot
    get more guesses.
    """
    key = digest(address)
    lock_name(f"{purpose} {key}")
    row = session.scalars(select(model).where(model.email_digest == key)).one_or_none()
    if row is None:
        return model(email_digest=key, failures=0, last_failed_at=clock.now())  # type: ignore[call-arg]
    lock(row)  # type: ignore[type-var]
    if row.last_failed_at < clock.now() - FORGOTTEN_AFTER:
        row.failures, row.locked_until = 0, None
    return row


def wait_sentence(failure: FailureCount) -> str:
    """What somebody who must wait is told; empty for somebody who may try."""
    now = clock.now()
    if failure.locked_until is None or failure.locked_until <= now:
        return ""
    return _sentence(failure.locked_until - now)


def count_failure(failure: FailureCount) -> str:
    """One more failure is noted; the sentence that says why signing in was refused."""
    now = clock.now()
    session.add(failure)
    failure.failures += 1
    failure.last_failed_at = now
    over = failure.failures - FREE_FAILURES
    if over < 0:
        return WRONG
    wait = min(FIRST_WAIT * 2 ** min(over, 10), LONGEST_WAIT)
    failure.locked_until = now + wait
    return _sentence(wait)


def clear_failures(failure: FailureCount) -> None:
    """The address has no failures any more."""
    if failure in session:
        session.delete(failure)


def forget_failures(model: type[FailureCount], address: str) -> None:
    """The address may be tried again at once: its owner proved who they are in another way."""
    session.execute(delete(model).where(model.email_digest == digest(address)))


def forget_old_failures_in(model: type[FailureCount]) -> None:
    """Failures of more than a day ago count no more, and their rows are gone."""
    session.execute(delete(model).where(model.last_failed_at < clock.now() - FORGOTTEN_AFTER))


def _sentence(wait: timedelta) -> str:
    minutes = max(1, ceil(wait.total_seconds() / 60))
    words = "1 minute" if minutes == 1 else f"{minutes} minutes"
    return f"Too many failed tries. Wait {words} and try again, or ask for a new password."
