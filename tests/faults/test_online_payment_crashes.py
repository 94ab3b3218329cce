"""kill -9 between any two statements of booking a payment: all of it is there afterwards, or nothing."""

from __future__ import annotations

from sqlalchemy import func, select

from cornerspot.billing.models import LedgerEntry
from cornerspot.billing.online.booking import Reading, book_payment
from cornerspot.billing.online.syncing import reading_provider
from cornerspot.db import session
from cornerspot.db.transaction import in_transaction
from tests.faults.killing import killed_at_every_moment
from tests.faults.money_invariants import require_sound_money


def test_a_booking_that_is_killed_is_whole_or_nothing(app, team, stripe):
    """A payment with a refund and a dispute, so that every kind of booking is under way."""
    invoice_id = stripe.invoice()
    payment_id = stripe.paid_by_card(invoice_id)
    stripe.standin.dashboard_refund(payment_id, 5000)
    stripe.standin.open_dispute(payment_id)
    told = in_transaction(lambda: reading_provider(stripe.connection_id)).read_payment(payment_id)
    reading = Reading(stripe.connection_id, told)
    moments = 0
    for moment in killed_at_every_moment(app, team, lambda: lambda: book_payment(reading)):
        moments = moment
        in_transaction(lambda: require_sound_money(with_ledger=True))
        entries = in_transaction(lambda: session.scalar(select(func.count()).select_from(LedgerEntry)))
        whole = entries > 0
        assert (stripe.read(invoice_id).refunded_minor == 5000) == whole
        assert (stripe.booked() == stripe.moved()) == whole
    assert moments > 30
    assert whole
    stripe.sync(payment_id)
    assert stripe.booked() == stripe.moved()
    assert stripe.read(invoice_id).status == "partially_paid"
