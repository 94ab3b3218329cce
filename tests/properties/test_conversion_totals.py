"""Whatever a deal says, its invoice says the same and comes to the same, to the cent."""

from __future__ import annotations

from decimal import Decimal
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cornerspot.catalog.lines import LineInput
from cornerspot.conversion.reading import read_deal
from cornerspot.crm.deals import DealInput, create_deal
from cornerspot.db import session
from cornerspot.kit.errors import Invalid
from cornerspot.tenancy import team_scope
from tests.factories.conversion import converted
from tests.factories.crm import make_account, win
from tests.factories.teams import open_story

RATES = [
    {"key": f"{name}:{percent}", "name": name, "percent": percent}
    for name, percent in (("VAT", "19"), ("GST", "5"), ("QST", "9.975"), ("Zero", "0"))
]
taxes = st.lists(st.sampled_from(RATES), max_size=2, unique_by=lambda copy: copy["key"]).map(tuple)
percents = st.decimals(0, 100, places=2).map(lambda d: {"key": "", "name": "Percent", "percent": str(d)})
fixed = st.integers(0, 50_000).map(lambda minor: {"key": "", "name": "Fixed", "amount_minor": minor})
discounts = st.lists(percents | fixed, max_size=2).map(tuple)
lines = st.builds(
    LineInput,
    description=st.text("abc äß漢", min_size=1, max_size=20).filter(str.strip),
    quantity=st.decimals(-3, 40, places=4),
    unit_price=st.decimals(0, 900, places=6),
    taxes=taxes,
    discounts=discounts,
)
deals = st.fixed_dictionaries(
    {
        "currency": st.sampled_from(["EUR", "JPY", "KWD"]),
        "prices_include_tax": st.booleans(),
        "discounts": discounts,
        "taxes": taxes,
        "lines": st.lists(lines, min_size=1, max_size=8).map(tuple),
    }
)


@pytest.fixture(scope="module")
def seller(app):
    """One team for all examples."""
    return open_story(app, name="Property GmbH")


@given(entered=deals, finalize=st.booleans())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_an_invoice_comes_to_exactly_its_deal(app, seller, entered, finalize):
    with app.app_context(), team_scope(seller.team):
        account = make_account(f"Account {uuid4()}")
        try:
            deal = create_deal(DealInput(name="Anything", account_id=account.id, **entered), by=seller.owner)
        except Invalid:
            session.rollback()
            return  # Below zero or too large: no such deal can be saved.
        win(deal, by=seller.owner)
        deal = read_deal(deal.id)
        invoice = converted(deal, by=seller.owner, finalize=finalize)
        amounts = ("currency", "subtotal_minor", "discount_minor", "tax_minor", "total_minor")
        assert [getattr(invoice, name) for name in amounts] == [getattr(deal, name) for name in amounts]
        per_line = ("quantity", "unit_price", "gross_minor", "discount_minor", "net_minor")
        assert [[getattr(line, name) for name in per_line] for line in invoice.lines] == [
            [getattr(line, name) for name in per_line] for line in deal.lines
        ]
        assert all(isinstance(line.quantity, Decimal) for line in invoice.lines)
        session.commit()
