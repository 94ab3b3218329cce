"""Going to the processor and coming back, from views whose scope is narrowed to one account.

What is paid was proved to be the payer's before; the steps themselves run in the team's
scope and in transactions of their own, because the processor is called between them.
"""

from __future__ import annotations

from uuid import UUID

from cornerspot.billing.online.checkout import NOT_SET_UP, Payer, start_checkout
from cornerspot.billing.online.landing import Landing, land
from cornerspot.db import session
from cornerspot.kit.errors import Conflict, FeatureMissing
from cornerspot.tenancy import current_team, team_scope


def begin_checkout(invoice_id: UUID, payer: Payer, *, amount_minor: int | None = None) -> str:
    """The address of the page to pay on. Ends the view's transaction; raises Conflict, Invalid.

    The team's plan is not the payer's matter: without online payments they read how to pay.
    """
    _end_view()
    with team_scope(current_team()):
        try:
            return start_checkout(invoice_id, payer, amount_minor=amount_minor)
        except FeatureMissing as missing:
            raise Conflict(NOT_SET_UP) from missing


def landed(invoice_id: UUID, session_id: str) -> Landing:
    """What became of the payment. Ends the view's transaction."""
    _end_view()
    with team_scope(current_team()):
        return land(invoice_id, session_id)


def _end_view() -> None:
    """What the view wrote is committed, and what it read stays readable, whatever the steps roll back."""
    session.commit()
    session.expunge_all()
