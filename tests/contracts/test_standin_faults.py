"""Faults on request, in process and on loopback."""

from __future__ import annotations

import threading
from contextlib import contextmanager

import pytest
import stripe

from cornerspot.payments.standin import Fault, StandInRefused
from cornerspot.payments.standin.accounts import DEMO_ACCOUNT, DEMO_KEY
from cornerspot.payments.standin.transport import client_of
from cornerspot.payments.standin.wsgi import make_standin_server
from tests.contracts.standin_till import Till, refusal


@pytest.fixture
def till() -> Till:
    return Till()


@contextmanager
def served(state_file=None):
    """The stand-in on a free port, with a client of its merchant."""
    server, standin = make_standin_server("127.0.0.1", 0, state_file)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    bases = dict.fromkeys(("api", "connect", "files", "meter_events"), standin.world.public_url)
    http = stripe.RequestsClient(timeout=5)
    try:
        yield standin, stripe.StripeClient(DEMO_KEY, base_addresses=bases, http_client=http)
    finally:
        http.close()
        server.shutdown()
        thread.join(5)
        server.server_close()


@pytest.mark.parametrize(
    ("fault", "error", "worked"),
    [
        (Fault.DROP_ANSWER, stripe.APIConnectionError, True),
        (Fault.DROP_REQUEST, stripe.APIConnectionError, False),
        (Fault.SILENCE, stripe.APIConnectionError, False),
        (Fault.CONFLICT_409, stripe.APIError, False),
        (Fault.RATE_LIMIT_429, stripe.RateLimitError, False),
        (Fault.SERVER_ERROR_500, stripe.APIError, False),
        (Fault.SERVER_ERROR_500(worked=True), stripe.APIError, True),
        (Fault.UNAVAILABLE_503, stripe.APIError, False),
    ],
)
def test_a_fault_hits_the_next_call_that_matches(till, fault, error, worked):
    till.standin.faults.next("POST /v1/checkout/sessions", fault)
    hasty = client_of(till.standin, till.key, retries=0)
    assert hasty.v1.accounts.retrieve_current()
    assert isinstance(refusal(lambda: hasty.v1.checkout.sessions.create(till.request())), error)
    assert len(till.standin.objects(till.account, "checkout.session")) == int(worked)
    assert hasty.v1.checkout.sessions.create(till.request())
    assert till.standin.faults.pending == 0


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (Fault.RATE_LIMIT_429, "gives up"),
        (Fault.RATE_LIMIT_429(should_retry=True), "retries"),
        (Fault.UNAVAILABLE_503, "retries"),
        (Fault.UNAVAILABLE_503(should_retry=False), "gives up"),
        (Fault.CONFLICT_409, "retries"),
    ],
)
def test_the_sdk_retries_as_the_header_says(till, fault, outcome):
    till.standin.faults.next("/v1/account", fault)
    if outcome == "retries":
        assert till.client.v1.accounts.retrieve_current().id == till.account.id
    else:
        refusal(till.client.v1.accounts.retrieve_current)


def test_faults_can_skip_repeat_and_be_cleared(till):
    till.standin.faults.next("/v1/account", Fault.UNAVAILABLE_503(should_retry=False), times=2, skip=1)
    calls = [till.client.v1.accounts.retrieve_current]
    assert calls[0]()
    refusal(calls[0])
    till.standin.faults.clear()
    assert calls[0]()
    assert till.standin.faults.met == 1


@pytest.mark.unjudged("The answer is altered on purpose.")
def test_an_answer_can_be_altered(till):
    intent = till.paid()
    alter = Fault.ALTERED_ANSWER(alter=lambda answer: answer.update(status="teleported"))
    till.standin.faults.next(f"/v1/payment_intents/{intent.id}", alter)
    assert till.client.v1.payment_intents.retrieve(intent.id).status == "teleported"
    assert till.client.v1.payment_intents.retrieve(intent.id).status == "succeeded"


def test_a_payment_can_be_heard_of_before_its_session_is_known(till):
    till.listen("checkout.session.completed")
    till.standin.faults.next("POST /v1/checkout/sessions", Fault.HOLD_ANSWER)
    answers = []
    creating = threading.Thread(target=lambda: answers.append(till.session()))
    creating.start()
    assert till.standin.faults.waiting.wait(5)
    (session,) = till.standin.objects(till.account, "checkout.session")
    till.standin.pay_with_card(session["id"])
    till.standin.deliver_pending()
    assert (till.heard, answers) == (["checkout.session.completed"], [])
    till.standin.faults.release()
    creating.join(5)
    assert (answers[0].id, answers[0].status) == (session["id"], "open")


def test_the_sdk_talks_to_it_on_loopback():
    with served() as (standin, client):
        assert client.v1.accounts.retrieve_current().id == DEMO_ACCOUNT
        standin.faults.next("POST /v1/customers", Fault.DROP_ANSWER)
        with pytest.raises(stripe.APIConnectionError):
            client.v1.customers.create({"email": "ann@example.test"}, {"idempotency_key": "k"})
        again = client.v1.customers.create({"email": "ann@example.test"}, {"idempotency_key": "k"})
        assert [one["id"] for one in standin.objects(DEMO_ACCOUNT, "customer")] == [again.id]


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "shop.example"])
def test_it_listens_on_this_machine_only(host):
    with pytest.raises(StandInRefused, match="this machine only"):
        make_standin_server(host, 0)


def test_many_threads_may_call_at_once(till):
    intent = till.paid()
    made, refused = [], []

    def refund() -> None:
        client = client_of(till.standin, till.key)
        try:
            made.append(client.v1.refunds.create({"payment_intent": intent.id, "amount": 1500}).id)
        except stripe.InvalidRequestError as error:
            refused.append(error)

    threads = [threading.Thread(target=refund) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(made), len(refused), till.moved().refunded) == (6, 6, 9000)
