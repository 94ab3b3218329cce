"""Idempotency keys at the stand-in are treated as Stripe treats them."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
import stripe

from cornerspot.payments.standin import Fault
from cornerspot.payments.standin.transport import client_of
from tests.contracts.standin_till import Till, refusal

KEY = {"idempotency_key": "cs:attempt-1"}


@pytest.fixture
def till() -> Till:
    return Till()


def test_the_same_request_gets_the_same_answer(till):
    first = till.client.v1.checkout.sessions.create(till.request(), KEY)
    again = till.client.v1.checkout.sessions.create(till.request(), KEY)
    assert again.id == first.id
    assert again.last_response.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.last_response.headers
    assert len(till.standin.objects(till.account, "checkout.session")) == 1


def test_another_request_under_the_key_is_an_error(till):
    till.client.v1.checkout.sessions.create(till.request(), KEY)
    error = refusal(lambda: till.client.v1.checkout.sessions.create(till.request(500), KEY))
    assert isinstance(error, stripe.IdempotencyError)
    assert error.http_status == 400


@pytest.mark.unjudged("Bad on purpose.")
def test_a_validation_error_is_not_kept(till):
    bad = till.request(currency="nope")
    assert refusal(lambda: till.client.v1.checkout.sessions.create(bad, KEY)).http_status == 400
    assert till.client.v1.checkout.sessions.create(till.request(), KEY).status == "open"


def test_a_refusal_during_the_work_is_kept(till):
    intent = till.paid()
    first = refusal(lambda: till.client.v1.payment_intents.cancel(intent.id, {}, KEY))
    assert first.code == "payment_intent_unexpected_state"
    again = refusal(lambda: till.client.v1.payment_intents.cancel(intent.id, {}, KEY))
    assert again.headers["Idempotent-Replayed"] == "true"


@pytest.mark.parametrize("worked", [False, True])
def test_a_500_is_kept_once_the_work_began(till, worked):
    till.standin.faults.next("POST /v1/checkout/sessions", Fault.SERVER_ERROR_500(should_retry=False, worked=worked))
    assert refusal(lambda: till.client.v1.checkout.sessions.create(till.request(), KEY)).http_status == 500
    again = refusal(lambda: till.client.v1.checkout.sessions.create(till.request(), {**KEY, "max_network_retries": 0}))
    assert again.http_status == 500
    assert again.headers["Idempotent-Replayed"] == "true"
    assert len(till.standin.objects(till.account, "checkout.session")) == int(worked)


def test_a_key_is_forgotten_after_a_day(till):
    first = till.client.v1.checkout.sessions.create(till.request(), KEY)
    till.standin.advance(timedelta(hours=23, minutes=59))
    assert till.client.v1.checkout.sessions.create(till.request(), KEY).id == first.id
    till.standin.advance(timedelta(minutes=1))
    assert till.client.v1.checkout.sessions.create(till.request(), KEY).id != first.id


def test_a_key_belongs_to_one_account(till):
    other = client_of(till.standin, till.standin.make_key(till.standin.open_account()))
    first = till.client.v1.checkout.sessions.create(till.request(), KEY)
    assert other.v1.checkout.sessions.create(till.request(), KEY).id != first.id


def test_two_keys_of_one_account_share_its_idempotency_keys(till):
    second = client_of(till.standin, till.standin.make_key(till.account))
    first = till.client.v1.checkout.sessions.create(till.request(), KEY)
    assert second.v1.checkout.sessions.create(till.request(), KEY).id == first.id


def test_a_lost_answer_is_had_by_asking_again(till):
    intent = till.paid()
    till.standin.faults.next("POST /v1/refunds", Fault.DROP_ANSWER)
    patient = client_of(till.standin, till.key, retries=1)
    refund = patient.v1.refunds.create({"payment_intent": intent.id, "amount": 4000})
    assert [one["id"] for one in till.standin.objects(till.account, "refund")] == [refund.id]
    assert till.moved().refunded == 4000


def test_two_at_the_same_time_are_a_conflict(till):
    till.standin.faults.next("POST /v1/checkout/sessions", Fault.DELAY)
    answers = []
    slow = threading.Thread(target=lambda: answers.append(till.client.v1.checkout.sessions.create(till.request(), KEY)))
    slow.start()
    assert till.standin.faults.waiting.wait(5)
    once = {**KEY, "max_network_retries": 0}
    error = refusal(lambda: till.client.v1.checkout.sessions.create(till.request(), once))
    assert (error.http_status, error.error.code) == (409, "idempotency_key_in_use")
    till.standin.faults.release()
    slow.join(5)
    assert till.client.v1.checkout.sessions.create(till.request(), KEY).id == answers[0].id
