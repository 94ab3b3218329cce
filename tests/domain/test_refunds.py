"""Money that goes back: by hand, through the processor, in its dashboard, and when it does not arrive."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from cornerspot.billing.finalizing import finalize_invoice
from cornerspot.billing.models import Invoice, Payment, PaymentException, Refund
from cornerspot.billing.online.refund_calls import send_refund
from cornerspot.billing.refunding import refund_payment
from cornerspot.billing.settling import record_manual_payment, undo_payment
from cornerspot.db import session
from cornerspot.db.transaction import in_transaction
from cornerspot.kit import clock
from cornerspot.kit.errors import Conflict, Invalid, PermissionDenied
from cornerspot.kit.money import Money
from cornerspot.payments.provider import ProviderUnsure
from cornerspot.payments.standin import Fault
from tests.factories.billing import line, new_draft


def ask(stripe, paid, amount_minor, *, still_owed=False, key="key", by=None):
    """Ask for a refund on the invoice; the refund's id, committed and not sent yet."""

    def work():
        invoice = session.scalars(select(Invoice).where(Invoice.id == paid[0])).one()
        payment = session.scalars(select(Payment).where(Payment.stripe_payment_id == paid[1])).one()
        return refund_payment(
            payment,
            Money(amount_minor, "EUR"),
            still_owed=still_owed,
            reason="Damaged",
            by=by or stripe.by,
            request_key=key,
            invoice=invoice,
        ).id

    return in_transaction(work)


def refund_of(refund_id):
    statement = select(Refund).where(Refund.id == refund_id).execution_options(populate_existing=True)
    return in_transaction(lambda: session.scalars(statement).one())


def exceptions():
    return in_transaction(lambda: sorted(session.scalars(select(PaymentException.kind))))


def test_a_refund_leaves_the_invoice_paid_unless_it_is_still_owed(stripe, paid):
    refund_id = ask(stripe, paid, 5000)
    assert refund_of(refund_id).status == "requested"
    assert stripe.read(paid[0]).refunded_minor == 0
    send_refund(str(refund_id))
    invoice, payment = stripe.read(paid[0]), stripe.payment(paid[1])
    assert refund_of(refund_id).status == "succeeded"
    assert (invoice.status, invoice.paid_minor, invoice.refunded_minor) == ("paid", 20000, 5000)
    assert (payment.refunded_minor, payment.refundable_minor, payment.returned_minor) == (5000, 15000, 0)
    assert stripe.booked() == stripe.moved() == {paid[1]: 15000}


def test_what_is_refunded_and_still_owed_is_asked_for_again(stripe, paid):
    send_refund(str(ask(stripe, paid, 5000, still_owed=True)))
    invoice = stripe.read(paid[0])
    assert (invoice.status, invoice.balance_minor, invoice.refunded_minor) == ("partially_paid", 5000, 5000)
    send_refund(str(ask(stripe, paid, 15000, still_owed=True, key="rest")))
    invoice = stripe.read(paid[0])
    assert (invoice.status, invoice.balance_minor, invoice.refunded_minor) == ("open", 20000, 20000)
    assert stripe.booked() == stripe.moved() == {paid[1]: 0}


def test_a_lost_answer_is_asked_for_again_and_refunds_once(stripe, paid):
    refund_id = ask(stripe, paid, 5000)
    stripe.standin.faults.next("POST /v1/refunds", Fault.DROP_ANSWER, times=3)
    with pytest.raises(ProviderUnsure):
        send_refund(str(refund_id))
    assert refund_of(refund_id).status == "requested"
    send_refund(str(refund_id))
    send_refund(str(refund_id))
    assert len(stripe.standin.objects(stripe.account, "refund")) == 1
    assert stripe.booked() == stripe.moved() == {paid[1]: 15000}


def test_after_a_day_it_looks_before_it_asks_again(stripe, paid):
    refund_id = ask(stripe, paid, 5000)
    stripe.standin.faults.next("POST /v1/refunds", Fault.DROP_ANSWER, times=3)
    with pytest.raises(ProviderUnsure):
        send_refund(str(refund_id))
    stripe.standin.advance(timedelta(hours=25))
    with clock.moved_to(clock.now() + timedelta(hours=25)):
        send_refund(str(refund_id))
    assert refund_of(refund_id).status == "succeeded"
    assert len(stripe.standin.objects(stripe.account, "refund")) == 1


def test_refunds_of_the_dashboard_and_ours_add_up(stripe, paid):
    refund_id = ask(stripe, paid, 5000)
    stripe.standin.dashboard_refund(paid[1], 3000)
    stripe.standin.dashboard_refund(paid[1], 2000)
    send_refund(str(refund_id))
    stripe.sync(paid[1])
    refunds = in_transaction(lambda: session.scalars(select(Refund).order_by(Refund.amount_minor)).all())
    assert [(row.origin, row.amount_minor) for row in refunds] == [
        ("dashboard", 2000),
        ("dashboard", 3000),
        ("ours", 5000),
    ]
    invoice = stripe.read(paid[0])
    assert (invoice.status, invoice.refunded_minor) == ("paid", 10000)
    assert stripe.booked() == stripe.moved() == {paid[1]: 10000}


def test_more_than_is_left_is_refused_here_and_at_the_processor(stripe, paid):
    ask(stripe, paid, 15000)
    with pytest.raises(Invalid, match=r"Only €50\.00 is left"):
        ask(stripe, paid, 5001, key="more")
    with pytest.raises(Invalid, match="above zero"):
        ask(stripe, paid, 0, key="none")
    first = ask(stripe, paid, 15000)
    stripe.standin.dashboard_refund(paid[1], 10000)
    send_refund(str(first))
    refund = refund_of(first)
    assert (refund.status, bool(refund.failure)) == ("failed", True)
    stripe.sync(paid[1])
    assert exceptions() == ["refund_failed"]
    assert stripe.booked() == stripe.moved() == {paid[1]: 10000}


def test_the_same_form_twice_is_one_refund(stripe, paid):
    assert ask(stripe, paid, 5000) == ask(stripe, paid, 5000)
    with pytest.raises(Conflict, match=r"refunded €50\.00 already"):
        ask(stripe, paid, 6000)


@pytest.mark.parametrize("still_owed", [False, True])
def test_a_refund_that_fails_days_later_is_back_in_the_books(stripe, paid, still_owed):
    refund_id = ask(stripe, paid, 5000, still_owed=still_owed)
    send_refund(str(refund_id))
    stripe.standin.fail_refund(refund_of(refund_id).stripe_refund_id)
    stripe.sync(paid[1])
    stripe.sync(paid[1])
    invoice, payment = stripe.read(paid[0]), stripe.payment(paid[1])
    assert refund_of(refund_id).status == "failed"
    assert (invoice.status, invoice.paid_minor, invoice.refunded_minor) == ("paid", 20000, 0)
    assert (payment.allocated_minor, payment.refunded_minor) == (20000, 0)
    assert exceptions() == ["refund_failed"]
    assert stripe.booked() == stripe.moved() == {paid[1]: 20000}


@pytest.mark.parametrize("how", ["sent", "seen"])
def test_what_a_failed_refund_gave_back_can_be_refunded_before_we_know(stripe, paid, how):
    """Its money is back in our books before the next refund takes it out again."""
    refund_id = ask(stripe, paid, 5000)
    failing = stripe.standin.dashboard_refund(paid[1], 20000)
    stripe.sync(paid[1])
    assert stripe.payment(paid[1]).refunded_minor == 20000
    stripe.standin.fail_refund(failing["id"])
    if how == "sent":
        send_refund(str(refund_id))
    else:
        stripe.standin.dashboard_refund(paid[1], 5000)
        stripe.sync(paid[1])
    payment = stripe.payment(paid[1])
    assert (payment.allocated_minor, payment.refunded_minor) == (20000, 5000)
    assert stripe.read(paid[0]).refunded_minor == 5000
    assert exceptions() == ["refund_failed"]
    assert stripe.booked() == stripe.moved() == {paid[1]: 15000}


def test_a_payment_under_way_is_not_refunded(stripe):
    invoice_id = stripe.invoice()
    payment_id = stripe.paid_by_bank(invoice_id)
    stripe.sync(payment_id)
    with pytest.raises(Conflict, match="has not arrived"):
        ask(stripe, (invoice_id, payment_id), 100)


def test_a_manager_does_not_refund(stripe, paid, story):
    with pytest.raises(PermissionDenied):
        ask(stripe, paid, 100, by=story.add_teammate("manager"))


def test_a_manual_payment_is_marked_refunded_and_then_stays(team, story):
    invoice = finalize_invoice(new_draft(story.owner, lines=[line()]), by=story.owner)
    payment = record_manual_payment(
        invoice, amount_minor=20000, method="cash", received_on=invoice.issued_on, by=story.owner, request_key="pay"
    )
    refund = refund_payment(
        payment, Money(5000, "EUR"), still_owed=True, reason="Rebate", by=story.owner, request_key="r", invoice=invoice
    )
    assert (refund.origin, refund.status) == ("manual", "succeeded")
    assert (invoice.status, invoice.balance_minor, invoice.refunded_minor) == ("partially_paid", 5000, 5000)
    with pytest.raises(Conflict, match="cannot be undone"):
        undo_payment(payment, reason="Oops", by=story.owner)


def test_without_a_connection_a_refund_says_what_to_do(stripe, paid):
    from cornerspot.payments.models import ProcessorAccount

    def leave():
        session.scalars(select(ProcessorAccount)).one().disconnect("left")

    in_transaction(leave)
    with pytest.raises(Conflict, match="Connect the same account again"):
        ask(stripe, paid, 100)


def test_a_refund_that_was_asked_for_yesterday_is_not_forgotten(stripe, paid):
    refund_id = ask(stripe, paid, 100)
    in_transaction(lambda: session.execute(update(Refund).values(created_at=clock.now() - timedelta(days=2))))
    send_refund(str(refund_id))
    assert refund_of(refund_id).status == "succeeded"
