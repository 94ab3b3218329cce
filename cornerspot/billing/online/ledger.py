"""The ledger: one entry for each fact about money that moved at the processor, added and never changed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from cornerspot.billing.models import LedgerEntry, Payment
from cornerspot.billing.models.online import LedgerKind
from cornerspot.db import session
from cornerspot.kit.money import Money


def enter(payment: Payment, kind: LedgerKind, amount: Money, *, source_key: str, happened_at: datetime) -> bool:
    """The fact is in the ledger; whether it is there for the first time, and so must be acted on.

    ``amount`` is signed: below zero for money that left. ``source_key`` is the processor's
    id of the fact, the exactly-once guard of everything that follows from it.
    """
    session.flush()  # The payment may be new.
    statement = insert(LedgerEntry).values(
        processor_account_id=payment.processor_account_id,
        payment_id=payment.id,
        kind=kind,
        source_key=source_key,
        amount_minor=amount.minor,
        currency=amount.currency,
        happened_at=happened_at,
    )
    written = session.execute(
        statement.on_conflict_do_nothing(constraint="uq_ledger_entries_fact").returning(LedgerEntry.id)
    )
    return written.scalar_one_or_none() is not None


def moved_minor(payment: Payment) -> int:
    """What the ledger says the payment brought, less what went back, without fees; in minor units."""
    statement = select(func.coalesce(func.sum(LedgerEntry.amount_minor), 0)).where(
        LedgerEntry.payment_id == payment.id, LedgerEntry.kind != LedgerKind.FEE
    )
    return int(session.scalar(statement) or 0)
