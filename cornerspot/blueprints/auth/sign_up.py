"""Opening a team: for newcomers, and for people who are signed in already."""

from __future__ import annotations

from uuid import UUID

from flask import jsonify, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from cornerspot.blueprints.auth.blueprint import blueprint
from cornerspot.blueprints.auth.entering import entry_address
from cornerspot.blueprints.auth.forms import SignUpForm, TeamForm
from cornerspot.blueprints.support.choices import currency_by_country
from cornerspot.blueprints.support.forms import use_case
from cornerspot.blueprints.support.gate import public_route
from cornerspot.blueprints.support.identity import sign_in_browser, signed_in
from cornerspot.blueprints.support.limits import limiter
from cornerspot.db import session
from cornerspot.db.transaction import transaction
from cornerspot.kit.errors import Invalid
from cornerspot.kit.ids import new_id
from cornerspot.onboarding.signing_up import NewPerson, sign_up_team
from cornerspot.people.models import Person
from cornerspot.tenancy import CurrentTeam, team_scope
from cornerspot.tenancy.creating import plan_team
from cornerspot.tenancy.models import Team
from cornerspot.tenancy.slugs import require_slug, suggest_slug


@blueprint.get("/sign-up")
@public_route("newcomers open their team here")
def sign_up_show() -> ResponseReturnValue:
    return _page(_form())


@blueprint.post("/sign-up")
@public_route("newcomers open their team here")
@limiter.limit("5 per minute; 30 per hour")
def sign_up_create() -> ResponseReturnValue:
    form = _form()
    if not form.validate_on_submit():
        return _page(form), 422
    user = signed_in()
    with use_case(form) as outcome:
        planned = plan_team(
            name=form.name.data or "",
            slug=form.slug.data or "",
            currency=form.currency.data,
            time_zone=form.time_zone.data,
            country=form.country.data,
        )
        address = _open(planned, form, person_id=user.person.id if user else None)
    return redirect(address) if outcome.ok else (_page(form), 422)


@blueprint.get("/sign-up/address")
@public_route("newcomers see whether an address is free while they type")
@limiter.limit("60 per minute")
def sign_up_address() -> ResponseReturnValue:
    """A suggestion for a company's name, and whether an address can be taken."""
    wanted = request.args.get("slug", "")[:200] or suggest_slug(request.args.get("name", "")[:200])
    try:
        slug = require_slug(wanted)
        taken = session.scalar(select(Team.id).where(Team.slug == slug)) is not None
        sentence = "This address is taken. Try another one." if taken else "This address is free."
    except Invalid as error:
        slug, taken, sentence = wanted, True, error.message
    return jsonify(slug=slug, is_free=not taken, sentence=sentence)


def _form() -> TeamForm:
    return TeamForm() if signed_in() else SignUpForm()


def _page(form: TeamForm) -> str:
    user = signed_in()
    return render_template(
        "auth/sign_up.html", form=form, person=user.person if user else None, currencies=currency_by_country()
    )


def _open(planned: CurrentTeam, form: TeamForm, *, person_id: UUID | None) -> str:
    """The address that leads into the new team, which exists and is committed."""
    user = signed_in()
    browser_id = user.row.browser_id if user else new_id()
    session.rollback()  # What was read so far belongs to another scope than the team's.
    newcomer = None
    if isinstance(form, SignUpForm):
        newcomer = NewPerson(form.person_name.data or "", form.email.data or "", form.password.data or "")
    with team_scope(planned), transaction():
        person = sign_up_team(planned, person_id=person_id, newcomer=newcomer)
        address = entry_address(person, team_id=planned.id, slug=planned.slug, browser_id=browser_id)
        owner_id = person.id
    if user is None:
        _sign_in_here(owner_id, browser_id)
    return address


def _sign_in_here(person_id: UUID, browser_id: UUID) -> None:
    """The newcomer is signed in to the installation too, to switch teams later."""
    sign_in_browser(session.get_one(Person, person_id), browser_id=browser_id)
