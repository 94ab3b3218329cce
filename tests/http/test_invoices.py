"""Invoice pages as a person uses them: list, form, detail, every step."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from cornerspot.billing.deal_billing import unbilled_lines
from cornerspot.billing.finalizing import finalize_invoice
from cornerspot.billing.models import Invoice, Payment
from cornerspot.catalog.tax_rates import TaxRateInput, create_tax_rate
from cornerspot.db import session
from cornerspot.db.transaction import transaction
from cornerspot.kit import clock
from cornerspot.kit.ids import encode_public_id
from cornerspot.tenancy import team_scope
from tests.factories.billing import VAT_19, line, new_account, new_contact, new_deal, new_draft


class World:
    """What a test arranges in the database before and looks at after a request."""

    def __init__(self, story):
        self.story = story

    def run(self, work):
        """The result of work in a transaction of its own."""
        with self.story.app.app_context(), team_scope(self.story.team), transaction():
            return work()

    def draft(self, **fields):
        return self.run(lambda: path_of(new_draft(self.story.owner, **fields)))

    def open(self, **fields):
        return self.run(lambda: path_of(finalize_invoice(new_draft(self.story.owner, **fields), by=self.story.owner)))

    def invoice(self, path, attribute):
        """One value of the invoice behind a path."""
        return self.run(lambda: next(getattr(row, attribute) for row in self.all() if path_of(row) == path))

    def all(self):
        return session.scalars(select(Invoice)).all()


@pytest.fixture
def world(story):
    return World(story)


def path_of(invoice):
    return f"/invoices/{encode_public_id('inv', invoice.id)}"


def form_of(page):
    """The fields of the page's invoice form as a browser would send them, with its token."""
    html = page.text
    fields = {}
    body = html[html.index('id="invoice-form"') :]
    body = body[: body.index("</form>")]
    body = re.sub(r"<template.*?</template>", "", body, flags=re.S)
    for tag in re.findall(r"<input[^>]*>", body):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and 'type="checkbox"' not in tag:
            fields[name[1]] = value[1] if value else ""
    for name, inner in re.findall(r'<textarea[^>]*name="([^"]*)"[^>]*>(.*?)</textarea>', body, flags=re.S):
        fields[name] = inner.strip()
    for name, inner in re.findall(r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', body, flags=re.S):
        chosen = re.findall(r'<option selected value="([^"]*)"|<option[^>]*value="([^"]*)"[^>]* selected', inner)
        if chosen:
            fields[name] = chosen[0][0] or chosen[0][1]
    return fields


def token(page):
    return re.search(r'name="csrf_token" value="([^"]+)"', page.text)[1]


def post(client, path, step, **fields):
    """A step on the invoice, sent from its page."""
    page = client.get(path)
    return client.post(f"{path}/{step}", data={"csrf_token": token(page), **fields})


def test_an_empty_team_is_taught_the_first_step(client):
    page = client.get("/invoices")
    assert page.status_code == 200
    assert "Send your first invoice" in page.text


def test_the_list_shows_invoices_and_its_tabs(client, world):
    world.draft()
    world.open()
    page = client.get("/invoices")
    assert "INV-000001" in page.text
    assert "DRAFT" in page.text
    assert "INV-000001" not in client.get("/invoices?status=draft").text
    assert client.get("/invoices?status=nonsense&after=x&account=acc_x").status_code == 200


def test_a_draft_is_made_through_the_form(client, world):
    account_id, rate_key = world.run(lambda: (str(new_account().id), _rate(world.story)))
    page = client.get("/invoices/new")
    fields = form_of(page) | {
        "account": account_id,
        "lines-0-description": "Consulting",
        "lines-0-quantity": "2",
        "lines-0-unit_price": "100.00",
        "lines-0-taxes": rate_key,
        "notes": "Thank you",
    }
    answer = client.post("/invoices", data=fields)
    assert answer.status_code == 303, answer.text
    shown = client.get(answer.location)
    assert "Draft invoice created." in shown.text
    assert "€238.00" in shown.text


def test_a_form_full_of_mistakes_keeps_what_was_typed(client, world):
    page = client.get("/invoices/new")
    fields = form_of(page) | {
        "account": "no id",
        "currency": "XYZ",
        "terms_days": "31",
        "invoice_on": "31.10.2026",
        "chosen_due_on": "9999-99-99",
        "manual_number": "x" * 33,
        "discounts": "many",
        "taxes": "foreign",
        "lines-0-description": "<b>🙂</b>",
        "lines-0-quantity": "two",
        "lines-0-unit_price": "-1",
        "lines-0-product": "01890000-0000-7000-8000-000000000000",
    }
    answer = client.post("/invoices", data=fields)
    assert answer.status_code == 422
    assert "&lt;b&gt;🙂&lt;/b&gt;" in answer.text
    for words in ("Choose a customer from the list", "Choose a currency", "payment terms", "Enter a date like"):
        assert words in answer.text
    for words in ("up to 32 characters", "Enter an amount", "taxes from the list", "Enter a number", "below zero"):
        assert words in answer.text
    assert 'value="two"' in answer.text


@pytest.mark.parametrize("fields", [{}, {"version": "x" * 5000, "lines-0-quantity": "\0"}, {"lines-999999-id": "x"}])
def test_any_post_is_answered_without_a_crash(client, world, fields):
    page = client.get("/invoices/new")
    answer = client.post("/invoices", data={"csrf_token": token(page), **fields})
    assert answer.status_code in (303, 422)


def test_a_customer_of_another_team_is_not_there(client, world, app):
    from tests.factories.teams import open_story

    other = World(open_story(app))
    foreign = other.run(lambda: str(new_account("Foreign").id))
    answer = client.post("/invoices", data=form_of(client.get("/invoices/new")) | {"account": foreign})
    assert answer.status_code == 422
    assert "Choose a customer from the list" in answer.text
    assert "Foreign" not in answer.text


def test_totals_follow_while_one_types(client, world):
    account_id = world.run(lambda: str(_with_contact().id))
    fields = form_of(client.get("/invoices/new")) | {
        "account": account_id,
        "lines-0-description": "Consulting",
        "lines-0-quantity": "3",
        "lines-0-unit_price": "33.33",
        "discounts": "10%",
    }
    answer = client.post("/invoices/preview", data=fields)
    assert answer.status_code == 200
    assert "€89.99" in answer.text
    assert '<output id="lines-0-amount">99.99</output>' in answer.text
    assert "Anna Berg" in answer.text


def test_an_edit_is_saved_and_a_second_one_shows_the_difference(client, world):
    path = world.draft()
    mine, theirs = form_of(client.get(f"{path}/edit")), form_of(client.get(f"{path}/edit"))
    assert client.post(path, data=theirs | {"notes": "Theirs"}).status_code == 303
    answer = client.post(path, data=mine | {"notes": "Mine"})
    assert answer.status_code == 422
    assert "Somebody saved this invoice" in answer.text
    assert "Theirs" in answer.text
    assert "Mine" in answer.text
    assert client.post(path, data=form_of(answer)).status_code == 303
    assert world.invoice(path, "notes") == "Mine"


def test_a_finalized_invoice_has_no_form(client, world):
    path = world.open()
    assert client.get(f"{path}/edit").status_code == 409
    assert client.post(path, data={"csrf_token": token(client.get(path))}).status_code == 409


def test_a_draft_goes_through_its_life(client, world):
    path = world.draft(lines=[line(taxes=(VAT_19,))])
    assert "INV-000001" in client.get(path).text  # The dialog says which number it will get.
    assert post(client, path, "finalization").status_code == 303
    page = client.get(path)
    assert "Invoice INV-000001 finalized." in page.text
    assert "View PDF" in page.text
    assert "Amount due" in page.text
    fields = _payment_fields(page)
    assert client.post(f"{path}/payments", data=fields | {"amount": "100.00"}).status_code == 303
    assert "42% collected" in client.get(path).text
    fields = _payment_fields(client.get(path))
    assert fields["amount"] == "138.00"
    assert client.post(f"{path}/payments", data=fields).status_code == 303
    page = client.get(path)
    assert "Total paid" in page.text
    assert "100% collected" in page.text
    assert world.invoice(path, "status") == "paid"


def test_a_double_click_records_one_payment(client, world):
    path = world.open()
    fields = _payment_fields(client.get(path)) | {"amount": "50"}
    assert client.post(f"{path}/payments", data=fields).status_code == 303
    assert client.post(f"{path}/payments", data=fields).status_code == 303
    assert world.invoice(path, "paid_minor") == 5000


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"amount": "0"}, "above zero"),
        ({"amount": "-5"}, "above zero"),
        ({"amount": "200.01"}, "outstanding"),
        ({"amount": "money"}, "Enter an amount"),
        ({"amount": ""}, "Enter the amount"),
        ({"method": "barter"}, "Choose how the money arrived"),
        ({"received_on": "2999-01-01"}, "Enter a year"),
        ({"received_on": "2199-01-01"}, "after today"),
        ({"reference": "x" * 201}, "up to 200"),
        ({"request_key": ""}, "Reload the page"),
    ],
)
def test_a_payment_with_a_mistake_opens_its_dialog_again(client, world, fields, words):
    path = world.open()
    answer = client.post(f"{path}/payments", data=_payment_fields(client.get(path)) | fields)
    assert answer.status_code == 422
    assert words in answer.text
    assert re.search(r'id="payment"[^>]*data-dialog-shown', answer.text)
    assert world.invoice(path, "paid_minor") == 0


def test_a_payment_is_undone_with_a_reason(client, world):
    path = world.open()
    client.post(f"{path}/payments", data=_payment_fields(client.get(path)))
    payment = world.run(lambda: encode_public_id("pay", session.scalars(select(Payment)).one().id))
    csrf = token(client.get(path))
    refused = client.post(f"/payments/{payment}/undoing", data={"csrf_token": csrf, "reason": " "})
    assert refused.status_code == 422
    assert "Say why" in refused.text
    assert client.post(f"/payments/{payment}/undoing", data={"csrf_token": csrf, "reason": "Twice"}).status_code == 303
    page = client.get(path)
    assert "Undone" in page.text
    assert "Twice" in page.text


def test_voiding_asks_for_the_word(client, world):
    path = world.open()
    assert post(client, path, "void", typed_word="nothing").status_code == 422
    assert world.invoice(path, "status") == "open"
    assert post(client, path, "void", typed_word="void", reason="Wrong customer").status_code == 303
    page = client.get(path)
    assert "Voided: Wrong customer" in page.text


def test_voiding_can_leave_a_copy_to_correct(client, world):
    path = world.open()
    answer = post(client, path, "void", typed_word="void", copy="1")
    assert answer.location.endswith("/edit")
    page = client.get(answer.location)
    assert page.status_code == 200
    assert "Replaced by" in client.get(path).text


def test_a_draft_is_cancelled_deleted_and_restored(client, world):
    path = world.draft()
    assert post(client, path, "cancellation", reason="Not now").status_code == 303
    assert world.invoice(path, "status") == "cancelled"
    assert post(client, path, "deletion").status_code == 303
    client.get("/invoices")  # Shows the toast, which links to the draft.
    assert path not in client.get("/invoices").text
    page = client.get(path)
    assert "in the Trash" in page.text
    assert post(client, path, "restoration").status_code == 303
    assert path in client.get("/invoices").text


def test_a_copy_is_made_as_draft_or_finalized(client, world):
    path = world.open()
    answer = post(client, path, "duplicates", next="draft")
    assert "Copied from" in client.get(answer.location).text
    assert "INV-000002" in client.get(post(client, path, "duplicates", next="finalize").location).text


def test_a_refused_step_says_why_on_the_page(client, world):
    path = world.draft(lines=[])
    answer = post(client, path, "finalization")
    assert answer.status_code == 422
    assert "Add a line before finalizing" in answer.text


def test_notes_are_written_and_filtered(client, world):
    path = world.draft()
    assert post(client, path, "notes", body="Call Anna first").status_code == 303
    assert "Call Anna first" in client.get(path).text
    assert "Call Anna first" not in client.get(f"{path}?activity=event").text


def test_marking_as_sent_is_a_second_pill(client, world):
    path = world.open()
    assert post(client, path, "sent-mark").status_code == 303
    assert "Sent" in client.get(path).text
    assert world.invoice(path, "sent_at") is not None


def test_the_deals_tab_offers_what_is_left_and_bills_it_once(client, world):
    def arrange():
        deal = new_deal(new_account(), [line("Setup"), line("Licences", quantity="5")])
        return encode_public_id("dea", deal.id), deal.id

    public, deal_id = world.run(arrange)
    assert "2\N{NO-BREAK SPACE}unbilled lines" in client.get(f"/deals/{public}/invoices").text
    page = client.get(f"/invoices/new?deal={public}")
    fields = form_of(page)
    assert fields["lines-1-description"] == "Licences"
    answer = client.post(f"/invoices?deal={public}", data=fields)
    assert answer.status_code == 303, answer.text
    assert "Acme rollout" in client.get(answer.location).text
    again = client.post(f"/invoices?deal={public}", data=fields)
    assert again.status_code == 422
    assert "billed" in again.text

    def left():
        from cornerspot.billing.invoicing_deals import deal_with_lines

        return unbilled_lines(deal_with_lines(deal_id))

    assert world.run(left) == []
    assert "Everything that can be billed is billed" in client.get(f"/deals/{public}/invoices").text


def test_an_overdue_invoice_says_so(client, world):
    path = world.open(terms_days=0)
    with clock.moved_to(clock.now() + timedelta(days=3)):
        page = client.get(path)
        assert "Overdue" in page.text
        assert "late" in page.text


def test_a_rep_reads_and_changes_nothing(story, world):
    path = world.open()
    rep = story.sign_in("rep")
    page = rep.get(path)
    assert page.status_code == 200
    assert "Record payment" not in page.text
    assert rep.get("/invoices/new").status_code == 403
    assert rep.post(f"{path}/void", data={"csrf_token": token(page), "typed_word": "void"}).status_code == 403


def test_pages_cost_few_statements_whatever_they_show(client, world, query_counter):
    paths = [world.open(lines=[line(taxes=(VAT_19,)) for _ in range(20)]) for _ in range(5)]
    client.get(paths[0])
    with query_counter() as sent:
        client.get(paths[0])
    assert len(sent) <= 15, "\n".join(sent)
    draft = world.draft()
    with query_counter() as sent:
        client.get(draft)
    assert len(sent) <= 15, "\n".join(sent)
    with query_counter() as sent:
        client.get("/invoices")
    assert len(sent) <= 8, "\n".join(sent)


def test_the_pdf_is_named_after_number_and_customer(client, world):
    path = world.open(account=None)
    answer = client.get(f"{path}/pdf")
    assert answer.status_code == 200
    assert answer.data.startswith(b"%PDF")
    assert "INV-000001%20Acme%20GmbH.pdf" in answer.headers["Content-Disposition"]


def test_a_stored_pdf_is_sent_once_and_then_only_confirmed(client, world, query_counter):
    path = world.open()
    first = client.get(f"{path}/pdf")  # Made now: the worker has not come to it.
    with query_counter() as sent:
        again = client.get(f"{path}/pdf?view")
    assert again.data == first.data
    assert again.headers["Content-Disposition"].startswith("inline")
    assert len(sent) <= 4, "\n".join(sent)  # Team, sign-in, plan, file.
    known = {"If-None-Match": again.headers["ETag"]}
    confirmed = client.get(f"{path}/pdf", headers=known)
    assert (confirmed.status_code, confirmed.data) == (304, b"")
    assert client.get(f"{path}/pdf", headers={"If-None-Match": '"another"'}).data == first.data
    assert post(client, path, "void", typed_word="void").status_code == 303
    voided = client.get(f"{path}/pdf", headers=known)
    assert voided.status_code == 200
    assert voided.data != first.data


def _rate(story):
    from decimal import Decimal

    from cornerspot.catalog.lines import tax_copy

    rate = create_tax_rate(TaxRateInput(name="VAT", percent=Decimal(19)), by=story.owner)
    session.flush()
    return tax_copy(rate)["key"]


def _with_contact():
    account = new_account()
    new_contact(account)
    return account


def _payment_fields(page):
    """The payment dialog as it was shown."""
    body = page.text[page.text.index('id="payment"') :]
    body = body[: body.index("</dialog>")]
    fields = {}
    for tag in re.findall(r"<input[^>]*>", body):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name:
            fields[name[1]] = value[1] if value else ""
    return fields | {"method": "bank_transfer"}
