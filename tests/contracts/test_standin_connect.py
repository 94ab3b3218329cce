"""Connecting accounts to a platform by OAuth, and leaving again."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import stripe
from werkzeug.test import Client

from cornerspot.payments.standin.transport import BASES, StandInTransport, client_of
from cornerspot.payments.standin.wsgi import create_wsgi_app
from tests.contracts.standin_till import Till, refusal

BACK = "https://app.test/connect/back"


class Platform:
    """A platform beside the till's merchant."""

    def __init__(self) -> None:
        self.till = Till()
        self.standin = self.till.standin
        self.account = self.standin.open_platform(redirect_uris=[BACK])
        self.key = self.standin.make_key(self.account, restricted=False)
        self.client = stripe.StripeClient(
            self.key,
            client_id=self.account.client_id,
            base_addresses=BASES,
            http_client=StandInTransport(self.standin),
        )
        self.browser = Client(create_wsgi_app(self.standin))

    def exchange(self, code: str):
        return self.client.oauth.token({"grant_type": "authorization_code", "code": code}, {"max_network_retries": 0})

    def connected(self) -> stripe.StripeClient:
        """A client that acts on the merchant's account."""
        return client_of(self.standin, self.key, account=self.till.account.id)

    def connect(self) -> None:
        self.exchange(self.standin.grant_code(self.account, self.till.account))

    def authorize(self, **changes: str):
        params = {
            "response_type": "code",
            "client_id": self.account.client_id,
            "scope": "read_write",
            "state": "s1",
            "redirect_uri": BACK,
        }
        return {**params, **changes}


@pytest.fixture
def platform() -> Platform:
    return Platform()


def test_the_owner_connects_and_comes_back_with_a_code(platform):
    page = platform.browser.get("/oauth/authorize", query_string=platform.authorize())
    assert "Stripe stand-in: no real money moves" in page.text
    assert "Merchant" in page.text
    answer = platform.browser.post(
        "/oauth/authorize", query_string=platform.authorize(), data={"account": platform.till.account.id}
    )
    assert answer.status_code == 303
    back = parse_qs(urlsplit(answer.location).query)
    assert answer.location.startswith(BACK)
    assert back["state"] == ["s1"]
    token = platform.exchange(back["code"][0])
    assert (token.stripe_user_id, token.livemode, token.scope) == (platform.till.account.id, False, "read_write")
    assert platform.connected().v1.accounts.retrieve_current().id == platform.till.account.id


def test_the_owner_may_say_no(platform):
    answer = platform.browser.post("/oauth/authorize", query_string=platform.authorize(), data={})
    assert parse_qs(urlsplit(answer.location).query)["error"] == ["access_denied"]


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "ca_none"},
        {"response_type": "token"},
        {"scope": "all"},
        {"redirect_uri": "https://evil.test/back"},
    ],
)
def test_a_bad_link_goes_nowhere(platform, changes):
    for send in (platform.browser.get, platform.browser.post):
        assert send("/oauth/authorize", query_string=platform.authorize(**changes)).status_code == 400


def test_a_code_used_twice_revokes_the_connection(platform):
    code = platform.standin.grant_code(platform.account, platform.till.account)
    platform.exchange(code)
    with pytest.raises(stripe.oauth_error.InvalidGrantError):
        platform.exchange(code)
    assert refusal(platform.connected().v1.accounts.retrieve_current).http_status == 403


def test_a_code_works_for_five_minutes(platform):
    code = platform.standin.grant_code(platform.account, platform.till.account)
    platform.standin.advance(timedelta(minutes=6))
    with pytest.raises(stripe.oauth_error.InvalidGrantError):
        platform.exchange(code)


def test_a_code_belongs_to_one_platform(platform):
    other = platform.standin.open_platform()
    code = platform.standin.grant_code(other, platform.till.account)
    with pytest.raises(stripe.oauth_error.InvalidGrantError):
        platform.exchange(code)


def test_a_platform_acts_on_connected_accounts_only(platform):
    assert refusal(platform.connected().v1.accounts.retrieve_current).http_status == 403
    platform.connect()
    session = platform.connected().v1.checkout.sessions.create(
        platform.till.request(payment_intent_data={"application_fee_amount": 100})
    )
    platform.standin.pay_with_card(session.id)
    (charge,) = platform.till.client.v1.charges.list({"expand": ["data.balance_transaction"]}).data
    assert charge.balance_transaction.fee == 320 + 100
    assert charge.application == platform.account.client_id
    (fee,) = platform.standin.objects(platform.account, "application_fee")
    assert (fee["amount"], fee["charge"]) == (100, charge.id)


def test_the_platform_can_let_go(platform):
    platform.connect()
    platform.client.oauth.deauthorize({"stripe_user_id": platform.till.account.id})
    assert refusal(platform.connected().v1.accounts.retrieve_current).http_status == 403
    assert platform.till.client.v1.accounts.retrieve_current().id == platform.till.account.id
    with pytest.raises(stripe.oauth_error.InvalidClientError):
        platform.client.oauth.deauthorize({"stripe_user_id": platform.till.account.id})


def test_the_platform_hears_that_an_account_has_left(platform):
    platform.client.v1.webhook_endpoints.create(
        {"url": BACK, "enabled_events": ["account.application.deauthorized"], "connect": True}
    )
    platform.connect()
    platform.standin.disconnect(platform.till.account)
    platform.standin.deliver_pending()
    assert platform.till.heard == ["account.application.deauthorized"]
    assert refusal(platform.connected().v1.accounts.retrieve_current).http_status == 403
    assert refusal(platform.till.client.v1.accounts.retrieve_current).http_status == 401


def test_a_debit_goes_on_while_its_account_is_away(platform):
    session = platform.till.session()
    platform.standin.pay_by_bank(session.id)
    platform.standin.disconnect(platform.till.account)
    platform.standin.advance_business_days(4)
    assert refusal(lambda: platform.till.intent(session)).http_status == 401
    platform.standin.reconnect(platform.till.account, platform.account)
    assert platform.till.intent(session).status == "succeeded"
    assert platform.connected().v1.events.list({"type": "payment_intent.succeeded"}).data


def test_only_platforms_listen_to_others(platform):
    error = refusal(lambda: platform.till.listen(connect=True))
    assert error.error.param == "connect"
