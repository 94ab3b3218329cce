"""Checking: payments, balance movements and our own books compared; what differs is mended or told."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from functools import partial
from uuid import UUID

from sqlalchemy import func, select

from cornerspot.billing.models import (
    CheckoutAttempt,
    Dispute,
    Invoice,
    LedgerEntry,
    Payment,
    PaymentAllocation,
    Refund,
)
from cornerspot.billing.models.online import AttemptState, LedgerKind
from cornerspot.billing.models.payment import PaymentStatus
from cornerspot.billing.online.booking import same_account
from cornerspot.billing.online.exceptions import in_words, report
from cornerspot.billing.online.syncing import book_reading, sync_payment
from cornerspot.billing.online.waiting import standing_of
from cornerspot.db import session
from cornerspot.db.transaction import in_transaction
from cornerspot.kit.money import Money
from cornerspot.payments.models import ProcessorAccount
from cornerspot.payments.provider import PaymentSnapshot
from cornerspot.payments.stripe_provider import provider_for

# Kinds of movements of money that a customer got back, or that came back after all.
_WENT_BACK = frozenset({"refund", "payment_refund", "refund_failure", "payment_failure_refund", "adjustment"})
_OF_DISPUTES = (LedgerKind.DISPUTE_WITHDRAWN, LedgerKind.DISPUTE_REINSTATED)


def compare_payments(connection: ProcessorAccount, *, since: datetime) -> Counter[str]:
    """Every payment with our metadata since a moment is in our books; how many were not, or had moved on."""
    found: Counter[str] = Counter()
    for told in provider_for(connection).payments(since=since):
        standing = partial(_standing, connection.id, told.id)
        before = in_transaction(standing)
        _book(connection.id, told)
        found["payments"] += in_transaction(standing) != before
    return found


def compare_money(connection: ProcessorAccount, *, since: datetime) -> Counter[str]:
    """Every movement on the processor's balance that is of a payment of ours is in the ledger, or somebody is told.

    Movements of the team's own business, and payouts, are none of ours.
    """
    found: Counter[str] = Counter()
    provider = provider_for(connection)
    for kind, source_id, amount, happened_at in provider.balance_movements(since=since):
        if not source_id or not amount.minor:
            continue
        payment_id = in_transaction(partial(_payment_of_source, connection.id, source_id))
        if payment_id is None and kind in _WENT_BACK:  # Nobody told us of it; of whose payment is it?
            payment_id = in_transaction(partial(_known, connection.id, provider.payment_of_charge(source_id)))
        if payment_id is None or in_transaction(partial(_is_booked, connection.id, source_id, amount)):
            continue
        found["movements"] += 1
        sync_payment(connection.id, payment_id)
        in_transaction(partial(_tell_unless_booked, connection.id, source_id, amount, happened_at))
    return found


def check_books() -> Counter[str]:
    """Our own sums agree with each other; what does not is told. How many did not."""
    found: Counter[str] = Counter()
    found["books"] += sum(_tell_payment(*row) for row in _payments_unlike_ledger())
    found["books"] += sum(_tell_invoice(*row) for row in _invoices_unlike_allocations())
    found["books"] += sum(_tell_attempt(*row) for row in _attempts_without_payment())
    return found


def _book(connection_id: UUID, told: PaymentSnapshot) -> None:
    if told.status in ("succeeded", "processing"):
        book_reading(connection_id, told)
    else:
        sync_payment(connection_id, told.id)  # Its page must be read too.


def _standing(connection_id: UUID, stripe_payment_id: str) -> object:
    payment_id = session.scalar(
        select(Payment.id).where(
            Payment.stripe_payment_id == stripe_payment_id,
            Payment.processor_account_id.in_(same_account(connection_id)),
        )
    )
    return standing_of(payment_id) if payment_id is not None else None


def _known(connection_id: UUID, stripe_payment_id: str | None) -> str | None:
    """The same id, when the payment is in our books."""
    return session.scalar(
        select(Payment.stripe_payment_id).where(
            Payment.stripe_payment_id == stripe_payment_id,
            Payment.processor_account_id.in_(same_account(connection_id)),
        )
    )


def _payment_of_source(connection_id: UUID, source_id: str) -> str | None:
    """The payment, by the processor's id, that a charge, refund or dispute of our books belongs to."""
    ours = Payment.processor_account_id.in_(same_account(connection_id))
    by_charge = select(Payment.stripe_payment_id).where(ours, Payment.stripe_charge_id == source_id)
    by_refund = (
        select(Payment.stripe_payment_id)
        .join(Refund, Refund.payment_id == Payment.id)
        .where(ours, Refund.stripe_refund_id == source_id)
    )
    by_dispute = (
        select(Payment.stripe_payment_id)
        .join(Dispute, Dispute.payment_id == Payment.id)
        .where(ours, Dispute.stripe_dispute_id == source_id)
    )
    return session.scalar(by_charge.union_all(by_refund, by_dispute).limit(1))


def _is_booked(connection_id: UUID, source_id: str, amount: Money) -> bool:
    """Whether the ledger has an entry of that source and direction; a dispute's is under its movement's own id."""
    left = amount.minor < 0
    kinds = (
        [LedgerKind.REFUND, LedgerKind.DISPUTE_WITHDRAWN]
        if left
        else [
            LedgerKind.CAPTURE,
            LedgerKind.REFUND_RETURNED,
            LedgerKind.DISPUTE_REINSTATED,
        ]
    )
    of_dispute = select(Dispute.payment_id).where(Dispute.stripe_dispute_id == source_id)
    of_charge = select(Payment.id).where(Payment.stripe_charge_id == source_id)
    statement = select(LedgerEntry.id).where(
        LedgerEntry.processor_account_id.in_(same_account(connection_id)),
        LedgerEntry.kind.in_(kinds),
        (LedgerEntry.source_key == source_id)
        | (LedgerEntry.payment_id.in_(of_dispute) & LedgerEntry.kind.in_(_OF_DISPUTES))
        | (LedgerEntry.payment_id.in_(of_charge) & (LedgerEntry.kind == LedgerKind.CAPTURE)),
    )
    return session.scalar(statement.limit(1)) is not None


def _tell_unless_booked(connection_id: UUID, source_id: str, amount: Money, happened_at: datetime) -> None:
    if _is_booked(connection_id, source_id, amount):
        return
    report(
        "not_in_books",
        f"Stripe moved {in_words(amount.minor, amount.currency)} for {source_id}, which our books do not have. "
        "Look at it in Stripe.",
        dedupe_key=f"{source_id}:{happened_at.isoformat()}",
        stripe_object_id=source_id,
    )


def _payments_unlike_ledger() -> list[tuple[Payment, int]]:
    """Completed online payments whose ledger does not add up to what is left of them."""
    moved = func.coalesce(func.sum(LedgerEntry.amount_minor), 0)
    rows = session.execute(
        select(Payment, moved)
        .outerjoin(LedgerEntry, (LedgerEntry.payment_id == Payment.id) & (LedgerEntry.kind != LedgerKind.FEE))
        .where(Payment.stripe_payment_id.is_not(None), Payment.status == PaymentStatus.COMPLETED)
        .group_by(Payment.tenant_id, Payment.id)
        .having(moved != Payment.amount_minor - Payment.refunded_minor - Payment.disputed_minor)
    )
    return [(payment, int(total)) for payment, total in rows]


def _invoices_unlike_allocations() -> list[tuple[Invoice, int]]:
    """Invoices whose paid sum is not what settles them."""
    settled = func.coalesce(func.sum(PaymentAllocation.amount_minor), 0)
    rows = session.execute(
        select(Invoice, settled)
        .outerjoin(
            PaymentAllocation,
            (PaymentAllocation.invoice_id == Invoice.id) & PaymentAllocation.released_at.is_(None),
        )
        .group_by(Invoice.tenant_id, Invoice.id)
        .having(settled != Invoice.paid_minor)
    )
    return [(invoice, int(total)) for invoice, total in rows]


def _attempts_without_payment() -> list[tuple[CheckoutAttempt, Invoice]]:
    no_payment = ~select(Payment.id).where(Payment.attempt_id == CheckoutAttempt.id).exists()
    rows = session.execute(
        select(CheckoutAttempt, Invoice)
        .join(Invoice, Invoice.id == CheckoutAttempt.invoice_id)
        .where(CheckoutAttempt.state == AttemptState.SUCCEEDED, no_payment)
    )
    return [(attempt, invoice) for attempt, invoice in rows]


def _tell_payment(payment: Payment, moved_minor: int) -> bool:
    left = payment.amount_minor - payment.refunded_minor - payment.disputed_minor
    return report(
        "books_differ",
        f"Our ledger says {in_words(moved_minor, payment.currency)} of a payment stayed, the payment says "
        f"{in_words(left, payment.currency)}. Ask support to look at it.",
        dedupe_key=f"payment:{payment.id}:{moved_minor}:{left}",
        payment=payment,
    )


def _tell_invoice(invoice: Invoice, settled_minor: int) -> bool:
    return report(
        "books_differ",
        f"{invoice.number} says {in_words(invoice.paid_minor, invoice.currency)} was paid, its payments say "
        f"{in_words(settled_minor, invoice.currency)}. Ask support to look at it.",
        dedupe_key=f"invoice:{invoice.id}:{invoice.paid_minor}:{settled_minor}",
        invoice=invoice,
    )


def _tell_attempt(attempt: CheckoutAttempt, invoice: Invoice) -> bool:
    return report(
        "books_differ",
        f"A payment page of {invoice.number} was paid, and no payment of it is in our books. Look at it in Stripe.",
        dedupe_key=f"attempt:{attempt.id}",
        invoice=invoice,
        stripe_object_id=attempt.stripe_payment_id or attempt.session_id or "",
    )
