"""What placeholders stand for: an invoice, several, or a payment, in the words and formats of the team."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.dates import format_date

from cornerspot.billing.models import Invoice
from cornerspot.kit.money import Money
from cornerspot.kit.money_text import format_money
from cornerspot.tenancy import current_team


@dataclass(frozen=True)
class Link:
    """Where a customer sees an invoice, and what the button to it says; no address, no button."""

    url: str = ""
    label: str = ""


NO_LINK = Link()


def invoice_facts(invoice: Invoice, link: Link) -> dict[str, str]:
    """What is known of an invoice; of a draft neither number nor dates are. Needs account and contact loaded."""
    facts = {
        **_party_facts(invoice),
        "amount_due": amount_text(_due_minor(invoice), invoice.currency),
        "total": amount_text(invoice.total_minor, invoice.currency),
    }
    if invoice.is_finalized:
        facts |= {
            "number": invoice.number or "",
            "due_date": day_text(invoice.due_on),
            "issue_date": day_text(invoice.issued_on),
            "invoices": invoice_line(invoice),
        }
        if link.url:
            facts["pay_link"] = link.url
    return facts


def invoices_facts(invoices: Sequence[Invoice], links: Sequence[Link]) -> dict[str, str]:
    """What is known of several invoices of one customer, the one that is due first leading."""
    first = invoices[0]
    facts = {
        **_party_facts(first),
        "number": ", ".join(invoice.number or "" for invoice in invoices),
        "amount_due": sums_text(invoices),
        "due_date": day_text(first.due_on),
        "invoices": "\n".join(map(invoice_line, invoices)),
    }
    urls = [link.url for link in links if link.url]
    return facts | ({"pay_link": "\n".join(urls)} if urls else {})


def invoice_line(invoice: Invoice) -> str:
    """``Invoice INV-000042: €4,760.00, due on 30 November 2026``."""
    amount = amount_text(invoice.balance_minor, invoice.currency)
    return f"Invoice {invoice.number}: {amount}, due on {day_text(invoice.due_on)}"


def sums_text(invoices: Sequence[Invoice]) -> str:
    """What is owed on all of them, per currency: ``€100.00 and $50.00``."""
    sums: dict[str, int] = {}
    for invoice in invoices:
        sums[invoice.currency] = sums.get(invoice.currency, 0) + invoice.balance_minor
    return " and ".join(amount_text(minor, currency) for currency, minor in sums.items())


def customer_name(invoice: Invoice) -> str:
    """The customer as the invoice names them."""
    frozen: Mapping[str, str] = invoice.frozen.get("customer") or {}
    return frozen.get("display_name") or (invoice.account.name if invoice.account else "")


def amount_text(minor: int, currency: str) -> str:
    """An amount as the team writes it."""
    return format_money(Money(minor, currency), _locale(current_team().locale))


def day_text(day: date | None) -> str:
    """A date as the team writes it, in full."""
    return format_date(day, "long", locale=_locale(current_team().locale)) if day else ""


def _party_facts(invoice: Invoice) -> dict[str, str]:
    customer = customer_name(invoice)
    contact = invoice.contact.name if invoice.contact else ""
    return {"customer": customer, "contact": contact or customer, "team": current_team().name}


def _due_minor(invoice: Invoice) -> int:
    return invoice.balance_minor if invoice.is_finalized else invoice.total_minor


@lru_cache(maxsize=64)
def _locale(name: str) -> Locale:
    try:
        return Locale.parse(name.replace("-", "_"))
    except (ValueError, UnknownLocaleError):
        return Locale("en")
