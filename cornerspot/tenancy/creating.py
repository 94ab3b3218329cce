"""Opening a team's row. ``onboarding`` adds what a team starts with."""

from __future__ import annotations

from zoneinfo import available_timezones

from sqlalchemy import select

from cornerspot.db import session
from cornerspot.db.locks import lock_name
from cornerspot.kit.currency import is_currency
from cornerspot.kit.errors import Invalid
from cornerspot.kit.ids import new_id
from cornerspot.tenancy.current import CurrentTeam
from cornerspot.tenancy.models import Team, TeamStatus
from cornerspot.tenancy.slugs import require_slug


def plan_team(*, name: str, slug: str, currency: str, time_zone: str, country: str, locale: str = "en") -> CurrentTeam:
    """A team that is not there yet, so that its scope can be entered to create it.

    Raises Invalid naming the field. Nothing is read or written.
    """
    name = name.strip()
    if not name or len(name) > 120:
        raise Invalid("Enter the name of your company, up to 120 characters.", field="name")
    if not is_currency(currency):
        raise Invalid("Choose a currency from the list.", field="currency")
    if time_zone not in available_timezones():
        raise Invalid("Choose a time zone from the list.", field="time_zone")
    if len(country) != 2 or not country.isalpha():
        raise Invalid("Choose a country from the list.", field="country")
    return CurrentTeam(
        id=new_id(),
        slug=require_slug(slug),
        name=name,
        status=TeamStatus.ACTIVE,
        currency=currency,
        time_zone=time_zone,
        country=country.upper(),
        locale=locale,
    )


def create_team(planned: CurrentTeam) -> Team:
    """The planned team's row, flushed; raises Invalid when its slug was taken meanwhile.

    Call it inside the planned team's scope, so that the row and what the team
    starts with are one transaction.
    """
    lock_name(f"team slug {planned.slug}")
    if session.scalar(select(Team.id).where(Team.slug == planned.slug)):
        raise Invalid("This address is taken. Try another one.", field="slug")
    columns = {name: getattr(planned, name) for name in CurrentTeam.__dataclass_fields__}
    team = Team(**columns, legal_name=planned.name)
    session.add(team)
    session.flush()  # What follows in this transaction refers to the row.
    return team
