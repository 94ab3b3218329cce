"""Going to the processor and coming back, from views whose scope is narrowed to one account.

What is paid was proved to be the payer's before; the steps themselves run in the team's
scope and in transactions of their own, because the processor is called between them.
"""

from __future__ import annotations

from uuid import UUID

from cornerspot.billing.online.checkout import Payer, start_checkout
from cornerspot.billing.online.landing import Landing, land
from cornerspot.db import session
from cornerspot.tenancy import current_team, team_scope


def begin_checkout(invoice_id: UUID, payer: Payer, *, amount_minor: int | None = None) -> str:
    """The address of the page to pay on. Ends the view's transaction; raises Conflict, Invalid."""
    session.commit()
    with team_scope(current_team()):
        return start_checkout(invoice_id, payer, amount_minor=amount_minor)


def landed(invoice_id: UUID, session_id: str) -> Landing:
    """What became of the payment. Ends the view's transaction."""
    session.commit()
    with team_scope(current_team()):
        return land(invoice_id, session_id)
