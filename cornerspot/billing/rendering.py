"""The PDF of an invoice: rendered once when final, then the same bytes for ever."""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import joinedload, selectinload

from cornerspot.billing.document import InvoiceDocument, invoice_document
from cornerspot.billing.models import Invoice
from cornerspot.billing.pay_links import ensure_pay_link, pay_link_url
from cornerspot.billing.states import InvoiceStatus
from cornerspot.db import session
from cornerspot.db.locks import lock
from cornerspot.documents.files import read_file, store_file
from cornerspot.documents.html import render_template
from cornerspot.documents.models import StoredFile
from cornerspot.documents.pdf import Image, render_pdf
from cornerspot.documents.qr_codes import qr_code
from cornerspot.kit.errors import NotFound
from cornerspot.tenancy import current_tenant_id

PDF = "application/pdf"
_STORED = (
    select(StoredFile)
    .join(Invoice, Invoice.pdf_file_id == StoredFile.id)
    .where(Invoice.id == bindparam("invoice_id"), Invoice.status != InvoiceStatus.VOID)
)


@dataclass(frozen=True)
class Paper:
    """An invoice as a PDF, and the name to save it under."""

    file_name: str
    content: bytes


def render_invoice_pdf(invoice_id: UUID) -> None:
    """The final invoice has its PDF in storage; one that has it, or is a draft, is left alone."""
    invoice = _load(invoice_id)
    if invoice.is_finalized and invoice.pdf_file_id is None:
        document = _as_issued(invoice)
        _store(invoice, document_pdf(document), document.file_name)


def stored_invoice_pdf(invoice_id: UUID) -> StoredFile | None:
    """The file to send for the invoice, in one statement; None where its PDF must be made, or there is no such invoice.

    A void invoice has none to send: its stored original says nothing of being void.
    """
    return session.scalars(_STORED, {"invoice_id": invoice_id}).one_or_none()


def invoice_pdf_bytes(invoice: Invoice) -> bytes:
    """What ``invoice_paper`` prints."""
    return invoice_paper(invoice).content


def invoice_paper(invoice: Invoice) -> Paper:
    """The invoice's PDF: the stored one, which is made now if the worker has not come to it.

    So this writes, and a GET that calls it says that it does. Drafts are rendered as they
    are, with a watermark, and never stored; so is a void invoice, whose stored original
    stays as it was issued.
    """
    if invoice.pdf_file_id is not None and invoice.status != InvoiceStatus.VOID:
        return _stored_paper(invoice)
    loaded = _load(invoice.id)
    if not loaded.is_finalized or loaded.status == InvoiceStatus.VOID:
        document = invoice_document(loaded)
        return Paper(document.file_name, document_pdf(document))
    document = _as_issued(loaded)
    _store(loaded, document_pdf(document), document.file_name)
    return _stored_paper(loaded)


def document_pdf(document: InvoiceDocument) -> bytes:
    """A PDF of the document; the same document gives the same bytes."""
    return render_pdf(
        document_html(document),
        stylesheet="invoice.css",
        title=document_title(document),
        lang=_language(document),
        paper=document.paper,
        images=_images(document),
    )


def document_html(document: InvoiceDocument) -> str:
    """The page that becomes the PDF."""
    return render_template(
        "pdf/invoice.html",
        locale=document.locale,
        document=document,
        title=document_title(document),
        lang=_language(document),
        has_taxes=any(line.tax_percents for line in document.lines),
    )


def document_title(document: InvoiceDocument) -> str:
    """The title of the file's window: ``Invoice INV-000042``."""
    return f"Invoice {document.number}" if document.number else "Draft invoice"


def _images(document: InvoiceDocument) -> dict[str, Image]:
    """The logo under the id of its file, so that another picture makes another page; and the pay link's code."""
    images = {}
    if document.logo_file_id is not None:
        stored = session.get_one(StoredFile, (current_tenant_id(), document.logo_file_id))
        images[str(document.logo_file_id)] = Image(stored.media_type, read_file(stored))
    if document.pay_url:
        images["pay-link"] = qr_code(document.pay_url)
    return images


def _language(document: InvoiceDocument) -> str:
    return document.locale.replace("_", "-")


def _as_issued(invoice: Invoice) -> InvoiceDocument:
    """The document as it was on the day it became final, whatever was paid since, with its pay link."""
    document = invoice_document(invoice)
    return replace(
        document,
        status=InvoiceStatus.OPEN,
        paid_minor=0,
        balance_minor=document.total_minor,
        pay_url=pay_link_url(ensure_pay_link(invoice)) if document.total_minor else "",
    )


def _stored_paper(invoice: Invoice) -> Paper:
    """The file that was stored for the invoice."""
    stored = session.get_one(StoredFile, (current_tenant_id(), invoice.pdf_file_id))
    return Paper(stored.name, read_file(stored))


def _store(invoice: Invoice, content: bytes, name: str) -> None:
    """The invoice has a stored PDF: this one, unless another was quicker."""
    lock(invoice)
    if invoice.pdf_file_id is None:
        stored = store_file(content, PDF, name)
        invoice.pdf_file_id = stored.id
        session.flush()


def _load(invoice_id: UUID) -> Invoice:
    wanted = (
        select(Invoice)
        .where(Invoice.id == invoice_id)
        .options(
            selectinload(Invoice.lines),
            selectinload(Invoice.tax_rows),
            joinedload(Invoice.account),
            joinedload(Invoice.contact),
        )
    )
    invoice = session.scalars(wanted).one_or_none()
    if invoice is None:
        raise NotFound("There is no such invoice.")
    return invoice
