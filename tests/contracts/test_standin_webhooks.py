"""Events and their deliveries: signed, filtered, ordered as asked, tried again for three days."""

from __future__ import annotations

import json
import time
from datetime import timedelta

import pytest
import stripe

from cornerspot.payments.standin.delivering import deliver_over_loopback
from cornerspot.payments.standin.transport import client_of
from tests.contracts.standin_till import HOOK, Till


@pytest.fixture
def till() -> Till:
    return Till()


def test_a_delivery_is_signed_and_says_what_happened(till):
    endpoint = till.listen("checkout.session.completed", api_version="2026-10-28.endive")
    session = till.session()
    till.standin.pay_with_card(session.id)
    (outcome,) = till.standin.deliver_pending()
    assert outcome.ok
    ((url, headers, body),) = till.received
    assert url == HOOK
    event = till.client.construct_event(body, headers["Stripe-Signature"], endpoint.secret)
    assert (event.type, event.data.object.id, event.livemode) == ("checkout.session.completed", session.id, False)
    assert event.api_version == "2026-10-28.endive"
    assert "account" not in json.loads(body)


def test_the_secret_is_shown_once(till):
    endpoint = till.listen()
    assert endpoint.secret.startswith("whsec_")
    assert "secret" not in till.client.v1.webhook_endpoints.retrieve(endpoint.id).to_dict()


@pytest.mark.parametrize("secret", ["whsec_wrong", ""])
def test_another_secret_does_not_fit(till, secret):
    till.listen()
    till.paid()
    till.standin.deliver_pending()
    _, headers, body = till.received[0]
    with pytest.raises((stripe.SignatureVerificationError, ValueError)):
        till.client.construct_event(body, headers["Stripe-Signature"], secret)


def test_only_what_was_asked_for_arrives(till):
    till.listen("payment_intent.succeeded", "refund.created")
    till.paid()
    till.standin.deliver_pending()
    assert till.heard == ["payment_intent.succeeded"]


@pytest.mark.parametrize(("order", "wanted"), [("sent", 1), ("reversed", -1)])
def test_deliveries_come_in_the_order_asked_for(till, order, wanted):
    till.listen("charge.succeeded", "checkout.session.completed", "payment_intent.succeeded")
    till.paid()
    till.standin.deliver_pending(order=order)
    sent = ["charge.succeeded", "payment_intent.succeeded", "checkout.session.completed"]
    assert till.heard == sent[::wanted]


def test_deliveries_are_duplicated_dropped_and_kept_back(till):
    till.listen("charge.succeeded", "checkout.session.completed", "payment_intent.succeeded")
    till.paid()
    till.standin.deliver_pending(only=["charge.succeeded"], duplicate=2)
    assert till.heard == ["charge.succeeded"] * 3
    till.standin.deliver_pending(drop=["payment_intent.succeeded"])
    assert till.heard[3:] == ["checkout.session.completed"]
    assert till.standin.deliver_pending() == []
    assert till.standin.post.pending == 0


def test_an_event_can_be_sent_again_after_a_200(till):
    till.listen("charge.succeeded")
    till.paid()
    till.standin.deliver_pending()
    event = till.client.v1.events.list({"type": "charge.succeeded"}).data[0]
    assert [outcome.status for outcome in till.standin.resend(event.id)] == [200]
    assert till.heard == ["charge.succeeded"] * 2


def test_one_happening_can_have_two_events(till):
    till.listen("charge.succeeded")
    till.paid()
    event = till.client.v1.events.list({"type": "charge.succeeded"}).data[0]
    twin = till.standin.duplicate_event(event.id)
    till.standin.deliver_pending()
    assert twin["id"] != event.id
    assert till.heard == ["charge.succeeded"] * 2


@pytest.mark.parametrize("status", [301, 400, 500])
def test_a_failed_delivery_is_tried_again_for_three_days(till, status):
    till.listen("charge.succeeded")
    till.answers = lambda _: status
    till.paid()
    hours = 0
    while till.standin.post.pending:
        till.standin.deliver_pending()
        till.standin.advance(timedelta(hours=1))
        hours += 1
    assert 60 <= hours <= 73
    assert 8 <= len(till.received) <= 12
    undelivered = till.client.v1.events.list({"delivery_success": False}).data
    assert [event.type for event in undelivered] == ["charge.succeeded"]


def test_a_receiver_that_breaks_down_is_a_failed_delivery(till):
    till.listen("charge.succeeded")

    def broken(_):
        raise ConnectionResetError

    till.answers = broken
    till.paid()
    assert [outcome.status for outcome in till.standin.deliver_pending()] == [None]
    till.answers = lambda _: 200
    till.standin.advance(timedelta(minutes=5))
    assert [outcome.status for outcome in till.standin.deliver_pending()] == [200]


def test_a_disabled_endpoint_gets_nothing_and_leaves_no_failed_delivery(till):
    endpoint = till.listen()
    till.standin.disable_endpoint(endpoint.id)
    till.paid()
    assert till.standin.deliver_pending() == []
    assert till.client.v1.events.list({"delivery_success": False}).data == []
    assert len(till.client.v1.events.list().data) == 4
    till.standin.enable_endpoint(endpoint.id)
    till.paid()
    assert len(till.standin.deliver_pending()) == 4


def test_a_rolled_secret_is_valid_beside_the_old_one_for_a_day(till):
    old = till.listen("charge.succeeded")
    new = till.standin.roll_secret(old.id)
    till.paid()
    till.standin.deliver_pending()
    _, headers, body = till.received[-1]
    assert headers["Stripe-Signature"].count("v1=") == 2
    for secret in (old.secret, new):
        assert till.client.construct_event(body, headers["Stripe-Signature"], secret)
    till.standin.advance(timedelta(hours=24))
    till.paid()
    till.standin.deliver_pending()
    _, headers, body = till.received[-1]
    assert till.client.construct_event(body, headers["Stripe-Signature"], new)
    with pytest.raises(stripe.SignatureVerificationError):
        till.client.construct_event(body, headers["Stripe-Signature"], old.secret)


def test_signatures_carry_the_receivers_time_unless_told_otherwise(till):
    till.listen("charge.succeeded")
    till.standin.post.timestamp = lambda: int(time.time()) - 360
    till.paid()
    till.standin.deliver_pending()
    _, headers, body = till.received[0]
    endpoint = till.standin.objects(till.account, "webhook_endpoint")[0]
    with pytest.raises(stripe.SignatureVerificationError, match="Timestamp outside"):
        till.client.construct_event(body, headers["Stripe-Signature"], endpoint["_secrets"][0]["secret"])


def test_events_can_be_forged_and_carried_elsewhere(till):
    endpoint = till.listen("charge.succeeded")
    forged = till.standin.post.forge(endpoint.id, {"type": "invoice.turned_blue"}, secret="whsec_stolen")
    with pytest.raises(stripe.SignatureVerificationError):
        till.client.construct_event(forged.body, forged.headers["Stripe-Signature"], endpoint.secret)
    unknown = till.standin.post.forge(endpoint.id, {"type": "invoice.turned_blue"})
    event = till.client.construct_event(unknown.body, unknown.headers["Stripe-Signature"], endpoint.secret)
    assert event.type == "invoice.turned_blue"
    till.paid()
    genuine = till.client.v1.events.list({"type": "charge.succeeded"}).data[0]
    (letter,) = till.standin.post.sealed(genuine.id)
    assert till.client.construct_event(letter.body, letter.headers["Stripe-Signature"], endpoint.secret)


def test_events_are_read_by_type_time_and_page(till):
    till.paid()
    types = {"types": ["charge.succeeded", "payment_intent.succeeded"], "created": {"gte": till.standin.world.now()}}
    page = till.client.v1.events.list({**types, "limit": 1})
    assert [event.type for event in page.data] == ["payment_intent.succeeded"]
    assert page.has_more
    rest = till.client.v1.events.list({**types, "limit": 1, "starting_after": page.data[-1].id})
    assert [event.type for event in rest.data] == ["charge.succeeded"]
    assert not rest.has_more


def test_events_can_be_read_for_thirty_days(till):
    till.paid()
    till.standin.advance(timedelta(days=30))
    assert len(till.client.v1.events.list().data) == 4
    till.standin.advance(timedelta(seconds=1))
    assert till.client.v1.events.list().data == []


def test_immediate_delivery_lets_the_receiver_call_the_api():
    till = Till(delivery="immediate")
    seen = []
    till.answers = lambda _: seen.append(till.client.v1.events.list({"limit": 1}).data[0].type) or 200
    till.listen("charge.succeeded", "checkout.session.completed")
    till.paid()
    assert till.heard == ["charge.succeeded", "checkout.session.completed"]
    assert len(seen) == 2


def test_a_connected_accounts_events_go_to_the_platform_with_its_id(till):
    platform = till.standin.open_platform()
    client = client_of(till.standin, till.standin.make_key(platform, restricted=False))
    params = {"url": f"{HOOK}/connect", "enabled_events": ["charge.succeeded"], "connect": True}
    client.v1.webhook_endpoints.create(params)
    client.v1.webhook_endpoints.create({"url": f"{HOOK}/own", "enabled_events": ["charge.succeeded"]})
    till.standin.connect(platform, till.account)
    till.paid()
    till.standin.deliver_pending()
    ((url, _, body),) = till.received
    assert url == f"{HOOK}/connect"
    assert json.loads(body)["account"] == till.account.id


def test_nothing_is_delivered_off_this_machine():
    with pytest.raises(OSError, match="this machine only"):
        deliver_over_loopback("https://shop.example/hooks", {}, b"{}")
