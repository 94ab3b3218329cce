"""Syncing: our books made equal to the processor's, by one way for all.

Webhooks, the page a payer lands on, reconciliation and a button call the same functions, as
often as they like and at the same time. Each reads the processor outside of a transaction and
books what it read in one: see ``booking``.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from cornerspot.billing.models import CheckoutAttempt, Payment
from cornerspot.billing.online.attempts import advance_by_checkout
from cornerspot.billing.online.booking import Reading, book_payment, find_attempt, same_account
from cornerspot.db import session
from cornerspot.db.locks import lock
from cornerspot.db.transaction import in_transaction
from cornerspot.jobs.publishing import enqueue
from cornerspot.jobs.registry import task
from cornerspot.kit.errors import NotFound
from cornerspot.payments.models import ProcessorAccount
from cornerspot.payments.provider import CheckoutSnapshot, PaymentProvider, PaymentSnapshot
from cornerspot.payments.stripe_provider import provider_for

_PLAIN = frozenset({"succeeded", "processing"})  # What these say is so, whatever the page says.


def sync_payment(processor_account_id: UUID, stripe_payment_id: str) -> Payment | None:
    """Our books know of the payment what the processor knows; None for one that is not ours.

    Runs transactions of its own. Raises ProviderError, NotFound for an unknown connection.
    """
    provider = in_transaction(lambda: reading_provider(processor_account_id))
    told = provider.read_payment(stripe_payment_id)
    page = None
    if told.status not in _PLAIN:
        page_id = in_transaction(lambda: _page_of(processor_account_id, told))
        if page_id is not None:
            page = provider.read_checkout(page_id)
            told = provider.read_payment(stripe_payment_id)  # After the page: see Reading.
    return book_reading(processor_account_id, told, page)


@task("billing.sync_checkout", own_transactions=True)
def sync_checkout(attempt_id: str) -> Payment | None:
    """Our books know what became of the attempt's page; None while nobody has paid on it.

    Harmless for an attempt without a page. Runs transactions of its own. Raises
    ProviderError, NotFound.
    """
    return sync_page(UUID(attempt_id))


def sync_page(attempt_id: UUID, *, page_id: str = "") -> Payment | None:
    """As ``sync_checkout``; ``page_id`` for an attempt that does not know its page yet."""
    attempt, provider = in_transaction(lambda: _attempt_to_read(attempt_id))
    page_id = attempt.session_id or page_id
    if not page_id:
        return None
    page = provider.read_checkout(page_id)
    if page.reference != str(attempt_id):
        return None
    if page.payment_id is None:
        in_transaction(lambda: _advance(attempt_id, page))
        return None
    told = provider.read_payment(page.payment_id)
    return book_reading(attempt.processor_account_id, told, page)


def sync_refund(processor_account_id: UUID, stripe_object_id: str) -> Payment | None:
    """Our books know of a charge, refund or dispute what the processor knows of its whole payment.

    None when it belongs to no payment, or to none of ours. Raises ProviderError, NotFound.
    """
    provider = in_transaction(lambda: reading_provider(processor_account_id))
    payment_id = provider.payment_of_charge(stripe_object_id)
    return sync_payment(processor_account_id, payment_id) if payment_id else None


def book_reading(
    processor_account_id: UUID, told: PaymentSnapshot, page: CheckoutSnapshot | None = None
) -> Payment | None:
    """What was read is booked, in a transaction of its own; None for a payment that is not ours."""
    return in_transaction(lambda: book_payment(Reading(processor_account_id, told, page)))


def reading_provider(processor_account_id: UUID) -> PaymentProvider:
    """The adapter to read a connection's payments with: its own, or the one that followed it on that account.

    Raises ProviderGone when the account is not connected any more.
    """
    rows = session.scalars(
        select(ProcessorAccount).where(ProcessorAccount.id.in_(same_account(processor_account_id)))
    ).all()
    alive = [row for row in rows if row.state != "disconnected"]
    return provider_for(alive[0] if alive else rows[0])


def ask_again(payment: Payment) -> None:
    """An online payment is looked at by the worker once this transaction has committed."""
    enqueue("billing.sync_payment", connection_id=payment.processor_account_id, payment_id=payment.stripe_payment_id)


@task("billing.sync_payment", own_transactions=True)
def sync_payment_later(connection_id: str, payment_id: str) -> None:
    """What somebody wanted to be looked at is looked at."""
    sync_payment(UUID(connection_id), payment_id)


def _page_of(processor_account_id: UUID, told: PaymentSnapshot) -> str | None:
    """The page on which the payment is being made, if it is one of ours."""
    attempt = find_attempt(processor_account_id, told)
    return attempt.session_id if attempt is not None else None


def _attempt_to_read(attempt_id: UUID) -> tuple[CheckoutAttempt, PaymentProvider]:
    attempt = session.scalars(select(CheckoutAttempt).where(CheckoutAttempt.id == attempt_id)).one_or_none()
    if attempt is None:
        raise NotFound()
    return attempt, reading_provider(attempt.processor_account_id)


def _advance(attempt_id: UUID, page: CheckoutSnapshot) -> None:
    attempt = session.scalars(select(CheckoutAttempt).where(CheckoutAttempt.id == attempt_id)).one()
    advance_by_checkout(lock(attempt), page)
    session.flush()
