"""An invoice as it is read: the frozen model that PDF, portal and pages print.

A final invoice prints the copy that finalizing made; a draft prints what finalizing
would copy now. Amounts are minor units of ``currency``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from cornerspot.billing.freezing import freeze
from cornerspot.billing.models import Invoice, InvoiceLine
from cornerspot.billing.party import Party, customer_party, seller_party
from cornerspot.billing.settings import billing_settings_and_team
from cornerspot.billing.states import InvoiceStatus
from cornerspot.catalog.lines import totals_of
from cornerspot.documents.naming import safe_file_name

# Countries where paper is sold in inches (CLDR, paperSize US-Letter).
LETTER_COUNTRIES = frozenset(["BZ", "CA", "CL", "CO", "CR", "GT", "MX", "NI", "PA", "PH", "PR", "SV", "US", "VE"])


@dataclass(frozen=True)
class DocumentTax:
    """A row of the tax breakdown; ``percent`` is 19 for 19 %."""

    name: str
    percent: Decimal
    base_minor: int
    tax_minor: int


@dataclass(frozen=True)
class DocumentDiscount:
    """A discount by percent or by a fixed amount, and what it took off where that is known."""

    name: str
    percent: Decimal | None
    amount_minor: int | None


@dataclass(frozen=True)
class DocumentLine:
    """A line: quantity × unit price = gross; gross − discount = net."""

    description: str
    quantity: Decimal
    unit: str
    unit_price: Decimal
    tax_percents: tuple[Decimal, ...]
    discounts: tuple[DocumentDiscount, ...]
    gross_minor: int
    discount_minor: int
    net_minor: int


@dataclass(frozen=True)
class DocumentTexts:
    """The printed texts, each may be empty."""

    notes: str
    terms: str
    payment_instructions: str
    footer: str


@dataclass(frozen=True)
class InvoiceDocument:
    """Everything that is printed. ``number`` is None on a draft."""

    invoice_id: UUID
    status: str
    number: str | None
    currency: str
    locale: str
    paper: str
    issued_on: date | None
    due_on: date | None
    terms_days: int
    purchase_order: str
    seller: Party
    logo_file_id: UUID | None
    customer: Party | None
    lines: tuple[DocumentLine, ...]
    discounts: tuple[DocumentDiscount, ...]
    taxes: tuple[DocumentTax, ...]
    prices_include_tax: bool
    subtotal_minor: int
    line_discount_minor: int
    tax_minor: int
    total_minor: int
    paid_minor: int
    balance_minor: int
    texts: DocumentTexts
    pay_url: str = ""  # opens this invoice, to look at and to pay; "" where nobody may

    @property
    def is_draft(self) -> bool:
        return self.number is None

    @property
    def is_void(self) -> bool:
        return self.status == InvoiceStatus.VOID

    @property
    def watermark(self) -> str:
        """The word across every page, empty for an invoice that counts."""
        if self.is_void:
            return "VOID"
        if self.status == InvoiceStatus.CANCELLED:
            return "CANCELLED"
        return "DRAFT" if self.is_draft else ""

    @property
    def terms_label(self) -> str:
        return f"Net {self.terms_days}" if self.terms_days else "Due on receipt"

    @property
    def file_name(self) -> str:
        """The name the PDF is saved under: ``INV-000042 Acme Ltd.pdf``."""
        customer = self.customer.display_name if self.customer else ""
        return safe_file_name(f"{self.number or 'DRAFT'} {customer}") + ".pdf"


def pdf_file_name(number: str | None, customer: str) -> str:
    """What every file system takes: ``INV-000042 Acme Ltd.pdf``."""
    words = f"{number or 'DRAFT'} {customer}".strip()
    safe = "".join(letter for letter in words if letter.isprintable() and letter not in '\\/:*?"<>|')
    return f"{' '.join(safe.split())[:120].strip(' .')}.pdf"


def invoice_document(invoice: Invoice) -> InvoiceDocument:
    """The invoice as it is printed; needs lines, and tax rows or (for a draft) account and contact loaded."""
    copy, taxes = _final_parts(invoice) if invoice.is_finalized else _draft_parts(invoice)
    seller, country = copy.get("seller", {}), copy.get("country", "")
    locale = copy.get("locale") or "en"
    texts = copy.get("texts", {})
    return InvoiceDocument(
        invoice_id=invoice.id,
        status=invoice.status,
        number=invoice.number,
        currency=invoice.currency,
        locale=locale,
        paper="Letter" if country in LETTER_COUNTRIES else "A4",
        issued_on=invoice.issued_on or invoice.invoice_on,
        due_on=invoice.due_on or invoice.chosen_due_on,
        terms_days=invoice.terms_days,
        purchase_order=invoice.purchase_order,
        seller=seller_party(seller, locale),
        logo_file_id=UUID(copy["logo_file_id"]) if copy.get("logo_file_id") else None,
        customer=customer_party(copy.get("customer", {}), copy.get("contact", {}), country, locale),
        lines=tuple(_line(line, invoice.taxes) for line in invoice.lines),
        discounts=tuple(_discount(row) for row in copy.get("document_discounts", ())),
        taxes=taxes,
        prices_include_tax=invoice.prices_include_tax,
        subtotal_minor=invoice.subtotal_minor,
        line_discount_minor=sum(line.discount_minor for line in invoice.lines),
        tax_minor=invoice.tax_minor,
        total_minor=invoice.total_minor,
        paid_minor=invoice.paid_minor,
        balance_minor=invoice.balance_minor if invoice.is_finalized else invoice.total_minor,
        texts=DocumentTexts(
            notes=texts.get("notes", ""),
            terms=texts.get("terms_text", ""),
            payment_instructions=texts.get("payment_instructions", ""),
            footer=texts.get("footer", ""),
        ),
    )


def _final_parts(invoice: Invoice) -> tuple[dict[str, Any], tuple[DocumentTax, ...]]:
    rows = invoice.tax_rows
    return invoice.frozen, tuple(DocumentTax(row.name, row.percent, row.base_minor, row.tax_minor) for row in rows)


def _draft_parts(invoice: Invoice) -> tuple[dict[str, Any], tuple[DocumentTax, ...]]:
    totals = totals_of(invoice, invoice.lines)
    rows = totals.tax_breakdown
    return freeze(invoice, totals, *billing_settings_and_team()), tuple(
        DocumentTax(row.name, row.percent, row.base_minor, row.tax_minor) for row in rows
    )


def _line(line: InvoiceLine, document_taxes: list[Any]) -> DocumentLine:
    by_key = {tax["key"]: Decimal(tax["percent"]) for tax in (*line.taxes, *document_taxes)}
    return DocumentLine(
        description=line.description,
        quantity=line.quantity,
        unit=line.unit,
        unit_price=line.unit_price,
        tax_percents=tuple(by_key.values()),
        discounts=tuple(_discount(row) for row in line.discounts),
        gross_minor=line.gross_minor,
        discount_minor=line.discount_minor,
        net_minor=line.net_minor,
    )


def _discount(row: dict[str, Any]) -> DocumentDiscount:
    percent = row.get("percent")
    return DocumentDiscount(row["name"], None if percent is None else Decimal(percent), row.get("amount_minor"))
