"""Stored files: every one is there, with the bytes that were stored."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select

from cornerspot.billing.checking.findings import BATCH, Finding, invoice_name
from cornerspot.billing.models import Invoice
from cornerspot.db import session
from cornerspot.documents.models import StoredFile
from cornerspot.documents.storage import DamagedFile, current_storage
from cornerspot.tenancy import current_tenant_id

_FILES = select(
    StoredFile.id,
    StoredFile.name,
    StoredFile.sha256,
    StoredFile.size_bytes,
    Invoice.id.label("invoice_id"),
    Invoice.number,
).outerjoin(Invoice, Invoice.pdf_file_id == StoredFile.id)


def check_files() -> Iterator[Finding]:
    """Files that are missing, or whose bytes are not those that were stored: PDFs, logos, documents."""
    last: UUID | None = None
    while batch := _next(last):
        for stored in batch:
            yield from _check(stored)
        last = batch[-1].id


def _next(last: UUID | None) -> Sequence[Row[*tuple[Any, ...]]]:
    statement = _FILES.order_by(StoredFile.id).limit(BATCH)
    return session.execute(statement if last is None else statement.where(StoredFile.id > last)).all()


def _check(stored: Row[*tuple[Any, ...]]) -> Iterator[Finding]:
    record = f"file {stored.name} ({stored.id})"
    if stored.invoice_id is not None:
        record = f"the PDF of {invoice_name(stored.invoice_id, stored.number)}"
    if not current_storage().exists(current_tenant_id(), stored.sha256):
        yield Finding(record, f"the file {stored.sha256}", "in storage", "missing")
        return
    try:
        size = len(current_storage().get(current_tenant_id(), stored.sha256))
    except DamagedFile:
        yield Finding(record, "its SHA-256", stored.sha256, "another: its bytes have changed on disk")
        return
    if size != stored.size_bytes:
        yield Finding(record, "its size in bytes", str(stored.size_bytes), str(size))
