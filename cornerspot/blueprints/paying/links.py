"""From the token in the address to the one invoice it opens."""

from __future__ import annotations

from flask import render_template

from cornerspot.billing.issued import issued_invoice
from cornerspot.billing.models import Invoice, PayLink
from cornerspot.billing.online.landing import is_page_of
from cornerspot.billing.pay_links import find_pay_link, is_live
from cornerspot.blueprints.support.identity import current_actor_or_none
from cornerspot.tenancy import narrow_to_account

REASON = "whoever holds the link may see and pay this one invoice"


def opened(token: str, *, session_id: str = "") -> PayLink | None:
    """The link, when it works; None when it was revoked or has expired. Raises NotFound for a made-up one.

    Whoever comes back from paying at ``session_id`` hears what came of it, whatever became of the link.
    From here on the database shows nothing but what is the customer's.
    """
    link = find_pay_link(token)
    if not is_live(link) and not is_page_of(link.invoice_id, session_id):
        return None
    current_actor_or_none()  # Who is signed in is remembered now: memberships are hidden once the scope is narrow.
    narrow_to_account(link.account_id)
    return link


def invoice_of(link: PayLink) -> Invoice:
    """The link's invoice with all that its page shows; raises NotFound."""
    return issued_invoice(link.account_id, link.invoice_id)


def closed_page() -> tuple[str, int]:
    """What somebody sees whose link no longer works: 410, and nothing about the invoice."""
    return render_template("paying/closed.html"), 410
