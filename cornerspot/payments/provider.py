"""What a processor can do for a team, in our own words: the protocol and what it answers with.

Amounts are ``Money``. Every status is an open list: one that is unknown here means "read again
later and tell somebody", never "fine". Calls go out outside of a database transaction.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from cornerspot.kit.money import Money


class ProviderError(Exception):
    """A call to the processor failed; ``code`` is its own word for why, ``message`` is for people."""

    def __init__(self, message: str, *, code: str = "") -> None:
        super().__init__(message)
        self.message, self.code = message, code


class ProviderRefused(ProviderError):
    """Definite: nothing happened, and the same request will be refused again."""


class ProviderUnsure(ProviderError):
    """No clear answer: it may have happened. Repeat with the same key, or read."""


class ProviderBusy(ProviderError):
    """Too many requests: nothing happened; later."""


class ProviderGone(ProviderError):
    """The connection is no longer accepted: the key was revoked, or the account left."""


def is_repeated(error: ProviderUnsure) -> bool:
    """Whether the processor failed itself: it answers the same to the same key until it forgets it."""
    return error.code.startswith("status_5")


@dataclass(frozen=True)
class AccountSnapshot:
    """The processor's account as it stands; ``capabilities`` maps a method to active, pending or inactive."""

    id: str
    livemode: bool
    name: str
    country: str
    default_currency: str
    charges_enabled: bool
    requirements: tuple[str, ...] = ()
    capabilities: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class CheckoutSnapshot:
    """A hosted payment page.

    ``status``: open, complete, expired. ``payment_status``: paid, unpaid, no_payment_required.
    """

    id: str
    status: str
    payment_status: str
    url: str
    payment_id: str | None
    reference: str  # ours: the attempt's id
    metadata: Mapping[str, str]
    expires_at: datetime


@dataclass(frozen=True)
class RefundSnapshot:
    """Money sent back. ``status``: pending, requires_action, succeeded, failed, canceled."""

    id: str
    amount: Money
    status: str
    reference: str  # ours: the refund's id, "" when it was made in the dashboard
    created_at: datetime
    failure: str = ""

    @property
    def has_come_back(self) -> bool:
        """Whether the money did not reach the customer, and is ours again."""
        return self.status in ("failed", "canceled")


@dataclass(frozen=True)
class DisputeMovement:
    """Money that a dispute took (below zero) or gave back, without its fee; zero where only a fee was taken.

    ``id``: the balance transaction.
    """

    id: str
    amount: Money
    fee: Money
    happened_at: datetime


@dataclass(frozen=True)
class DisputeSnapshot:
    """A customer's bank asks for money back. Money moves only by ``movements``."""

    id: str
    amount: Money
    status: str
    reason: str
    created_at: datetime
    is_refundable: bool
    due_at: datetime | None = None
    movements: tuple[DisputeMovement, ...] = ()

    @property
    def has_come_back(self) -> bool:
        """Whether all that it took was given back, or nothing was taken."""
        return sum(one.amount.minor for one in self.movements) >= 0


@dataclass(frozen=True)
class PaymentSnapshot:
    """One payment with all that became of it, read at one moment.

    ``status``: requires_payment_method, requires_action, processing, succeeded, canceled …
    ``captured`` is zero until it succeeded; ``method``: card, us_bank_account, sepa_debit …
    """

    id: str
    status: str
    amount: Money
    captured: Money
    metadata: Mapping[str, str]
    created_at: datetime
    charge_id: str = ""
    method: str = ""
    method_detail: str = ""  # "Visa 4242", "STRIPE TEST BANK 6789"
    paid_at: datetime | None = None
    fee: Money | None = None  # None while the processor has not said
    fee_id: str = ""  # the balance transaction that holds it
    failure: str = ""
    refunds: tuple[RefundSnapshot, ...] = ()
    disputes: tuple[DisputeSnapshot, ...] = ()


@dataclass(frozen=True)
class EventRecord:
    """An event as the processor's list has it; ``body`` is what a webhook would have carried."""

    id: str
    type: str
    object_id: str
    livemode: bool
    happened_at: datetime
    body: bytes


@dataclass(frozen=True)
class Endpoint:
    """A webhook endpoint that was just made; the secret is shown this once."""

    id: str
    secret: str


class PaymentProvider(Protocol):
    """One team's processor. Every method raises ProviderError subclasses and nothing else."""

    def read_account(self) -> AccountSnapshot: ...

    def create_endpoint(self, url: str, *, key: str) -> Endpoint: ...

    def delete_endpoint(self, endpoint_id: str) -> None: ...

    def create_customer(self, *, name: str, email: str, metadata: Mapping[str, str], key: str) -> str: ...

    def create_checkout(self, request: Mapping[str, Any], *, key: str) -> CheckoutSnapshot:
        """Send exactly this request, as the attempt's row keeps it; the same key gives the same page."""
        ...

    def read_checkout(self, checkout_id: str) -> CheckoutSnapshot: ...

    def expire_checkout(self, checkout_id: str) -> CheckoutSnapshot:
        """The page as it is afterwards: expired, or complete when the payer was quicker."""
        ...

    def find_checkouts(self, *, customer_id: str, since: datetime) -> Sequence[CheckoutSnapshot]: ...

    def read_payment(self, payment_id: str) -> PaymentSnapshot: ...

    def create_refund(
        self, payment_id: str, amount: Money, *, reference: str, metadata: Mapping[str, str], key: str
    ) -> RefundSnapshot: ...

    def payment_of_charge(self, charge_id: str) -> str | None:
        """The payment that a charge, refund or dispute object of an event belongs to; None for none."""
        ...

    def events(self, *, since: datetime) -> Iterator[EventRecord]:
        """All events of the kinds we ask for, since a moment, oldest first or newest first, all pages."""
        ...

    def payments(self, *, since: datetime) -> Iterator[PaymentSnapshot]:
        """All payments made since a moment that carry our metadata."""
        ...

    def balance_movements(self, *, since: datetime) -> Iterator[tuple[str, str, Money, datetime]]:
        """``(type, source id, amount, when)`` of every balance transaction since a moment."""
        ...

    def leave(self) -> None:
        """The platform is no longer connected (OAuth); nothing for a key of the team's own."""
        ...
