"""What the stand-in refuses: by shape at every depth, and by the rules between fields."""

from __future__ import annotations

import pytest

from cornerspot.payments.standin import StandInRefused, create_standin
from cornerspot.payments.standin.transport import client_of
from tests.contracts.standin_till import MONDAY, Till, refusal

pytestmark = pytest.mark.unjudged("the stand-in must refuse by itself")

NOW = int(MONDAY.timestamp())


@pytest.fixture
def till() -> Till:
    return Till()


def line(**changes) -> list:
    price = {"currency": "usd", "unit_amount": 5000, "product_data": {"name": "x"}}
    return [{"quantity": 1, "price_data": {name: value for name, value in {**price, **changes}.items() if value}}]


BAD_SESSIONS = [
    ({"payment_method_types": ["card"]}, "payment_method_types", "parameter_unknown"),
    ({"colour": "red"}, "colour", "parameter_unknown"),
    ({"line_items": line(colour="red")}, "line_items[0][price_data][colour]", "parameter_unknown"),
    (
        {"line_items": line(product_data={"name": "x", "colour": "red"})},
        "line_items[0][price_data][product_data][colour]",
        "parameter_unknown",
    ),
    ({"payment_intent_data": {"payment_method_types": ["card"]}}, "payment_intent_data[payment_method_types]", None),
    ({"ui_mode": "hosted"}, "ui_mode", None),
    ({"line_items": line(currency="USD")}, "line_items[0][price_data][currency]", None),
    ({"line_items": line(currency="xxx")}, "line_items[0][price_data][currency]", None),
    ({"line_items": line(unit_amount="10.50")}, "line_items[0][price_data][unit_amount]", "parameter_invalid_integer"),
    ({"line_items": line(unit_amount=-5)}, "line_items[0][price_data][unit_amount]", "parameter_invalid_integer"),
    ({"line_items": line(product_data=None)}, "line_items[0][price_data]", "parameter_missing"),
    ({"line_items": line(unit_amount=None)}, "line_items[0][price_data][unit_amount]", "parameter_missing"),
    ({"line_items": line(unit_amount=49)}, "line_items", "amount_too_small"),
    ({"line_items": line(unit_amount=100_000_000)}, "line_items", "amount_too_large"),
    ({"line_items": line(currency="kwd", unit_amount=10_001)}, "line_items", None),
    ({"line_items": line(currency="isk", unit_amount=10_050)}, "line_items", None),
    ({"line_items": line(currency="ugx", unit_amount=100_050)}, "line_items", None),
    ({"line_items": line() + line(currency="eur")}, "line_items", None),
    ({"line_items": [{"quantity": 1}]}, "line_items[0][price]", None),
    ({"customer": "cus_none"}, "customer", "resource_missing"),
    ({"customer_email": "not an address"}, "customer_email", "email_invalid"),
    ({"expires_at": NOW + 29 * 60}, "expires_at", None),
    ({"expires_at": NOW + 24 * 3600 + 60}, "expires_at", None),
    ({"success_url": "shop.test"}, "success_url", "url_invalid"),
    ({"client_reference_id": "x" * 201}, "client_reference_id", None),
    ({"metadata": {"k" * 41: "x"}}, "metadata", None),
    ({"metadata": {"k": "x" * 501}}, "metadata", None),
    ({"metadata": {f"k{number}": "x" for number in range(51)}}, "metadata", None),
    ({"payment_intent_data": {"application_fee_amount": 5}}, "payment_intent_data[application_fee_amount]", None),
    ({"payment_intent_data": {"statement_descriptor_suffix": "x" * 23}},
     "payment_intent_data[statement_descriptor_suffix]", None),
    ({"allowed_payment_method_types": ["sepa_debit"]}, "allowed_payment_method_types", None),
    ({"allowed_payment_method_types": ["cheque"]}, "allowed_payment_method_types", None),
    ({"payment_method_options": {"us_bank_account": {"verification_method": "microdeposits"}}},
     "payment_method_options[us_bank_account][verification_method]", None),
    ({"mode": "donation"}, "mode", None),
    ({"subscription_data": {"trial_period_days": 7}}, "subscription_data", None),
]  # fmt: skip


@pytest.mark.unjudged("These requests are bad on purpose; the stand-in has to say so too.")
@pytest.mark.parametrize(("changes", "param", "code"), BAD_SESSIONS, ids=lambda value: str(value)[:60])
def test_a_bad_session_is_refused_by_name(till, changes, param, code):
    error = refusal(lambda: till.client.v1.checkout.sessions.create({**till.request(), **changes}))
    assert (error.http_status, error.error.type, error.error.param) == (400, "invalid_request_error", param)
    if code is not None:
        assert error.code == code
    assert till.standin.objects(till.account, "checkout.session") == []


@pytest.mark.parametrize("name", ["success_url", "line_items"])
def test_what_a_session_needs_cannot_be_left_out(till, name):
    params = {key: value for key, value in till.request().items() if key != name}
    error = refusal(lambda: till.client.v1.checkout.sessions.create(params))
    assert (error.code, error.error.param) == ("parameter_missing", name)


def test_a_customer_excludes_an_address(till):
    customer = till.client.v1.customers.create({"email": "ann@example.test"})
    error = refusal(lambda: till.session(customer=customer.id, customer_email="ann@example.test"))
    assert "You may only specify one of these parameters" in error.user_message


@pytest.mark.parametrize(
    ("amount", "currency"), [(10_010, "kwd"), (10_000, "isk"), (200_000, "ugx"), (50, "jpy"), (30, "gbp")]
)
def test_amounts_that_fit_their_currency_are_taken(till, amount, currency):
    assert till.session(amount, currency).amount_total == amount


def test_a_method_that_is_not_switched_on_does_not_appear(till):
    till.account.methods.remove("us_bank_account")
    session = till.session(allowed_payment_method_types=["card", "us_bank_account"])
    assert session.payment_method_types == ["card"]
    error = refusal(lambda: till.session(allowed_payment_method_types=["us_bank_account"]))
    assert "No valid payment method types" in error.user_message


@pytest.mark.unjudged("Bad on purpose.")
def test_unknown_filters_and_fields_to_expand_are_refused(till):
    assert refusal(lambda: till.client.v1.refunds.list({"status": "pending"})).code == "parameter_unknown"
    intent = till.paid()
    error = refusal(lambda: till.client.v1.payment_intents.retrieve(intent.id, {"expand": ["weather"]}))
    assert "cannot be expanded" in error.user_message


def test_unknown_and_missing_keys_are_not_let_in(till):
    assert refusal(client_of(till.standin, "rk_test_unknown").v1.accounts.retrieve_current).http_status == 401
    till.standin.revoke_key(till.key)
    error = refusal(till.client.v1.accounts.retrieve_current)
    assert (error.http_status, error.error.code) == (401, "api_key_expired")
    assert till.key not in str(error)
    till.standin.restore_key(till.key)
    assert till.client.v1.accounts.retrieve_current().id == till.account.id


def test_a_restricted_key_does_what_it_is_allowed_to(till):
    key = till.standin.make_key(till.account, permissions=["accounts_kyc_basic_read"])
    client = client_of(till.standin, key)
    assert client.v1.accounts.retrieve_current().id == till.account.id
    error = refusal(lambda: client.v1.checkout.sessions.create(till.request()))
    assert error.http_status == 403
    assert "rak_checkout_session_write" in error.user_message


def test_who_may_write_may_read(till):
    key = till.standin.make_key(till.account, permissions=["charge_write"])
    client = client_of(till.standin, key)
    assert client.v1.refunds.list().data == []
    assert refusal(client.v1.disputes.list).http_status == 403


def test_a_restricted_account_takes_no_payments_and_says_so(till):
    till.standin.restrict(till.account)
    assert not till.client.v1.accounts.retrieve_current().charges_enabled
    assert refusal(till.session).http_status == 400
    assert till.happened() == ["account.updated"]
    till.standin.restrict(till.account, charges_enabled=True)
    assert till.session().status == "open"


def test_accounts_do_not_see_each_other(till):
    other = till.standin.open_account()
    client = client_of(till.standin, till.standin.make_key(other))
    intent = till.paid()
    assert refusal(lambda: client.v1.payment_intents.retrieve(intent.id)).http_status == 404
    assert client.v1.events.list().data == []
    foreign = client_of(till.standin, till.key, account=other.id)
    assert refusal(foreign.v1.accounts.retrieve_current).http_status == 403


def test_another_version_of_the_api_is_refused(till):
    headers = {"authorization": f"Bearer {till.key}", "stripe-version": "2020-08-27"}
    answer = till.standin.answer("GET", "/v1/account", "", headers, "")
    assert answer.status == 400
    assert "Invalid Stripe API version" in answer.body


def test_an_unknown_address_is_refused(till):
    answer = till.standin.answer("GET", "/v1/unicorns", "", {"authorization": f"Bearer {till.key}"}, "")
    assert answer.status == 404


@pytest.mark.parametrize("prefix", ["sk_live_", "rk_live_"])
def test_it_does_not_start_beside_a_live_key(monkeypatch, prefix):
    with pytest.raises(StandInRefused):
        create_standin(near=[f"{prefix}abc"])
    monkeypatch.setenv("STRIPE_SECRET_KEY", f"{prefix}abc")
    with pytest.raises(StandInRefused):
        create_standin()


def test_it_does_not_start_in_production(monkeypatch):
    with pytest.raises(StandInRefused):
        create_standin(environment="production")
    monkeypatch.setenv("CORNERSPOT_ENV", "production")
    for said in (None, "test"):
        with pytest.raises(StandInRefused):
            create_standin(environment=said)


def test_it_holds_no_live_key(till):
    with pytest.raises(StandInRefused):
        till.standin.make_key(till.account, key="sk_live_abc")
