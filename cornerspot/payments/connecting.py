"""Connecting: a team's Stripe account, by a restricted key of its own or by Stripe Connect.

Both end in the same row and the same adapter. Whatever asks Stripe runs in steps: a
transaction that decides, the call, a transaction that looks again and writes. The steps
commit, so call these from an edge with nothing else to write.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import structlog
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from cornerspot.activity.recording import record
from cornerspot.db import session
from cornerspot.db.locks import lock, lock_name
from cornerspot.db.transaction import in_transaction
from cornerspot.jobs.publishing import publish
from cornerspot.kit import clock, ids
from cornerspot.kit.errors import Conflict, Invalid, NotFound
from cornerspot.kit.ids import encode_public_id
from cornerspot.kit.sealing import seal
from cornerspot.payments.choosing import usual_methods
from cornerspot.payments.events import ProcessorDisconnected
from cornerspot.payments.models import ProcessorAccount, ProcessorOwner
from cornerspot.payments.provider import (
    AccountSnapshot,
    PaymentProvider,
    ProviderError,
    ProviderGone,
    ProviderRefused,
)
from cornerspot.payments.stripe_calls import MISSING_PERMISSION
from cornerspot.payments.stripe_provider import StripeProvider, provider_for, provider_for_key
from cornerspot.payments.telling import tell_admins
from cornerspot.people.actors import SYSTEM, Actor
from cornerspot.people.permissions import Permission
from cornerspot.settings import current_settings
from cornerspot.tenancy import current_team, current_tenant_id

PUBLIC_ID = "pac"
OLD_SECRET_LASTS = timedelta(hours=24)
LONGEST_KEY = 300
log = structlog.get_logger("cornerspot.payments")


class ConnectedElsewhere(Conflict):
    """This Stripe account is connected to another team of this installation. Disconnect it there first."""


class AlreadyConnected(Conflict):
    """A Stripe account is connected already. Disconnect it first, or give it a new key."""


def live_account() -> ProcessorAccount | None:
    """The team's connection, while there is one."""
    return session.scalars(select(ProcessorAccount).where(ProcessorAccount.state != "disconnected")).one_or_none()


def last_account() -> ProcessorAccount | None:
    """The connection that ended last, for a team that has none now."""
    return session.scalars(
        select(ProcessorAccount).order_by(ProcessorAccount.disconnected_at.desc().nulls_first()).limit(1)
    ).one_or_none()


def webhook_url(account_id: UUID) -> str:
    """Where Stripe reports for this connection."""
    address = f"{current_settings().external_url}/{current_team().slug}"
    return f"{address}/hooks/stripe/{encode_public_id(PUBLIC_ID, account_id)}"


def connect_with_key(key: str, *, by: Actor) -> UUID:
    """The team's account is connected by this restricted key, and reports to us; the connection's id.

    Without leave to make the webhook endpoint it is connected all the same, and the settings
    page says what is missing. Raises Invalid naming the field, AlreadyConnected, ConnectedElsewhere.
    """
    by.require(Permission.MANAGE_INTEGRATIONS)
    key = _require_key(key)
    in_transaction(_require_unconnected)
    provider = provider_for_key(key)
    snapshot = _read_with_key(provider)
    account_id = in_transaction(lambda: keep_connection(snapshot, kind="own_key", key=key, by=by))
    try:
        make_endpoint(account_id, provider)
    except ProviderError as error:
        log.warning("webhook_endpoint_not_made", code=error.code)
    return account_id


def replace_key(account: ProcessorAccount, key: str, *, by: Actor) -> None:
    """Calls use this key from now on; it must belong to the same Stripe account. Raises Invalid, Conflict."""
    by.require(Permission.MANAGE_INTEGRATIONS)
    key = _require_key(key)
    snapshot = _read_with_key(provider_for_key(key))
    if (snapshot.id, snapshot.livemode) != (account.stripe_account_id, account.livemode):
        raise Invalid("This key belongs to another Stripe account. Disconnect first to change accounts.", field="key")

    def write() -> None:
        held = _hold_live(account)
        _put_key(held, key)
        _apply(held, snapshot)
        record(held, "key_replaced", by=by, hint=held.key_hint)

    in_transaction(write)


def keep_connection(snapshot: AccountSnapshot, *, kind: str, key: str | None, by: Actor) -> UUID:
    """The connection's row stands, and the Stripe account is this team's; its id.

    An account that was connected before comes back to its old row, so that payments under way
    are followed again. Raises AlreadyConnected, ConnectedElsewhere.
    """
    lock_name(f"stripe connection {current_tenant_id()}")
    _require_unconnected()
    _own(snapshot)
    account = _known_before(snapshot) or ProcessorAccount(
        id=ids.new_id(), stripe_account_id=snapshot.id, livemode=snapshot.livemode, methods=[]
    )
    account.kind, account.connected_by, account.connected_at = kind, by.membership_id, clock.now()
    account.disconnected_at, account.disconnect_reason = None, ""
    account.webhook_endpoint_id = None
    if key is not None:
        _put_key(account, key)
    account.events_cursor = account.events_cursor or clock.now()
    account.state = "active"
    _apply(account, snapshot)
    account.methods = account.methods or usual_methods(dict(snapshot.capabilities))
    session.add(account)
    record(account, "connected", by=by, account=snapshot.name, kind=kind)
    session.flush()
    return account.id


def make_endpoint(account_id: UUID, provider: PaymentProvider, *, part: str = "first") -> None:
    """Stripe reports to us with a secret of its own, kept encrypted; a secret before it works for a day more.

    ``part`` tells one making from another, so that a repeated one gives the same endpoint.
    """
    made = provider.create_endpoint(webhook_url(account_id), key=f"endpoint:{account_id}:{part}")

    def write() -> tuple[bool, str | None]:
        account = session.get(ProcessorAccount, (current_tenant_id(), account_id))
        if account is None or lock(account).state == "disconnected":
            return False, made.id
        replaced = account.webhook_endpoint_id
        put_secret(account, made.secret)
        account.webhook_endpoint_id = made.id
        return True, replaced if replaced != made.id else None

    is_kept, superfluous = in_transaction(write)
    if superfluous is not None:
        _delete_endpoint(provider, superfluous)
    if not is_kept:
        raise Conflict("The account was disconnected meanwhile.")


def put_secret(account: ProcessorAccount, secret: str) -> None:
    """Webhooks are signed with this secret from now on; for a day, with the one before it too."""
    if account.sealed_webhook_secret is not None:
        account.sealed_previous_secret = account.sealed_webhook_secret
        account.previous_secret_until = clock.now() + OLD_SECRET_LASTS
    account.sealed_webhook_secret = seal(secret, key=current_settings().secret_key)


def roll_secret(account: ProcessorAccount, *, by: Actor) -> None:
    """Stripe signs with a new secret, by an endpoint that takes the old one's place. Raises Conflict."""
    by.require(Permission.MANAGE_INTEGRATIONS)
    in_transaction(lambda: record(_hold_live(account), "secret_rolled", by=by))
    try:
        make_endpoint(account.id, provider_for(account), part=str(ids.new_id()))
    except ProviderError as error:
        raise Conflict(explain(error)) from error


def use_secret(account: ProcessorAccount, secret: str, *, by: Actor) -> None:
    """Webhooks are signed with a secret that was made in Stripe's dashboard. Raises Invalid."""
    by.require(Permission.MANAGE_INTEGRATIONS)
    secret = secret.strip()
    if not secret.startswith("whsec_") or not 16 <= len(secret) <= LONGEST_KEY or not secret.isascii():
        raise Invalid("A signing secret begins with whsec_. Copy it from the endpoint in Stripe.", field="secret")
    held = _hold_live(account)
    put_secret(held, secret)
    record(held, "secret_rolled", by=by)


def recheck(account: ProcessorAccount, *, by: Actor = SYSTEM) -> None:
    """The connection's row says what Stripe says now: its name, what works, what Stripe still wants.

    An account that Stripe no longer lets us use is disconnected. Raises Conflict when Stripe
    does not answer.
    """
    by.require(Permission.MANAGE_INTEGRATIONS)
    try:
        snapshot = provider_for(account).read_account()
    except ProviderGone as error:
        reason = explain(error)
        in_transaction(lambda: lose_connection(account.id, reason))
        return
    except ProviderError as error:
        raise Conflict(explain(error)) from error

    def write() -> None:
        held = session.get(ProcessorAccount, (current_tenant_id(), account.id))
        if held is not None and lock(held).state != "disconnected":
            _apply(held, snapshot)

    in_transaction(write)


def disconnect(account: ProcessorAccount, *, by: Actor) -> None:
    """The connection is over from our side: no endpoint, no secrets. What was paid stays, here and at Stripe."""
    by.require(Permission.MANAGE_INTEGRATIONS)
    try:
        provider = provider_for(account)
        if account.webhook_endpoint_id:
            provider.delete_endpoint(account.webhook_endpoint_id)
        provider.leave()
    except ProviderError as error:
        # The team leaves whatever Stripe says; an endpoint left behind finds no secret here.
        log.warning("disconnected_without_stripe", code=error.code)

    def write() -> None:
        held = session.get(ProcessorAccount, (current_tenant_id(), account.id))
        if held is not None and lock(held).state != "disconnected":
            _end(held, f"{by.name} disconnected it." if by.name else "It was disconnected.")
            record(held, "disconnected", by=by)

    in_transaction(write)


def lose_connection(account_id: UUID, reason: str) -> None:
    """The connection is over without our doing; the team's admins hear of it. Harmless when it was before."""
    held = session.get(ProcessorAccount, (current_tenant_id(), account_id))
    if held is None or lock(held).state == "disconnected":
        return
    _end(held, reason)
    record(held, "disconnected", by=SYSTEM, reason=reason)
    tell_admins(held, reason)


def explain(error: ProviderError) -> str:
    """What went wrong with Stripe, and what to do, for an admin."""
    if isinstance(error, ProviderGone):
        return "Stripe no longer accepts the connection: the key was revoked, or access was taken back."
    if isinstance(error, ProviderRefused):
        return f"Stripe refused: {error.message}"
    return "Stripe did not answer. Nothing was changed; try again in a minute."


def require_fitting_mode(livemode: bool) -> None:
    """Pass when an account of this mode may be connected here; raises Invalid."""
    settings = current_settings()
    if settings.is_production and not livemode:
        raise Invalid("This is in Stripe's test mode, with which nobody really pays. Use live mode.", field="key")
    if livemode and settings.stripe_base:
        raise Invalid("This installation talks to a stand-in of Stripe. Never give it live access.", field="key")


def _require_key(key: str) -> str:
    """The key, when it is one that can be used here; raises Invalid with what to do."""
    key = key.strip()
    if key.startswith("sk_"):
        raise Invalid(
            "This is a secret key, which may do everything. Make a restricted key (rk_…) with the permissions"
            " listed here, and paste that.",
            field="key",
        )
    if key.startswith("pk_"):
        raise Invalid("This is a publishable key, which cannot take payments. Paste a restricted key.", field="key")
    if not key.startswith(("rk_live_", "rk_test_")) or not key.isascii() or not 16 <= len(key) <= LONGEST_KEY:
        raise Invalid("A restricted key begins with rk_live_ or rk_test_. Copy it whole.", field="key")
    require_fitting_mode("_live_" in key)
    return key


def _read_with_key(provider: StripeProvider) -> AccountSnapshot:
    """The account that the key opens, which may read all that we need; raises Invalid."""
    try:
        snapshot = provider.read_account()
        missing = provider.missing_permissions()
    except ProviderGone as error:
        raise Invalid("Stripe does not know this key, or it was revoked. Copy it again.", field="key") from error
    except ProviderRefused as error:
        if error.code == MISSING_PERMISSION:
            raise Invalid("The key may not read the account. Give it “Accounts: read”.", field="key") from error
        raise Invalid(f"Stripe refused this key: {error.message}", field="key") from error
    except ProviderError as error:
        raise Invalid("Stripe did not answer. Nothing was saved; try again in a minute.", field="key") from error
    if missing:
        raise Invalid(f"The key lacks permissions for {', '.join(missing)}. Add them in Stripe.", field="key")
    return snapshot


def _require_unconnected() -> None:
    if live_account() is not None:
        raise AlreadyConnected()


def _own(snapshot: AccountSnapshot) -> None:
    """The Stripe account is this team's alone; raises ConnectedElsewhere."""
    taken = insert(ProcessorOwner).values(
        id=ids.new_id(),
        created_at=clock.now(),
        stripe_account_id=snapshot.id,
        livemode=snapshot.livemode,
        team_id=current_tenant_id(),
    )
    session.execute(taken.on_conflict_do_nothing())
    owner = session.scalars(
        select(ProcessorOwner.team_id).where(
            ProcessorOwner.stripe_account_id == snapshot.id, ProcessorOwner.livemode == snapshot.livemode
        )
    ).one()
    if owner != current_tenant_id():
        raise ConnectedElsewhere()


def _known_before(snapshot: AccountSnapshot) -> ProcessorAccount | None:
    return session.scalars(
        select(ProcessorAccount)
        .where(ProcessorAccount.stripe_account_id == snapshot.id, ProcessorAccount.livemode == snapshot.livemode)
        .order_by(ProcessorAccount.connected_at.desc())
        .limit(1)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


def _put_key(account: ProcessorAccount, key: str) -> None:
    account.sealed_key, account.key_hint = seal(key, key=current_settings().secret_key), key[-4:]


def _apply(account: ProcessorAccount, snapshot: AccountSnapshot) -> None:
    """The row as Stripe describes the account."""
    account.name, account.country = snapshot.name, snapshot.country
    account.default_currency = snapshot.default_currency
    account.requirements, account.capabilities = list(snapshot.requirements), dict(snapshot.capabilities)
    account.state = "active" if snapshot.charges_enabled else "restricted"
    account.checked_at = clock.now()


def _hold_live(account: ProcessorAccount) -> ProcessorAccount:
    held = session.get(ProcessorAccount, (current_tenant_id(), account.id))
    if held is None:
        raise NotFound()
    if lock(held).state == "disconnected":
        raise Conflict("This account is no longer connected.")
    return held


def _end(account: ProcessorAccount, reason: str) -> None:
    """The row is disconnected, the Stripe account nobody's, and whoever cares hears of it."""
    account.disconnect(reason)
    account.webhook_endpoint_id, account.previous_secret_until = None, None
    session.execute(
        delete(ProcessorOwner).where(
            ProcessorOwner.stripe_account_id == account.stripe_account_id,
            ProcessorOwner.livemode == account.livemode,
            ProcessorOwner.team_id == current_tenant_id(),
        )
    )
    publish(ProcessorDisconnected(account.id, reason))


def _delete_endpoint(provider: PaymentProvider, endpoint_id: str) -> None:
    try:
        provider.delete_endpoint(endpoint_id)
    except ProviderError as error:
        log.warning("webhook_endpoint_left_behind", endpoint=endpoint_id, code=error.code)
