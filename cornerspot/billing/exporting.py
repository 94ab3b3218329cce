"""Invoices as files: a CSV for spreadsheets, a zip of PDFs."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from cornerspot.billing.document import pdf_file_name
from cornerspot.billing.list_filter import InvoiceFilter, find
from cornerspot.billing.listing import Order, invoices_page
from cornerspot.billing.models import Invoice
from cornerspot.billing.rendering import invoice_pdf_bytes
from cornerspot.db import session
from cornerspot.db.transaction import in_transaction
from cornerspot.kit.csv_text import MEDIA_TYPE, write_head, write_rows
from cornerspot.kit.money import Money
from cornerspot.tenancy import current_team, team_today

ZIP = "application/zip"
BATCH = 1000

COLUMNS = (
    "Number", "Status", "Customer", "Issue date", "Due date", "Currency", "Subtotal", "Discount", "Tax", "Total",
    "Paid", "Refunded", "Balance", "Sent on", "Paid on", "Purchase order",
)  # fmt: skip

Progress = Callable[[int], None]
File = tuple[str, str, bytes]


def export_name() -> str:
    """What a file made today is called, without its ending."""
    return f"Invoices {team_today().isoformat()}"


def chosen_invoices(ids: list[UUID]) -> list[Invoice]:
    """These of the team's invoices with their accounts, the oldest first; those that are no more are left out."""
    wanted = select(Invoice).where(Invoice.id.in_(ids)).options(joinedload(Invoice.account)).order_by(Invoice.id)
    return list(session.scalars(wanted))


def write_export(wanted: InvoiceFilter, *, progress: Progress) -> File:
    """Name, type and bytes of a CSV of all that the filter shows; ``progress`` is told.

    Read a batch at a time, each in a transaction of its own, so that a million neither
    fill the memory with rows nor hold the database's past back.
    """
    with tempfile.TemporaryFile("w+b") as content:
        lines = io.TextIOWrapper(content, encoding="utf-8", newline="", write_through=True)
        write_head(lines, COLUMNS)
        cursor: str | None = ""
        written = 0
        while cursor is not None:
            rows, cursor = in_transaction(partial(_batch, wanted, cursor, written, progress))
            session.expunge_all()
            write_rows(lines, rows)
            written += len(rows)
        content.seek(0)
        return f"{in_transaction(export_name)}.csv", MEDIA_TYPE, content.read()


def _batch(
    wanted: InvoiceFilter, cursor: str, written: int, progress: Progress
) -> tuple[list[tuple[Any, ...]], str | None]:
    """The next rows of the file and the cursor behind them; the run learns how far it was before."""
    page = invoices_page(find(wanted), Order("newest"), cursor=cursor, size=BATCH)
    progress(written + len(page.rows))
    return [export_row(one) for one in page.rows], page.next_cursor


def write_pdfs(ids: list[UUID], *, progress: Progress) -> File:
    """Name, type and bytes of a zip with the PDF of each of these invoices; ``progress`` is told."""
    with tempfile.TemporaryFile() as packed:
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:  # PDFs are compressed already.
            taken: set[str] = set()
            for number, invoice_id in enumerate(ids, start=1):
                found = in_transaction(partial(_pdf, invoice_id, number, progress))
                session.expunge_all()
                if found is not None:
                    name, content = found
                    archive.writestr(_unused(name, taken), content)
        packed.seek(0)
        return f"{in_transaction(export_name)}.zip", ZIP, packed.read()


def _pdf(invoice_id: UUID, number: int, progress: Progress) -> tuple[str, bytes] | None:
    """The name and the PDF of an invoice; None when it is no more."""
    found = chosen_invoices([invoice_id])
    named = None
    if found:
        customer = found[0].frozen.get("customer", {}).get("display_name") or _customer(found[0])
        named = pdf_file_name(found[0].number, customer), invoice_pdf_bytes(found[0])
    progress(number)
    return named


def _unused(name: str, taken: set[str]) -> str:
    """The name, with a number where another file of the archive has it."""
    stem, shown, count = name.removesuffix(".pdf"), name, 1
    while shown.casefold() in taken:
        count += 1
        shown = f"{stem} ({count}).pdf"
    taken.add(shown.casefold())
    return shown


def export_row(invoice: Invoice) -> tuple[Any, ...]:
    """An invoice below ``COLUMNS``; needs its account loaded."""
    amounts = (
        invoice.subtotal_minor, invoice.discount_minor, invoice.tax_minor, invoice.total_minor,
        invoice.paid_minor, invoice.refunded_minor, invoice.balance_minor,
    )  # fmt: skip
    return (
        invoice.number,
        invoice.status.replace("_", " "),
        _customer(invoice),
        invoice.issued_on.isoformat() if invoice.issued_on else "",
        invoice.due_on.isoformat() if invoice.due_on else "",
        invoice.currency,
        *(Money(minor, invoice.currency).to_decimal() for minor in amounts),
        _day(invoice.sent_at),
        _day(invoice.paid_at),
        invoice.purchase_order,
    )


def _customer(invoice: Invoice) -> str:
    return invoice.account.name if invoice.account else ""


def _day(moment: datetime | None) -> str:
    """The day of a moment in the team's zone."""
    return moment.astimezone(ZoneInfo(current_team().time_zone)).date().isoformat() if moment else ""
