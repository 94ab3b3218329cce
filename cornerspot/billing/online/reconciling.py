"""Reconciling: what no signal told us is found by asking, and repaired by the same sync as ever.

Three runs, each on record with what it mended: ``hot`` looks at rows that wait for something,
``events`` at everything that the processor has to tell since the last time, ``full`` compares
payments, money and books. A run without a connection does nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from sqlalchemy import select

from cornerspot.billing.models import ReconcileRun
from cornerspot.billing.online import checking, waiting
from cornerspot.db import session
from cornerspot.db.transaction import in_transaction
from cornerspot.jobs.publishing import enqueue
from cornerspot.jobs.registry import task
from cornerspot.kit import clock
from cornerspot.kit.errors import Conflict
from cornerspot.payments.inbox import store_swept
from cornerspot.payments.models import ProcessorAccount
from cornerspot.payments.provider import EventRecord, ProviderError
from cornerspot.payments.stripe_provider import provider_for
from cornerspot.payments.stripe_webhooks import NotFromStripe
from cornerspot.people.actors import Actor
from cornerspot.people.permissions import Permission

OVERLAP = timedelta(hours=1)
FULL_OVERLAP = timedelta(days=2)
EVENTS_LAST = timedelta(days=29)  # The processor keeps its list of events for 30 days.
ASKED_AGAIN_AFTER = timedelta(minutes=10)
NOT_CONNECTED = "Stripe is not connected, so there is nothing to compare with."


def ask_for_check(*, by: Actor) -> ReconcileRun:
    """A full run waits for the worker; the one that is already waiting when asked twice. Raises Conflict."""
    by.require(Permission.UNDO_PAYMENTS)
    connection = _connection()
    if connection is None:
        raise Conflict(NOT_CONNECTED)
    waiting_run = session.scalars(
        select(ReconcileRun)
        .where(
            ReconcileRun.kind == "full",
            ReconcileRun.finished_at.is_(None),
            ReconcileRun.started_at > clock.now() - ASKED_AGAIN_AFTER,
        )
        .order_by(ReconcileRun.started_at.desc())
    ).first()
    if waiting_run is not None:
        return waiting_run
    run = ReconcileRun(processor_account_id=connection.id, kind="full", asked_by=by.membership_id, found={})
    session.add(run)
    session.flush()
    enqueue("billing.check_with_processor", run_id=str(run.id))
    return run


@task("billing.check_with_processor", own_transactions=True)
def check_with_processor(run_id: str) -> None:
    """All three comparisons were made, as somebody asked; a second time does nothing."""
    wanted = select(ReconcileRun).where(ReconcileRun.id == UUID(run_id), ReconcileRun.finished_at.is_(None))
    run = in_transaction(lambda: session.scalars(wanted).one_or_none())
    if run is not None:
        _perform(run, lambda connection: _look_at_waiting(connection) + _sweep(connection) + _compare(connection))


@task("billing.reconcile_hot", own_transactions=True)
def reconcile_hot() -> None:
    """Nothing waits for a signal that was lost some minutes ago."""
    _begin_and_perform("hot", _look_at_waiting)


@task("billing.sweep_events", own_transactions=True)
def sweep_events() -> None:
    """Every event of the processor is in the inbox, delivered or not."""
    _begin_and_perform("events", _sweep)


@task("billing.reconcile_fully", own_transactions=True)
def reconcile_fully() -> None:
    """Payments, money and books are the same here and at the processor, or somebody is told."""
    _begin_and_perform("full", _compare)


def recent_runs(*, size: int = 50) -> list[ReconcileRun]:
    """The last runs, the newest first; uneventful looks at waiting rows left out."""
    noteworthy = (ReconcileRun.kind != "hot") | (ReconcileRun.found != {}) | (ReconcileRun.error != "")
    statement = select(ReconcileRun).where(noteworthy).order_by(ReconcileRun.started_at.desc()).limit(size)
    return list(session.scalars(statement))


Work = Callable[[ProcessorAccount], Counter[str]]


def _begin_and_perform(kind: str, work: Work) -> None:
    run = in_transaction(lambda: _begin(kind))
    if run is not None:
        _perform(run, work)


def _begin(kind: str) -> ReconcileRun | None:
    connection = _connection()
    if connection is None:
        return None
    run = ReconcileRun(processor_account_id=connection.id, kind=kind, found={})
    session.add(run)
    session.flush()
    return run


def _perform(run: ReconcileRun, work: Work) -> None:
    """Do the work and keep what it found; a processor that cannot be reached is an error on record, not a crash."""
    found: Counter[str] = Counter()
    error = ""
    try:
        connection = in_transaction(_connection)
        if connection is not None:
            found = work(connection)
        else:
            error = NOT_CONNECTED
    except ProviderError as refusal:
        error = refusal.message
    in_transaction(lambda: _end(run.id, dict(+found), error))


def _end(run_id: UUID, found: dict[str, int], error: str) -> None:
    run = session.scalars(
        select(ReconcileRun).where(ReconcileRun.id == run_id), execution_options={"populate_existing": True}
    ).one()
    run.found, run.error, run.finished_at = found, error, clock.now()


def _look_at_waiting(connection: ProcessorAccount) -> Counter[str]:  # noqa: ARG001 - one of three kinds of work
    return waiting.look_at_waiting()


def _sweep(connection: ProcessorAccount) -> Counter[str]:
    """Put what was not delivered into the inbox; the cursor moves only after the last page."""
    begun = clock.now()
    cursor = connection.events_cursor or connection.connected_at
    missed: Counter[str] = Counter()
    since = max(cursor - OVERLAP, begun - EVENTS_LAST)
    for record in provider_for(connection).events(since=since):
        if in_transaction(partial(_keep, connection.id, record)):
            missed["events"] += 1
    if cursor < begun - EVENTS_LAST:  # The list of events does not reach back that far.
        missed += checking.compare_payments(connection, since=cursor - OVERLAP)
    in_transaction(lambda: _move_cursor(connection.id, begun))
    return missed


def _keep(connection_id: UUID, record: EventRecord) -> bool:
    try:
        return store_swept(_by_id(connection_id), record) is not None
    except NotFromStripe:
        return False


def _move_cursor(connection_id: UUID, begun: datetime) -> None:
    _by_id(connection_id).events_cursor = begun


def _compare(connection: ProcessorAccount) -> Counter[str]:
    last = in_transaction(lambda: _last_full(connection.id))
    since = (last or connection.connected_at) - FULL_OVERLAP
    found = checking.compare_payments(connection, since=since)
    found += waiting.look_at_open_ends()
    found += checking.compare_money(connection, since=since)
    found += in_transaction(checking.check_books)
    return found


def _last_full(connection_id: UUID) -> datetime | None:
    return session.scalar(
        select(ReconcileRun.started_at)
        .where(
            ReconcileRun.processor_account_id == connection_id,
            ReconcileRun.kind == "full",
            ReconcileRun.finished_at.is_not(None),
            ReconcileRun.error == "",
        )
        .order_by(ReconcileRun.started_at.desc())
        .limit(1)
    )


def _connection() -> ProcessorAccount | None:
    return session.scalars(select(ProcessorAccount).where(ProcessorAccount.state != "disconnected")).one_or_none()


def _by_id(connection_id: UUID) -> ProcessorAccount:
    return session.scalars(
        select(ProcessorAccount).where(ProcessorAccount.id == connection_id),
        execution_options={"populate_existing": True},
    ).one()
