"""Connections that end and come back, letters to the wrong door, and a Stripe that misbehaves: faults 22 to 26."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from cornerspot.billing.models import CheckoutAttempt, Payment
from cornerspot.billing.online.syncing import sync_payment
from cornerspot.db import session
from cornerspot.kit.errors import Conflict, NotFound
from cornerspot.mail.models import OutgoingMessage
from cornerspot.payments.connecting import connect_with_key, disconnect, live_account, recheck
from cornerspot.payments.models import ProcessorAccount
from cornerspot.payments.provider import ProviderBusy, ProviderUnsure
from cornerspot.payments.standin import Fault
from tests.contracts.judge.docket import excused
from tests.faults.racing import at_once
from tests.faults.stripe_shop import later, open_shop
from tests.faults.test_stripe_faults_money_back import refund


@pytest.fixture
def other(app, standin):
    """Another team with an account of its own at the same Stripe."""
    return open_shop(app, standin)


def connection(shop):
    [row] = shop.rows(select(ProcessorAccount))
    return row


def end(shop, way):
    if way == "by us":
        with shop.inside():
            account = live_account()
            session.rollback()
            disconnect(account, by=shop.by)
        return
    if way == "key revoked":
        shop.standin.revoke_key(shop.key)
    else:
        shop.standin.disconnect(shop.account)
    with shop.inside():
        account = live_account()
        session.rollback()
        recheck(account)


@pytest.mark.parametrize("way", ["by us", "key revoked", "at stripe"])
def test_fault_22_what_happened_while_disconnected_catches_up_afterwards(shop, other, way):
    debit, card, opened, theirs = shop.invoice("10"), shop.invoice("20"), shop.invoice("30"), other.invoice("40")
    shop.paid_by_bank(debit)
    shop.deliver()
    paid_page, open_page = shop.open_page(card), shop.open_page(opened)
    end(shop, way)
    assert connection(shop).state == "disconnected"
    shop.standin.pay_with_card(paid_page)
    with pytest.raises(Conflict, match="not set up"):
        shop.open_page(card)
    shop.pay_by_hand(opened, 3000, "by-hand")
    other.paid_by_card(theirs)
    with later(shop.standin, days=7):
        shop.standin.deliver_pending()
        shop.work()  # What cannot be asked waits; what the other team has does not.
        assert other.work() == []
        assert other.read(theirs).status == "paid"
        assert (shop.read(debit).status, shop.read(debit).processing_minor) == ("open", 1000)
        if way != "by us":
            about = select(OutgoingMessage.purpose).where(OutgoingMessage.purpose == "payments_disconnected")
            assert shop.rows(about)
        shop.standin.reconnect(shop.account)
        with shop.inside():
            connect_with_key(shop.key, by=shop.by)
        shop.work()
        shop.require_truth()
        assert [shop.read(one).status for one in (debit, card, opened)] == ["paid"] * 3
        assert [page["status"] for page in shop.sessions() if page["id"] == open_page] == ["expired"]
        other.require_truth()


def test_fault_24_a_genuine_event_at_another_teams_door_is_turned_away(shop, other):
    shop.paid_by_card(shop.invoice())
    event = shop.standin.objects(shop.account, "event")[-1]["id"]
    [letter] = shop.standin.post.sealed(event)
    door = shop.standin.objects(other.account, "webhook_endpoint")[0]["url"]
    assert shop.standin.post.deliver(door, letter.headers, letter.body) == 400
    assert other.events() == []
    other.require_truth()


@pytest.mark.parametrize("wrong", [{"account": "acct_of_somebody_else"}, {"livemode": True}])
def test_fault_24_an_event_of_another_account_or_mode_is_foreign_though_rightly_signed(shop, wrong):
    intent_id = shop.paid_by_card(shop.invoice())
    endpoint = shop.standin.objects(shop.account, "webhook_endpoint")[0]["id"]
    about = {"data": {"object": {"id": intent_id, "object": "payment_intent", "metadata": {}}}}
    letter = shop.standin.post.forge(endpoint, about | {"id": "evt_foreign"} | wrong)
    assert shop.standin.post.deliver(letter.url, letter.headers, letter.body) == 200
    assert shop.work() == []
    assert [(event.event_id, event.state) for event in shop.events()] == [("evt_foreign", "foreign")]
    assert shop.payments() == []


@pytest.mark.parametrize("lie", ["their tenant", "our tenant"])
def test_fault_24_metadata_that_names_another_teams_attempt_books_nothing_there(shop, other, lie):
    """Somebody who may write at Stripe copies our metadata onto a payment on an account of his own."""
    theirs = other.invoice()
    other.open_page(theirs)
    [attempt] = other.attempts(theirs)
    mine = shop.invoice()
    intent_id = shop.paid_by_card(mine)
    intent = shop.account.get("payment_intent", intent_id)
    tenant = other.story.team.id if lie == "their tenant" else shop.story.team.id
    real = dict(intent["metadata"])
    intent["metadata"] = real | {"tenant": str(tenant), "attempt": str(attempt.id), "invoice": str(theirs)}
    shop.standin.deliver_pending()
    shop.work()
    other.work()
    shop.reconcile()
    other.reconcile()
    assert other.payments() == []
    assert (other.read(theirs).status, other.attempts(theirs)[0].state) == ("open", "open")
    assert {one.stripe_payment_id for one in shop.payments()} <= {intent_id}
    intent["metadata"] = real
    shop.require_truth()


def test_fault_24_another_teams_connection_is_no_way_to_a_payment(shop, other):
    intent_id = shop.paid_by_card(shop.invoice())
    with other.inside(), pytest.raises(NotFound):
        sync_payment(shop.connection_id, intent_id)
    assert other.payments() == []


MISBEHAVIOUR = {
    "too many requests": (Fault.RATE_LIMIT_429, ProviderBusy),
    "a conflict": (Fault.CONFLICT_409, ProviderUnsure),
    "an error": (Fault.SERVER_ERROR_500, ProviderUnsure),
    "an error after the work": (Fault.SERVER_ERROR_500(worked=True), ProviderUnsure),
    "an error, try again": (Fault.SERVER_ERROR_500(should_retry=True), ProviderUnsure),
    "an error, do not try again": (Fault.SERVER_ERROR_500(should_retry=False, worked=True), ProviderUnsure),
    "out of order": (Fault.UNAVAILABLE_503, ProviderUnsure),
    "80 seconds of silence": (Fault.SILENCE, ProviderUnsure),
    "an answer lost": (Fault.DROP_ANSWER, ProviderUnsure),
}


@pytest.mark.parametrize(("fault", "raised"), MISBEHAVIOUR.values(), ids=MISBEHAVIOUR)
def test_fault_25_whatever_stripe_answers_to_a_refund_there_is_one_in_the_end(shop, fault, raised):
    invoice_id = shop.invoice()
    intent_id = shop.paid_by_card(invoice_id)
    shop.deliver()
    refund(shop, (invoice_id, intent_id), 5000)
    shop.standin.faults.next("POST /v1/refunds", fault, times=3)
    errors = shop.work()
    assert all(isinstance(error, raised) for error in errors)
    shop.standin.faults.clear()
    # Stripe repeats an error 500 to the same key for a day; only then is it asked in earnest again.
    with later(shop.standin, hours=25):
        assert shop.work() == []
        assert len(shop.standin.objects(shop.account, "refund")) == 1
        shop.require_truth()


@pytest.mark.parametrize(("fault", "raised"), MISBEHAVIOUR.values(), ids=MISBEHAVIOUR)
def test_fault_25_whatever_stripe_answers_to_a_reading_the_event_waits(shop, fault, raised):
    invoice_id = shop.invoice()
    shop.paid_by_card(invoice_id)
    shop.standin.deliver_pending(drop=lambda event: event["type"] != "payment_intent.succeeded")
    shop.standin.faults.next("GET /v1/payment_intents/*", fault, times=3)
    errors = shop.work()
    assert all(isinstance(error, raised) for error in errors)
    shop.standin.faults.clear()
    assert shop.work() == []
    assert ([event.state for event in shop.events()], shop.read(invoice_id).status) == (["done"], "paid")
    shop.require_truth()


def test_fault_25_a_status_nobody_knows_is_told_and_books_nothing_until_it_is_known(shop):
    invoice_id = shop.invoice()
    shop.paid_by_card(invoice_id)
    altered = Fault.ALTERED_ANSWER(alter=lambda answer: answer.update(status="teleported"))
    with excused("the stand-in answers with a word that Stripe does not have yet"):
        shop.standin.faults.next("GET /v1/payment_intents/*", altered, times=50)
        shop.deliver()
        shop.standin.faults.clear()
    assert shop.payments() == []
    assert shop.exceptions() == ["unknown_status"]
    shop.require_truth()
    assert shop.read(invoice_id).status == "paid"


def test_fault_25_a_field_that_is_missing_harms_nothing(shop):
    invoice_id = shop.invoice()
    shop.paid_by_card(invoice_id)

    def forget(answer):
        for name in ("latest_charge", "metadata", "last_payment_error"):
            answer.pop(name, None)

    with excused("the stand-in leaves fields out that Stripe always sends"):
        shop.standin.faults.next("GET /v1/payment_intents/*", Fault.ALTERED_ANSWER(alter=forget), times=50)
        shop.standin.deliver_pending()
        shop.work()
        shop.standin.faults.clear()
    shop.require_truth()
    assert shop.read(invoice_id).status == "paid"
    assert shop.payments()[0].method_detail == "Visa 4242"


@pytest.mark.parametrize("lie", ["amount", "currency"])
def test_fault_26_another_amount_or_currency_than_asked_for_is_booked_and_told(shop, lie):
    invoice_id = shop.invoice()
    page = shop.open_page(invoice_id)
    changed = {"amount_minor": 12345} if lie == "amount" else {"currency": "USD"}
    # As if the row had been altered after the page was made: what Stripe took is what counts.
    shop.do(lambda: session.execute(update(CheckoutAttempt).values(**changed)))
    shop.standin.pay_with_card(page)
    shop.deliver()
    assert "amount_mismatch" in shop.exceptions()
    assert [(one.amount_minor, one.currency) for one in shop.payments()] == [(20000, "EUR")]
    shop.require_truth()


def test_fault_26_one_more_payment_that_names_the_same_page_is_booked_as_credit_and_told(shop):
    invoice_id = shop.invoice()
    intent_id = shop.paid_by_card(invoice_id)
    shop.deliver()
    other_id = shop.paid_by_card(shop.invoice("70"))
    real = shop.account.get("payment_intent", intent_id)["metadata"]
    shop.account.get("payment_intent", other_id)["metadata"] = dict(real)
    shop.deliver()
    shop.work()
    assert "second_payment" in shop.exceptions()
    assert {one.stripe_payment_id for one in shop.payments()} == {intent_id, other_id}


def test_two_teams_that_work_at_once_never_see_each_others_money(shop, other):
    mine, theirs = shop.invoice(), other.invoice("90")
    shop.paid_by_card(mine)
    other.paid_by_card(theirs)
    shop.standin.deliver_pending(order="random")
    assert at_once(shop.work, other.work) == [[], []]
    for one, amount in ((shop, 20000), (other, 9000)):
        assert [payment.amount_minor for payment in one.rows(select(Payment))] == [amount]
        one.require_truth()
