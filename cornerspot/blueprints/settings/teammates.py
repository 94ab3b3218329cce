"""Teammates: the list, their roles, leaving and coming back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import joinedload

from cornerspot.blueprints.settings.blueprint import blueprint
from cornerspot.blueprints.settings.forms import ROLE_HINTS, InvitationForm, RoleForm
from cornerspot.blueprints.support.context import request_entitlements
from cornerspot.blueprints.support.gate import gate
from cornerspot.blueprints.support.identity import current_actor
from cornerspot.blueprints.support.records import get_or_404
from cornerspot.db import session
from cornerspot.kit.errors import Conflict, Invalid, LimitReached, PermissionDenied
from cornerspot.onboarding.joining import reactivate_teammate
from cornerspot.people.actors import Actor
from cornerspot.people.invitations import is_expired, waiting_invitations
from cornerspot.people.models import Membership, Role
from cornerspot.people.permissions import Permission
from cornerspot.people.teammates import change_role, deactivate_teammate, teammates
from cornerspot.plans.features import Limit


@blueprint.get("/settings/teammates")
@gate()
def teammates_index() -> ResponseReturnValue:
    return teammates_page(InvitationForm())


@blueprint.post("/settings/teammates/<id('mem'):membership_id>")
@gate(permission=Permission.MANAGE_TEAMMATES)
def teammates_update(membership_id: UUID) -> ResponseReturnValue:
    membership = _membership(membership_id)
    form = RoleForm()
    if not form.validate_on_submit():
        flash("Choose a role from the list.", "error")
        return redirect(url_for("settings.teammates_index"))
    name = membership.person.name
    with refusal_as_toast():
        change_role(membership, Role(form.role.data), by=current_actor())
        flash(f"{name} is {with_article(form.role.data)} now.", "success")
    return redirect(url_for("settings.teammates_index"))


@blueprint.post("/settings/teammates/<id('mem'):membership_id>/deactivation")
@gate(permission=Permission.MANAGE_TEAMMATES)
def teammate_deactivations_create(membership_id: UUID) -> ResponseReturnValue:
    membership = _membership(membership_id)
    name = membership.person.name  # Locking reads the membership anew, without the person.
    with refusal_as_toast():
        deactivate_teammate(membership, by=current_actor())
        flash(f"{name} is deactivated and signed out.", "success")
    return redirect(url_for("settings.teammates_index"))


@blueprint.post("/settings/teammates/<id('mem'):membership_id>/reactivation")
@gate(permission=Permission.MANAGE_TEAMMATES)
def teammate_reactivations_create(membership_id: UUID) -> ResponseReturnValue:
    membership = _membership(membership_id)
    name = membership.person.name  # Locking reads the membership anew, without the person.
    with refusal_as_toast():
        reactivate_teammate(membership, by=current_actor())
        flash(f"{name} can sign in again.", "success")
    return redirect(url_for("settings.teammates_index"))


def teammates_page(form: InvitationForm) -> str:
    """The list, with the invitation dialog open when its form was refused."""
    actor = current_actor()
    people, waiting = teammates(), waiting_invitations()
    if actor.role != Role.OWNER:
        form.role.choices = [choice for choice in form.role.choices if choice.value != Role.OWNER]
    return render_template(
        "settings/teammates.html",
        form=form,
        people=people,
        waiting=waiting,
        is_expired=is_expired,
        may_manage=lambda role: may_manage(actor, role),
        roles=[role for role in Role if role != Role.OWNER or actor.role == Role.OWNER],
        role_hints=ROLE_HINTS,
        used=sum(row.deactivated_at is None for row in people) + sum(not is_expired(row) for row in waiting),
        limit=request_entitlements().limits[Limit.TEAMMATES],
    )


def may_manage(actor: Actor, role: str) -> bool:
    """Whether the list offers actions on somebody with this role."""
    return actor.may(Permission.MANAGE_TEAMMATES) and (role != Role.OWNER or actor.role == Role.OWNER)


@contextmanager
def refusal_as_toast() -> Iterator[None]:
    """An action in a row of the list that is refused says why in a toast, back on the list."""
    try:
        yield
        session.flush()  # What the database refuses is refused here, not after the toast.
    except (Conflict, Invalid, LimitReached, PermissionDenied) as error:
        session.rollback()
        flash(error.message, "error")


def with_article(role: str) -> str:
    """``an owner``, ``a rep``."""
    return f"{'an' if role[0] in 'ao' else 'a'} {role}"


def _membership(membership_id: UUID) -> Membership:
    return get_or_404(Membership, membership_id, joinedload(Membership.person))
