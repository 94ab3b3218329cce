"""Connecting a team's Stripe account: what is asked, kept, refused, rolled and forgotten."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from cornerspot.db import session
from cornerspot.db.transaction import in_transaction
from cornerspot.kit import clock
from cornerspot.kit.errors import Conflict, Invalid, PermissionDenied
from cornerspot.kit.sealing import unseal
from cornerspot.mail.models import OutgoingMessage
from cornerspot.payments import connecting, consenting
from cornerspot.payments.connecting import (
    AlreadyConnected,
    ConnectedElsewhere,
    connect_with_key,
    disconnect,
    live_account,
    recheck,
    replace_key,
    roll_secret,
    use_secret,
)
from cornerspot.payments.inbox import webhook_secrets
from cornerspot.payments.models import ConnectState, ProcessorAccount, ProcessorOwner
from cornerspot.payments.provider import ProviderGone
from cornerspot.payments.standin import Fault, StandIn
from cornerspot.payments.stripe_provider import provider_for
from cornerspot.settings import current_settings
from cornerspot.tenancy import team_scope
from tests.factories.stripe import settings_with, stripe_at_hand
from tests.factories.teams import open_story


@pytest.fixture
def stripe_(app) -> Iterator[StandIn]:
    with stripe_at_hand() as standin:
        yield standin


def connected(standin: StandIn, by, **details) -> ProcessorAccount:
    merchant = standin.open_account(**({"name": "Coworking Graz", "country": "AT", "currency": "eur"} | details))
    account_id = connect_with_key(standin.make_key(merchant), by=by)
    return read(account_id)


def read(account_id) -> ProcessorAccount:
    statement = select(ProcessorAccount).where(ProcessorAccount.id == account_id)
    return in_transaction(lambda: session.scalars(statement.execution_options(populate_existing=True)).one())


def endpoints(standin: StandIn, account: ProcessorAccount) -> list[dict]:
    return list(standin.account(account.stripe_account_id).table("webhook_endpoint").values())


def test_a_key_connects_the_account_it_opens(team, story, stripe_):
    account = connected(stripe_, story.owner)
    assert (account.state, account.name, account.country, account.default_currency, account.livemode) == (
        "active", "Coworking Graz", "AT", "EUR", False
    )  # fmt: skip
    assert "card" in account.methods
    assert "sepa_debit" in account.methods


def test_a_connection_has_an_endpoint_of_its_own_with_our_events_and_version(team, story, stripe_):
    account = connected(stripe_, story.owner)
    [endpoint] = endpoints(stripe_, account)
    assert endpoint["id"] == account.webhook_endpoint_id
    assert endpoint["url"] == connecting.webhook_url(account.id)
    assert f"/{team.slug}/hooks/stripe/pac_" in endpoint["url"]
    assert endpoint["api_version"] == "2026-10-28.endive"
    assert "charge.dispute.funds_withdrawn" in endpoint["enabled_events"]


def test_key_and_secret_are_encrypted_and_shown_as_four_letters(team, story, stripe_):
    merchant = stripe_.open_account()
    key = stripe_.make_key(merchant)
    account = read(connect_with_key(key, by=story.owner))
    assert key not in (account.sealed_key or "")
    assert unseal(account.sealed_key or "", key=current_settings().secret_key) == key
    assert account.key_hint == key[-4:]
    assert "whsec_" not in (account.sealed_webhook_secret or "")


@pytest.mark.parametrize(
    ("key", "says"),
    [
        ("sk_test_1234567890123456", "restricted key"),
        ("pk_test_1234567890123456", "publishable"),
        ("whsec_1234567890123456", "begins with rk_"),
        ("rk_test_short", "Copy it whole"),
        ("rk_test_\N{SNOWMAN}1234567890123456", "Copy it whole"),
        ("", "begins with rk_"),
        ("rk_test_unknown_to_stripe_9", "does not know this key"),
    ],
)
def test_what_is_no_usable_key_is_refused_with_advice(team, story, stripe_, key, says):
    with pytest.raises(Invalid, match=says) as refusal:
        connect_with_key(key, by=story.owner)
    assert refusal.value.field == "key"
    assert in_transaction(live_account) is None


def test_a_key_without_permissions_is_told_which_ones(team, story, stripe_):
    merchant = stripe_.open_account()
    key = stripe_.make_key(merchant, permissions=["accounts_kyc_basic_read", "checkout_session_read"])
    with pytest.raises(Invalid, match=r"PaymentIntents.*Disputes"):
        connect_with_key(key, by=story.owner)


def test_a_test_key_is_refused_in_production_and_a_live_one_beside_a_stand_in(team, story, stripe_):
    with settings_with(environment="production"), pytest.raises(Invalid, match="test mode"):
        connect_with_key("rk_test_1234567890123456", by=story.owner)
    with settings_with(stripe_base="http://127.0.0.1:12111"), pytest.raises(Invalid, match="stand-in"):
        connect_with_key("rk_live_1234567890123456", by=story.owner)


def test_only_who_manages_integrations_connects(team, story, stripe_):
    manager = story.add_teammate("manager")
    with team_scope(story.team), pytest.raises(PermissionDenied):
        connect_with_key("rk_test_1234567890123456", by=manager)


def test_one_stripe_account_belongs_to_one_team(app, story, stripe_):
    other = open_story(app)
    merchant = stripe_.open_account()
    with app.app_context(), team_scope(other.team):
        connect_with_key(stripe_.make_key(merchant), by=other.owner)
    with app.app_context(), team_scope(story.team):
        with pytest.raises(ConnectedElsewhere):
            connect_with_key(stripe_.make_key(merchant), by=story.owner)
        assert in_transaction(live_account) is None
    with app.app_context(), team_scope(other.team):
        disconnect(in_transaction(live_account), by=other.owner)
    with app.app_context(), team_scope(story.team):
        assert connect_with_key(stripe_.make_key(merchant), by=story.owner)


def test_a_team_has_one_connection(team, story, stripe_):
    connected(stripe_, story.owner)
    with pytest.raises(AlreadyConnected):
        connected(stripe_, story.owner)


def test_of_two_keys_saved_at_once_one_connects(app, story, stripe_):
    keys = [stripe_.make_key(stripe_.open_account()) for _ in range(2)]
    gate, outcomes = threading.Barrier(2), []

    def save(key: str) -> None:
        with app.app_context(), team_scope(story.team):
            gate.wait()
            try:
                outcomes.append(connect_with_key(key, by=story.owner))
            except AlreadyConnected as refusal:
                outcomes.append(refusal)

    threads = [threading.Thread(target=save, args=(key,)) for key in keys]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(isinstance(outcome, AlreadyConnected) for outcome in outcomes) == 1
    with app.app_context(), team_scope(story.team):
        assert in_transaction(live_account) is not None


def test_without_leave_to_make_an_endpoint_the_account_is_connected_and_says_so(team, story, stripe_):
    merchant = stripe_.open_account()
    key = stripe_.make_key(merchant)
    stripe_.faults.next("POST /v1/webhook_endpoints", Fault.SERVER_ERROR_500, times=5)
    account = read(connect_with_key(key, by=story.owner))
    assert (account.state, account.webhook_endpoint_id) == ("active", None)
    assert webhook_secrets(account) == []


def test_a_new_key_of_the_same_account_takes_the_old_ones_place(team, story, stripe_):
    account = connected(stripe_, story.owner)
    fresh = stripe_.make_key(account.stripe_account_id)
    replace_key(account, fresh, by=story.owner)
    assert read(account.id).key_hint == fresh[-4:]
    with pytest.raises(Invalid, match="another Stripe account"):
        replace_key(account, stripe_.make_key(stripe_.open_account()), by=story.owner)


def test_a_rolled_secret_works_beside_the_new_one_for_a_day(team, story, stripe_):
    account = connected(stripe_, story.owner)
    [old] = webhook_secrets(account)
    roll_secret(account, by=story.owner)
    rolled = read(account.id)
    assert len(webhook_secrets(rolled)) == 2
    assert webhook_secrets(rolled)[1] == old
    assert [endpoint["id"] for endpoint in endpoints(stripe_, account)] == [rolled.webhook_endpoint_id]
    with clock.moved_to(clock.now() + timedelta(hours=25)):
        assert len(webhook_secrets(rolled)) == 1
        assert old not in webhook_secrets(rolled)


def test_a_secret_from_the_dashboard_is_taken(team, story, stripe_):
    account = connected(stripe_, story.owner)
    in_transaction(lambda: use_secret(account, " whsec_0123456789abcdef ", by=story.owner))
    assert webhook_secrets(read(account.id))[0] == "whsec_0123456789abcdef"
    with pytest.raises(Invalid, match="whsec_"):
        use_secret(account, "0123456789abcdef", by=story.owner)


def test_disconnecting_deletes_the_endpoint_and_forgets_the_secrets(team, story, stripe_):
    account = connected(stripe_, story.owner)
    disconnect(account, by=story.owner)
    disconnect(account, by=story.owner)
    left = read(account.id)
    assert left.state == "disconnected"
    assert left.sealed_key is None
    assert webhook_secrets(left) == []
    assert endpoints(stripe_, account) == []
    owners = select(func.count()).where(ProcessorOwner.stripe_account_id == account.stripe_account_id)
    assert in_transaction(lambda: session.scalar(owners)) == 0
    with pytest.raises(ProviderGone):
        provider_for(left)


def test_disconnecting_works_while_stripe_does_not_answer(team, story, stripe_):
    account = connected(stripe_, story.owner)
    stripe_.revoke_key(unseal(account.sealed_key or "", key=current_settings().secret_key))
    disconnect(account, by=story.owner)
    assert read(account.id).state == "disconnected"


def test_an_account_that_comes_back_comes_back_to_its_row(team, story, stripe_):
    account = connected(stripe_, story.owner)
    disconnect(account, by=story.owner)
    again = connect_with_key(stripe_.make_key(account.stripe_account_id), by=story.owner)
    assert again == account.id
    back = read(again)
    assert (back.state, back.disconnected_at, back.disconnect_reason) == ("active", None, "")
    assert len(webhook_secrets(back)) == 1


def test_a_revoked_key_ends_the_connection_and_the_admins_hear_of_it_once(team, story, stripe_):
    account = connected(stripe_, story.owner)
    stripe_.disconnect(account.stripe_account_id)
    recheck(account)
    recheck(read(account.id)) if read(account.id).state != "disconnected" else None
    assert read(account.id).state == "disconnected"
    mails = select(OutgoingMessage).where(OutgoingMessage.purpose == "payments_disconnected")
    [mail] = in_transaction(lambda: session.scalars(mails).all())
    assert mail.recipient == story.owner.email
    assert "no longer connected" in mail.subject_line


def test_silence_of_stripe_does_not_end_a_connection(team, story, stripe_):
    account = connected(stripe_, story.owner)
    stripe_.faults.next("GET /v1/account", Fault.SERVER_ERROR_500, times=5)
    with pytest.raises(Conflict, match="did not answer"):
        recheck(account)
    assert read(account.id).state == "active"


# Stripe Connect


@pytest.fixture
def platform(stripe_) -> Iterator[StandIn]:
    owner = stripe_.open_platform()
    with settings_with(
        stripe_key=stripe_.make_key(owner, restricted=False), stripe_client_id=stripe_.account(owner).client_id
    ):
        stripe_.platform = owner
        yield stripe_


def begin(by) -> str:
    return in_transaction(lambda: consenting.begin_consent(by=by)).token


def test_consent_connects_the_account_without_a_key_of_its_own(team, story, platform):
    merchant = platform.open_account(name="By consent")
    token = begin(story.owner)
    account = read(consenting.finish_consent(token, platform.grant_code(platform.platform, merchant), by=story.owner))
    assert (account.kind, account.stripe_account_id, account.sealed_key) == ("oauth", merchant.id, None)
    assert provider_for(account).read_account().id == merchant.id


def test_coming_back_twice_connects_once_and_revokes_nothing(team, story, platform):
    merchant = platform.open_account()
    token, code = begin(story.owner), platform.grant_code(platform.platform, merchant)
    first = consenting.finish_consent(token, code, by=story.owner)
    assert consenting.finish_consent(token, code, by=story.owner) == first
    assert provider_for(read(first)).read_account().id == merchant.id


def test_coming_back_twice_at_once_redeems_the_code_once(app, story, platform):
    merchant = platform.open_account()
    with app.app_context(), team_scope(story.team):
        token, code = begin(story.owner), platform.grant_code(platform.platform, merchant)
    gate, outcomes = threading.Barrier(4), []

    def come_back() -> None:
        with app.app_context(), team_scope(story.team):
            gate.wait()
            try:
                outcomes.append(consenting.finish_consent(token, code, by=story.owner))
            except consenting.AnotherWay as refusal:
                outcomes.append(refusal)

    threads = [threading.Thread(target=come_back) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with app.app_context(), team_scope(story.team):
        account = in_transaction(live_account)
        assert account is not None
        assert provider_for(account).read_account().id == merchant.id  # A second exchange would have revoked it.


def test_nobody_comes_back_with_the_token_of_another(team, story, platform):
    merchant = platform.open_account()
    token, code = begin(story.owner), platform.grant_code(platform.platform, merchant)
    admin = story.add_teammate("admin")
    with team_scope(story.team):
        for wrong_token, by in ((token, admin), ("made-up", story.owner)):
            with pytest.raises(consenting.AnotherWay):
                consenting.finish_consent(wrong_token, code, by=by)
        with clock.moved_to(clock.now() + timedelta(minutes=31)), pytest.raises(consenting.AnotherWay):
            consenting.finish_consent(token, code, by=story.owner)
        assert consenting.finish_consent(token, code, by=story.owner)


def test_a_lost_answer_of_the_exchange_is_not_asked_for_again(team, story, platform):
    merchant = platform.open_account()
    token, code = begin(story.owner), platform.grant_code(platform.platform, merchant)
    platform.faults.next("POST /oauth/token", Fault.DROP_ANSWER)
    with pytest.raises(Conflict, match="Begin again"):
        consenting.finish_consent(token, code, by=story.owner)
    assert merchant.id in platform.world.connections  # Asked once: the connection there still stands.


def test_an_account_of_another_team_stays_theirs(app, story, platform):
    other, merchant = open_story(app), platform.open_account()
    with app.app_context(), team_scope(other.team):
        token = begin(other.owner)
        theirs = consenting.finish_consent(token, platform.grant_code(platform.platform, merchant), by=other.owner)
    with app.app_context(), team_scope(story.team):
        token = begin(story.owner)
        with pytest.raises(ConnectedElsewhere):
            consenting.finish_consent(token, platform.grant_code(platform.platform, merchant), by=story.owner)
    with app.app_context(), team_scope(other.team):
        assert provider_for(read(theirs)).read_account().id == merchant.id


def test_leaving_ends_the_consent_at_stripe(team, story, platform):
    merchant = platform.open_account()
    token = begin(story.owner)
    account = read(consenting.finish_consent(token, platform.grant_code(platform.platform, merchant), by=story.owner))
    disconnect(account, by=story.owner)
    assert merchant.id not in platform.world.connections


def test_old_ways_to_stripe_are_forgotten(team, story, platform):
    begin(story.owner)
    with clock.moved_to(clock.now() + timedelta(hours=2)):
        in_transaction(consenting.forget_states)
    assert in_transaction(lambda: session.scalar(select(func.count()).select_from(ConnectState))) == 0


def test_an_installation_without_a_platform_offers_no_consent(team, story, stripe_):
    with pytest.raises(consenting.NotAPlatform):
        begin(story.owner)
