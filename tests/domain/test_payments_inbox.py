"""The inbox: taken once, tried again, stuck at last; and events about the connection itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from cornerspot.db import session
from cornerspot.db.transaction import in_transaction
from cornerspot.jobs.queue import GiveUp
from cornerspot.kit import clock
from cornerspot.kit.errors import Conflict
from cornerspot.payments import consenting, inbox, upkeep
from cornerspot.payments.connecting import connect_with_key, live_account
from cornerspot.payments.models import ProcessorAccount, StripeEvent
from cornerspot.payments.provider import EventRecord
from cornerspot.payments.standin import Fault, StandIn
from cornerspot.payments.stripe_webhooks import event_of, object_of
from tests.factories.stripe import event_body, settings_with, stripe_at_hand


@pytest.fixture
def stripe_(app) -> Iterator[StandIn]:
    with stripe_at_hand() as standin:
        yield standin


@pytest.fixture
def account(team, story, stripe_) -> ProcessorAccount:
    connect_with_key(stripe_.make_key(stripe_.open_account()), by=story.owner)
    found = in_transaction(live_account)
    assert found is not None
    return found


def store(account: ProcessorAccount, body: bytes) -> UUID:
    stored = in_transaction(lambda: inbox.store_event(account, event_of(json.loads(body)), body))
    assert stored is not None
    return stored


def read(event_id: UUID) -> StripeEvent:
    statement = select(StripeEvent).where(StripeEvent.id == event_id).execution_options(populate_existing=True)
    return in_transaction(lambda: session.scalars(statement).one())


def take(event_id: UUID) -> inbox.TakenEvent | None:
    return in_transaction(lambda: inbox.take(event_id))


OBJECTS = {
    "a payment": ({"object": "payment_intent", "id": "pi_1"}, "pi_1", ""),
    "a charge": ({"object": "charge", "id": "ch_1", "payment_intent": "pi_1"}, "pi_1", "ch_1"),
    "a charge without a payment": ({"object": "charge", "id": "ch_1", "payment_intent": None}, "", "ch_1"),
    "a refund": ({"object": "refund", "id": "re_1", "payment_intent": "pi_1", "charge": "ch_1"}, "pi_1", "ch_1"),
    "a dispute": ({"object": "dispute", "id": "du_1", "payment_intent": {"id": "pi_1"}}, "pi_1", ""),
    "a page": ({"object": "checkout.session", "id": "cs_1", "payment_intent": None}, "", ""),
    "something new": ({"object": "hologram", "id": "ho_1"}, "", ""),
    "next to nothing": ({}, "", ""),
}  # fmt: skip


@pytest.mark.parametrize(("about", "payment_id", "charge_id"), OBJECTS.values(), ids=OBJECTS)
def test_what_an_event_is_about_is_told_by_its_object(about, payment_id, charge_id):
    found = object_of(about)
    assert (found.kind, found.id) == (about.get("object", ""), about.get("id", ""))
    assert (found.payment_id, found.charge_id) == (payment_id, charge_id)


def test_an_event_is_taken_until_it_is_done_with(account):
    event_id = store(account, event_body())
    first, second = take(event_id), take(event_id)
    assert first is not None
    assert second is not None
    assert (first.tries, second.tries, first.about.payment_id) == (1, 2, "pi_1")
    in_transaction(lambda: inbox.finish(event_id, "done"))
    assert take(event_id) is None


def test_an_event_that_fails_again_and_again_is_stuck_and_can_be_taken_up_by_hand(account):
    event_id = store(account, event_body())
    for left in [*[True] * (inbox.MOST_TRIES - 1), False]:
        take(event_id)
        assert in_transaction(lambda: inbox.fail(event_id, "Stripe was silent")) is left
    assert (read(event_id).state, read(event_id).error) == ("stuck", "Stripe was silent")
    in_transaction(lambda: inbox.retry(event_id))
    taken = take(event_id)
    assert taken is not None
    assert taken.tries == 1


def test_a_swept_event_that_had_come_by_webhook_is_the_same_row(account):
    body = event_body()
    store(account, body)
    record = EventRecord("evt_1", "payment_intent.succeeded", "pi_1", False, clock.now(), body)
    assert in_transaction(lambda: inbox.store_swept(account, record)) is None
    other = EventRecord("evt_2", "x", "pi_1", False, clock.now(), event_body(id="evt_2"))
    stored = in_transaction(lambda: inbox.store_swept(account, other))
    assert stored is not None
    assert read(stored).source == "sweep"


def test_an_event_whose_job_was_lost_is_found(account):
    event_id = store(account, event_body())
    assert in_transaction(inbox.waiting_events) == []
    with clock.moved_to(clock.now() + timedelta(minutes=6)):
        assert in_transaction(inbox.waiting_events) == [event_id]


def test_an_event_about_the_account_has_it_looked_at_again(account, stripe_):
    stripe_.account(account.stripe_account_id).name = "Renamed"
    event_id = store(account, event_body("account.updated", about={"object": "account", "id": "acct_1"}))
    upkeep.take_connection_event(str(event_id))
    found = in_transaction(live_account)
    assert found is not None
    assert found.name == "Renamed"
    assert read(event_id).state == "done"


def test_an_event_about_the_account_waits_while_stripe_is_silent(account, stripe_):
    event_id = store(account, event_body("account.updated", about={"object": "account", "id": "acct_1"}))
    for number in range(1, inbox.MOST_TRIES + 1):
        stripe_.faults.next("GET /v1/account", Fault.SERVER_ERROR_500, times=3)
        with pytest.raises(GiveUp if number == inbox.MOST_TRIES else Conflict):
            upkeep.take_connection_event(str(event_id))
    assert read(event_id).state == "stuck"
    assert in_transaction(live_account) is not None


def test_an_account_that_leaves_in_the_dashboard_is_disconnected(team, story, stripe_):
    platform, merchant = stripe_.open_platform(), stripe_.open_account()
    with settings_with(
        stripe_key=stripe_.make_key(platform, restricted=False), stripe_client_id=stripe_.account(platform).client_id
    ):
        token = in_transaction(lambda: consenting.begin_consent(by=story.owner)).token
        consenting.finish_consent(token, stripe_.grant_code(platform, merchant), by=story.owner)
        account = in_transaction(live_account)
        assert account is not None
        left = event_body(
            "account.application.deauthorized", about={"object": "application", "id": "ca_1"}, account=merchant.id
        )
        event_id = store(account, left)
        upkeep.take_connection_event(str(event_id))
        assert in_transaction(live_account) is not None  # Stripe still lets us in: an old event, or a lie.
        stripe_.disconnect(merchant)
        again = store(account, left.replace(b"evt_1", b"evt_2"))
        upkeep.take_connection_event(str(again))
        assert in_transaction(live_account) is None
