"""Telling a team's admins by mail that its connection is over."""

from __future__ import annotations

from sqlalchemy import select

from cornerspot.db import session
from cornerspot.mail.queueing import MessageAbout, Recipient, queue_message
from cornerspot.mail.rendering import render_mail
from cornerspot.payments.models import ProcessorAccount
from cornerspot.people.models import Membership, Person
from cornerspot.people.permissions import ROLE_PERMISSIONS, Permission
from cornerspot.settings import current_settings
from cornerspot.tenancy import current_team


def tell_admins(account: ProcessorAccount, reason: str) -> None:
    """Everybody who can connect Stripe again hears that it is not connected, once."""
    team = current_team()
    content = render_mail(
        "payments_disconnected",
        team=team.name,
        account=account.name,
        reason=reason,
        link=f"{current_settings().external_url}/{team.slug}/settings/payments",
    )
    for person in _admins():
        queue_message(
            Recipient(person.email, person.name),
            content,
            purpose="payments_disconnected",
            dedupe_key=f"disconnected {account.id} {account.disconnected_at} {person.id}",
            about=MessageAbout("processor_account", account.id),
        )


def _admins() -> list[Person]:
    roles = [role for role, may in ROLE_PERMISSIONS.items() if Permission.MANAGE_INTEGRATIONS in may]
    return list(
        session.scalars(
            select(Person)
            .join(Membership, Membership.person_id == Person.id)
            .where(Membership.role.in_(roles), Membership.deactivated_at.is_(None))
            .order_by(Person.id)
        )
    )
