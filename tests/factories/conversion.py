"""Conversions brought as far as a test needs them; call these inside a team's scope."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from cornerspot.billing.models import Invoice
from cornerspot.conversion.answers import PortalAnswers, billing_answers
from cornerspot.conversion.changes import digest_of, facts_of
from cornerspot.conversion.models import Conversion
from cornerspot.conversion.reading import read_deal, read_plan
from cornerspot.conversion.running import run_conversion
from cornerspot.conversion.wizard import choose_billing, choose_portal_users, confirm_plan, start_conversion
from cornerspot.crm.models import Deal
from cornerspot.db import session
from cornerspot.people.actors import Actor


def shown_plan(deal: Deal) -> str:
    """The digest of the deal's plan as the Confirm step would show it now."""
    return digest_of(facts_of(read_plan(read_deal(deal.id))))


def reviewed(deal: Deal, *, by: Actor, **billing: Any) -> Conversion:
    """A wizard with all steps filled in, at Review; flushed."""
    conversion = start_conversion(deal, by=by)
    confirm_plan(conversion, acknowledged=True, shown=shown_plan(deal), by=by)
    choose_portal_users(conversion, PortalAnswers(), by=by)
    choose_billing(conversion, replace(billing_answers(conversion, read_deal(deal.id)), **billing), by=by)
    session.flush()
    return conversion


def converted(deal: Deal, *, by: Actor, **billing: Any) -> Invoice:
    """The invoice that converting the deal made; flushed."""
    return invoice_of(run_conversion(reviewed(deal, by=by, **billing), by=by))


def invoice_of(conversion: Conversion) -> Invoice:
    """What the conversion created, with its lines."""
    return session.scalars(
        select(Invoice).where(Invoice.id == conversion.invoice_id).options(selectinload(Invoice.lines))
    ).one()
