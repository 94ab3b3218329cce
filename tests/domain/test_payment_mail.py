"""Mail about payments: a receipt when the money is there, and word to both sides when it failed."""

from __future__ import annotations

from sqlalchemy import select

from cornerspot.billing.events import PaymentFailed, PaymentSettled
from cornerspot.db import session
from cornerspot.db.transaction import in_transaction
from cornerspot.mail.models import OutgoingMessage
from cornerspot.mail.sending import send_message
from cornerspot.reactions.billing_to_mail import send_receipt, tell_both_sides


def mail():
    return in_transaction(lambda: session.scalars(select(OutgoingMessage).order_by(OutgoingMessage.id)).all())


def test_a_receipt_is_sent_once_when_the_money_is_there(stripe):
    payment = stripe.sync(stripe.paid_by_card(stripe.invoice()))
    for _ in range(2):
        in_transaction(lambda: send_receipt(PaymentSettled(payment.id)))
    assert [message.purpose for message in mail()] == ["receipt"]


def test_customer_and_admins_hear_of_a_failed_debit_once(stripe):
    payment_id = stripe.paid_by_bank(stripe.invoice(), "insufficient_funds")
    stripe.sync(payment_id)
    stripe.standin.settle(payment_id)
    payment = stripe.sync(payment_id)
    for _ in range(2):
        in_transaction(lambda: tell_both_sides(PaymentFailed(payment.id)))
    customer, owner = mail()
    assert customer.subject_line.endswith("did not go through")
    assert "insufficient funds" in customer.text_body
    assert "No money was taken" in customer.text_body
    assert "€200.00" in owner.subject_line


def test_nobody_is_asked_to_pay_again_what_was_paid_while_the_message_waited(stripe):
    invoice_id = stripe.invoice()
    failed = stripe.paid_by_bank(invoice_id, "insufficient_funds")
    stripe.sync(failed)
    stripe.standin.settle(failed)
    payment_id = stripe.sync(failed).id
    in_transaction(lambda: tell_both_sides(PaymentFailed(payment_id)))
    stripe.sync(stripe.paid_by_card(invoice_id))
    waiting = [message.id for message in mail() if message.purpose == "payment_failed"]
    for message_id in waiting:
        send_message(str(message_id))
    told = [message for message in mail() if message.purpose == "payment_failed"]
    assert [message.status for message in told] == ["withdrawn", "withdrawn"]
    assert {message.error for message in told} == {"Nothing is owed on this invoice, so there is nothing to remind of."}
