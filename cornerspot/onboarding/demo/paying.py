"""The demo team takes payments through the Stripe stand-in, and buys plans there; no real money moves."""

from __future__ import annotations

from collections.abc import Callable

from cornerspot.db.transaction import in_transaction
from cornerspot.onboarding.demo import nordlicht
from cornerspot.onboarding.demo.creating import WebApp
from cornerspot.payments.connecting import connect_with_key, last_account, live_account, make_endpoint
from cornerspot.payments.standin.accounts import DEMO_KEY
from cornerspot.payments.stripe_provider import provider_for
from cornerspot.people.actors import SYSTEM
from cornerspot.plans.offering import put_on_sale
from cornerspot.settings import current_settings
from cornerspot.tenancy import team_scope
from cornerspot.tenancy.context import find_team
from cornerspot.tenancy.models import Team


def connect_demo(app: WebApp, *, say: Callable[[str], None]) -> None:
    """Nordlicht's invoices can be paid online, every paid plan can be bought, and the stand-in reports here.

    A team that was disconnected by hand stays so. Without a stand-in there is nothing to do.
    """
    if not current_settings().stripe_base:
        return
    with app.app_context(), team_scope(find_team(Team.slug == nordlicht.planned_team().slug)):
        live = in_transaction(live_account)
        if live is not None:  # The demo may run at another address than last time.
            make_endpoint(live.id, provider_for(live), part=current_settings().external_url)
        elif in_transaction(last_account) is None:
            connect_with_key(DEMO_KEY, by=SYSTEM)
            say("Online payments go to the Stripe stand-in.")
    with app.app_context():
        put_on_sale(say=lambda _: None)
