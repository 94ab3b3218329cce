"""Stripe's objects, as plain maps, turned into ours.

A field that may be missing is read with ``get``. Statuses pass through as the words they
are: one that we do not know must not look like one that we do.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from cornerspot.kit.money import Money
from cornerspot.payments.provider import (
    AccountSnapshot,
    CheckoutSnapshot,
    DisputeMovement,
    DisputeSnapshot,
    EventRecord,
    PaymentSnapshot,
    RefundSnapshot,
)
from cornerspot.payments.stripe_amounts import NotPayableOnline, from_stripe

Obj = Mapping[str, Any]

# A method of payment, and what Stripe calls the account's leave to take it.
CAPABILITIES = {
    "card": "card_payments",
    "us_bank_account": "us_bank_account_ach_payments",
    "sepa_debit": "sepa_debit_payments",
    "bacs_debit": "bacs_debit_payments",
    "acss_debit": "acss_debit_payments",
    "au_becs_debit": "au_becs_debit_payments",
}
REFERENCE = "refund"  # the key of a refund's metadata that holds our id
CARD_NAMES = {"amex": "American Express", "diners": "Diners Club", "jcb": "JCB", "unionpay": "UnionPay"}
DEBIT_NAMES = {"sepa_debit": "SEPA", "bacs_debit": "Bacs", "au_becs_debit": "BECS"}


def account_from(account: Obj, *, livemode: bool) -> AccountSnapshot:
    """The account; whether it is live is known from the key, not from the object."""
    capabilities = account.get("capabilities") or {}
    profile = account.get("business_profile") or {}
    dashboard = (account.get("settings") or {}).get("dashboard") or {}
    requirements = account.get("requirements") or {}
    wanted = dict.fromkeys([*(requirements.get("past_due") or ()), *(requirements.get("currently_due") or ())])
    return AccountSnapshot(
        id=account["id"],
        livemode=livemode,
        name=str(profile.get("name") or dashboard.get("display_name") or account.get("email") or account["id"]),
        country=str(account.get("country") or "US"),
        default_currency=str(account.get("default_currency") or "usd").upper(),
        charges_enabled=bool(account.get("charges_enabled")),
        requirements=tuple(wanted),
        capabilities={method: str(capabilities.get(name, "inactive")) for method, name in CAPABILITIES.items()},
    )


def checkout_from(checkout: Obj) -> CheckoutSnapshot:
    return CheckoutSnapshot(
        id=checkout["id"],
        status=str(checkout.get("status") or ""),
        payment_status=str(checkout.get("payment_status") or ""),
        url=checkout.get("url") or "",
        payment_id=_id(checkout.get("payment_intent")),
        reference=checkout.get("client_reference_id") or "",
        metadata=dict(checkout.get("metadata") or {}),
        expires_at=moment(checkout["expires_at"]),
    )


def payment_from(intent: Obj, refunds: list[Obj], disputes: list[Obj]) -> PaymentSnapshot:
    """A payment with what became of it; its latest charge and that one's balance transaction are expanded."""
    amount = from_stripe(intent["amount"], intent["currency"])
    charge = intent.get("latest_charge")
    charge = charge if isinstance(charge, Mapping) else {}
    booked = charge.get("balance_transaction")
    booked = booked if isinstance(booked, Mapping) else {}
    has_succeeded = intent["status"] == "succeeded"
    details = charge.get("payment_method_details") or {}
    fee = _fee(booked)
    return PaymentSnapshot(
        id=intent["id"],
        status=intent["status"],
        amount=amount,
        captured=from_stripe(intent["amount_received"], intent["currency"])
        if has_succeeded
        else Money.zero(amount.currency),
        metadata=dict(intent.get("metadata") or {}),
        created_at=moment(intent["created"]),
        charge_id=_id(intent.get("latest_charge")) or "",
        method=str(details.get("type") or ""),
        method_detail=_method_detail(details),
        paid_at=moment(booked.get("created") or charge.get("created") or intent["created"]) if has_succeeded else None,
        fee=fee,
        fee_id=str(booked.get("id") or "") if fee is not None else "",
        failure=_failure(intent),
        refunds=tuple(refund_from(refund) for refund in refunds),
        disputes=tuple(dispute_from(dispute) for dispute in disputes),
    )


def refund_from(refund: Obj) -> RefundSnapshot:
    return RefundSnapshot(
        id=refund["id"],
        amount=from_stripe(refund["amount"], refund["currency"]),
        status=str(refund.get("status") or ""),
        reference=str((refund.get("metadata") or {}).get(REFERENCE, "")),
        created_at=moment(refund["created"]),
        failure=str(refund.get("failure_reason") or ""),
    )


def dispute_from(dispute: Obj) -> DisputeSnapshot:
    amount = from_stripe(dispute["amount"], dispute["currency"])
    due = (dispute.get("evidence_details") or {}).get("due_by")
    return DisputeSnapshot(
        id=dispute["id"],
        amount=amount,
        status=str(dispute.get("status") or ""),
        reason=str(dispute.get("reason") or ""),
        created_at=moment(dispute["created"]),
        is_refundable=bool(dispute.get("is_charge_refundable")),
        due_at=moment(due) if due else None,
        movements=tuple(
            _movement(booked, amount)
            for booked in dispute.get("balance_transactions") or ()
            if isinstance(booked, Mapping) and (booked["amount"] or booked.get("fee"))
        ),
    )


def event_from(event: Obj) -> EventRecord:
    """An event of Stripe's list; its body is what a webhook would have carried."""
    return EventRecord(
        id=event["id"],
        type=event["type"],
        object_id=str(event["data"]["object"].get("id") or ""),
        livemode=bool(event["livemode"]),
        happened_at=moment(event["created"]),
        body=json.dumps(event, separators=(",", ":")).encode(),
    )


def moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _movement(booked: Obj, disputed: Money) -> DisputeMovement:
    """What a balance transaction took or gave back, in the currency of the dispute.

    An account that is paid out in another currency has its own amount there; the customer's
    money is then the disputed amount, and only the sign is the transaction's.
    """
    amount = from_stripe(booked["amount"], booked["currency"])
    if amount.currency != disputed.currency:
        amount = disputed if booked["amount"] > 0 else -disputed
    fee = _fee(booked)
    return DisputeMovement(
        id=booked["id"],
        amount=amount,
        fee=fee if fee is not None else Money.zero(disputed.currency),
        happened_at=moment(booked["created"]),
    )


def _fee(booked: Obj) -> Money | None:
    """Stripe's fee; None while there is none, and for one finer than money can be here."""
    if booked.get("fee") is None:
        return None
    try:
        return from_stripe(booked["fee"], booked["currency"])
    except NotPayableOnline:
        return None


def _method_detail(details: Obj) -> str:
    """What a person knows the method by: ``Visa 4242``."""
    kind = str(details.get("type") or "")
    known = details.get(kind)
    if not isinstance(known, Mapping):
        return ""
    brand = str(known.get("brand") or "")
    name = CARD_NAMES.get(brand, brand.capitalize()) or known.get("bank_name") or DEBIT_NAMES.get(kind, "")
    return f"{name} {known.get('last4') or ''}".strip()


def _failure(intent: Obj) -> str:
    error = intent.get("last_payment_error") or {}
    return str(error.get("message") or error.get("decline_code") or error.get("code") or "")


def _id(reference: Any) -> str | None:
    """The id of an object that Stripe gave whole or by its id alone."""
    return reference["id"] if isinstance(reference, Mapping) else reference
