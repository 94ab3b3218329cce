"""What can be surprising about a payment, each with a sentence for the person who must look at it."""

from __future__ import annotations

from cornerspot.billing.models import CheckoutAttempt, Invoice, Payment
from cornerspot.billing.models.online import AttemptState
from cornerspot.billing.online.exceptions import in_words, report
from cornerspot.billing.states import InvoiceStatus
from cornerspot.payments.provider import PaymentSnapshot

S = InvoiceStatus
_DEAD = frozenset({AttemptState.EXPIRED, AttemptState.REFUSED, AttemptState.CLOSING, AttemptState.FAILED})


def compare(payment: Payment, attempt: CheckoutAttempt, invoice: Invoice, told: PaymentSnapshot) -> None:
    """Whoever looks after the money hears when it is not what the attempt asked for; it is booked all the same."""
    if (told.amount.minor, told.amount.currency) != (attempt.amount_minor, attempt.currency):
        report(
            "amount_mismatch",
            f"{in_words(attempt.amount_minor, attempt.currency)} was asked for on {invoice.number}, and Stripe has a "
            f"payment of {in_words(told.amount.minor, told.amount.currency)}. What came is booked.",
            dedupe_key=told.id,
            payment=payment,
            invoice=invoice,
        )
    if payment.processor_account_id != attempt.processor_account_id:
        report(
            "account_mismatch",
            f"A payment of {invoice.number} came on another Stripe account than the one it was asked for on. "
            "It is booked; see where the money is.",
            dedupe_key=told.id,
            payment=payment,
            invoice=invoice,
        )
    if attempt.stripe_payment_id not in (None, told.id):
        report(
            "second_payment",
            f"{invoice.number} has two payments that name the same payment page. Both are booked; "
            "refund one of them if the customer paid twice.",
            dedupe_key=told.id,
            payment=payment,
            invoice=invoice,
        )


def left_over(
    payment: Payment, invoice: Invoice, status_before: str, asked_for: int, attempt_was: AttemptState
) -> None:
    """More came than the invoice could take: what is left is credit, and somebody decides about it."""
    left, came = in_words(payment.credit_minor, payment.currency), in_words(payment.amount_minor, payment.currency)
    next_step = f"{left} is the customer's credit: apply it to another invoice, or refund it."
    if status_before == S.VOID:
        kind, what = "paid_after_void", f"{came} arrived for {invoice.number}, which is void."
    elif invoice.currency != payment.currency:
        kind, what = "overpayment", f"{came} arrived for {invoice.number}, which is in {invoice.currency}."
    elif attempt_was in _DEAD:
        kind, what = "paid_after_change", f"{came} arrived for {invoice.number} through a page that was closed."
    else:
        owed = in_words(asked_for, invoice.currency) if status_before != S.PAID else "nothing"
        kind, what = "overpayment", f"{came} arrived for {invoice.number}, which owed {owed}."
    report(kind, f"{what} {next_step}", dedupe_key=str(payment.id), payment=payment, invoice=invoice)


def unknown_status(told: PaymentSnapshot) -> None:
    """The processor says a word nobody here knows: nothing is booked, and somebody looks."""
    report(
        "unknown_status",
        f"Stripe says “{told.status}” of a payment of {in_words(told.amount.minor, told.amount.currency)}, which "
        "Cornerspot does not know. Look at it in Stripe.",
        dedupe_key=f"{told.id}:{told.status}",
        stripe_object_id=told.id,
    )
