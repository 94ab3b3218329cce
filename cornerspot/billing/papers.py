"""Receipts and statements on paper: made when asked for, stored nowhere, with the letterhead of today."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from cornerspot.billing.document import LETTER_COUNTRIES
from cornerspot.billing.freezing import customer_copy, seller_copy
from cornerspot.billing.models import Payment
from cornerspot.billing.party import Party, customer_party, seller_party
from cornerspot.billing.settings import billing_settings_and_team
from cornerspot.billing.statements import Statement
from cornerspot.crm.models import Account
from cornerspot.db import session
from cornerspot.documents.files import read_file
from cornerspot.documents.html import render_template
from cornerspot.documents.models import StoredFile
from cornerspot.documents.pdf import Image, render_pdf
from cornerspot.tenancy import current_tenant_id


@dataclass(frozen=True)
class Letterhead:
    """Who writes to whom, on which paper, in whose numbers and dates."""

    seller: Party
    customer: Party
    locale: str
    paper: str
    logo_file_id: UUID | None
    footer: str


@dataclass(frozen=True)
class PaperPart:
    """What a payment was for: an invoice's number, or credit; in minor units."""

    label: str
    amount_minor: int


def letterhead(account: Account, *, locale: str = "") -> Letterhead:
    """The team and the customer as they are now; ``locale`` "" is the account's, else the team's."""
    settings, team = billing_settings_and_team()
    written = locale or account.locale or team.locale
    customer = customer_party(customer_copy(account), {}, team.country, written)
    assert customer is not None  # noqa: S101 - there is an account
    return Letterhead(
        seller=seller_party(seller_copy(team), written),
        customer=customer,
        locale=written,
        paper="Letter" if team.country in LETTER_COUNTRIES else "A4",
        logo_file_id=settings.logo_file_id,
        footer=settings.footer,
    )


def receipt_pdf(payment: Payment, parts: Sequence[PaperPart], *, method: str, head: Letterhead) -> bytes:
    """The receipt of a payment that arrived; ``method`` in words."""
    return _print(
        "receipt", f"Receipt for {head.customer.display_name}", head, payment=payment, parts=parts, way=method
    )


def statement_pdf(statements: Sequence[Statement], *, since: date, until: date, head: Letterhead) -> bytes:
    """The statement of account over a period, one table for each currency."""
    title = f"Statement for {head.customer.display_name}"
    return _print("statement", title, head, statements=statements, since=since, until=until)


def _print(name: str, title: str, head: Letterhead, **values: Any) -> bytes:
    language = head.locale.replace("_", "-")
    html = render_template(f"pdf/{name}.html", locale=head.locale, head=head, title=title, lang=language, **values)
    images = _logo(head)
    return render_pdf(html, stylesheet="invoice.css", title=title, lang=language, paper=head.paper, images=images)


def _logo(head: Letterhead) -> dict[str, Image]:
    if head.logo_file_id is None:
        return {}
    stored = session.get_one(StoredFile, (current_tenant_id(), head.logo_file_id))
    return {str(head.logo_file_id): Image(stored.media_type, read_file(stored))}
