"""Reconciliation: what no signal told is found by asking, repaired by the same sync, and written down."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select, text, update

from cornerspot.billing.models import CheckoutAttempt, PaymentException, ReconcileRun, Refund
from cornerspot.billing.online.reconciling import (
    ask_for_check,
    check_with_processor,
    reconcile_fully,
    reconcile_hot,
    sweep_events,
)
from cornerspot.db import session
from cornerspot.db.transaction import in_transaction
from cornerspot.kit import clock
from cornerspot.payments.models import ProcessorAccount, StripeEvent
from cornerspot.payments.standin import Fault


def runs():
    anew = {"populate_existing": True}
    statement = select(ReconcileRun).order_by(ReconcileRun.started_at)
    return in_transaction(lambda: session.scalars(statement, execution_options=anew).all())


def exceptions():
    return in_transaction(lambda: sorted(session.scalars(select(PaymentException.kind))))


def age(model, **by):
    in_transaction(lambda: session.execute(update(model).values(created_at=clock.now() - timedelta(**by))))


def test_a_page_past_its_time_is_looked_at(stripe):
    invoice_id = stripe.invoice()
    stripe.paid_by_card(invoice_id)
    with clock.moved_to(clock.now() + timedelta(minutes=61)):
        reconcile_hot()
    assert stripe.read(invoice_id).status == "paid"
    assert [(run.kind, run.found, run.error) for run in runs()] == [("hot", {"attempts": 1}, "")]


def test_a_page_nobody_waits_for_is_closed_at_the_processor(stripe):
    invoice_id = stripe.invoice()
    attempt = stripe.open_page(invoice_id)
    in_transaction(lambda: session.execute(update(CheckoutAttempt).values(state="closing")))
    age(CheckoutAttempt, minutes=3)
    reconcile_hot()
    assert stripe.attempts(invoice_id)[0].state == "expired"
    assert stripe.standin.objects(stripe.account, "checkout.session")[0]["status"] == "expired"
    assert attempt.session_id


def test_a_page_whose_making_was_lost_is_found_and_closed(stripe):
    invoice_id = stripe.invoice()
    stripe.open_page(invoice_id)
    in_transaction(
        lambda: session.execute(update(CheckoutAttempt).values(state="new", session_id=None, session_url=""))
    )
    age(CheckoutAttempt, minutes=20)
    reconcile_hot()
    assert stripe.attempts(invoice_id)[0].state == "expired"
    assert len(stripe.standin.objects(stripe.account, "checkout.session")) == 1


def test_a_refund_that_was_not_sent_is_sent(stripe):
    from cornerspot.billing.voiding import void_invoice
    from tests.domain.test_online_payments import stripe_invoice

    invoice_id = stripe.invoice()
    stripe.sync(stripe.paid_by_card(invoice_id))
    in_transaction(lambda: void_invoice(stripe_invoice(invoice_id), by=stripe.by, money="refund"))
    reconcile_hot()
    assert in_transaction(lambda: session.scalars(select(Refund.status)).all()) == [
        "requested"
    ]  # Its job is on its way.
    age(Refund, minutes=3)
    reconcile_hot()
    assert in_transaction(lambda: session.scalars(select(Refund.status)).all()) == ["succeeded"]
    assert stripe.booked() == stripe.moved()


def test_the_sweep_brings_every_event_that_was_not_delivered(stripe):
    invoice_id = stripe.invoice()
    stripe.paid_by_card(invoice_id)
    sweep_events()
    events = in_transaction(lambda: session.scalars(select(StripeEvent)).all())
    assert {event.source for event in events} == {"sweep"}
    assert runs()[-1].found == {"events": len(events)}
    with clock.moved_to(clock.now() + timedelta(minutes=6)):
        reconcile_hot()
        assert stripe.read(invoice_id).status == "paid"
        sweep_events()
    assert runs()[-1].found == {}


def test_the_cursor_moves_only_after_the_last_page(stripe):
    stripe.paid_by_card(stripe.invoice())
    stripe.standin.faults.next("GET /v1/events", Fault.SERVER_ERROR_500, times=9)
    sweep_events()
    assert runs()[-1].error
    assert in_transaction(lambda: session.scalar(select(ProcessorAccount.events_cursor))) is None
    stripe.standin.faults.clear()
    sweep_events()
    assert in_transaction(lambda: session.scalar(select(ProcessorAccount.events_cursor))) is not None


def test_the_full_run_finds_payments_refunds_and_disputes_that_nobody_told_of(stripe):
    paid, refunded, disputed = (stripe.invoice() for _ in range(3))
    known = stripe.paid_by_card(refunded)
    stripe.sync(known)
    stripe.paid_by_card(paid)
    contested = stripe.paid_by_card(disputed)
    stripe.sync(contested)
    reconcile_fully()
    assert runs()[-1].found == {"payments": 1}
    # So long ago that a list of payments does not reach back to them.
    stripe.standin.advance(timedelta(days=10))
    with clock.moved_to(clock.now() + timedelta(days=10)):
        reconcile_fully()
        stripe.standin.dashboard_refund(known, 5000)
        stripe.standin.open_dispute(contested)
        reconcile_fully()
        assert runs()[-1].found == {"movements": 2}
        reconcile_fully()
        assert runs()[-1].found == {}
    assert stripe.read(paid).status == "paid"
    assert stripe.read(refunded).refunded_minor == 5000
    assert stripe.read(disputed).status == "open"
    assert stripe.booked() == stripe.moved()
    assert exceptions() == ["dispute_opened"]


def test_a_debit_that_settled_while_nobody_listened_is_booked(stripe):
    invoice_id = stripe.invoice()
    payment_id = stripe.paid_by_bank(invoice_id)
    stripe.sync(payment_id)
    stripe.standin.settle(payment_id)
    reconcile_fully()
    assert stripe.read(invoice_id).status == "paid"
    assert runs()[-1].found == {"payments": 1}


def test_books_that_were_tampered_with_are_told_and_not_mended(stripe):
    invoice_id = stripe.invoice()
    stripe.sync(stripe.paid_by_card(invoice_id))
    in_transaction(lambda: session.execute(text("UPDATE payments SET refunded_minor = 100")))
    reconcile_fully()
    reconcile_fully()
    assert exceptions() == ["books_differ"]
    assert [run.found for run in runs()] == [{"books": 1}, {}]


def test_somebody_asks_and_all_is_compared_once(stripe):
    invoice_id = stripe.invoice()
    stripe.paid_by_card(invoice_id)
    asked = [in_transaction(lambda: ask_for_check(by=stripe.by).id) for _ in range(2)]
    assert asked[0] == asked[1]
    check_with_processor(str(asked[0]))
    check_with_processor(str(asked[0]))
    [run] = runs()
    assert run.asked_by == stripe.by.membership_id
    assert run.found["payments"] == 1
    assert stripe.read(invoice_id).status == "paid"


def test_without_a_connection_nothing_runs(team):
    reconcile_hot()
    sweep_events()
    reconcile_fully()
    assert runs() == []
