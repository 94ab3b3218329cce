"""The link in an invoice's e-mail that opens that one invoice and nothing else."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from cornerspot.tenancy.owned import TenantOwned, tenant_fk, tenant_index


class PayLink(TenantOwned):
    """Leave to see and pay one invoice, until it expires or is revoked; one at a time per invoice.

    The address holds this id and a signature over it, so that it can be written again into
    mails and onto paper while the database holds no secret.
    """

    __tablename__ = "pay_links"
    __table_args__ = (
        tenant_fk("invoices", "invoice_id"),
        tenant_fk("accounts", "account_id"),
        tenant_fk("memberships", "revoked_by"),
        Index("uq_pay_links_live", "tenant_id", "invoice_id", unique=True, postgresql_where="revoked_at IS NULL"),
        tenant_index("ix_pay_links_invoice_id", "invoice_id", "created_at"),
        tenant_index("ix_pay_links_account_id", "account_id"),
    )

    invoice_id: Mapped[UUID]
    account_id: Mapped[UUID]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[UUID | None]
    first_viewed_at: Mapped[datetime | None]
    last_viewed_at: Mapped[datetime | None]
    views: Mapped[int] = mapped_column(default=0)
