"""Accounts, contacts and products made from within another form: the same routes, asked with ?inline."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from cornerspot.catalog.models import Product
from cornerspot.crm.models import Account, Contact
from cornerspot.db import session
from cornerspot.db.transaction import transaction
from cornerspot.plans.features import Feature
from cornerspot.plans.switching import switch_off
from cornerspot.tenancy import team_scope
from tests.factories.catalog import make_discount, make_product, make_tax_rate
from tests.factories.crm import make_account
from tests.factories.teams import open_story

JSON = {"Accept": "application/json"}
pytestmark = pytest.mark.usefixtures("without_tokens")


@pytest.fixture
def given(app, story):
    """Runs a function in the team's scope, commits, and returns what it returned."""

    def run(make):
        with app.app_context(), team_scope(story.team), transaction():
            return make()

    return run


@pytest.mark.parametrize(
    ("path", "field", "id"),
    [
        ("/accounts/new?inline=1&name=Umbra", 'value="Umbra"', "new-account"),
        ("/contacts/new?inline=1&name=Ada+King+Lovelace", 'value="King Lovelace"', "new-contact"),
        ("/products/new?inline=1&name=Rollout&currency=CHF", 'value="Rollout"', "new-product"),
    ],
)
def test_asked_inline_the_form_is_a_dialog_alone_that_has_what_was_typed(client, path, field, id):
    page = client.get(path)
    assert page.status_code == 200
    assert page.text.strip().startswith("<dialog")
    assert f'id="{id}-title"' in page.text
    assert field in page.text
    assert "<html" not in page.text


def test_an_account_made_inline_is_answered_as_the_choice_for_the_form_behind(client, given):
    answer = client.post("/accounts?inline=1", data={"name": "Umbra", "billing_email": "pay@umbra.example"})
    made = given(lambda: session.scalars(select(Account)).one())
    assert answer.status_code == 201
    assert answer.json == {
        "value": str(made.id),
        "text": "Umbra",
        "hint": "pay@umbra.example",
        "said": "Account created.",
    }


def test_a_contact_made_inline_belongs_to_the_account_of_the_form(client, given):
    account_id = given(lambda: make_account("Umbra").id)
    assert "At Umbra." in client.get(f"/contacts/new?inline=1&account_id={account_id}").text
    answer = client.post("/contacts?inline=1", data={"first_name": "Ada", "account_id": str(account_id)})
    made = given(lambda: session.scalars(select(Contact)).one())
    assert (answer.status_code, answer.json["value"], made.account_id) == (201, str(made.id), account_id)


def test_a_product_made_inline_fills_the_line_that_asked_for_it(client, given):
    rate_id = given(lambda: make_tax_rate("20", "VAT").id)
    fields = {"name": "Rollout", "description": "With training", "unit_price": "1250.5", "currency": "EUR"}
    fields |= {"unit": "day", "frequency": "monthly", "is_active": "y", "tax_ids": str(rate_id)}
    answer = client.post("/products?inline=1&currency=EUR", data=fields)
    assert answer.status_code == 201
    assert answer.json["fill"] == {
        "description": "Rollout\nWith training",
        "unit": "day",
        "unit_price": "1250.50",
        "taxes": [f"{rate_id}:20"],
        "discount": "",
        "frequency": "monthly",
        "term_months": "",
    }


def test_a_price_fills_no_line_of_another_currency(client, given):
    given(lambda: make_product("Rollout", unit_price="99", currency="EUR"))
    (choice,) = client.get("/products/choices?q=Roll&currency=JPY").json
    assert "unit_price" not in choice["fill"]
    assert "99.00 EUR" in choice["hint"]


@pytest.mark.parametrize(
    ("path", "fields", "name", "sentence"),
    [
        ("/accounts", {"name": " "}, "new-account-name", "Enter the company"),
        ("/accounts", {"name": "A", "billing_email": "nobody"}, "new-account-billing_email", "Enter an address like"),
        ("/contacts", {"first_name": "A", "email": "nobody"}, "new-contact-email", "Enter an address like"),
        ("/products", {"name": "A", "unit_price": "much", "currency": "EUR"}, "new-product-unit_price", "Enter a num"),
    ],
)
def test_a_mistake_is_said_at_its_field_in_the_dialog(client, given, path, fields, name, sentence):
    answer = client.post(f"{path}?inline=1", data=fields)
    assert answer.status_code == 422
    assert answer.text.strip().startswith("<dialog")
    assert f'id="{name}-error"' in answer.text
    assert sentence in answer.text
    assert given(lambda: [session.scalars(select(model)).all() for model in (Account, Contact, Product)]) == [[]] * 3


def test_a_taken_code_is_refused_by_the_use_case_at_its_field(client, given):
    given(lambda: make_product("Rollout", code="R1"))
    fields = {"name": "Again", "code": "R1", "unit_price": "1", "currency": "EUR", "is_active": "y"}
    answer = client.post("/products?inline=1", data=fields)
    assert answer.status_code == 422
    assert 'id="new-product-code-error"' in answer.text


def test_whoever_may_not_make_it_is_not_offered_it_and_refused(story):
    rep = story.sign_in("rep")
    form = rep.get("/deals/new").text
    assert 'href="/contacts/new"'.replace("/contacts", f"{rep.prefix}/contacts") in form
    assert f'href="{rep.prefix}/accounts/new"' not in form
    assert "data-line-create" not in form
    for path in ("/accounts", "/products"):
        assert rep.get(f"{path}/new?inline=1", headers=JSON).status_code == 403
        refused = rep.post(f"{path}?inline=1", data={"name": "Mine"}, headers=JSON)
        assert (refused.status_code, bool(refused.json["detail"])) == (403, True)


def test_a_team_without_crm_and_billing_is_told_in_words_why_it_keeps_no_customers(client, given, story):
    given(lambda: [switch_off(feature, by=story.owner) for feature in (Feature.CRM, Feature.BILLING)])
    for path in ("accounts", "contacts"):
        refused = client.post(f"/{path}?inline=1", data={"name": "Umbra"}, headers=JSON)
        assert (refused.status_code, bool(refused.json["detail"])) == (402, True)
    assert given(lambda: session.scalars(select(Account)).all()) == []


def test_a_team_on_billing_alone_makes_customers_from_the_invoice(app):
    biller = open_story(app, plan_key="billing_v1").sign_in("owner")
    form = biller.get("/invoices/new").text
    for path in ("accounts", "contacts", "products"):
        assert f'href="{biller.prefix}/{path}/new"' in form
    assert biller.post("/accounts?inline=1", data={"name": "Umbra"}).status_code == 201


def test_without_script_the_link_leads_to_the_page_and_its_form_works(client):
    assert "<html" in client.get("/accounts/new").text
    assert client.post("/accounts", data={"name": "Umbra"}).status_code == 303


def test_a_stored_record_is_edited_on_its_page_whatever_the_address_says(client, given):
    assert client.post("/accounts?inline=1", data={"name": "Umbra"}).status_code == 201
    path = client.post("/accounts", data={"name": "Kestrel"}).location
    assert "<html" in client.get(f"{path.removeprefix(client.prefix)}/edit?inline=1").text


def test_another_teams_account_is_not_named_in_the_dialog(app, client):
    other = open_story(app)
    with app.app_context(), team_scope(other.team), transaction():
        theirs = make_account("Secret Ltd").id
    assert "Secret" not in client.get(f"/contacts/new?inline=1&account_id={theirs}").text
    answer = client.post("/contacts?inline=1", data={"first_name": "Ada", "account_id": str(theirs)})
    assert answer.status_code in (404, 422)


def test_a_products_discount_is_filled_in_only_in_its_currency(client, given):
    def make():
        percent, fixed = make_discount(percent="10"), make_discount(amount_minor=500, currency="EUR")
        make_product("Rollout", discount_ids=(percent.id, fixed.id))

    given(make)
    fills = [client.get(f"/products/choices?currency={code}").json[0]["fill"] for code in ("EUR", "USD")]
    assert [fill["discount"] for fill in fills] == ["10% + 5.00", "10%"]
