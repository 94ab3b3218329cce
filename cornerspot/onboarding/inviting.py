"""Inviting teammates by e-mail, within the plan's limit."""

from __future__ import annotations

from sqlalchemy import select

from cornerspot.activity.recording import record
from cornerspot.db import session
from cornerspot.db.locks import lock, lock_name
from cornerspot.kit.errors import Conflict, Invalid
from cornerspot.mail.queueing import MessageAbout, Recipient, queue_message
from cornerspot.mail.rendering import render_mail
from cornerspot.people.actors import Actor
from cornerspot.people.emails import require_email
from cornerspot.people.invitations import LASTS, is_expired, renew
from cornerspot.people.models import Invitation, Membership, Person, Role
from cornerspot.people.teammates import require_may_manage
from cornerspot.plans.entitlements import lock_limit, require_below
from cornerspot.plans.features import Limit
from cornerspot.plans.usage import count_teammates
from cornerspot.settings import current_settings
from cornerspot.tenancy import current_team, current_tenant_id


def invite_teammate(email: str, role: Role, *, by: Actor) -> Invitation:
    """The invitation is on its way to the address; an expired one to the same address is sent anew.

    Raises Invalid naming the field, PermissionDenied, LimitReached.
    """
    require_may_manage(by, role)
    address = require_email(email)
    lock_name(f"invitation {current_tenant_id()} {address}")
    _require_newcomer(address)
    invitation = _open_invitation(address)
    if invitation is not None and not is_expired(invitation):
        raise Invalid("This address has an open invitation already. Send it again from the list.", field="email")
    _require_seat()
    if invitation is None:
        invitation = Invitation(email=address)
        session.add(invitation)
    invitation.role, invitation.invited_by = role, by.membership_id
    _send(invitation, by=by)
    record(invitation, "invited", by=by, email=address, role=role)
    return invitation


def resend_invitation(invitation: Invitation, *, by: Actor) -> None:
    """A fresh link is on its way; the old one works no longer.

    Raises PermissionDenied, Conflict, LimitReached when it had expired and its seat is taken.
    """
    require_may_manage(by, Role(invitation.role))
    lock(invitation)
    if invitation.accepted_at is not None or invitation.revoked_at is not None:
        raise Conflict("This invitation is no longer open.")
    if is_expired(invitation):
        _require_seat()
    _send(invitation, by=by)
    record(invitation, "sent_again", by=by, email=invitation.email)


def _require_newcomer(address: str) -> None:
    membership = session.scalars(
        select(Membership).join(Person, Person.id == Membership.person_id).where(Person.email == address)
    ).one_or_none()
    if membership is None:
        return
    if membership.deactivated_at is not None:
        raise Invalid("This teammate is deactivated. Reactivate them in the list instead.", field="email")
    raise Invalid("This address belongs to a teammate already.", field="email")


def _open_invitation(address: str) -> Invitation | None:
    return session.scalars(
        select(Invitation).where(
            Invitation.email == address, Invitation.accepted_at.is_(None), Invitation.revoked_at.is_(None)
        )
    ).one_or_none()


def _require_seat() -> None:
    size = lock_limit(Limit.TEAMMATES)
    if size is not None:
        require_below(Limit.TEAMMATES, size=size, used=count_teammates())


def _send(invitation: Invitation, *, by: Actor) -> None:
    token = renew(invitation)
    session.flush()  # The message names the invitation by its id.
    team = current_team()
    link = f"{current_settings().external_url}/{team.slug}/invitations/{token}"
    content = render_mail(
        "people_invitation", team=team.name, inviter=by.name, role=invitation.role, link=link, days=LASTS.days
    )
    queue_message(
        Recipient(invitation.email),
        content,
        purpose="invitation",
        dedupe_key=f"invitation {invitation.token_digest}",
        about=MessageAbout("invitation", invitation.id),
        reply_to=by.email,
    )
