"""Connecting by Stripe Connect: a teammate goes to Stripe's consent page and comes back once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, select, update

from cornerspot.db import session
from cornerspot.db.transaction import in_transaction
from cornerspot.kit import clock
from cornerspot.kit.errors import Conflict
from cornerspot.kit.secrets import digest, new_token
from cornerspot.payments.connecting import (
    AlreadyConnected,
    explain,
    keep_connection,
    live_account,
    require_fitting_mode,
)
from cornerspot.payments.models import ConnectState
from cornerspot.payments.provider import ProviderError
from cornerspot.payments.stripe_oauth import can_connect, consent_url, exchange_code, provider_for_connected
from cornerspot.people.actors import Actor
from cornerspot.people.permissions import Permission
from cornerspot.settings import current_settings
from cornerspot.tenancy import current_team

LASTS = timedelta(minutes=30)
RETURN_PATH = "/stripe/connected"  # one for all teams, as it is registered with Stripe


class NotAPlatform(Conflict):
    """This installation is not set up for Stripe Connect. Connect with a restricted key instead."""


class AnotherWay(Conflict):
    """This way back from Stripe is not yours, or took more than half an hour. Begin again."""


@dataclass(frozen=True)
class Departure:
    """Where to send the teammate, and the token that they come back with."""

    url: str
    token: str


def begin_consent(*, by: Actor) -> Departure:
    """The teammate can go to Stripe; they are known again by the token. Raises NotAPlatform, AlreadyConnected."""
    by.require(Permission.MANAGE_INTEGRATIONS)
    if not can_connect():
        raise NotAPlatform()
    if live_account() is not None:
        raise AlreadyConnected()
    if by.membership_id is None:
        raise AnotherWay()
    token = new_token()
    session.add(ConnectState(token_digest=digest(token), begun_by=by.membership_id, expires_at=clock.now() + LASTS))
    # The one address to come back to serves all teams, so that the state says whose it is.
    state = f"{current_team().slug}.{token}"
    return Departure(consent_url(state=state, return_to=f"{current_settings().external_url}{RETURN_PATH}"), token)


def finish_consent(token: str, code: str, *, by: Actor) -> UUID:
    """The account that the owner agreed to is connected; the connection's id.

    Coming back a second time changes nothing and gives the connection that there is. Commits
    in steps. Raises AnotherWay, AlreadyConnected, ConnectedElsewhere, Conflict when Stripe refuses.
    """
    by.require(Permission.MANAGE_INTEGRATIONS)
    if not can_connect():
        raise NotAPlatform()
    if not in_transaction(lambda: _redeem(token, by)):
        return in_transaction(lambda: _redeemed_before(token, by))
    try:
        consent = exchange_code(code)
        require_fitting_mode(consent.livemode)
        snapshot = provider_for_connected(consent).read_account()
    except ProviderError as error:
        raise Conflict(f"{explain(error)} Begin again to connect.") from error
    # Should another team have the account, it must stay theirs: deauthorizing here would end their connection.
    return in_transaction(lambda: keep_connection(snapshot, kind="oauth", key=None, by=by))


def forget_states() -> None:
    """Ways to Stripe that nobody can come back from any more are gone."""
    session.execute(delete(ConnectState).where(ConnectState.expires_at < clock.now() - LASTS))


def _redeem(token: str, by: Actor) -> bool:
    """Whether the token was still there to be used, which it now is not: one statement, so that one caller wins."""
    redeemed = session.execute(
        update(ConnectState)
        .where(
            ConnectState.token_digest == digest(token),
            ConnectState.begun_by == by.membership_id,
            ConnectState.redeemed_at.is_(None),
            ConnectState.expires_at > clock.now(),
        )
        .values(redeemed_at=clock.now())
        .returning(ConnectState.id)
    )
    return redeemed.scalar() is not None


def _redeemed_before(token: str, by: Actor) -> UUID:
    """The connection, for who comes back with a token of theirs that was used; raises AnotherWay."""
    used = select(ConnectState.id).where(
        ConnectState.token_digest == digest(token),
        ConnectState.begun_by == by.membership_id,
        ConnectState.redeemed_at.is_not(None),
    )
    account = live_account()
    if session.scalars(used).one_or_none() is None or account is None:
        raise AnotherWay()
    return account.id
