"""Settings, Payments: connecting, what works, ways to pay, part payments, leaving."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest

from cornerspot.billing.settings import billing_settings
from cornerspot.payments.connecting import live_account
from cornerspot.payments.models import ProcessorAccount
from cornerspot.payments.standin import Fault, StandIn
from cornerspot.plans.assigning import assign_plan
from cornerspot.tenancy import team_scope
from tests.factories.stripe import settings_with, stripe_at_hand
from tests.factories.teams import Story

pytestmark = pytest.mark.usefixtures("without_tokens")
PAGE = "/settings/payments"


@pytest.fixture
def stripe_(app) -> Iterator[StandIn]:
    with stripe_at_hand() as standin:
        yield standin


@pytest.fixture
def connected(story, client, stripe_) -> StandIn:
    merchant = stripe_.open_account(name="Coworking Graz", country="AT", currency="eur")
    key = stripe_.make_key(merchant)
    assert client.post(f"{PAGE}/connection", data={"key": key}).status_code == 303
    stripe_.merchant, stripe_.key = merchant, key
    return stripe_


def account_of(story: Story) -> ProcessorAccount | None:
    with story.app.app_context(), team_scope(story.team):
        return live_account()


def test_a_newcomer_is_shown_how_to_connect(client):
    page = client.get(PAGE).text
    assert "Make a restricted key in Stripe" in page
    assert "Webhook Endpoints" in page
    assert "Connect with Stripe" not in page  # This installation is no platform.


def test_a_key_connects_and_the_page_says_what_works(client, connected):
    page = client.get(PAGE).text
    for words in ("Coworking Graz", connected.merchant.id, "Austria", "Taking payments", "Test", "SEPA Direct Debit"):
        assert words in page
    assert f"ends in {connected.key[-4:]}" in page
    assert connected.key not in page


def test_a_refused_key_is_explained_at_the_field_and_not_shown_again(client, stripe_):
    answer = client.post(f"{PAGE}/connection", data={"key": "sk_test_1234567890123456"})
    assert answer.status_code == 422
    assert "This is a secret key" in answer.text
    assert "sk_test_1234567890123456" not in answer.text


def test_ways_to_pay_are_switched(story, client, connected):
    account = account_of(story)
    data = {"version": str(account.version), "us_bank_account": "y"}
    assert client.post(f"{PAGE}/methods", data=data).status_code == 303
    assert account_of(story).methods == ["card", "us_bank_account"]
    assert client.post(f"{PAGE}/methods", data={"version": str(account.version)}).status_code == 422  # Stale.
    assert account_of(story).methods == ["card", "us_bank_account"]


def test_part_payments_are_allowed_with_a_least_share(story, client, connected):
    def saved() -> tuple[bool, int, int]:
        with story.app.app_context(), team_scope(story.team):
            settings = billing_settings()
            return settings.part_payments, settings.least_part_percent, settings.version

    data = {"part_payments": "y", "least_part_percent": "25", "version": str(saved()[2])}
    assert client.post(f"{PAGE}/parts", data=data).status_code == 303
    assert saved()[:2] == (True, 25)
    for wrong in ("0", "101", "x", ""):
        data = {"part_payments": "y", "least_part_percent": wrong, "version": str(saved()[2])}
        assert client.post(f"{PAGE}/parts", data=data).status_code == 422


def test_leaving_takes_the_typed_word(story, client, connected):
    client.post(f"{PAGE}/disconnection", data={"typed_word": "yes"})
    assert account_of(story) is not None
    assert client.post(f"{PAGE}/disconnection", data={"typed_word": "disconnect"}).status_code == 303
    assert account_of(story) is None
    assert "Coworking Graz is not connected any more" in client.get(PAGE).text


def test_checking_shows_what_stripe_wants(story, client, connected):
    def restrict(answer: dict) -> None:
        answer["charges_enabled"] = False
        answer["requirements"]["currently_due"] = ["external_account"]

    connected.faults.next("GET /v1/account", Fault.ALTERED_ANSWER(alter=restrict))
    client.post(f"{PAGE}/check")
    page = client.get(PAGE).text
    assert "Stripe does not take payments for this account yet" in page
    assert "1 thing is missing" in page
    assert account_of(story).is_usable is False


def test_checking_a_revoked_key_ends_the_connection(story, client, connected):
    connected.revoke_key(connected.key)
    client.post(f"{PAGE}/check")
    assert account_of(story) is None
    assert "not connected any more" in client.get(PAGE).text


def test_key_and_secret_are_replaced(story, client, connected):
    fresh = connected.make_key(connected.merchant)
    assert client.post(f"{PAGE}/key", data={"key": fresh}).status_code == 303
    assert account_of(story).key_hint == fresh[-4:]
    assert client.post(f"{PAGE}/key", data={"key": "rk_test_nobody_knows_this"}).status_code == 422
    before = account_of(story).webhook_endpoint_id
    assert client.post(f"{PAGE}/secret/roll").status_code == 303
    assert account_of(story).webhook_endpoint_id != before
    assert client.post(f"{PAGE}/secret", data={"secret": "whsec_0123456789abcdef"}).status_code == 303
    assert client.post(f"{PAGE}/secret", data={"secret": "no"}).status_code == 422


@pytest.mark.parametrize("role", ["rep", "manager"])
def test_only_admins_see_and_change_it(story, stripe_, role):
    client = story.sign_in(role)
    assert client.get(PAGE).status_code == 403
    assert client.post(f"{PAGE}/connection", data={"key": "rk_test_1234567890123456"}).status_code == 403
    assert client.post(f"{PAGE}/disconnection", data={"typed_word": "disconnect"}).status_code == 403


def test_the_plan_must_include_online_payments(story, client, connected):
    from cornerspot.db.transaction import transaction
    from cornerspot.people.actors import Actor

    with story.app.app_context(), team_scope(story.team), transaction():
        assign_plan("free_v1", by=Actor(kind="operator", name="op"), end_trial=True)
    assert client.get(PAGE).status_code == 402
    assert client.post(f"{PAGE}/connection", data={"key": "rk_test_1234567890123456"}).status_code == 402
    # Leaving is always open: nobody is held by a plan.
    assert client.post(f"{PAGE}/disconnection", data={"typed_word": "disconnect"}).status_code == 303


def test_the_page_stays_within_its_budget(client, connected, query_counter):
    client.get(PAGE)
    with query_counter() as sent:
        client.get(PAGE)
    assert len(sent) <= 15


# Stripe Connect


@pytest.fixture
def platform(stripe_) -> Iterator[StandIn]:
    owner = stripe_.open_platform()
    with settings_with(
        stripe_key=stripe_.make_key(owner, restricted=False), stripe_client_id=stripe_.account(owner).client_id
    ):
        stripe_.platform = owner
        yield stripe_


def leave_for_stripe(client) -> dict[str, str]:
    answer = client.get(f"{PAGE}/consent")
    assert answer.status_code == 303
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.location).query).items()}


def come_back(story: Story, client, **query: str):
    answer = story.app.test_client().get("/stripe/connected", query_string=query)
    assert answer.status_code == 303
    return client.get(answer.location)


def test_the_way_to_stripe_and_back_connects(story, client, platform):
    assert "Connect with Stripe" in client.get(PAGE).text
    sent = leave_for_stripe(client)
    assert (sent["scope"], sent["response_type"]) == ("read_write", "code")
    assert sent["redirect_uri"].endswith("/stripe/connected")
    code = platform.grant_code(platform.platform, platform.open_account(name="By consent"))
    for _ in range(2):  # The second time is a reload.
        assert come_back(story, client, state=sent["state"], code=code).status_code == 303
    assert account_of(story).name == "By consent"
    assert "Stripe Connect" in client.get(PAGE).text
    assert account_of(story).stripe_account_id in platform.world.connections


def test_another_browser_cannot_come_back(story, client, platform):
    sent = leave_for_stripe(client)
    code = platform.grant_code(platform.platform, platform.open_account())
    come_back(story, story.sign_in("owner"), state=sent["state"], code=code)
    come_back(story, story.sign_in("admin"), state=sent["state"], code=code)
    assert account_of(story) is None


def test_who_does_not_agree_is_told_so(story, client, platform):
    sent = leave_for_stripe(client)
    come_back(story, client, state=sent["state"], error="access_denied")
    assert "you did not agree" in client.get(PAGE).text
    assert account_of(story) is None


@pytest.mark.parametrize("state", ["", "nothing", "../x.token", "acme.", "//evil.example.token"])
def test_a_made_up_state_leads_nowhere(story, state):
    answer = story.app.test_client().get("/stripe/connected", query_string={"state": state, "code": "ac_1"})
    assert answer.status_code == 404
