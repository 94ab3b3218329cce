"""Whoever was chosen at the wizard's Portal Users step is invited once the conversion ran."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.orm import joinedload

from cornerspot.conversion.events import ConversionCompleted
from cornerspot.conversion.models import Conversion
from cornerspot.conversion.reading import invited_contacts
from cornerspot.db import session
from cornerspot.jobs.registry import reaction
from cornerspot.people.actors import SYSTEM
from cornerspot.plans.entitlements import entitlements
from cornerspot.plans.features import Feature
from cornerspot.portal.inviting import invite_contact
from cornerspot.portal.reading import members_among
from cornerspot.tenancy import current_tenant_id


@reaction(ConversionCompleted)
def invite_chosen_contacts(event: ConversionCompleted) -> None:
    """The chosen contacts may see the account and have an invitation, but for those the team shut out.

    Without the portal in its plan nobody is written to: the wizard said so.
    """
    conversion = session.get(
        Conversion, (current_tenant_id(), event.conversion_id), options=[joinedload(Conversion.deal)]
    )
    if conversion is None or not entitlements().allows(Feature.PORTAL):
        return
    contacts = invited_contacts(conversion, conversion.deal.account_id)
    members = members_among(contacts, conversion.deal.account_id)
    by = replace(SYSTEM, name=str(conversion.summary.get("by") or SYSTEM.name))
    for contact in contacts:
        if contact.id not in members:
            invite_contact(contact, by=by)
