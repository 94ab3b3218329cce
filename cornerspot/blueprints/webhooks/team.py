"""The endpoint of a team's own Stripe account."""

from __future__ import annotations

from uuid import UUID

from flask.typing import ResponseReturnValue

from cornerspot.blueprints.support.gate import public_route
from cornerspot.blueprints.webhooks.blueprint import blueprint
from cornerspot.blueprints.webhooks.receiving import answer, raw_body, signed_event
from cornerspot.payments.inbox import endpoint, store_event, webhook_secrets


@blueprint.post("/hooks/stripe/<id('pac'):processor_account_id>")
@public_route("Stripe reports here; the signature is what lets it in", in_team=True)
def stripe_events_create(processor_account_id: UUID) -> ResponseReturnValue:
    body = raw_body()
    account = endpoint(processor_account_id)
    if account is None:
        return answer(404)
    event = signed_event(body, webhook_secrets(account))
    if event is None:
        return answer(400)
    store_event(account, event, body)
    return answer(200)
