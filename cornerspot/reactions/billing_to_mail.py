"""What became of payments is told by mail."""

from __future__ import annotations

from sqlalchemy import select

from cornerspot.billing.events import PaymentFailed, PaymentSettled
from cornerspot.billing.failure_notices import tell_of_failure
from cornerspot.billing.models import Payment
from cornerspot.billing.receipts import queue_receipt
from cornerspot.db import session
from cornerspot.jobs.registry import reaction


@reaction(PaymentSettled)
def send_receipt(event: PaymentSettled) -> None:
    """The customer has a receipt for money that is there."""
    queue_receipt(session.scalars(select(Payment).where(Payment.id == event.payment_id)).one())


@reaction(PaymentFailed)
def tell_both_sides(event: PaymentFailed) -> None:
    """Customer and team know that it did not go through."""
    tell_of_failure(session.scalars(select(Payment).where(Payment.id == event.payment_id)).one())
