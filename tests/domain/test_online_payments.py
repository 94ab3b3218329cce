"""Money that comes online: booked once, as the processor has it, whatever was said about it and when."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from cornerspot.activity.models import ActivityEntry
from cornerspot.billing.crediting import credit_balances
from cornerspot.billing.models import Invoice, LedgerEntry, PaymentException
from cornerspot.billing.online.checkout import payable_minor
from cornerspot.billing.online.syncing import book_reading, reading_provider, sync_payment
from cornerspot.billing.settling import record_manual_payment
from cornerspot.billing.voiding import void_invoice
from cornerspot.db import session
from cornerspot.db.transaction import in_transaction
from cornerspot.kit import clock
from cornerspot.kit.errors import Conflict
from cornerspot.kit.ids import new_id
from cornerspot.kit.money import Money
from cornerspot.payments.models import ProcessorAccount
from cornerspot.payments.provider import PaymentSnapshot, ProviderGone
from cornerspot.tenancy import current_tenant_id


def exceptions():
    return in_transaction(lambda: sorted(session.scalars(select(PaymentException.kind))))


def timeline(invoice_id):
    rows = select(ActivityEntry.event).where(ActivityEntry.subject_id == invoice_id).order_by(ActivityEntry.id)
    return in_transaction(lambda: list(session.scalars(rows)))


def test_a_card_payment_settles_its_invoice_once_however_often_it_is_looked_at(stripe):
    invoice_id = stripe.invoice()
    payment_id = stripe.paid_by_card(invoice_id)
    for _ in range(3):
        payment = stripe.sync(payment_id)
    invoice = stripe.read(invoice_id)
    assert (payment.status, payment.amount_minor, payment.allocated_minor) == ("completed", 20000, 20000)
    assert (invoice.status, invoice.paid_minor, invoice.processing_minor) == ("paid", 20000, 0)
    assert stripe.booked() == stripe.moved() == {payment_id: 20000}
    assert payment.fee_minor > 0
    assert payment.method_detail == "Visa 4242"
    assert stripe.attempts(invoice_id)[0].state == "succeeded"
    assert timeline(invoice_id).count("payment_received") == 1
    assert exceptions() == []
    entries = in_transaction(lambda: session.scalars(select(LedgerEntry.kind).order_by(LedgerEntry.kind)).all())
    assert entries == ["capture", "fee"]


def test_a_page_that_was_paid_is_booked_without_any_webhook(stripe):
    invoice_id = stripe.invoice()
    attempt = stripe.open_page(invoice_id)
    assert stripe.sync_page(attempt) is None
    stripe.standin.decline(attempt.session_id)
    assert stripe.sync_page(attempt) is None
    assert stripe.attempts(invoice_id)[0].state == "open"
    stripe.standin.pay_with_card(attempt.session_id)
    payment = stripe.sync_page(attempt)
    assert payment.status == "completed"
    assert stripe.read(invoice_id).status == "paid"


def test_a_bank_debit_is_processing_until_it_has_settled(stripe):
    invoice_id = stripe.invoice()
    payment_id = stripe.paid_by_bank(invoice_id)
    payment = stripe.sync(payment_id)
    invoice = stripe.read(invoice_id)
    assert (payment.status, payment.allocated_minor, invoice.status) == ("processing", 0, "open")
    assert (invoice.processing_minor, payable_minor(invoice)) == (20000, 0)
    assert stripe.attempts(invoice_id)[0].state == "submitted"
    stripe.standin.settle(payment_id)
    stripe.sync(payment_id)
    invoice = stripe.read(invoice_id)
    assert (invoice.status, invoice.processing_minor, invoice.paid_minor) == ("paid", 0, 20000)
    assert timeline(invoice_id)[-2:] == ["payment_processing", "payment_received"]


def test_a_failed_debit_can_be_paid_again_by_card(stripe):
    invoice_id = stripe.invoice()
    first = stripe.paid_by_bank(invoice_id, "insufficient_funds")
    stripe.sync(first)
    stripe.standin.settle(first)
    assert stripe.sync(first).status == "failed"
    invoice = stripe.read(invoice_id)
    assert (invoice.status, invoice.processing_minor) == ("open", 0)
    assert stripe.attempts(invoice_id)[0].state == "failed"
    second = stripe.paid_by_card(invoice_id)
    stripe.sync(second)
    stripe.sync(first)
    assert stripe.read(invoice_id).status == "paid"
    assert stripe.booked() == stripe.moved()


def test_a_debit_that_failed_before_anybody_looked_is_on_record(stripe):
    invoice_id = stripe.invoice()
    payment_id = stripe.paid_by_bank(invoice_id, "account_closed")
    stripe.standin.settle(payment_id)
    payment = stripe.sync(payment_id)
    assert (payment.status, payment.failure) == ("failed", "The customer's bank account has been closed.")
    assert timeline(invoice_id)[-1] == "payment_failed"


def test_small_deposits_to_confirm_are_processing_too(stripe):
    invoice_id = stripe.invoice()
    payment_id = stripe.paid_by_bank(invoice_id, "microdeposits")
    assert stripe.sync(payment_id).status == "processing"


def test_an_old_reading_changes_nothing(stripe):
    invoice_id = stripe.invoice()
    payment_id = stripe.paid_by_bank(invoice_id)
    provider = in_transaction(lambda: reading_provider(stripe.connection_id))
    old = provider.read_payment(payment_id)
    stripe.standin.settle(payment_id)
    stripe.standin.dashboard_refund(payment_id, 5000)
    stripe.sync(payment_id)
    book_reading(stripe.connection_id, old)
    assert stripe.payment(payment_id).status == "completed"
    assert stripe.read(invoice_id).refunded_minor == 5000
    assert stripe.booked() == stripe.moved() == {payment_id: 15000}


def test_a_decline_that_was_read_late_does_not_end_a_debit_under_way(stripe):
    invoice_id = stripe.invoice()
    attempt = stripe.open_page(invoice_id)
    declined = stripe.standin.decline(attempt.session_id)
    provider = in_transaction(lambda: reading_provider(stripe.connection_id))
    page, told = provider.read_checkout(attempt.session_id), provider.read_payment(declined["id"])
    stripe.standin.pay_by_bank(attempt.session_id)
    stripe.sync(declined["id"])
    book_reading(stripe.connection_id, told, page)
    book_reading(stripe.connection_id, told)
    assert stripe.payment(declined["id"]).status == "processing"
    assert stripe.attempts(invoice_id)[0].state == "submitted"


def test_what_exceeds_the_balance_is_credit_and_somebody_is_told(stripe, story):
    invoice_id = stripe.invoice()
    payment_id = stripe.paid_by_card(invoice_id)
    in_transaction(lambda: pay_by_hand(invoice_id, 15000, story.owner))
    payment = stripe.sync(payment_id)
    assert (payment.allocated_minor, payment.credit_minor) == (5000, 15000)
    assert stripe.read(invoice_id).status == "paid"
    [told] = in_transaction(lambda: session.scalars(select(PaymentException)).all())
    assert "€200.00 arrived for" in told.message
    assert "€150.00 is the customer's credit" in told.message
    assert credit_of(payment.account_id) == [Money(15000, "EUR")]


def test_money_for_a_void_invoice_is_credit(stripe, story):
    invoice_id = stripe.invoice()
    payment_id = stripe.paid_by_card(invoice_id)
    in_transaction(lambda: void_invoice(stripe_invoice(invoice_id), by=story.owner))
    payment = stripe.sync(payment_id)
    assert (payment.status, payment.credit_minor) == ("completed", 20000)
    assert stripe.read(invoice_id).status == "void"
    assert exceptions() == ["paid_after_void"]
    assert stripe.booked() == stripe.moved()


def test_an_invoice_with_a_debit_under_way_is_not_voided(stripe, story):
    invoice_id = stripe.invoice()
    stripe.sync(stripe.paid_by_bank(invoice_id))
    with pytest.raises(Conflict, match="is under way"):
        in_transaction(lambda: void_invoice(stripe_invoice(invoice_id), by=story.owner))


def test_every_change_of_what_is_owed_closes_the_page(stripe, story):
    invoice_id = stripe.invoice()
    stripe.open_page(invoice_id)
    in_transaction(lambda: pay_by_hand(invoice_id, 5000, story.owner))
    assert stripe.attempts(invoice_id)[0].state == "closing"


def test_a_payment_of_the_team_s_own_is_none_of_our_business(stripe):
    told = PaymentSnapshot(
        id="pi_theirs",
        status="succeeded",
        amount=Money(100, "EUR"),
        captured=Money(100, "EUR"),
        metadata={"attempt": str(new_id()), "tenant": str(new_id())},
        created_at=clock.now(),
    )
    assert book_reading(stripe.connection_id, told) is None
    assert stripe.booked() == {}


def test_another_amount_than_asked_for_is_booked_and_told(stripe):
    invoice_id = stripe.invoice()
    payment_id = stripe.paid_by_card(invoice_id)
    provider = in_transaction(lambda: reading_provider(stripe.connection_id))
    told = replace(provider.read_payment(payment_id), amount=Money(25000, "EUR"), captured=Money(25000, "EUR"))
    payment = book_reading(stripe.connection_id, told)
    assert (payment.amount_minor, payment.credit_minor) == (25000, 5000)
    assert exceptions() == ["amount_mismatch", "overpayment"]


def test_another_currency_than_asked_for_is_credit_in_that_currency(stripe):
    invoice_id = stripe.invoice()
    payment_id = stripe.paid_by_card(invoice_id)
    provider = in_transaction(lambda: reading_provider(stripe.connection_id))
    told = replace(provider.read_payment(payment_id), amount=Money(300, "USD"), captured=Money(300, "USD"))
    payment = book_reading(stripe.connection_id, told)
    assert (payment.credit_minor, payment.currency) == (300, "USD")
    assert stripe.read(invoice_id).status == "open"
    assert exceptions() == ["amount_mismatch", "overpayment"]


def test_a_status_nobody_knows_is_told_and_books_nothing(stripe):
    invoice_id = stripe.invoice()
    payment_id = stripe.paid_by_card(invoice_id)
    provider = in_transaction(lambda: reading_provider(stripe.connection_id))
    told = replace(provider.read_payment(payment_id), status="levitating")
    assert book_reading(stripe.connection_id, told) is None
    assert exceptions() == ["unknown_status"]
    assert stripe.read(invoice_id).status == "open"


def test_after_reconnecting_the_same_account_everything_catches_up(stripe):
    invoice_id = stripe.invoice()
    payment_id = stripe.paid_by_bank(invoice_id)
    stripe.sync(payment_id)
    old_id = stripe.connection_id
    in_transaction(lambda: session.get(ProcessorAccount, (current_tenant_id(), old_id)).disconnect("left"))
    with pytest.raises(ProviderGone):
        stripe.sync(payment_id)
    stripe.standin.settle(payment_id)
    stripe.connection_id = stripe.connect()
    payment = stripe.sync(payment_id)
    assert (payment.status, payment.processor_account_id) == ("completed", old_id)
    assert sync_payment(old_id, payment_id).id == payment.id
    assert stripe.read(invoice_id).status == "paid"


def pay_by_hand(invoice_id, amount_minor, by):
    invoice = stripe_invoice(invoice_id)
    return record_manual_payment(
        invoice,
        amount_minor=amount_minor,
        method="cash",
        received_on=invoice.issued_on,
        by=by,
        request_key=new_id().hex,
    )


def stripe_invoice(invoice_id):
    return session.scalars(select(Invoice).where(Invoice.id == invoice_id)).one()


def credit_of(account_id):
    return in_transaction(lambda: credit_balances(account_id))
