"""Which deal line was billed on which invoice line: the once-only rule as a unique."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from cornerspot.catalog.models import QUANTITY
from cornerspot.crm.models import DealLine
from cornerspot.tenancy.owned import TenantOwned, tenant_fk, tenant_index, tenant_relationship


class BilledDealLine(TenantOwned):
    """A deal line that an invoice bills, until that invoice is void, cancelled or deleted.

    ``part`` counts the times one line was billed, from 0: quantity added to the
    deal afterwards is the next part. Two runs at once ask for the same part, and
    the unique over live rows lets one of them through.
    """

    __tablename__ = "billed_deal_lines"
    __table_args__ = (
        tenant_fk("deals", "deal_id"),
        tenant_fk("deal_lines", "deal_line_id"),
        tenant_fk("invoices", "invoice_id", ondelete="CASCADE"),
        tenant_fk("invoice_lines", "invoice_line_id", ondelete="CASCADE"),
        Index(
            "uq_billed_deal_lines_live",
            "tenant_id",
            "deal_line_id",
            "part",
            unique=True,
            postgresql_where="released_at IS NULL",
        ),
        tenant_index("ix_billed_deal_lines_deal_id", "deal_id"),
        tenant_index("ix_billed_deal_lines_deal_line_id", "deal_line_id"),
        tenant_index("ix_billed_deal_lines_invoice_line_id", "invoice_line_id"),
        tenant_index("ix_billed_deal_lines_invoice_id", "invoice_id"),
    )

    deal_id: Mapped[UUID]
    deal_line_id: Mapped[UUID]
    invoice_id: Mapped[UUID]
    invoice_line_id: Mapped[UUID]
    part: Mapped[int] = mapped_column(default=0)
    quantity: Mapped[Decimal] = mapped_column(QUANTITY)
    released_at: Mapped[datetime | None]
    deal_line: Mapped[DealLine] = tenant_relationship("BilledDealLine", "DealLine", "deal_line_id")
