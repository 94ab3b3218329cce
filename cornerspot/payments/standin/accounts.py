"""Accounts and their keys: merchants, and the platform that others connect to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cornerspot.payments.standin.calls import Call, operation
from cornerspot.payments.standin.errors import StandInRefused
from cornerspot.payments.standin.events import emit
from cornerspot.payments.standin.money_rules import CURRENCIES_OF_METHOD
from cornerspot.payments.standin.state import Account, Obj, World
from cornerspot.payments.standin.tables import ONLY_EXPAND

# The accounts of a stand-in that is started on its own (the demo), with keys that never change.
DEMO_ACCOUNT = "acct_standinMerchant01"
DEMO_KEY = "rk_test_standin_merchant_4242"
SECOND_ACCOUNT = "acct_standinMerchant02"
SECOND_KEY = "rk_test_standin_second_5556"
PLATFORM_ACCOUNT = "acct_standinPlatform01"
PLATFORM_KEY = "sk_test_standin_platform_4343"
PLATFORM_CLIENT_ID = "ca_standinPlatformClient01"
CAPABILITIES = {"us_bank_account": "us_bank_account_ach"}  # Where the name is not that of the method.
LIVE_PREFIXES = ("sk_live_", "rk_live_", "pk_live_")


def open_account(
    world: World,
    *,
    name: str = "Merchant",
    country: str = "US",
    currency: str = "usd",
    email: str = "owner@merchant.test",
    account_id: str | None = None,
    methods: Iterable[str] = tuple(CURRENCIES_OF_METHOD),
) -> Account:
    """A new account, ready to be paid."""
    account = Account(
        id=account_id or world.new_id("account", 16),
        name=name,
        email=email,
        country=country,
        currency=currency,
        created=world.now(),
        methods=list(methods),
    )
    world.accounts[account.id] = account
    return account


def open_platform(
    world: World,
    *,
    redirect_uris: Iterable[str] = (),
    account_id: str | None = None,
    client_id: str | None = None,
    **details: Any,
) -> Account:
    """A new account that others can be connected to; without ``redirect_uris`` any address will do."""
    account = open_account(world, account_id=account_id, **{"name": "Platform", **details})
    account.client_id = client_id or f"ca_{world.token(32)}"
    account.redirect_uris = list(redirect_uris)
    return account


def make_key(
    world: World,
    account: Account,
    *,
    restricted: bool = True,
    key: str | None = None,
    permissions: Iterable[str] | None = None,
) -> str:
    """A key for the account: restricted (``rk_test_``) or full; ``permissions`` None allows everything."""
    made = key or f"{'rk' if restricted else 'sk'}_test_{world.token(40)}"
    require_test_key(made)
    allowed = None if permissions is None else sorted(permissions)
    world.keys[made] = {"account": account.id, "revoked": False, "permissions": allowed}
    return made


def require_test_key(text: str) -> None:
    """Refuse anything that looks like a live key."""
    if any(prefix in text for prefix in LIVE_PREFIXES):
        raise StandInRefused("The Stripe stand-in does not start beside a live key.")


def open_demo_accounts(world: World) -> None:
    """The accounts and keys of the demo: two merchants and a platform."""
    merchant = open_account(world, name="Nordlicht Studio", currency="eur", country="DE", account_id=DEMO_ACCOUNT)
    second = open_account(world, name="Second Shop", account_id=SECOND_ACCOUNT)
    platform = open_platform(world, name="Cornerspot", account_id=PLATFORM_ACCOUNT, client_id=PLATFORM_CLIENT_ID)
    make_key(world, merchant, key=DEMO_KEY)
    make_key(world, second, key=SECOND_KEY)
    make_key(world, platform, key=PLATFORM_KEY)


def account_object(account: Account) -> Obj:
    """The account as the API shows it."""
    needs: Obj = {
        "alternatives": [],
        "current_deadline": None,
        "currently_due": [],
        "disabled_reason": None if account.charges_enabled else "requirements.past_due",
        "errors": [],
        "eventually_due": [],
        "past_due": [],
        "pending_verification": [],
    }
    active = {f"{CAPABILITIES.get(method, method)}_payments": "active" for method in account.methods}
    return {
        "id": account.id,
        "object": "account",
        "business_profile": {"name": account.name, "url": None, "support_email": account.email, "mcc": None},
        "business_type": "company",
        "capabilities": {**active, "transfers": "active"},
        "charges_enabled": account.charges_enabled,
        "controller": {"type": "account"},
        "country": account.country,
        "created": account.created,
        "default_currency": account.currency,
        "details_submitted": True,
        "email": account.email,
        "future_requirements": {**needs, "disabled_reason": None},
        "metadata": {},
        "payouts_enabled": True,
        "requirements": needs,
        "settings": {
            "branding": {"icon": None, "logo": None, "primary_color": None, "secondary_color": None},
            "card_payments": {
                "statement_descriptor_prefix": None,
                "statement_descriptor_prefix_kana": None,
                "statement_descriptor_prefix_kanji": None,
            },
            "dashboard": {"display_name": account.name, "timezone": "Etc/UTC"},
            "payments": {
                "statement_descriptor": account.name[:22].upper(),
                "statement_descriptor_kana": None,
                "statement_descriptor_kanji": None,
            },
        },
        "tos_acceptance": {"date": None, "ip": None, "user_agent": None},
        "type": "standard",
    }


def restrict(world: World, account: Account, charges_enabled: bool) -> None:
    """Charges are stopped on the account, or allowed again."""
    account.charges_enabled = charges_enabled
    emit(world, account, "account.updated", account_object(account), before={"charges_enabled": not charges_enabled})


@operation("GET", "/v1/account", ONLY_EXPAND, "accounts_kyc_basic_read")
def read_own_account(call: Call) -> Obj:
    """The account acted on."""
    return account_object(call.account)


@operation("GET", "/v1/accounts/<account>", ONLY_EXPAND, "accounts_kyc_basic_read")
def read_account(call: Call) -> Obj:
    """An account connected to the one that asks, or its own."""
    return account_object(call.account)
