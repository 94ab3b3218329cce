"""Receipts: which jobs have done their work, written in the transaction of that work."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger
from sqlalchemy.orm import Mapped, mapped_column

from cornerspot.db.base import Base
from cornerspot.kit import clock


class JobReceipt(Base):
    """A job that committed. A second run of it, after a crash, finds this row and stops."""

    __tablename__ = "job_receipts"

    job_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    created_at: Mapped[datetime] = mapped_column(default=clock.now, index=True)
