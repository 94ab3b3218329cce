"""Stored files, found by the hash of their bytes and never overwritten."""

from __future__ import annotations

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from cornerspot.tenancy.owned import TenantOwned, tenant_index


class StoredFile(TenantOwned):
    """One file in storage, under a key made of the team and the SHA-256 of its bytes."""

    __tablename__ = "stored_files"
    __table_args__ = (
        CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name="sha256_form"),
        CheckConstraint("size_bytes >= 0", name="size_not_negative"),
        tenant_index("ix_stored_files_sha256", "sha256"),
    )

    sha256: Mapped[str]
    size_bytes: Mapped[int]
    media_type: Mapped[str]
    name: Mapped[str] = mapped_column(default="")
