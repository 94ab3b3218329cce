"""Reading what a conversion is about: the deal, its plan, the wizard under way."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import joinedload
from sqlalchemy.orm.attributes import set_committed_value

from cornerspot.billing.deal_billing import billed_lines, unbilled_lines
from cornerspot.billing.deal_once import taken_discounts
from cornerspot.catalog.models import Product
from cornerspot.conversion.answers import Invite, portal_answers
from cornerspot.conversion.models import Conversion, ConversionStatus
from cornerspot.conversion.planning import ConversionPlan, SoldIn, plan_conversion
from cornerspot.crm.models import Contact, Deal, DealLine
from cornerspot.db import session
from cornerspot.kit.errors import NotFound
from cornerspot.people.models import Membership


def read_deal(deal_id: UUID) -> Deal:
    """The deal with all that a plan needs, as it is in the database now; raises NotFound."""
    return _one(_DEAL, deal_id)


def lock_deal(deal_id: UUID) -> Deal:
    """The same, held until the transaction ends."""
    session.flush()  # Unflushed changes would be overwritten.
    return _one(_DEAL_LOCKED, deal_id)


def read_plan(deal: Deal) -> ConversionPlan:
    """What converting the deal would bill now; for a decision, call it under the deal's lock."""
    unbilled = unbilled_lines(deal)
    is_untouched = len(unbilled) == len(deal.lines) and all(part.is_whole for part in unbilled)
    billed, taken = ([], {}) if is_untouched else (billed_lines(deal), taken_discounts(deal))
    return plan_conversion(deal, unbilled, billed, taken=taken, products=_products(deal))


def find_wizard(deal_id: UUID) -> Conversion | None:
    """The deal's wizard that was opened and has not run yet, with the teammate who holds it."""
    return session.scalars(
        select(Conversion)
        .where(Conversion.deal_id == deal_id, Conversion.status == ConversionStatus.IN_PROGRESS)
        .options(joinedload(Conversion.holder).joinedload(Membership.person))
    ).one_or_none()


def account_contacts(account_id: UUID | None) -> list[Contact]:
    """The people at the account who are not archived, by name."""
    if account_id is None:
        return []
    return list(
        session.scalars(
            select(Contact)
            .where(Contact.account_id == account_id, Contact.archived_at.is_(None), Contact.deleted_at.is_(None))
            .order_by(Contact.last_name, Contact.first_name, Contact.id)
        )
    )


def invited_contacts(conversion: Conversion, account_id: UUID | None) -> list[Contact]:
    """The contacts whom the wizard's answers invite to the portal: only those with an e-mail address."""
    answers = portal_answers(conversion)
    if answers.choice is Invite.SKIP:
        return []
    reachable = [contact for contact in account_contacts(account_id) if contact.email]
    return [contact for contact in reachable if answers.choice is Invite.ALL or contact.id in answers.contact_ids]


_DEAL = (
    select(Deal)
    .where(Deal.id == bindparam("deal_id"))
    .options(joinedload(Deal.account), joinedload(Deal.contact), joinedload(Deal.stage))
    .execution_options(populate_existing=True)
)
_DEAL_LOCKED = _DEAL.with_for_update(of=Deal)
_LINES = (
    select(DealLine)
    .where(DealLine.deal_id == bindparam("deal_id"))
    .order_by(DealLine.position)
    .execution_options(populate_existing=True)
)


def _one(statement: Select[Deal], deal_id: UUID) -> Deal:
    this = {"deal_id": deal_id}
    deal = session.scalars(statement, this).one_or_none()
    if deal is None:
        raise NotFound("This deal was deleted.")
    set_committed_value(deal, "lines", list(session.scalars(_LINES, this)))
    return deal


def _products(deal: Deal) -> dict[UUID, SoldIn]:
    wanted = {line.product_id for line in deal.lines if line.product_id is not None}
    if not wanted:
        return {}
    rows = session.execute(select(Product.id, Product.name, Product.currency).where(Product.id.in_(wanted)))
    return {row.id: SoldIn(row.name, row.currency) for row in rows}
