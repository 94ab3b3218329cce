"""What a deal comes to is what its invoice says, what the document holds, and what a person reads in the PDF."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from cornerspot.billing.document import invoice_document
from cornerspot.billing.reading import invoice_with_everything
from cornerspot.billing.rendering import document_pdf
from cornerspot.conversion.reading import read_deal
from cornerspot.crm.deals import DealInput, create_deal
from cornerspot.db import session
from cornerspot.kit.errors import Invalid
from cornerspot.kit.money import Money
from cornerspot.kit.money_text import format_money
from cornerspot.tenancy import team_scope
from tests.factories.conversion import converted
from tests.factories.crm import make_account, make_line, win
from tests.factories.teams import open_story

RATES = [
    {"key": f"{name}:{p}", "name": name, "percent": p} for name, p in (("VAT", "19"), ("GST", "5"), ("QST", "9.975"))
]
discounts = st.lists(
    st.sampled_from(
        [
            {"key": "", "name": "Loyalty", "percent": "7.5"},
            {"key": "", "name": "Voucher", "amount_minor": 1234},
            {"key": "", "name": "Everything", "percent": "100"},
        ]
    ),
    max_size=2,
    unique_by=lambda copy: copy["name"],
).map(tuple)
taxes = st.lists(st.sampled_from(RATES), max_size=2, unique_by=lambda copy: copy["key"]).map(tuple)
lines = st.builds(
    lambda quantity, price, discounts, taxes: replace(
        make_line("Work", quantity, price), discounts=discounts, taxes=taxes
    ),
    st.decimals(-2, 30, places=3),
    st.decimals(0, 5000, places=4),
    discounts,
    taxes,
)


@pytest.fixture(scope="module")
def seller(app):
    return open_story(app, name="Printers Ltd", country="US")


@pytest.mark.slow
@pytest.mark.parametrize("inclusive", [False, True])
@pytest.mark.parametrize("currency", ["EUR", "JPY", "KWD"])
@given(sold=st.lists(lines, min_size=1, max_size=5).map(tuple), discounts=discounts, taxes=taxes)
@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
def test_deal_invoice_document_and_pdf_say_the_same(app, seller, currency, inclusive, sold, discounts, taxes):
    with app.app_context(), team_scope(seller.team):
        entered = DealInput(
            "Anything",
            currency,
            account_id=make_account().id,
            lines=sold,
            discounts=discounts,
            taxes=taxes,
            prices_include_tax=inclusive,
        )
        try:
            deal = create_deal(entered, by=seller.owner)
        except Invalid:
            session.rollback()
            return  # Below zero: no such deal can be saved.
        win(deal, by=seller.owner)
        invoice = invoice_with_everything(converted(read_deal(deal.id), by=seller.owner, finalize=True).id)
        document = invoice_document(invoice)
        deal = read_deal(deal.id)
        assert (document.subtotal_minor, document.tax_minor, document.total_minor) == (
            deal.subtotal_minor,
            deal.tax_minor,
            deal.total_minor,
        )
        require_printed_sum_adds_up(document, deal.total_minor)
        require_printed(document)
        session.commit()


def require_printed_sum_adds_up(document, total_minor):
    """A reader who adds up the printed rows comes to the printed total."""
    off = document.line_discount_minor + sum(discount.amount_minor for discount in document.discounts)
    added = 0 if document.prices_include_tax else sum(tax.tax_minor for tax in document.taxes)
    assert document.subtotal_minor == sum(line.gross_minor for line in document.lines)
    assert document.subtotal_minor - off + added == total_minor
    assert sum(tax.tax_minor for tax in document.taxes) == document.tax_minor


def require_printed(document):
    """Every amount stands in the text of the PDF, as its currency is written."""
    reader = PdfReader(io.BytesIO(document_pdf(document)))
    text = plain("".join(page.extract_text() for page in reader.pages))
    amounts = [document.subtotal_minor, document.total_minor, document.balance_minor]
    amounts += [tax.tax_minor for tax in document.taxes] + [-discount.amount_minor for discount in document.discounts]
    for minor in amounts:
        assert plain(format_money(Money(minor, document.currency), document.locale)) in text
    assert document.number in text


def plain(text):
    """Without the spaces and direction marks that the layout may put anywhere."""
    return "".join(
        letter for letter in text if not letter.isspace() and letter not in "\u2066\u2067\u2068\u2069\u200e\u200f"
    )
