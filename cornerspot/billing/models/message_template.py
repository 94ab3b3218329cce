"""What a team's messages to customers say, where it differs from what we propose."""

from __future__ import annotations

from sqlalchemy.orm import Mapped, mapped_column

from cornerspot.db.base import one_of
from cornerspot.tenancy.owned import TenantOwned, tenant_unique

PURPOSES = ("invoice", "reminder", "receipt")


class MessageTemplate(TenantOwned):
    """Subject and text of one kind of message; no row while the proposal serves."""

    __tablename__ = "message_templates"
    __table_args__ = (tenant_unique("purpose"), one_of("purpose", PURPOSES))

    purpose: Mapped[str]
    subject: Mapped[str]
    text: Mapped[str]
    version: Mapped[int] = mapped_column(default=0)
