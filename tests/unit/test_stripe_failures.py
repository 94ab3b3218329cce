"""What a failed call to Stripe means, told apart in one place; and what the SDK is told to do."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

import pytest
import stripe

from cornerspot.payments.provider import (
    ProviderBusy,
    ProviderError,
    ProviderGone,
    ProviderRefused,
    ProviderUnsure,
)
from cornerspot.payments.stripe_calls import calls_through, stripe_client
from cornerspot.payments.stripe_oauth import exchange_code
from cornerspot.payments.stripe_provider import StripeProvider
from cornerspot.settings import load_settings, use_settings

SILENCE = "silence"
pytestmark = pytest.mark.unjudged("the answers here are what a broken Stripe would give")


class Scripted(stripe.HTTPClient):
    """Gives the answers of a list, the last one again and again, and keeps what it was asked."""

    name = "scripted"

    def __init__(self, *answers: Any) -> None:
        super().__init__()
        self.answers, self.asked = list(answers), []

    def request(self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None, **_: Any) -> Any:
        self.asked.append((method, url, dict(headers or {}), post_data))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer == SILENCE:
            raise stripe.APIConnectionError("timed out", should_retry=True)
        status, body, *more = answer
        return json.dumps(body) if not isinstance(body, str) else body, status, more[0] if more else {}

    def _sleep_time_seconds(self, num_retries: int) -> float:
        return 0.0

    def close(self) -> None:
        pass


@pytest.fixture(autouse=True)
def settings(tmp_path):
    from cornerspot import settings as module

    before = dict(module._in_use)
    use_settings(
        load_settings(
            {
                "CORNERSPOT_ENV": "test",
                "CORNERSPOT_DATA_DIR": str(tmp_path),
                "STRIPE_SECRET_KEY": "sk_test_platform_0001",
                "STRIPE_CLIENT_ID": "ca_1",
            }
        )
    )
    yield
    module._in_use.clear()
    module._in_use.update(before)


def refusal(kind: str = "invalid_request_error", **more: Any) -> dict[str, Any]:
    return {"error": {"type": kind, "message": "No.", **more}}


FAILURES = {
    "silence": (SILENCE, ProviderUnsure, "no_answer"),
    "500": ((500, refusal("api_error")), ProviderUnsure, "status_500"),
    "503 in HTML": ((503, "<html>"), ProviderUnsure, "status_503"),
    "409": (
        (409, refusal("idempotency_error", code="idempotency_key_in_use")),
        ProviderUnsure,
        "idempotency_key_in_use",
    ),
    "200 that is no JSON": ((200, "<html>"), ProviderUnsure, "status_200"),
    "200 with a list": ((200, []), ProviderUnsure, "unreadable_answer"),
    "200 without an amount": ((200, {"object": "checkout.session"}), ProviderUnsure, "unreadable_answer"),
    "429": ((429, refusal(code="rate_limit")), ProviderBusy, "rate_limit"),
    "400": ((400, refusal(code="amount_too_small")), ProviderRefused, "amount_too_small"),
    "402": ((402, refusal("card_error", code="card_declined")), ProviderRefused, "card_declined"),
    "404": ((404, refusal(code="resource_missing")), ProviderRefused, "resource_missing"),
    "another body under a key": ((400, refusal("idempotency_error")), ProviderRefused, ""),
    "401": ((401, refusal()), ProviderGone, "key_revoked"),
    "401 expired": ((401, refusal(code="api_key_expired")), ProviderGone, "api_key_expired"),
    "403 without permission": ((403, refusal()), ProviderRefused, "missing_permission"),
    "403 of a lost account": ((403, refusal(code="account_invalid")), ProviderGone, "account_invalid"),
}


@pytest.mark.parametrize(("answer", "error", "code"), FAILURES.values(), ids=FAILURES)
def test_a_failed_call_is_told_apart(answer, error, code):
    with calls_through(Scripted(answer)), pytest.raises(ProviderError) as failure:
        StripeProvider(stripe_client("rk_test_1"), livemode=False).read_checkout("cs_test_1")
    assert (type(failure.value), failure.value.code) == (error, code)
    assert failure.value.message


def test_a_platform_that_may_no_longer_look_has_lost_the_account():
    with calls_through(Scripted((403, refusal()))), pytest.raises(ProviderGone):
        client = stripe_client("sk_test_1", account_id="acct_1")
        StripeProvider(client, livemode=False, connected_id="acct_1").read_account()


def test_silence_and_500_are_tried_three_times_with_one_key():
    for answer in (SILENCE, (500, refusal("api_error")), (409, refusal())):
        client = Scripted(answer)
        with calls_through(client), pytest.raises(ProviderUnsure):
            StripeProvider(stripe_client("rk_test_1"), livemode=False).create_customer(
                name="A", email="a@example.com", metadata={"tenant": "1"}, key="cu:1"
            )
        assert len(client.asked) == 3
        assert {headers["Idempotency-Key"] for _, _, headers, _ in client.asked} == {"cu:1"}


def test_429_and_refusals_are_not_tried_again():
    for answer in ((429, refusal()), (400, refusal()), (500, refusal(), {"stripe-should-retry": "false"})):
        client = Scripted(answer)
        with calls_through(client), pytest.raises(ProviderError):
            StripeProvider(stripe_client("rk_test_1"), livemode=False).read_checkout("cs_test_1")
        assert len(client.asked) == 1


def test_a_code_is_exchanged_once_whatever_happens():
    for answer in (SILENCE, (500, refusal()), (409, refusal())):
        client = Scripted(answer)
        with calls_through(client), pytest.raises(ProviderUnsure):
            exchange_code("ac_1")
        assert len(client.asked) == 1
    used = Scripted((400, {"error": "invalid_grant", "error_description": "used"}))
    with calls_through(used), pytest.raises(ProviderRefused) as failure:
        exchange_code("ac_1")
    assert failure.value.code == "invalid_grant"


def test_each_call_carries_its_own_key_account_and_version():
    client = Scripted((200, {"id": "acct_1", "object": "account"}))
    with calls_through(client):
        StripeProvider(stripe_client("rk_test_one"), livemode=False).read_account()
        StripeProvider(stripe_client("sk_test_two", account_id="acct_2"), livemode=False).read_account()
    (_, _, one, _), (_, _, two, _) = client.asked
    assert one["Authorization"] == "Bearer rk_test_one"
    assert "Stripe-Account" not in one
    assert (two["Authorization"], two["Stripe-Account"]) == ("Bearer sk_test_two", "acct_2")
    assert one["Stripe-Version"] == two["Stripe-Version"] == "2026-10-28.endive"
    assert "X-Stripe-Client-Telemetry" not in two
    assert stripe.api_key is None


def test_a_stand_ins_address_takes_the_place_of_all_of_stripes(tmp_path):
    use_settings(
        load_settings(
            {
                "CORNERSPOT_ENV": "test",
                "CORNERSPOT_DATA_DIR": str(tmp_path),
                "STRIPE_BASE": "http://127.0.0.1:12111/",
                "STRIPE_SECRET_KEY": "sk_test_platform_0001",
                "STRIPE_CLIENT_ID": "ca_1",
            }
        )
    )
    client = Scripted((200, {"id": "acct_1", "object": "account"}), (400, {"error": "invalid_grant"}))
    with calls_through(client), pytest.raises(ProviderRefused):
        StripeProvider(stripe_client("rk_test_one"), livemode=False).read_account()
        exchange_code("ac_1")
    assert [url for _, url, _, _ in client.asked] == [
        "http://127.0.0.1:12111/v1/account",
        "http://127.0.0.1:12111/oauth/token",
    ]


def test_bodies_of_requests_are_never_logged(caplog):
    client = Scripted((200, {"id": "cus_1", "object": "customer"}))
    with caplog.at_level(logging.DEBUG), calls_through(client):
        StripeProvider(stripe_client("rk_test_1"), livemode=False).create_customer(
            name="Private Person", email="a@example.com", metadata={}, key="cu:1"
        )
    assert "Private Person" not in caplog.text
