"""Members of a team's portal, and browsers signed in as them."""

from __future__ import annotations

import itertools
from uuid import UUID

from flask import Flask

from cornerspot.crm.models import Account, Contact
from cornerspot.db import session
from cornerspot.db.transaction import transaction
from cornerspot.kit.secrets import digest, new_token
from cornerspot.portal.models import Membership, PortalAccess, PortalInvitation, PortalUser
from cornerspot.portal.sessions import begin_sign_in
from cornerspot.tenancy import CurrentTeam, team_scope
from cornerspot.tenancy.http import TeamSessionInterface
from tests.factories.people import password_hash
from tests.factories.teams import Story, TeamClient

_counter = itertools.count(1)


def new_member(
    *accounts: Account, state: str = Membership.ACTIVE, contact: Contact | None = None, **fields: str
) -> PortalUser:
    """A portal user with PASSWORD (tests/factories/people.py) who may see the accounts, flushed."""
    number = next(_counter)
    has_password = state in (Membership.ACTIVE, Membership.SUSPENDED)
    user = PortalUser(
        email=fields.get("email", f"member-{number}@example.com"),
        name=fields.get("name", f"Mona Member {number}"),
        state=state,
        contact_id=contact.id if contact else None,
        password_hash=password_hash() if has_password else None,
    )
    session.add(user)
    session.flush()
    session.add_all(PortalAccess(portal_user_id=user.id, account_id=account.id) for account in accounts)
    session.flush()
    return user


def new_invitation(user: PortalUser, **fields: object) -> str:
    """An open invitation of the portal user; its token."""
    from cornerspot.kit import clock
    from cornerspot.portal.inviting import LASTS

    token = new_token()
    given = {"expires_at": clock.now() + LASTS, "sent_at": clock.now(), "sent_count": 1} | fields
    session.add(PortalInvitation(portal_user_id=user.id, token_digest=digest(token), **given))
    session.flush()
    return token


def member_browser(story: Story, user_id: UUID, *, account_id: UUID | None = None) -> TeamClient:
    """A browser signed in to the team's portal as a member, who has chosen an account if one is given."""
    with story.app.app_context(), team_scope(story.team), transaction():
        user = session.get_one(PortalUser, (story.team.id, user_id))
        token, row = begin_sign_in(user, ip_address="127.0.0.1", user_agent="test")
        row.chosen_account_id = account_id
    return browser_with(story.app, story.team, token)


def browser_with(app: Flask, team: CurrentTeam, token: str) -> TeamClient:
    """A browser that carries the token of a sign-in to the team's portal."""
    client = TeamClient(app, app.response_class, use_cookies=True)
    client.prefix = f"/{team.slug}"
    serializer = TeamSessionInterface().get_signing_serializer(app)
    assert serializer is not None
    value = serializer.dumps({"_member": token, "_team": f"portal of {team.id}"})
    client.set_cookie("cornerspot_portal", str(value), path=f"{client.prefix}/portal")
    return client
