"""The invoice. Its own verbs set ``status`` together with every field that depends on it."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from cornerspot.billing.states import FINALIZED, INVOICE, PAYABLE, UNPAID, InvoiceStatus
from cornerspot.catalog.models import PERCENT, PricedDocument, PricedLine, amounts_add_up
from cornerspot.crm.models import Account, Contact, Deal
from cornerspot.db.base import one_of
from cornerspot.kit import clock
from cornerspot.tenancy.owned import (
    TenantOwned,
    reference_index,
    tenant_collection,
    tenant_fk,
    tenant_index,
    tenant_relationship,
    tenant_unique,
    words_index,
)

S = InvoiceStatus
OF_A_CUSTOMER = ("number", "currency", "due_on", "total_minor", "paid_minor", "balance_minor", "processing_minor")
ORIGINS = ("manual", "deal", "conversion", "duplicate")


class Invoice(PricedDocument, TenantOwned):
    """What a customer owes. Amounts in minor units of ``currency``.

    ``balance_minor`` = total − paid, also kept for void and uncollectible
    invoices, where nobody asks for it any more. ``frozen`` is the copy, made at
    finalize, of every name, address and text that was printed.
    """

    __tablename__ = "invoices"
    __table_args__ = (
        tenant_fk("accounts", "account_id"),
        tenant_fk("contacts", "contact_id"),
        tenant_fk("deals", "deal_id"),
        tenant_fk("invoices", "copied_from_id"),
        tenant_fk("memberships", "created_by"),
        tenant_fk("stored_files", "pdf_file_id"),
        tenant_unique("number"),
        one_of("status", InvoiceStatus),
        one_of("origin", ORIGINS),
        amounts_add_up(),
        CheckConstraint("total_minor >= 0 OR status IN ('draft', 'cancelled')", name="total_not_negative"),
        CheckConstraint("balance_minor = total_minor - paid_minor", name="balance_adds_up"),
        CheckConstraint("paid_minor >= 0 AND paid_minor <= greatest(total_minor, 0)", name="paid_range"),
        CheckConstraint("refunded_minor >= 0 AND processing_minor >= 0", name="refunded_not_negative"),
        CheckConstraint(
            "(status IN ('draft', 'cancelled')) = (number IS NULL)"
            " AND (number IS NULL) = (issued_on IS NULL)"
            " AND (number IS NULL) = (due_on IS NULL)"
            " AND (number IS NULL) = (finalized_at IS NULL)",
            name="number_fits_status",
        ),
        CheckConstraint(
            "CASE status WHEN 'draft' THEN paid_minor = 0 WHEN 'cancelled' THEN paid_minor = 0"
            " WHEN 'open' THEN paid_minor = 0 AND total_minor > 0"
            " WHEN 'partially_paid' THEN paid_minor > 0 AND paid_minor < total_minor"
            " WHEN 'paid' THEN paid_minor = total_minor WHEN 'void' THEN paid_minor = 0"
            " WHEN 'uncollectible' THEN paid_minor < total_minor END",
            name="paid_fits_status",
        ),
        CheckConstraint("deleted_at IS NULL OR number IS NULL", name="only_drafts_in_trash"),
        CheckConstraint("char_length(manual_number) <= 32", name="manual_number_length"),
        CheckConstraint("(status = 'void') = (voided_at IS NOT NULL)", name="voided_fits_status"),
        CheckConstraint("(status = 'uncollectible') = (written_off_at IS NOT NULL)", name="written_off_fits_status"),
        CheckConstraint("(status = 'cancelled') = (cancelled_at IS NOT NULL)", name="cancelled_fits_status"),
        tenant_index("ix_invoices_recent", "created_at", "id"),
        tenant_index("ix_invoices_status", "status", "created_at", "id"),
        tenant_index("ix_invoices_account_id", "account_id", "created_at", "id"),
        tenant_index("ix_invoices_account_issued", "account_id", "issued_on", "id"),
        # What a customer was invoiced, owes and is shown by status, of one with thousands too.
        tenant_index(
            "ix_invoices_account_status",
            "account_id",
            "status",
            "created_at",
            "id",
            postgresql_include=OF_A_CUSTOMER,
        ),
        tenant_index("ix_invoices_deal_id", "deal_id"),
        reference_index("invoices", "contact_id"),
        reference_index("invoices", "copied_from_id"),
        # Each sort of the list is read along an index that begins with the status. The one over due dates
        # also answers what is owed, and what of it is overdue, without a look at the rows: the policy of
        # members asks for account and number, so they stand there too.
        tenant_index(
            "ix_invoices_due",
            "status",
            "due_on",
            "id",
            postgresql_include=["account_id", "number", "currency", "balance_minor", "issued_on", "sent_at"],
        ),
        tenant_index(
            "ix_invoices_issued",
            "status",
            "issued_on",
            "id",
            postgresql_include=["account_id", "number", "currency", "total_minor"],
        ),
        Index("ix_invoices_unsent", "tenant_id", "status", "created_at", "id", postgresql_where="sent_at IS NULL"),
        Index("ix_invoices_unsent_due", "tenant_id", "status", "due_on", "id", postgresql_where="sent_at IS NULL"),
        tenant_index("ix_invoices_number", "status", "number", "id"),
        tenant_index("ix_invoices_total", "status", "total_minor", "id"),
        tenant_index("ix_invoices_balance", "status", "balance_minor", "id"),
        words_index("ix_invoices_number_words", "number"),
        Index(
            "ix_invoices_manual_number", "tenant_id", "issued_on", "id", postgresql_where="manual_number IS NOT NULL"
        ),
        Index("ix_invoices_trash", "tenant_id", "deleted_at", "id", postgresql_where="deleted_at IS NOT NULL"),
        tenant_index("ix_invoices_finalized_at", "finalized_at"),
        tenant_index("ix_invoices_pdf_file_id", "pdf_file_id"),  # whose file it is, for members of the portal
        CheckConstraint("value_part IS NULL OR (deal_id IS NOT NULL AND value_part >= 0)", name="value_part_of_deal"),
        Index(
            "uq_invoices_live_value_part",
            "tenant_id",
            "deal_id",
            "value_part",
            unique=True,
            postgresql_where="value_part IS NOT NULL AND deleted_at IS NULL AND status NOT IN ('void', 'cancelled')",
        ),
    )

    status: Mapped[str] = mapped_column(default=S.DRAFT)
    origin: Mapped[str] = mapped_column(default="manual")
    account_id: Mapped[UUID | None]
    contact_id: Mapped[UUID | None]
    deal_id: Mapped[UUID | None]
    value_part: Mapped[int | None]  # which instalment of the value of a deal without lines, from 0
    copied_from_id: Mapped[UUID | None]
    created_by: Mapped[UUID | None]
    number: Mapped[str | None]
    manual_number: Mapped[str | None]
    invoice_on: Mapped[date | None]  # chosen on the form; None means the day it is finalized
    chosen_due_on: Mapped[date | None]  # overrides the terms
    terms_days: Mapped[int] = mapped_column(default=30)
    issued_on: Mapped[date | None]
    due_on: Mapped[date | None]
    notes: Mapped[str] = mapped_column(default="")
    terms_text: Mapped[str] = mapped_column(default="")
    internal_note: Mapped[str] = mapped_column(default="")
    purchase_order: Mapped[str] = mapped_column(default="")
    frozen: Mapped[dict[str, Any]] = mapped_column(default=dict)
    paid_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    refunded_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    processing_minor: Mapped[int] = mapped_column(BigInteger, default=0)  # bank debits under way
    balance_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    finalized_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    viewed_at: Mapped[datetime | None]
    paid_at: Mapped[datetime | None]
    voided_at: Mapped[datetime | None]
    written_off_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    pdf_file_id: Mapped[UUID | None]
    version: Mapped[int] = mapped_column(default=1)
    account: Mapped[Account | None] = tenant_relationship("Invoice", "Account", "account_id")
    contact: Mapped[Contact | None] = tenant_relationship("Invoice", "Contact", "contact_id")
    deal: Mapped[Deal | None] = tenant_relationship("Invoice", "Deal", "deal_id")
    lines: Mapped[list[InvoiceLine]] = tenant_collection(
        "Invoice",
        "InvoiceLine",
        "invoice_id",
        order_by="InvoiceLine.position",
        cascade="all, delete-orphan",
    )
    tax_rows: Mapped[list[InvoiceTax]] = tenant_collection(
        "Invoice",
        "InvoiceTax",
        "invoice_id",
        order_by="InvoiceTax.position",
        cascade="all, delete-orphan",
    )

    @property
    def is_finalized(self) -> bool:
        return self.status in FINALIZED

    @property
    def is_unpaid(self) -> bool:
        return self.status in UNPAID

    @property
    def is_payable(self) -> bool:
        return self.status in PAYABLE

    def is_overdue(self, on: date) -> bool:
        """Whether money is owed after the due date, on a day in the team's zone."""
        return self.is_unpaid and self.balance_minor > 0 and self.due_on is not None and self.due_on < on

    def finalize(self, *, number: str, issued_on: date, due_on: date, frozen: dict[str, Any]) -> None:
        """Become final under a number, paid at once when nothing is owed; raises IllegalTransition."""
        to = S.OPEN if self.total_minor > 0 else S.PAID
        INVOICE.require(S(self.status), to)
        moment = clock.now()
        self.status, self.number, self.issued_on, self.due_on = to, number, issued_on, due_on
        self.finalized_at, self.frozen = moment, frozen
        self.paid_at = moment if to is S.PAID else None

    def settle(self, paid_minor: int) -> None:
        """Have this much of the total paid, in minor units; raises IllegalTransition.

        Money that arrives reopens an invoice that was written off; money that leaves does not.
        """
        if self.status == S.UNCOLLECTIBLE and paid_minor < self.paid_minor:
            self.paid_minor, self.balance_minor = paid_minor, self.total_minor - paid_minor
            return
        to = self._status_when_paid(paid_minor)
        if to != self.status:
            INVOICE.require(S(self.status), to)
        self.status, self.paid_minor, self.written_off_at = to, paid_minor, None
        self.balance_minor = self.total_minor - paid_minor
        self.paid_at = (self.paid_at or clock.now()) if to is S.PAID else None

    def void(self) -> None:
        """Be nullified; the number stays taken. Raises IllegalTransition."""
        INVOICE.require(S(self.status), S.VOID)
        self.status, self.voided_at = S.VOID, clock.now()

    def write_off(self) -> None:
        """Be bad debt that nobody asks for any more, and kept; raises IllegalTransition."""
        INVOICE.require(S(self.status), S.UNCOLLECTIBLE)
        self.status, self.written_off_at = S.UNCOLLECTIBLE, clock.now()

    def reopen(self) -> None:
        """Be owed again after it was written off; raises IllegalTransition."""
        self.settle(self.paid_minor)

    def cancel(self) -> None:
        """Be withdrawn before it was final; raises IllegalTransition."""
        INVOICE.require(S(self.status), S.CANCELLED)
        self.status, self.cancelled_at = S.CANCELLED, clock.now()

    def _status_when_paid(self, paid_minor: int) -> InvoiceStatus:
        if paid_minor >= self.total_minor:
            return S.PAID
        return S.PARTIALLY_PAID if paid_minor > 0 else S.OPEN


class InvoiceLine(PricedLine, TenantOwned):
    """One line of an invoice; its discounts and taxes are copies."""

    __tablename__ = "invoice_lines"
    __table_args__ = (
        tenant_fk("invoices", "invoice_id", ondelete="CASCADE"),
        tenant_fk("products", "product_id"),
        tenant_index("ix_invoice_lines_invoice_id", "invoice_id", "position"),
        words_index("ix_invoice_lines_words", "description"),
    )

    invoice_id: Mapped[UUID]


class InvoiceTax(TenantOwned):
    """One row of the tax breakdown: a rate, its base and its tax, rounded once."""

    __tablename__ = "invoice_taxes"
    __table_args__ = (
        tenant_fk("invoices", "invoice_id", ondelete="CASCADE"),
        tenant_unique("invoice_id", "tax_key"),
    )

    invoice_id: Mapped[UUID]
    position: Mapped[int]
    tax_key: Mapped[str]
    name: Mapped[str]
    percent: Mapped[Decimal] = mapped_column(PERCENT)
    base_minor: Mapped[int] = mapped_column(BigInteger)
    tax_minor: Mapped[int] = mapped_column(BigInteger)


class InvoiceTransition(TenantOwned):
    """A change of status: who, when, from, to, why. Rows are added, never changed."""

    __tablename__ = "invoice_transitions"
    __table_args__ = (
        tenant_fk("invoices", "invoice_id", ondelete="CASCADE"),
        tenant_index("ix_invoice_transitions_invoice_id", "invoice_id", "happened_at"),
    )

    invoice_id: Mapped[UUID]
    from_status: Mapped[str | None]
    to_status: Mapped[str]
    reason: Mapped[str] = mapped_column(default="")
    actor_kind: Mapped[str]
    actor_id: Mapped[UUID | None]
    actor_name: Mapped[str] = mapped_column(default="")
    happened_at: Mapped[datetime] = mapped_column(default=clock.now)
