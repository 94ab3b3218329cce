"""The endpoints of the installation's own Stripe account: connected accounts, and plans that teams bought."""

from __future__ import annotations

from flask import Response, current_app, request
from flask.typing import ResponseReturnValue

from cornerspot.blueprints.support.gate import public_route
from cornerspot.blueprints.webhooks.blueprint import blueprint
from cornerspot.blueprints.webhooks.receiving import raw_body, signed_event
from cornerspot.db.transaction import in_transaction
from cornerspot.payments.inbox import connected_account, store_event, store_platform_event, team_of_stripe_account
from cornerspot.payments.stripe_webhooks import SignedEvent
from cornerspot.tenancy import team_scope

SIGNED = "Stripe reports here; the signature is what lets it in"


@blueprint.post("/hooks/stripe/connect")
@public_route(SIGNED)
def stripe_connect_events_create() -> ResponseReturnValue:
    body = raw_body(request.environ)
    event = signed_event(request.environ, body, [current_app.config["SETTINGS"].stripe_connect_secret])
    if event is None:
        return Response(status=400)
    if not _stored_with_team(event, body):
        store_platform_event("connect", event, body, state="foreign")
    return Response(status=200)


@blueprint.post("/hooks/stripe/plans")
@public_route(SIGNED)
def stripe_plan_events_create() -> ResponseReturnValue:
    settings = current_app.config["SETTINGS"]
    body = raw_body(request.environ)
    event = signed_event(request.environ, body, [settings.stripe_plans_secret])
    if event is None:
        return Response(status=400)
    is_ours = event.livemode == ("_live_" in settings.stripe_key) and not event.account
    store_platform_event("plans", event, body, state="new" if is_ours else "foreign")
    return Response(status=200)


def _stored_with_team(event: SignedEvent, body: bytes) -> bool:
    """Whether the account of the event is a team's, in whose inbox it is now."""
    team_id = in_transaction(lambda: team_of_stripe_account(event.account, livemode=event.livemode))
    if team_id is None:
        return False
    with team_scope(team_id):
        return in_transaction(lambda: _store(event, body))


def _store(event: SignedEvent, body: bytes) -> bool:
    account = connected_account(event.account, livemode=event.livemode)
    if account is None:
        return False
    store_event(account, event, body)
    return True
