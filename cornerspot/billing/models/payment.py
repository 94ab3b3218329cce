"""Money that arrived, by hand or online, and which invoices it settles.

What a payment brought is always in one of three places::

    amount = allocated (settles invoices) + credit (the customer's, for later) + returned (went back)

and the database holds it to that.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CHAR, BigInteger, CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from cornerspot.crm.models import Account
from cornerspot.db.base import one_of
from cornerspot.tenancy.owned import (
    TenantOwned,
    tenant_collection,
    tenant_fk,
    tenant_index,
    tenant_relationship,
    tenant_unique,
)

METHODS = ("check", "cash", "bank_transfer", "card", "other")  # by hand
ONLINE = "online"  # through the team's processor; ``method_type`` says how


class PaymentStatus(StrEnum):
    PROCESSING = "processing"  # a bank debit under way: shown, not counted
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELED = "canceled"
    UNDONE = "undone"  # recorded by hand, by mistake


class Payment(TenantOwned):
    """Money of a customer, in minor units. ``request_key`` makes a repeated form harmless.

    ``refunded_minor`` and ``disputed_minor`` are what was refunded and what a bank took
    back, wherever it was taken from.
    """

    __tablename__ = "payments"
    __table_args__ = (
        tenant_fk("accounts", "account_id"),
        tenant_fk("memberships", "recorded_by"),
        tenant_fk("processor_accounts", "processor_account_id"),
        tenant_fk("checkout_attempts", "attempt_id"),
        tenant_unique("request_key"),
        tenant_unique("processor_account_id", "stripe_payment_id", name="uq_payments_stripe_payment"),
        one_of("method", (*METHODS, ONLINE)),
        one_of("status", PaymentStatus),
        CheckConstraint("amount_minor > 0", name="amount_positive"),
        CheckConstraint(
            "allocated_minor >= 0 AND credit_minor >= 0 AND returned_minor >= 0", name="parts_not_negative"
        ),
        CheckConstraint(
            "allocated_minor + credit_minor + returned_minor"
            " = CASE status WHEN 'completed' THEN amount_minor ELSE 0 END",
            name="parts_add_up",
        ),
        CheckConstraint("refunded_minor >= 0 AND disputed_minor >= 0", name="reversals_not_negative"),
        CheckConstraint("(status = 'undone') = (undone_at IS NOT NULL)", name="undone_fits_status"),
        CheckConstraint("(method = 'online') = (stripe_payment_id IS NOT NULL)", name="online_fits_method"),
        tenant_index("ix_payments_account_id", "account_id", "received_on"),
        tenant_index("ix_payments_attempt_id", "attempt_id"),
        tenant_index(
            "ix_payments_received_on",
            "received_on",
            postgresql_include=["account_id", "status", "currency", "allocated_minor"],
        ),
        Index("ix_payments_credit", "tenant_id", "account_id", "currency", postgresql_where="credit_minor > 0"),
    )

    account_id: Mapped[UUID]
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(CHAR(3))
    allocated_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    credit_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    returned_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    refunded_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    disputed_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    fee_minor: Mapped[int | None] = mapped_column(BigInteger)  # in ``fee_currency``; the team's cost
    fee_currency: Mapped[str | None] = mapped_column(CHAR(3))
    method: Mapped[str]
    method_type: Mapped[str] = mapped_column(default="")  # card, us_bank_account, sepa_debit …
    method_detail: Mapped[str] = mapped_column(default="")  # Visa 4242
    reference: Mapped[str] = mapped_column(default="")
    internal_note: Mapped[str] = mapped_column(default="")
    received_on: Mapped[date]
    status: Mapped[str] = mapped_column(default=PaymentStatus.COMPLETED)
    failure: Mapped[str] = mapped_column(default="")
    recorded_by: Mapped[UUID | None]
    request_key: Mapped[str | None]
    processor_account_id: Mapped[UUID | None]
    stripe_payment_id: Mapped[str | None]
    stripe_charge_id: Mapped[str] = mapped_column(default="")
    attempt_id: Mapped[UUID | None]
    settled_at: Mapped[datetime | None]  # when the money was there
    undone_at: Mapped[datetime | None]
    undo_reason: Mapped[str] = mapped_column(default="")
    account: Mapped[Account] = tenant_relationship("Payment", "Account", "account_id")
    allocations: Mapped[list[PaymentAllocation]] = tenant_collection(
        "Payment", "PaymentAllocation", "payment_id", cascade="all, delete-orphan"
    )

    @property
    def is_online(self) -> bool:
        return self.method == ONLINE

    @property
    def refundable_minor(self) -> int:
        """What could still be given back: all that arrived, less what went."""
        gone = self.refunded_minor + self.disputed_minor
        return max(self.amount_minor - gone, 0) if self.status == PaymentStatus.COMPLETED else 0


class PaymentAllocation(TenantOwned):
    """The part of a payment that settles an invoice; ``released_at`` when it no longer does.

    ``refunded_minor`` of it was refunded without being asked for again: the invoice stays paid.
    """

    __tablename__ = "payment_allocations"
    __table_args__ = (
        tenant_fk("payments", "payment_id"),
        tenant_fk("invoices", "invoice_id"),
        CheckConstraint("amount_minor > 0", name="amount_positive"),
        CheckConstraint("refunded_minor >= 0 AND refunded_minor <= amount_minor", name="refunded_range"),
        Index(
            "uq_payment_allocations_live",
            "tenant_id",
            "payment_id",
            "invoice_id",
            unique=True,
            postgresql_where="released_at IS NULL",
        ),
        tenant_index("ix_payment_allocations_invoice_id", "invoice_id"),
        tenant_index("ix_payment_allocations_payment_id", "payment_id"),
    )

    payment_id: Mapped[UUID]
    invoice_id: Mapped[UUID]
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    refunded_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    released_at: Mapped[datetime | None]
    payment: Mapped[Payment] = tenant_relationship("PaymentAllocation", "Payment", "payment_id", viewonly=True)
