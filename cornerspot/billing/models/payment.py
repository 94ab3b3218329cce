"""Money that arrived, and which invoices it settles."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CHAR, BigInteger, CheckConstraint
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

METHODS = ("check", "cash", "bank_transfer", "card", "other")


class Payment(TenantOwned):
    """Money of a customer, in minor units. ``request_key`` makes a repeated form harmless."""

    __tablename__ = "payments"
    __table_args__ = (
        tenant_fk("accounts", "account_id"),
        tenant_fk("memberships", "recorded_by"),
        tenant_unique("request_key"),
        one_of("method", METHODS),
        one_of("status", ("completed", "undone")),
        CheckConstraint("amount_minor > 0", name="amount_positive"),
        CheckConstraint("(status = 'undone') = (undone_at IS NOT NULL)", name="undone_fits_status"),
        tenant_index("ix_payments_account_id", "account_id", "received_on"),
    )

    account_id: Mapped[UUID]
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(CHAR(3))
    method: Mapped[str]
    reference: Mapped[str] = mapped_column(default="")
    internal_note: Mapped[str] = mapped_column(default="")
    received_on: Mapped[date]
    status: Mapped[str] = mapped_column(default="completed")
    recorded_by: Mapped[UUID | None]
    request_key: Mapped[str | None]
    undone_at: Mapped[datetime | None]
    undo_reason: Mapped[str] = mapped_column(default="")
    account: Mapped[Account] = tenant_relationship("Payment", "Account", "account_id")
    allocations: Mapped[list[PaymentAllocation]] = tenant_collection(
        "Payment", "PaymentAllocation", "payment_id", cascade="all, delete-orphan"
    )


class PaymentAllocation(TenantOwned):
    """The part of a payment that settles an invoice; ``released_at`` when it no longer does."""

    __tablename__ = "payment_allocations"
    __table_args__ = (
        tenant_fk("payments", "payment_id"),
        tenant_fk("invoices", "invoice_id"),
        tenant_unique("payment_id", "invoice_id"),
        CheckConstraint("amount_minor > 0", name="amount_positive"),
        tenant_index("ix_payment_allocations_invoice_id", "invoice_id"),
    )

    payment_id: Mapped[UUID]
    invoice_id: Mapped[UUID]
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    released_at: Mapped[datetime | None]
    payment: Mapped[Payment] = tenant_relationship("PaymentAllocation", "Payment", "payment_id", viewonly=True)
