"""The oracle: what the stand-in says moved is what our ledger says, and everything that follows from it fits."""

from __future__ import annotations

from collections import Counter
from typing import Any

from sqlalchemy import func, select

from cornerspot.billing.models import (
    CheckoutAttempt,
    Dispute,
    Invoice,
    LedgerEntry,
    Payment,
    PaymentAllocation,
    PaymentException,
    Refund,
)
from cornerspot.billing.online.checkout import payable_minor
from cornerspot.db import session
from cornerspot.kit.money import Money
from cornerspot.payments.models import StripeEvent
from cornerspot.payments.standin import StandIn
from cornerspot.payments.standin.oracle import Moved, money_moved
from cornerspot.payments.standin.state import Account, Obj
from cornerspot.payments.stripe_amounts import WHOLE_IN_HUNDREDTHS, NotPayableOnline, from_stripe, to_stripe
from cornerspot.tenancy import current_tenant_id
from tests.faults.invariants import require_sound_books
from tests.faults.money_invariants import require_sound_money

PARTS = {
    "captured": "capture",
    "refunded": "refund",
    "refund_returned": "refund_returned",
    "withdrawn": "dispute_withdrawn",
    "reinstated": "dispute_reinstated",
    "fees": "fee",
}
_BOOKED_AS = {"succeeded": "completed", "processing": "processing"}
_LEFT_OVER = {"overpayment", "paid_after_void", "paid_after_change"}


def require_books_match(standin: StandIn, account: Account) -> None:
    """Fail unless books and stand-in agree, per payment and kind; inside the scope of the account's team."""
    session.rollback()
    session.expire_all()
    moved = {name: one for name, one in standin.money_moved(account).items() if is_ours(one.metadata)}
    unsayable = {name for name, one in moved.items() if one.currency.upper() in WHOLE_IN_HUNDREDTHS}
    ours, theirs = without_fees(booked(), unsayable), without_fees(expected(moved), unsayable)
    assert ours == theirs, f"our ledger has {ours}, Stripe moved {theirs}"
    _require_states(account)
    _require_pages(standin, account)
    _require_told(account)
    _require_entries_once()
    require_sound_money(with_ledger=True)
    require_sound_books()
    session.rollback()


def is_ours(metadata: dict[str, str]) -> bool:
    """Whether the payment is of an invoice of this team."""
    return metadata.get("tenant") == str(current_tenant_id())


def booked() -> dict[str, dict[str, int]]:
    """Our ledger: minor units by payment and kind, without signs."""
    sums: dict[str, dict[str, int]] = {}
    rows = session.execute(
        select(Payment.stripe_payment_id, LedgerEntry.kind, func.sum(LedgerEntry.amount_minor))
        .join(Payment, Payment.id == LedgerEntry.payment_id)
        .group_by(Payment.stripe_payment_id, LedgerEntry.kind)
    )
    for name, kind, total in rows:
        sums.setdefault(str(name), {})[kind] = abs(int(total))
    return sums


def expected(moved: dict[str, Moved]) -> dict[str, dict[str, int]]:
    """The stand-in's balance in the ledger's words."""
    return {
        name: {
            kind: _minor(getattr(one, part), one.currency, is_fee=part == "fees")
            for part, kind in PARTS.items()
            if getattr(one, part)
        }
        for name, one in moved.items()
    }


def without_fees(sums: dict[str, dict[str, int]], of: set[str]) -> dict[str, dict[str, int]]:
    """A fee in hundredths of a currency without them is not kept, so there is nothing to compare."""
    return {
        name: {kind: total for kind, total in parts.items() if name not in of or kind != "fee"}
        for name, parts in sums.items()
    }


def _minor(units: int, currency: str, *, is_fee: bool) -> int:
    try:
        return from_stripe(units, currency).minor
    except NotPayableOnline:
        assert is_fee
        return 0


def _require_states(account: Account) -> None:
    """Payments, refunds and disputes are as far here as they are there."""
    payments = {one.stripe_payment_id: one for one in session.scalars(select(Payment)) if one.is_online}
    for intent in account.table("payment_intent").values():
        if not is_ours(intent["metadata"]):
            assert intent["id"] not in payments
            continue
        wanted = _BOOKED_AS.get(intent["status"])
        if wanted is not None:
            assert payments[intent["id"]].status == wanted, intent["status"]
        elif intent["id"] in payments:
            assert payments[intent["id"]].status != "completed"
    refunds = {one.stripe_refund_id: one for one in session.scalars(select(Refund))}
    assert not [one for one in refunds.values() if one.status == "requested"]
    theirs = {one["id"]: one["status"] for one in _of_ours(account, "refund")}
    assert {name: one.status for name, one in refunds.items() if name} == theirs
    disputes = {one.stripe_dispute_id: one.status for one in session.scalars(select(Dispute))}
    assert disputes == {one["id"]: one["status"] for one in _of_ours(account, "dispute")}
    _require_processing(payments)


def _require_processing(payments: dict[Any, Payment]) -> None:
    under_way: Counter[Any] = Counter()
    invoice_of = {one.id: one.invoice_id for one in session.scalars(select(CheckoutAttempt))}
    for payment in payments.values():
        if payment.status == "processing":
            under_way[invoice_of[payment.attempt_id]] += payment.amount_minor
    for invoice in session.scalars(select(Invoice)):
        assert invoice.processing_minor == under_way[invoice.id]


def _of_ours(account: Account, kind: str) -> list[Obj]:
    ours = {one["id"] for one in account.table("payment_intent").values() if is_ours(one["metadata"])}
    return [one for one in account.table(kind).values() if one["payment_intent"] in ours]


def _require_pages(standin: StandIn, account: Account) -> None:
    """A page that somebody can pay on is one that we know, for no more than is owed; one per invoice at most."""
    by_page = {one.session_id: one for one in session.scalars(select(CheckoutAttempt))}
    invoices = {one.id: one for one in session.scalars(select(Invoice))}
    open_invoices: Counter[Any] = Counter()
    for page in account.table("checkout.session").values():
        if page["status"] != "open" or page["expires_at"] <= standin.now.timestamp() or not is_ours(page["metadata"]):
            continue
        attempt = by_page[page["id"]]
        invoice = invoices[attempt.invoice_id]
        assert attempt.state == "open", attempt.state
        assert page["amount_total"] == to_stripe(Money(attempt.amount_minor, attempt.currency))
        assert attempt.amount_minor <= payable_minor(invoice), (invoice.status, invoice.balance_minor)
        open_invoices[invoice.id] += 1
    assert not [one for one, count in open_invoices.items() if count > 1]
    assert not [one.state for one in by_page.values() if one.state in ("new", "closing")]


def _require_told(account: Account) -> None:
    """Every surprise is on somebody's list."""
    told = {(one.kind, one.payment_id) for one in session.scalars(select(PaymentException))}
    keys = {one.dedupe_key for one in session.scalars(select(PaymentException))}
    settling = set(session.scalars(select(PaymentAllocation.payment_id)))
    for payment in session.scalars(select(Payment).where(Payment.status == "completed")):
        if payment.is_online and payment.id not in settling:
            assert any((kind, payment.id) in told for kind in _LEFT_OVER), "money that settles nothing, told to nobody"
    for dispute in _of_ours(account, "dispute"):
        assert f"dispute_opened:{dispute['id']}" in keys
    for refund in _of_ours(account, "refund"):
        assert refund["status"] != "failed" or f"refund_failed:{refund['id']}" in keys
    for refund in session.scalars(select(Refund).where(Refund.status == "failed")):
        keyed = {f"refund_failed:{refund.id}", f"refund_failed:{refund.stripe_refund_id}"}
        assert keyed & keys
    stuck = session.scalars(select(StripeEvent).where(StripeEvent.state == "stuck")).all()
    assert all(f"event_stuck:{event.id}" in keys for event in stuck)
    kinds = {key.split(":")[0] for key in keys}
    assert not kinds & {"books_differ", "not_in_books"}
    # An inquiry that takes the whole sum after a refund does take more than had come.
    overdrawn = any(one.net < 0 and is_ours(one.metadata) for one in money_moved(account).values())
    assert overdrawn or "over_returned" not in kinds


def _require_entries_once() -> None:
    entries = session.execute(select(LedgerEntry.source_key, LedgerEntry.kind)).all()
    assert len(set(entries)) == len(entries)
