"""Pay links: an address that opens one invoice and nothing else, until it expires or is revoked.

The token is the link's id and a signature over team and id by the installation's secret. It can
be written again for every mail and for paper, and a copy of the database gives no link away.
"""

from __future__ import annotations

from datetime import timedelta
from typing import cast
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from cornerspot.activity.recording import record
from cornerspot.billing.locking import lock_invoice
from cornerspot.billing.models import Invoice, PayLink
from cornerspot.db import session
from cornerspot.kit import clock, ids
from cornerspot.kit.errors import Conflict, NotFound
from cornerspot.kit.secrets import keyed_signature, same
from cornerspot.people.actors import CUSTOMER, Actor
from cornerspot.people.permissions import Permission
from cornerspot.settings import current_settings
from cornerspot.tenancy import current_tenant_id
from cornerspot.tenancy.addresses import team_url

PREFIX = "pl"
LASTS = timedelta(days=365)
_SIGNATURE_LENGTH = 32  # hex digits: 128 bits


def ensure_pay_link(invoice: Invoice) -> PayLink:
    """The link of a finalized invoice that works now: the one it has, or a new one; flushed.

    Raises Conflict for a draft, which no customer may see.
    """
    if not invoice.is_finalized:
        raise Conflict("A draft has no pay link. Finalize the invoice first.")
    found = live_pay_link(invoice.id)
    if found is not None and found.expires_at > clock.now():
        return found
    if found is not None:
        found.revoked_at = clock.now()
        session.flush()
    return _new_link(invoice)


def live_pay_link(invoice_id: UUID) -> PayLink | None:
    """The link of an invoice that was not revoked; it may have expired."""
    return session.scalars(
        select(PayLink).where(PayLink.invoice_id == invoice_id, PayLink.revoked_at.is_(None))
    ).one_or_none()


def pay_link_url(link: PayLink) -> str:
    """The whole address, for mails, the clipboard and the code on the PDF."""
    return team_url(f"/pay/{pay_token(link.id)}")


def pay_token(link_id: UUID) -> str:
    """The secret part of the address."""
    return f"{ids.encode_public_id(PREFIX, link_id)}.{_signature(link_id)}"


def find_pay_link(token: str) -> PayLink:
    """The link of a token, revoked and expired ones too; raises NotFound for a token that is not ours."""
    public_id, _, signature = token.partition(".")
    try:
        link_id = ids.decode_public_id(PREFIX, public_id)
    except ValueError:
        raise NotFound() from None
    if not signature.isascii() or not same(signature, _signature(link_id)):
        raise NotFound()
    found = session.scalars(select(PayLink).where(PayLink.id == link_id)).one_or_none()
    if found is None:
        raise NotFound()
    return found


def is_live(link: PayLink) -> bool:
    """Whether the link opens its invoice now."""
    return link.revoked_at is None and link.expires_at > clock.now()


def revoke_pay_link(invoice: Invoice, *, by: Actor) -> None:
    """The invoice's link opens nothing any more; harmless when it has none. Raises PermissionDenied."""
    by.require(Permission.SEND_INVOICES)
    lock_invoice(invoice)
    found = live_pay_link(invoice.id)
    if found is not None:
        found.revoked_at, found.revoked_by = clock.now(), by.membership_id
        record(invoice, "pay_link_revoked", by=by)
    session.flush()


def reissue_pay_link(invoice: Invoice, *, by: Actor) -> PayLink:
    """The old link opens nothing any more, and there is a new one. Raises PermissionDenied, Conflict."""
    by.require(Permission.SEND_INVOICES)
    revoke_pay_link(invoice, by=by)
    link = ensure_pay_link(invoice)
    record(invoice, "pay_link_issued", by=by)
    return link


def note_view(link: PayLink) -> None:
    """The customer looked: the link counts it, and the invoice is Viewed since the first time."""
    moment = clock.now()
    session.execute(
        update(PayLink)
        .where(PayLink.id == link.id)
        .values(
            views=PayLink.views + 1,
            last_viewed_at=moment,
            first_viewed_at=link.first_viewed_at or moment,
        )
    )
    note_invoice_viewed(link.invoice_id, by=CUSTOMER)


def note_invoice_viewed(invoice_id: UUID, *, by: Actor) -> None:
    """The invoice is Viewed, since the first time, which its timeline tells."""
    first = session.scalars(
        update(Invoice)
        .where(Invoice.id == invoice_id, Invoice.viewed_at.is_(None))
        .values(viewed_at=clock.now())
        .returning(Invoice)
    ).one_or_none()
    if first is not None:
        record(first, "viewed", by=by)


def _new_link(invoice: Invoice) -> PayLink:
    values = {
        "tenant_id": current_tenant_id(),
        "id": ids.new_id(),
        "created_at": clock.now(),
        "invoice_id": invoice.id,
        "account_id": cast(UUID, invoice.account_id),  # A finalized invoice has a customer.
        "expires_at": clock.now() + LASTS,
        "views": 0,
    }
    session.execute(insert(PayLink).values(values).on_conflict_do_nothing())  # Somebody else may be as quick.
    found = live_pay_link(invoice.id)
    if found is None:  # Revoked in between.
        raise Conflict("The pay link was changed meanwhile. Try again.")
    return found


def _signature(link_id: UUID) -> str:
    signed = keyed_signature(current_settings().secret_key, "pay link", f"{current_tenant_id()}/{link_id}")
    return signed[:_SIGNATURE_LENGTH]
