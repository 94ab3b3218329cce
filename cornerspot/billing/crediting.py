"""Credit: money of a customer that settles no invoice yet, to be applied to one or refunded.

It is what payments brought beyond what was owed, so it has no table of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, literal_column, select

from cornerspot.activity.recording import record
from cornerspot.billing.allocating import allocate
from cornerspot.billing.locking import lock_invoice
from cornerspot.billing.models import Invoice, Payment, Refund
from cornerspot.billing.models.online import RefundStatus
from cornerspot.billing.online.attempts import close_live_attempts
from cornerspot.billing.online.exceptions import in_words
from cornerspot.billing.refunding import free_credit_minor, refund_payment
from cornerspot.crm.models import Account
from cornerspot.db import session
from cornerspot.db.locks import lock_name
from cornerspot.kit.errors import Conflict, Invalid
from cornerspot.kit.money import Money
from cornerspot.people.actors import Actor
from cornerspot.people.permissions import Permission
from cornerspot.plans.entitlements import require_feature
from cornerspot.plans.features import Feature

NO_CREDIT = "This customer has no credit in the invoice's currency."
NOTHING_TO_SETTLE = "Nothing is owed on this invoice, so no credit is needed."
UNDER_WAY = "A payment of this invoice is under way. Wait until it has settled or failed."
# Written out: of a value, a plan for all values cannot know that the index over credit has every such row.
_HAS_CREDIT = Payment.credit_minor > literal_column("0")
CHANGED = "The balance has changed since you opened the page. Reload it and look again."


def credit_balances(account_id: UUID) -> list[Money]:
    """The account's credit that is free to use, one amount per currency; one statement."""
    rows = session.execute(credit_by_currency(account_id).order_by(Payment.currency))
    return [Money(int(minor), currency) for currency, minor in rows if minor > 0]


def credit_by_currency(account_id: UUID | None) -> Select[str, Any]:
    """Rows of ``currency`` and ``free`` (minor units): credit less what is about to be refunded of it."""
    asked = (
        select(func.coalesce(func.sum(Refund.amount_minor), 0))
        .where(
            Refund.payment_id == Payment.id,
            Refund.status == RefundStatus.REQUESTED,
            Refund.asked_invoice_id.is_(None),
        )
        .correlate(Payment)
        .scalar_subquery()
    )
    return (
        select(Payment.currency, func.sum(func.greatest(Payment.credit_minor - asked, 0)).label("free"))
        .where(Payment.account_id == account_id, _HAS_CREDIT)
        .group_by(Payment.currency)
    )


def apply_credit(
    invoice: Invoice, *, by: Actor, amount_minor: int | None = None, seen_balance_minor: int | None = None
) -> int:
    """The customer's credit settles the invoice, the oldest first; how much of it, in minor units; flushed.

    ``amount_minor`` None means as much as there is and is owed. ``seen_balance_minor`` is what
    the person saw, so that a second click does nothing. Raises Conflict, Invalid,
    PermissionDenied, FeatureMissing.
    """
    by.require(Permission.RECORD_PAYMENTS)
    require_feature(Feature.BILLING)
    lock_invoice(invoice)
    owed = _owed_minor(invoice, seen_balance_minor)
    payments = _with_credit(invoice.account_id, invoice.currency)
    free = sum(free_credit_minor(payment) for payment in payments)
    if free <= 0:
        raise Conflict(NO_CREDIT)
    wanted = min(owed, free) if amount_minor is None else amount_minor
    if not 0 < wanted <= min(owed, free):
        most = in_words(min(owed, free), invoice.currency)
        raise Invalid(f"Enter an amount above zero, at most {most}.", field="amount")
    left = wanted
    for payment in payments:
        left -= allocate(payment, invoice, by=by, at_most=min(left, free_credit_minor(payment)))
    record(invoice, "credit_applied", by=by, amount_minor=wanted - left, currency=invoice.currency)
    close_live_attempts(invoice)
    session.flush()
    return wanted - left


def refund_credit(account: Account, amount: Money, *, reason: str, by: Actor, request_key: str) -> list[Refund]:
    """Credit goes back to the customer, the oldest first, one refund for each payment it came from; flushed.

    Each has its own fate. The same ``request_key`` again gives the first refunds. Raises
    Conflict, Invalid, PermissionDenied, FeatureMissing.
    """
    by.require(Permission.UNDO_PAYMENTS)
    require_feature(Feature.BILLING)
    lock_name(f"refund_credit {account.id}")
    earlier = _asked_before(request_key)
    if earlier:
        return earlier
    # Held one by one, each with its invoices first; what changes meanwhile is refused there.
    payments = [payment for payment in payments_with_credit(account.id) if payment.currency == amount.currency]
    free = sum(free_credit_minor(payment) for payment in payments)
    if not 0 < amount.minor <= free:
        most = in_words(free, amount.currency)
        raise Invalid(f"Enter an amount above zero, at most {most}.", field="amount")
    left = amount.minor
    refunds: list[Refund] = []
    for payment in payments:
        part = min(left, free_credit_minor(payment))
        if part > 0:
            key = f"{request_key}:{len(refunds)}"
            money = Money(part, amount.currency)
            refunds.append(refund_payment(payment, money, still_owed=False, reason=reason, by=by, request_key=key))
            left -= part
    return refunds


def payments_with_credit(account_id: UUID) -> Sequence[Payment]:
    """The payments whose money is the customer's credit, the oldest first."""
    return session.scalars(_credit_of(account_id), execution_options={"populate_existing": True}).all()


def _owed_minor(invoice: Invoice, seen_balance_minor: int | None) -> int:
    if not invoice.is_payable or invoice.balance_minor <= 0:
        raise Conflict(NOTHING_TO_SETTLE)
    if seen_balance_minor is not None and seen_balance_minor != invoice.balance_minor:
        raise Conflict(CHANGED)
    if invoice.balance_minor <= invoice.processing_minor:
        raise Conflict(UNDER_WAY)
    return invoice.balance_minor - invoice.processing_minor


def _with_credit(account_id: UUID | None, currency: str) -> Sequence[Payment]:
    """Held, the oldest first."""
    statement = _credit_of(account_id).where(Payment.currency == currency).with_for_update(of=Payment)
    return session.scalars(statement.execution_options(populate_existing=True)).all()


def _credit_of(account_id: UUID | None) -> Select[Payment]:
    return select(Payment).where(Payment.account_id == account_id, _HAS_CREDIT).order_by(Payment.id)


def _asked_before(request_key: str) -> list[Refund]:
    return list(
        session.scalars(
            select(Refund).where(Refund.request_key.startswith(f"{request_key}:", autoescape=True)).order_by(Refund.id)
        )
    )
