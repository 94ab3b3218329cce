"""Paying online: attempts, refunds, disputes, the ledger of what moved, and what a person must look at."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CHAR, BigInteger, CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from cornerspot.db.base import one_of
from cornerspot.kit import clock
from cornerspot.tenancy.owned import TenantOwned, reference_index, tenant_fk, tenant_index, tenant_unique


class AttemptState(StrEnum):
    NEW = "new"  # our row; the processor's answer is not known yet
    OPEN = "open"  # a page somebody may pay on
    CLOSING = "closing"  # to be expired at the processor
    SUBMITTED = "submitted"  # a bank debit under way
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    EXPIRED = "expired"
    REFUSED = "refused"  # the processor would not make the page


LIVE_ATTEMPTS = (AttemptState.NEW, AttemptState.OPEN, AttemptState.CLOSING)


class CheckoutAttempt(TenantOwned):
    """One try to pay one invoice on a hosted page. ``request`` is sent exactly as it stands here.

    The key of the request is ``cs:<id>``. At most one attempt of an invoice is alive over
    all tabs, people and channels.
    """

    __tablename__ = "checkout_attempts"
    __table_args__ = (
        tenant_fk("processor_accounts", "processor_account_id"),
        tenant_fk("invoices", "invoice_id"),
        tenant_fk("accounts", "account_id"),
        one_of("state", AttemptState),
        one_of("channel", ("portal", "pay_link")),
        CheckConstraint("amount_minor > 0", name="amount_positive"),
        tenant_unique("processor_account_id", "session_id", name="uq_checkout_attempts_session"),
        tenant_unique("processor_account_id", "stripe_payment_id", name="uq_checkout_attempts_payment"),
        Index(
            "uq_checkout_attempts_live",
            "tenant_id",
            "invoice_id",
            unique=True,
            postgresql_where="state IN ('new', 'open', 'closing')",
        ),
        tenant_index("ix_checkout_attempts_invoice_id", "invoice_id", "created_at"),
        tenant_index("ix_checkout_attempts_state", "state", "created_at"),
        tenant_index("ix_checkout_attempts_account_id", "account_id"),
    )

    processor_account_id: Mapped[UUID]
    invoice_id: Mapped[UUID]
    account_id: Mapped[UUID]
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(CHAR(3))
    channel: Mapped[str]
    portal_user_id: Mapped[UUID | None]  # who, when it was somebody signed in to the portal
    state: Mapped[str] = mapped_column(default=AttemptState.NEW)
    request: Mapped[dict[str, Any]] = mapped_column(default=dict)
    session_id: Mapped[str | None]
    session_url: Mapped[str] = mapped_column(default="")
    stripe_payment_id: Mapped[str | None]
    expires_at: Mapped[datetime]
    error: Mapped[str] = mapped_column(default="")
    ended_at: Mapped[datetime | None]

    @property
    def key(self) -> str:
        return f"cs:{self.id}"


class RefundStatus(StrEnum):
    REQUESTED = "requested"  # our row; the processor has not answered yet
    PENDING = "pending"
    REQUIRES_ACTION = "requires_action"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"


class Refund(TenantOwned):
    """Money of a payment sent back, by us or in the processor's dashboard. Its key is ``re:<id>``.

    ``still_owed`` means that what it had settled is owed again. ``asked_invoice_id`` is
    the invoice it was asked for on, None for the customer's credit.
    """

    __tablename__ = "refunds"
    __table_args__ = (
        tenant_fk("payments", "payment_id"),
        tenant_fk("accounts", "account_id"),
        tenant_fk("invoices", "asked_invoice_id"),
        tenant_fk("memberships", "requested_by"),
        tenant_unique("payment_id", "stripe_refund_id"),
        tenant_unique("request_key"),
        one_of("status", RefundStatus),
        one_of("origin", ("ours", "dashboard", "manual")),
        CheckConstraint("amount_minor > 0", name="amount_positive"),
        tenant_index("ix_refunds_status", "status", "created_at"),
        tenant_index("ix_refunds_account_id", "account_id"),
        reference_index("refunds", "asked_invoice_id"),
    )

    payment_id: Mapped[UUID]
    account_id: Mapped[UUID]
    asked_invoice_id: Mapped[UUID | None]
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(CHAR(3))
    origin: Mapped[str]
    status: Mapped[str] = mapped_column(default=RefundStatus.REQUESTED)
    still_owed: Mapped[bool] = mapped_column(default=False)
    reason: Mapped[str] = mapped_column(default="")
    stripe_refund_id: Mapped[str | None]
    failure: Mapped[str] = mapped_column(default="")
    requested_by: Mapped[UUID | None]
    request_key: Mapped[str | None]
    booked_at: Mapped[datetime | None]  # when the money left the books
    ended_at: Mapped[datetime | None]

    @property
    def key(self) -> str:
        return f"re:{self.id}"


class Dispute(TenantOwned):
    """A customer's bank asks for a payment back. ``withdrawn_minor`` of it is gone at present."""

    __tablename__ = "disputes"
    __table_args__ = (
        tenant_fk("payments", "payment_id"),
        tenant_fk("accounts", "account_id"),
        tenant_unique("payment_id", "stripe_dispute_id"),
        CheckConstraint("withdrawn_minor >= 0", name="withdrawn_not_negative"),
        tenant_index("ix_disputes_status", "status"),
        tenant_index("ix_disputes_account_id", "account_id"),
    )

    payment_id: Mapped[UUID]
    account_id: Mapped[UUID]
    stripe_dispute_id: Mapped[str]
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    withdrawn_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    currency: Mapped[str] = mapped_column(CHAR(3))
    status: Mapped[str]  # the processor's word, an open list
    reason: Mapped[str] = mapped_column(default="")
    is_refundable: Mapped[bool] = mapped_column(default=False)
    due_at: Mapped[datetime | None]
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class PaymentReturn(TenantOwned):
    """Where the money of a refund or a dispute was taken from: an invoice, or (None) the customer's credit.

    ``still_owed``: the invoice asks for it again. ``reverted_at``: it came back.
    """

    __tablename__ = "payment_returns"
    __table_args__ = (
        tenant_fk("payments", "payment_id"),
        tenant_fk("refunds", "refund_id"),
        tenant_fk("disputes", "dispute_id"),
        tenant_fk("invoices", "invoice_id"),
        CheckConstraint("amount_minor > 0", name="amount_positive"),
        CheckConstraint("(refund_id IS NULL) <> (dispute_id IS NULL)", name="one_cause"),
        CheckConstraint("invoice_id IS NOT NULL OR NOT still_owed", name="credit_is_not_owed"),
        tenant_index("ix_payment_returns_payment_id", "payment_id"),
        tenant_index("ix_payment_returns_invoice_id", "invoice_id"),
    )

    payment_id: Mapped[UUID]
    refund_id: Mapped[UUID | None]
    dispute_id: Mapped[UUID | None]
    invoice_id: Mapped[UUID | None]
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    still_owed: Mapped[bool] = mapped_column(default=False)
    reverted_at: Mapped[datetime | None]


class LedgerKind(StrEnum):
    CAPTURE = "capture"
    REFUND = "refund"
    REFUND_RETURNED = "refund_returned"
    DISPUTE_WITHDRAWN = "dispute_withdrawn"
    DISPUTE_REINSTATED = "dispute_reinstated"
    FEE = "fee"


class LedgerEntry(TenantOwned):
    """One fact about money that moved at the processor, signed, in minor units; added, never changed.

    ``source_key`` is the processor's id of the fact, so that it is booked once however
    often it is told.
    """

    __tablename__ = "ledger_entries"
    __table_args__ = (
        tenant_fk("processor_accounts", "processor_account_id"),
        tenant_fk("payments", "payment_id"),
        tenant_unique("processor_account_id", "source_key", "kind", name="uq_ledger_entries_fact"),
        one_of("kind", LedgerKind),
        tenant_index("ix_ledger_entries_payment_id", "payment_id"),
        tenant_index("ix_ledger_entries_happened_at", "happened_at"),
    )

    processor_account_id: Mapped[UUID]
    payment_id: Mapped[UUID]
    kind: Mapped[str]
    source_key: Mapped[str]
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(CHAR(3))
    happened_at: Mapped[datetime]


class PaymentException(TenantOwned):
    """Something about money that a person of the team must look at; kept when resolved."""

    __tablename__ = "payment_exceptions"
    __table_args__ = (
        tenant_unique("dedupe_key"),
        tenant_fk("invoices", "invoice_id"),
        tenant_fk("payments", "payment_id"),
        tenant_fk("memberships", "resolved_by"),
        reference_index("payment_exceptions", "invoice_id"),
        Index("ix_payment_exceptions_open", "tenant_id", "created_at", postgresql_where="resolved_at IS NULL"),
    )

    kind: Mapped[str]
    dedupe_key: Mapped[str]
    message: Mapped[str]
    stripe_object_id: Mapped[str] = mapped_column(default="")
    invoice_id: Mapped[UUID | None]
    payment_id: Mapped[UUID | None]
    resolved_at: Mapped[datetime | None]
    resolved_by: Mapped[UUID | None]


class ReconcileRun(TenantOwned):
    """A comparison with the processor: when, asked for by whom, and what it mended."""

    __tablename__ = "reconcile_runs"
    __table_args__ = (
        tenant_fk("processor_accounts", "processor_account_id"),
        tenant_fk("memberships", "asked_by"),
        one_of("kind", ("hot", "events", "full")),
        tenant_index("ix_reconcile_runs_recent", "started_at"),
    )

    processor_account_id: Mapped[UUID]
    kind: Mapped[str]
    asked_by: Mapped[UUID | None]
    started_at: Mapped[datetime] = mapped_column(default=clock.now)
    finished_at: Mapped[datetime | None]
    found: Mapped[dict[str, Any]] = mapped_column(default=dict)  # a count for each kind of thing it mended
    error: Mapped[str] = mapped_column(default="")
