"""The pages about money that came online: payments, refunds, credit, what needs attention, comparisons."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from cornerspot.billing.models import Invoice, Payment, PaymentException, Refund
from cornerspot.billing.voiding import void_invoice
from cornerspot.crm.models import Account
from cornerspot.db import session
from cornerspot.db.transaction import in_transaction
from cornerspot.kit.ids import encode_public_id


def token(page):
    return re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)[1]


def apart(work):
    """What the work gives in a thread of its own: outside of the app context that this test holds."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


def path_of(invoice_id):
    return f"/invoices/{encode_public_id('inv', invoice_id)}"


def hidden(page, dialog, name):
    """The value of a hidden field in one dialog."""
    part = page.text.split(f'id="{dialog}"', 1)[1]
    field = re.search(rf'<input[^>]*name="{name}"[^>]*>', part)[0]
    return re.search(r'value="([^"]*)"', field)[1]


def test_the_card_shows_method_fee_and_the_way_to_stripe(client, stripe, paid, story):
    page = client.get(path_of(paid[0]))
    assert page.status_code == 200
    assert "Visa 4242" in page.text
    assert f"dashboard.stripe.com/test/payments/{paid[1]}" in page.text
    assert "Stripe’s fee" in page.text
    assert "Stripe’s fee" not in apart(lambda: story.sign_in("manager").get(path_of(paid[0])).text)


def test_what_happens_by_itself_has_no_author_on_the_timeline(client, stripe, paid, story):
    page = client.get(path_of(paid[0])).text
    assert "Payment of €200.00 received, Visa 4242" in page
    assert "by Cornerspot" not in page
    assert f"by {story.owner.name}" in page
    assert "by Cornerspot" not in client.get("/").text


def test_a_payment_is_refunded_from_the_page(client, stripe, paid):
    page = client.get(path_of(paid[0]))
    payment = stripe.payment(paid[1])
    dialog = f"refund-{payment.id}"
    data = {
        "csrf_token": token(page),
        "amount": "50.00",
        "reason": "Damaged",
        "request_key": hidden(page, dialog, "request_key"),
    }
    url = f"{path_of(paid[0])}/payments/{encode_public_id('pay', payment.id)}/refunds"
    assert client.post(url, data=data | {"amount": "500"}).status_code == 422
    assert client.post(url, data=data).status_code == 303
    assert client.post(url, data=data).status_code == 303
    [refund] = in_transaction(lambda: session.scalars(select(Refund)).all())
    assert (refund.amount_minor, refund.still_owed, refund.status) == (5000, False, "requested")
    page = client.get(path_of(paid[0]))
    assert "Asked for" in page.text
    assert "is on its way" in page.text


def test_a_payment_of_another_invoice_is_not_found_here(client, stripe, paid):
    other = stripe.invoice()
    page = client.get(path_of(other))
    public = encode_public_id("pay", stripe.payment(paid[1]).id)
    answer = client.post(f"{path_of(other)}/payments/{public}/refunds", data={"csrf_token": token(page)})
    assert answer.status_code == 404


def test_a_debit_under_way_is_shown_and_cannot_be_voided(client, stripe):
    invoice_id = stripe.invoice()
    stripe.sync(stripe.paid_by_bank(invoice_id))
    page = client.get(path_of(invoice_id))
    assert "Processing" in page.text
    assert "usually clears within four business days" in page.text
    assert "A payment is under way. Wait until it has settled or failed." in page.text
    payment = in_transaction(lambda: session.scalars(select(Payment)).one())
    check = f"/payments/{encode_public_id('pay', payment.id)}/checks"
    assert client.post(check, data={"csrf_token": token(page)}).status_code == 303


def test_a_dispute_is_shown_on_the_page_and_on_the_list(client, stripe, paid):
    stripe.standin.open_dispute(paid[1])
    stripe.sync(paid[1])
    page = client.get(path_of(paid[0]))
    assert page.text.count("Disputed") >= 2
    assert "Fraudulent, answer by" in page.text
    assert "Refund payment" not in page.text
    listed = client.get("/payments/attention")
    assert "The customer disputes a payment of €200.00" in listed.text
    assert 'side-count">1' in listed.text


def test_what_needs_attention_is_resolved_and_reopened(client, stripe, paid, story):
    stripe.standin.open_dispute(paid[1])
    stripe.sync(paid[1])
    found = in_transaction(lambda: session.scalars(select(PaymentException.id)).one())
    url = f"/payments/attention/{encode_public_id('pex', found)}"
    page = client.get("/payments/attention")
    assert client.post(f"{url}/resolution", data={"csrf_token": token(page)}).status_code == 303
    assert "Nothing needs attention" in client.get("/payments/attention").text
    resolved = client.get("/payments/attention?state=resolved")
    assert "by Tess Tester" in resolved.text
    client.post(f"{url}/reopening", data={"csrf_token": token(page)})
    assert "disputes a payment" in client.get("/payments/attention").text
    manager = apart(lambda: story.sign_in("manager"))
    page = apart(lambda: manager.get("/payments/attention"))
    sent = {"csrf_token": token(page)}
    assert apart(lambda: manager.post(f"{url}/resolution", data=sent).status_code) == 403


@pytest.mark.parametrize("choice", ["refund", "credit"])
def test_voiding_asks_what_becomes_of_the_money(client, stripe, paid, choice):
    page = client.get(path_of(paid[0]))
    assert "What becomes of the €200.00 that was collected?" in page.text
    data = {"csrf_token": token(page), "typed_word": "void", "reason": "Wrong customer"}
    refused = client.post(f"{path_of(paid[0])}/void", data=data)
    assert refused.status_code == 422
    assert "Choose: refund it, or keep it" in refused.text
    assert client.post(f"{path_of(paid[0])}/void", data=data | {"money": choice}).status_code == 303
    assert stripe.read(paid[0]).status == "void"
    refunds = in_transaction(lambda: len(session.scalars(select(Refund)).all()))
    assert refunds == (1 if choice == "refund" else 0)


def test_credit_is_applied_and_refunded(client, stripe, paid):
    in_transaction(lambda: void_invoice(invoice_of(paid[0]), by=stripe.by, money="credit"))
    account = in_transaction(lambda: session.scalars(select(Account)).one())
    other = stripe.invoice("25", account=account)
    page = client.get(path_of(other))
    assert "Apply credit of €200.00" in page.text
    data = {"csrf_token": token(page), "amount": "50.00", "seen_balance": "5000"}
    assert client.post(f"{path_of(other)}/credits", data=data | {"amount": "51"}).status_code == 422
    assert client.post(f"{path_of(other)}/credits", data=data).status_code == 303
    assert stripe.read(other).status == "paid"
    assert "Customer credit" in client.get(path_of(other)).text
    tab = f"/accounts/{encode_public_id('acc', account.id)}/invoices"
    page = client.get(tab)
    assert "€150.00" in page.text
    url = f"/accounts/{encode_public_id('acc', account.id)}/credit/EUR/refunds"
    data = {
        "csrf_token": token(page),
        "amount": "150.00",
        "request_key": hidden(page, "credit-EUR", "request_key"),
    }
    assert client.post(url, data=data | {"amount": "151"}).status_code == 422
    assert client.post(url, data=data).status_code == 303
    assert client.post(url.replace("EUR", "USD"), data=data).status_code == 404
    assert "Refund credit" not in client.get(tab).text


def test_somebody_asks_for_a_comparison(client, stripe, story):
    page = client.get("/payments/reconciliation")
    assert "Nothing was compared yet" in page.text
    assert client.post("/payments/reconciliation/checks", data={"csrf_token": token(page)}).status_code == 303
    assert "Asked for by Tess Tester" in client.get("/payments/reconciliation").text
    assert apart(lambda: story.sign_in("rep").get("/payments/reconciliation").status_code) == 403


def test_without_a_connection_there_is_nothing_to_compare(client):
    page = client.get("/payments/reconciliation")
    assert "Stripe is not connected" in page.text
    assert client.post("/payments/reconciliation/checks", data={"csrf_token": token(page)}).status_code == 303
    assert "there is nothing to compare with" in client.get("/payments/reconciliation").text


def test_pages_cost_few_statements(client, stripe, paid, query_counter):
    stripe.standin.dashboard_refund(paid[1], 5000)
    stripe.standin.open_dispute(paid[1])
    stripe.sync(paid[1])
    for path, most in (
        (path_of(paid[0]), 15),
        ("/payments/attention", 8),
        ("/payments/reconciliation", 8),
    ):
        apart(lambda page=path: client.get(page))
        with query_counter() as sent:
            apart(lambda page=path: client.get(page))
        assert len(sent) <= most, "\n".join(sent)


def invoice_of(invoice_id):
    return session.scalars(select(Invoice).where(Invoice.id == invoice_id)).one()
