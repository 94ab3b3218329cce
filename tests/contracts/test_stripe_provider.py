"""The adapter against the stand-in, both judged: what is asked, what is made of the answers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest

from cornerspot.kit import clock
from cornerspot.kit.money import Money
from cornerspot.payments.models import ProcessorAccount
from cornerspot.payments.provider import ProviderGone, ProviderRefused, ProviderUnsure
from cornerspot.payments.standin import Fault, StandIn
from cornerspot.payments.stripe_checkout import checkout_request, stripe_locale
from cornerspot.payments.stripe_events import EVENTS
from cornerspot.payments.stripe_provider import StripeProvider, provider_for_key
from tests.factories.stripe import stripe_at_hand

LONG_AGO = clock.now() - timedelta(days=1)


class Shop:
    """An account at the stand-in, the adapter for it, and somebody who pays."""

    def __init__(self, standin: StandIn, currency: str = "EUR") -> None:
        self.standin, self.currency = standin, currency
        self.account = standin.open_account(name="Shop", country="AT", currency=currency.lower())
        self.key = standin.make_key(self.account)
        self.provider: StripeProvider = provider_for_key(self.key)
        self.customer = self.provider.create_customer(
            name="Ada", email="ada@example.com", metadata={"tenant": "t"}, key=f"cu:{uuid4()}"
        )
        self.connection = ProcessorAccount(
            methods=["card", "us_bank_account", "sepa_debit", "bacs_debit", "acss_debit", "au_becs_debit"]
        )

    def request(self, minor: int, **changed):
        attempt = changed.pop("attempt_id", uuid4())
        return checkout_request(
            self.connection,
            **{
                "attempt_id": attempt,
                "amount": Money(minor, self.currency),
                "label": "Invoice INV-0007",
                "description": "INV-0007, Coworking Graz",
                "customer_id": self.customer,
                "success_url": "https://app.example/acme/pay/return",
                "cancel_url": "https://app.example/acme/pay",
                "expires_at": clock.now() + timedelta(minutes=60),
                "locale": "de_AT",
                "metadata": {"tenant": "t", "invoice": "i", "attempt": str(attempt), "environment": "test"},
                **changed,
            },
        )

    def checkout(self, minor: int = 11_900, **changed):
        return self.provider.create_checkout(self.request(minor, **changed), key=f"cs:{uuid4()}")

    def paid(self, minor: int = 11_900) -> str:
        return str(self.standin.pay_with_card(self.checkout(minor).id)["id"])


@pytest.fixture
def standin(app) -> Iterator[StandIn]:
    with stripe_at_hand() as made:
        yield made


@pytest.fixture
def shop(standin) -> Shop:
    return Shop(standin)


def test_an_account_is_described_in_our_words(shop):
    snapshot = shop.provider.read_account()
    assert (snapshot.id, snapshot.livemode, snapshot.name, snapshot.country, snapshot.default_currency) == (
        shop.account.id, False, "Shop", "AT", "EUR"
    )  # fmt: skip
    assert snapshot.charges_enabled
    assert snapshot.capabilities["card"] == snapshot.capabilities["sepa_debit"] == "active"


def test_a_payment_page_is_for_one_sum_and_knows_our_attempt(shop):
    attempt = uuid4()
    page = shop.checkout(attempt_id=attempt)
    assert (page.status, page.payment_status, page.reference) == ("open", "unpaid", str(attempt))
    assert page.url.startswith("http")
    assert page.metadata["attempt"] == str(attempt)
    assert page.payment_id is None


def test_the_same_key_gives_the_same_page_and_another_request_is_refused(shop):
    request = shop.request(500)
    first = shop.provider.create_checkout(request, key="cs:1")
    assert shop.provider.create_checkout(request, key="cs:1").id == first.id
    with pytest.raises(ProviderRefused):
        shop.provider.create_checkout(shop.request(600), key="cs:1")


def test_a_lost_answer_is_found_again_by_the_same_key(shop):
    shop.standin.faults.next("POST /v1/checkout/sessions", Fault.DROP_ANSWER, times=3)
    request = shop.request(500)
    with pytest.raises(ProviderUnsure):
        shop.provider.create_checkout(request, key="cs:lost")
    page = shop.provider.create_checkout(request, key="cs:lost")
    found = shop.provider.find_checkouts(customer_id=shop.customer, since=LONG_AGO)
    assert [one.id for one in found] == [page.id]


@pytest.mark.parametrize("currency", ["EUR", "USD", "GBP", "CAD", "AUD", "JPY", "KWD", "ISK", "UGX"])
def test_every_kind_of_currency_is_paid_to_the_unit(standin, currency):
    shop = Shop(standin, currency)
    payment = shop.provider.read_payment(shop.paid(123_450))
    assert payment.amount == payment.captured == Money(123_450, currency)
    assert payment.status == "succeeded"


def test_a_paid_payment_has_its_charge_fee_and_card(shop):
    payment = shop.provider.read_payment(shop.paid())
    assert payment.charge_id.startswith("ch_")
    assert (payment.method, payment.method_detail) == ("card", "Visa 4242")
    assert payment.fee is not None
    assert payment.fee > Money.zero("EUR")
    assert payment.fee_id.startswith("txn_")
    assert payment.paid_at is not None
    assert payment.refunds == payment.disputes == ()
    assert payment.metadata["environment"] == "test"


def test_a_declined_card_leaves_the_page_open_and_says_why(shop):
    page = shop.checkout()
    shop.standin.decline(page.id)
    after = shop.provider.read_checkout(page.id)
    assert after.status == "open"
    if after.payment_id:
        payment = shop.provider.read_payment(after.payment_id)
        assert payment.captured == Money.zero("EUR")
        assert payment.failure


def test_a_bank_debit_is_on_its_way_and_not_paid(shop):
    page = shop.checkout()
    shop.standin.pay_by_bank(page.id)
    after = shop.provider.read_checkout(page.id)
    assert (after.status, after.payment_status) == ("complete", "unpaid")
    payment = shop.provider.read_payment(after.payment_id)
    assert (payment.status, payment.captured, payment.method) == ("processing", Money.zero("EUR"), "sepa_debit")
    shop.standin.settle(payment.id)
    settled = shop.provider.read_payment(payment.id)
    assert (settled.status, settled.captured) == ("succeeded", Money(11_900, "EUR"))


def test_a_page_that_was_paid_first_is_not_expired(shop):
    page, quick = shop.checkout(), shop.checkout()
    assert shop.provider.expire_checkout(page.id).status == "expired"
    assert shop.provider.expire_checkout(page.id).status == "expired"
    shop.standin.pay_with_card(quick.id)
    assert shop.provider.expire_checkout(quick.id).status == "complete"


def test_refunds_of_ours_and_of_the_dashboard_are_told_apart(shop):
    payment_id = shop.paid()
    ours = shop.provider.create_refund(
        payment_id, Money(1_900, "EUR"), reference="re-1", metadata={"tenant": "t"}, key="re:1"
    )
    again = shop.provider.create_refund(
        payment_id, Money(1_900, "EUR"), reference="re-1", metadata={"tenant": "t"}, key="re:1"
    )
    assert ours.id == again.id
    shop.standin.dashboard_refund(payment_id, 1_000)
    refunds = {refund.reference: refund for refund in shop.provider.read_payment(payment_id).refunds}
    assert refunds["re-1"].amount == Money(1_900, "EUR")
    assert refunds[""].amount == Money(1_000, "EUR")
    with pytest.raises(ProviderRefused):
        shop.provider.create_refund(payment_id, Money(9_001, "EUR"), reference="re-2", metadata={}, key="re:2")
    assert shop.provider.payment_of_charge(ours.id) == payment_id


def test_a_dispute_moves_money_by_its_balance_transactions(shop):
    payment_id = shop.paid()
    dispute = shop.standin.open_dispute(payment_id)
    [open_] = shop.provider.read_payment(payment_id).disputes
    assert [movement.amount for movement in open_.movements] == [Money(-11_900, "EUR")]
    assert open_.movements[0].fee == Money(2_000, "EUR")
    assert open_.due_at is not None
    assert shop.provider.payment_of_charge(dispute["id"]) == payment_id
    shop.standin.close_dispute(dispute["id"], won=True)
    [closed] = shop.provider.read_payment(payment_id).disputes
    assert closed.status == "won"
    assert sorted(movement.amount.minor for movement in closed.movements) == [-11_900, 11_900]


@pytest.mark.unjudged("Stripe may say a word that its description does not have")
def test_an_unknown_word_passes_through_and_a_missing_field_harms_nothing(shop):
    payment_id = shop.paid()

    def change(answer: dict) -> None:
        answer["status"] = "pondering"
        del answer["latest_charge"]["payment_method_details"]
        answer.pop("last_payment_error", None)

    shop.standin.faults.next(f"GET /v1/payment_intents/{payment_id}", Fault.ALTERED_ANSWER(alter=change))
    payment = shop.provider.read_payment(payment_id)
    assert (payment.status, payment.captured, payment.method) == ("pondering", Money.zero("EUR"), "")


def test_all_pages_of_events_and_payments_are_read(shop):
    for _ in range(60):
        shop.paid(100)
    events = list(shop.provider.events(since=LONG_AGO))
    assert {event.type for event in events} <= set(EVENTS)
    assert sum(event.type == "payment_intent.succeeded" for event in events) == 60
    assert len({event.id for event in events}) == len(events) > 100
    assert len(list(shop.provider.payments(since=LONG_AGO))) == 60
    movements = list(shop.provider.balance_movements(since=LONG_AGO))
    assert sum(amount.minor for _, _, amount, _ in movements) == 6_000


def test_a_payment_that_is_not_ours_is_not_listed(shop):
    page = shop.checkout(metadata={})
    shop.standin.pay_with_card(page.id)
    assert list(shop.provider.payments(since=LONG_AGO)) == []


def test_an_object_that_is_not_there_belongs_to_no_payment(shop):
    assert shop.provider.payment_of_charge("ch_nothing") is None
    assert shop.provider.payment_of_charge("re_nothing") is None
    assert shop.provider.payment_of_charge("du_nothing") is None
    assert shop.provider.payment_of_charge("pi_1") == "pi_1"


def test_a_revoked_key_ends_every_call(shop):
    shop.standin.revoke_key(shop.key)
    with pytest.raises(ProviderGone):
        shop.provider.read_account()


def test_a_debit_is_offered_only_in_its_currency(shop):
    request = shop.request(500)
    assert request["allowed_payment_method_types"] == ["card", "sepa_debit"]
    assert "payment_method_options" not in request
    dollars = shop.request(500, amount=Money(500, "USD"))
    assert dollars["allowed_payment_method_types"] == ["card", "us_bank_account", "acss_debit"]
    assert "us_bank_account" in dollars["payment_method_options"]


def test_the_way_back_names_the_page_in_braces_that_stripe_fills(shop):
    assert shop.request(500)["success_url"].endswith("/return?session_id={CHECKOUT_SESSION_ID}")
    given = "https://app.example/x?a=1"
    assert shop.request(500, success_url=given)["success_url"] == f"{given}&session_id={{CHECKOUT_SESSION_ID}}"


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [("de_AT", "de"), ("en_GB", "en-GB"), ("en_US", "en"), ("pt_BR", "pt-BR"), ("nn_NO", "nb"), ("sw_KE", "auto")],
)
def test_a_language_is_one_that_stripe_speaks(ours, theirs):
    assert stripe_locale(ours) == theirs
