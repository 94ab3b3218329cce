"""The hosted pages, without script: pay, be declined, confirm, cancel, come too late; and the demo's controls."""

from __future__ import annotations

import re
import threading

import pytest
from werkzeug.test import Client

from cornerspot.payments.standin.keeping import load_world, save_world
from cornerspot.payments.standin.transport import client_of
from cornerspot.payments.standin.wsgi import create_wsgi_app
from tests.contracts.standin_till import Till

BANNER = "Stripe stand-in: no real money moves"


@pytest.fixture
def till() -> Till:
    return Till()


@pytest.fixture
def browser(till) -> Client:
    return Client(create_wsgi_app(till.standin))


def path(session) -> str:
    return session.url.removeprefix("http://127.0.0.1:12111")


def test_a_page_says_what_is_paid_and_loads_nothing_from_elsewhere(till, browser):
    page = browser.get(path(till.session()))
    assert page.status_code == 200
    for text in (BANNER, "Merchant", "100.00 USD", "Invoice INV-0007", "https://shop.test/invoice"):
        assert text in page.text
    assert "<script" not in page.text
    assert "style=" not in page.text
    assert re.findall(r'(?:src|href)="(https?://[^"]+)', page.text) == ["https://shop.test/invoice"]
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]


def test_paying_by_card_sends_the_payer_back_with_the_sessions_id(till, browser):
    session = till.session()
    answer = browser.post(f"{path(session)}/card", data={"number": "4242 4242 4242 4242"})
    assert (answer.status_code, answer.location) == (303, f"https://shop.test/back?session_id={session.id}")
    assert till.intent(session).status == "succeeded"


def test_a_declined_card_says_why_and_another_may_follow(till, browser):
    session = till.session()
    page = browser.post(f"{path(session)}/card", data={"number": "4242", "test_card": "4000000000009995"})
    assert page.status_code == 402
    assert "insufficient funds" in page.text
    assert browser.post(f"{path(session)}/card", data={"number": "4242424242424242"}).status_code == 303
    assert till.moved().captured == 10_000


def test_a_real_card_number_is_not_taken(till, browser):
    page = browser.post(f"{path(till.session())}/card", data={"number": "4111111111111111"})
    assert "not one of the stand-in&#39;s test cards" in page.text
    assert till.standin.objects(till.account, "payment_intent") == []


@pytest.mark.parametrize(("answer", "status"), [("complete", "succeeded"), ("fail", "requires_payment_method")])
def test_three_d_secure_is_a_step_of_its_own(till, browser, answer, status):
    session = till.session()
    step = browser.post(f"{path(session)}/card", data={"number": "4000002500003155"}).location
    assert step == f"{path(session)}/3ds"
    assert till.intent(session).status == "requires_action"
    assert BANNER in browser.get(step).text
    assert browser.post(step, data={"answer": answer}).status_code == (303 if answer == "complete" else 402)
    assert till.intent(session).status == status


def test_paying_by_bank_starts_a_debit(till, browser):
    session = till.session()
    answer = browser.post(f"{path(session)}/bank", data={"bank": "insufficient_funds"})
    assert answer.status_code == 303
    assert till.intent(session).status == "processing"
    assert "under way" in browser.get(path(session)).text


def test_a_currency_without_bank_debits_offers_the_card_only(till, browser):
    session = till.session(5000, "chf")
    assert "by-bank" not in browser.get(path(session)).text
    assert "does not take bank debits" in browser.post(f"{path(session)}/bank", data={"bank": "success"}).text


def test_small_deposits_are_confirmed_on_a_page(till, browser):
    session = till.session()
    till.standin.pay_by_bank(session.id, "microdeposits")
    intent = till.intent(session)
    url = intent.next_action.verify_with_microdeposits.hosted_verification_url
    page = url.removeprefix("http://127.0.0.1:12111")
    assert browser.get(page).status_code == 200
    assert browser.post(page, data={"first": "1", "second": "2"}).status_code == 400
    assert browser.post(page, data={"first": "45", "second": "32"}).status_code == 200
    assert till.intent(session).status == "processing"


def test_a_paid_page_says_so_and_pays_nothing_again(till, browser):
    session = till.session()
    url = path(session)
    till.standin.pay_with_card(session.id)
    for page in (browser.get(url), browser.post(f"{url}/card", data={"number": "4242424242424242"})):
        assert "This has been paid" in page.text
    assert till.moved().captured == 10_000


def test_an_expired_page_says_so(till, browser):
    session = till.session()
    till.standin.expire(session.id)
    page = browser.get(path(session))
    assert page.status_code == 410
    assert "Nothing was charged" in page.text


def test_a_double_click_pays_once(till):
    session = till.session()
    answers = []

    def click() -> None:
        browser = Client(create_wsgi_app(till.standin))
        answers.append(browser.post(f"{path(session)}/card", data={"number": "4242424242424242"}).status_code)

    threads = [threading.Thread(target=click) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200] * 5 + [303]
    assert till.moved().captured == 10_000


def test_pages_that_are_not_there_say_so(browser):
    for missing in ("/c/pay/cs_test_none", "/nothing", "/receipts/ch_none"):
        page = browser.get(missing)
        assert page.status_code == 404
        assert BANNER in page.text


def test_a_form_from_another_site_is_refused(till, browser):
    session = till.session()
    answer = browser.post(
        f"{path(session)}/card", data={"number": "4242424242424242"}, headers={"Origin": "https://evil.test"}
    )
    assert answer.status_code == 403
    assert till.standin.objects(till.account, "payment_intent") == []


def test_receipts_and_controls_carry_the_banner(till, browser):
    charge = till.paid().latest_charge
    receipt = browser.get(charge.receipt_url.removeprefix("http://127.0.0.1:12111"))
    assert "100.00 USD" in receipt.text
    for page in (receipt, browser.get("/_standin")):
        assert BANNER in page.text


def test_the_controls_play_bank_and_tenant(till, browser):
    session = till.session()
    till.standin.pay_by_bank(session.id)
    browser.post("/_standin/time", data={"by": "4_business_days"})
    intent = till.intent(session)
    assert intent.status == "succeeded"
    browser.post(f"/_standin/do/dispute/{intent.id}")
    dispute = till.client.v1.disputes.list().data[0]
    browser.post(f"/_standin/do/win/{dispute.id}")
    assert till.client.v1.disputes.retrieve(dispute.id).status == "won"
    browser.post(f"/_standin/do/disconnect/{till.account.id}")
    assert "Reconnect" in browser.get("/_standin").text
    browser.post(f"/_standin/do/reconnect/{till.account.id}")
    assert till.client.v1.accounts.retrieve_current().id == till.account.id
    assert browser.post("/_standin/do/dance/x").status_code == 404


def test_a_button_that_cannot_be_pressed_says_why(till, browser):
    intent = till.paid()
    till.standin.dashboard_refund(intent.id)
    page = browser.post(f"/_standin/do/refund/{intent.id}")
    assert page.status_code == 400
    assert "already been refunded" in page.text


def test_a_kept_world_goes_on_where_it_was(till, tmp_path):
    session = till.session()
    till.standin.pay_by_bank(session.id)
    open_session = till.session(700)
    save_world(till.standin.world, till.standin.lock, tmp_path / "standin.json")
    later = Till(seed=9)
    load_world(later.standin.world, tmp_path / "standin.json")
    client = client_of(later.standin, till.key)
    assert client.v1.checkout.sessions.retrieve(open_session.id).status == "open"
    later.standin.advance_business_days(4)
    complete = client.v1.checkout.sessions.retrieve(session.id)
    assert complete.payment_status == "paid"
