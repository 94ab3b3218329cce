"""The line editor of invoices and deals over HTTP: which row is meant, and what a thousand rows cost."""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import urlencode

import pytest
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from cornerspot.billing.drafting import draft_input, update_draft
from cornerspot.billing.models import Invoice
from cornerspot.billing.reading import invoice_with_everything
from cornerspot.db import session
from cornerspot.db.transaction import transaction
from cornerspot.kit.ids import encode_public_id
from cornerspot.tenancy import team_scope
from cornerspot.tenancy.models import Team
from tests.factories.billing import line, new_account, new_draft
from tests.factories.catalog import make_product
from tests.http.test_invoices import form_of

pytestmark = pytest.mark.usefixtures("without_tokens")
FORM = {"content_type": "application/x-www-form-urlencoded"}
EDITORS: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("/invoices/preview", "/invoices", {}),
    ("/deals/preview", "/deals", {"name": "Rollout"}),
)


@pytest.fixture
def given(app, story):
    """Runs a function in the team's scope, commits, and returns what it returned."""

    def run(make):
        with app.app_context(), team_scope(story.team), transaction():
            return make()

    return run


def row(number, description, price="10", quantity="1"):
    typed = {"description": description, "unit_price": price, "quantity": quantity}
    return {f"lines-{number}-{name}": value for name, value in typed.items()}


def amounts(page):
    """The amount under each number that a preview names."""
    return dict(re.findall(r'<output id="lines-(\d+)-amount">([^<]*)</output>', page.text))


@pytest.mark.parametrize(("preview", "_", "other"), EDITORS)
def test_amounts_stand_at_the_rows_they_belong_to_around_rows_left_blank(client, preview, _, other):
    fields = row(0, "", price="") | row(1, "First", "11") | row(5, "Second", "22") | row(7, "Wrong", "x")
    page = client.post(preview, data={"currency": "EUR"} | other | fields)
    assert amounts(page) == {"1": "11.00", "5": "22.00", "7": "–"}
    assert "33.00" in page.text


@pytest.mark.parametrize(("_", "path", "other"), EDITORS)
def test_without_script_the_row_whose_button_was_pressed_is_removed(client, _, path, other):
    fields = row(0, "", price="") | row(1, "First") | row(2, "Second") | {"remove_line": "1"}
    page = client.post(path, data={"currency": "EUR"} | other | fields)
    assert page.status_code == 200
    assert ("First" in page.text, "Second" in page.text) == (False, True)


@pytest.mark.parametrize(("_", "path", "other"), EDITORS)
def test_without_script_a_blank_row_is_added_below_what_was_typed(client, _, path, other):
    page = client.post(path, data={"currency": "EUR"} | other | row(3, "First") | {"add_line": "1"})
    shown = page.text[: page.text.index("<template")]
    assert re.findall(r'<tr class="line" data-line="(\d+)"', shown) == ["0", "1"]


def test_every_number_of_the_totals_band_is_the_servers(client):
    fields = row(0, "Work", "100", "2") | {"lines-0-discount": "10%", "discounts": "20.00", "currency": "EUR"}
    page = client.post("/invoices/preview", data=fields)
    band = page.text[: page.text.index('id="bill-summary"')]
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", band))
    for said in ("Subtotal 200.00", "Discounts on lines −20.00", "Discount −20.00", "Total €160.00"):
        assert said in words


@pytest.mark.parametrize(
    ("currency", "price", "shown"), [("JPY", "1200", "¥2,400"), ("KWD", "1.235", "2.470"), ("EUR", "0.005", "0.01")]
)
def test_amounts_have_the_decimals_of_their_currency(client, currency, price, shown):
    page = client.post("/invoices/preview", data=row(0, "Work", price, "2") | {"currency": currency})
    assert shown in page.text


def test_a_german_team_types_and_reads_commas(client, story, given):
    given(lambda: setattr(session.get_one(Team, story.team.id), "locale", "de"))
    page = client.post("/invoices/preview", data=row(0, "Arbeit", "1.234,50", "1,5") | {"currency": "EUR"})
    assert amounts(page) == {"0": "1.851,75"}
    wrong = client.post("/invoices/preview", data=row(0, "Arbeit", "12", "1.5") | {"currency": "EUR"})
    assert amounts(wrong) == {"0": "–"}


def test_a_thousand_lines_are_edited_with_as_many_statements_as_one(client, given, story, query_counter):
    """Read, reckoned, saved and saved again: the rows are never asked or written one by one."""

    def drafted(count):
        invoice = new_draft(story.owner, new_account(), [line(f"Work {number}") for number in range(count)])
        return f"/invoices/{encode_public_id('inv', invoice.id)}"

    counted = []
    for path in given(lambda: (drafted(1), drafted(1000))):
        client.get("/invoices")  # What a process reads once is read.
        with query_counter() as opened:
            page = client.get(f"{path}/edit")
        fields = form_of(page)
        changed = {name: f"{value} more" if name.endswith("-description") else value for name, value in fields.items()}
        with query_counter() as reckoned:
            preview = client.post(
                f"/invoices/preview?invoice={path.rpartition('/')[2]}", data=urlencode(fields), **FORM
            )
        with query_counter() as saved:
            answer = client.post(path, data=urlencode(changed), **FORM)
        assert (page.status_code, preview.status_code, answer.status_code) == (200, 200, 303)
        counted.append([len(opened), len(reckoned), len(saved)])
    assert all(many <= one for one, many in zip(*counted, strict=True)), counted
    assert max(counted[1]) <= 20
    assert len(page.get_data()) < 2_700_000
    given(assert_all_changed)


def assert_all_changed():
    longest = max(session.scalars(select(Invoice).options(selectinload(Invoice.lines))), key=lambda one: len(one.lines))
    assert [one.description for one in longest.lines] == [f"Work {number} more" for number in range(1000)]


def test_a_product_switched_off_stays_on_the_line_that_names_it(client, given, story):
    def make():
        product = make_product("Rollout")
        invoice = new_draft(story.owner, new_account(), [line(product_id=product.id)])
        product.is_active = False
        return f"/invoices/{encode_public_id('inv', invoice.id)}", str(product.id)

    path, product_id = given(make)
    page = client.get(f"{path}/edit")
    assert f'<option value="{product_id}" selected>Rollout</option>' in page.text
    assert client.post(path, data=form_of(page)).status_code == 303
    new = row(0, "Work") | {"lines-0-product": product_id, "currency": "EUR"}
    refused = client.post("/invoices", data=new)
    assert refused.status_code == 422
    assert "Choose a product from the list." in refused.text


def test_the_second_of_two_editors_keeps_what_was_typed_and_reads_what_changed(client, given, story):
    def make():
        return new_draft(story.owner, new_account(), [line("Work"), line("Travel")]).id

    invoice_id = given(make)
    path = f"/invoices/{encode_public_id('inv', invoice_id)}"
    mine = form_of(client.get(f"{path}/edit")) | {"lines-1-description": "Travel by train", "notes": "Mine"}

    def another_saves():
        invoice = invoice_with_everything(invoice_id)
        update_draft(invoice, replace(draft_input(invoice), notes="Theirs"), seen_version=1, by=story.owner)

    given(another_saves)
    refused = client.post(path, data=mine)
    assert refused.status_code == 422
    assert "Somebody saved this invoice while you were editing." in refused.text
    for said in ("Theirs", "Mine", "Travel by train"):
        assert said in refused.text
    again = form_of(refused)
    assert again["lines-1-description"] == "Travel by train"
    assert client.post(path, data=again).status_code == 303
