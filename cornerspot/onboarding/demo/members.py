"""People of the customers who were invited to the demo team's portal, and what became of it."""

from __future__ import annotations

from functools import partial

from cornerspot.onboarding.demo.cast import PASSWORD
from cornerspot.onboarding.demo.studio import Studio
from cornerspot.portal.accepting import accept_invitation
from cornerspot.portal.inviting import invite_contact, open_invitation
from cornerspot.portal.membership import give_access, revoke_portal_user, suspend_portal_user
from cornerspot.portal.models import PortalUser

# Days ago, company, which of its people, and what became of the invitation.
INVITED = (
    (300, "Alster Logistik", 0, "accepted"), (290, "Alster Logistik", 1, "accepted"),
    (240, "Elbtal Maschinenbau", 1, "both"), (180, "Hanse Pharma", 0, "accepted"),
    (120, "Café Œuvre", 0, "suspended"), (90, "Delta Maritime", 1, "revoked"),
    (30, "Juniper Books", 0, "expired"), (3, "Lindqvist Arkitekter", 0, "waiting"),
)  # fmt: skip
BESIDES = "Alster Logistik"  # A person may look after more than one company.


def plan_members(studio: Studio) -> None:
    """Each invitation is on the timetable, and its answer two days later."""
    for days, company, index, ending in INVITED:
        table = studio.timetable
        table.add(table.days_ago(days), partial(_invite, studio, company, index, ending))


def _invite(studio: Studio, company: str, index: int, ending: str) -> None:
    user = invite_contact(studio.contacts[company][index], by=studio.actors["owner"][0])
    if ending not in ("expired", "waiting"):
        studio.timetable.add(studio.timetable.later(2), partial(_accept, studio, user, ending))


def _accept(studio: Studio, user: PortalUser, ending: str) -> None:
    invitation, owner = open_invitation(user), studio.actors["owner"][0]
    if invitation is None:
        raise LookupError(f"{user.email} has no open invitation")
    accept_invitation(invitation, user, name=user.name, password=PASSWORD)
    if ending == "both":
        give_access(user, studio.accounts[BESIDES], by=owner)
    elif ending == "suspended":
        suspend_portal_user(user, by=owner)
    elif ending == "revoked":
        revoke_portal_user(user, by=owner)
