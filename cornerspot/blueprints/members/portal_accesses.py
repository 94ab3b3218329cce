"""Which accounts a portal user may see."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue

from cornerspot.blueprints.members.answers import portal_user, refusal_as_toast
from cornerspot.blueprints.members.blueprint import blueprint
from cornerspot.blueprints.members.forms import AccountForm
from cornerspot.blueprints.support.gate import gate
from cornerspot.blueprints.support.identity import current_actor
from cornerspot.blueprints.support.records import get_or_404
from cornerspot.crm.models import Account
from cornerspot.people.permissions import Permission
from cornerspot.portal.membership import give_access, take_access


@blueprint.post("/portal-users/<id('ptu'):user_id>/accesses")
@gate(permission=Permission.MANAGE_PORTAL)
def portal_accesses_create(user_id: UUID) -> ResponseReturnValue:
    user, form = portal_user(user_id), AccountForm()
    account = form.account
    if not form.validate_on_submit() or account is None:
        flash("Choose an account from the list.", "error")
    else:
        with refusal_as_toast():
            give_access(user, account, by=current_actor())
            flash(f"{user.name} sees {account.name} from now on.", "success")
    return redirect(url_for("members.portal_users_show", user_id=user_id), 303)


@blueprint.post("/portal-users/<id('ptu'):user_id>/accesses/<id('acc'):account_id>/removal")
@gate(permission=Permission.MANAGE_PORTAL)
def portal_access_removals_create(user_id: UUID, account_id: UUID) -> ResponseReturnValue:
    user, account = portal_user(user_id), get_or_404(Account, account_id, trashed=True)
    with refusal_as_toast():
        take_access(user, account, by=current_actor())
        flash(f"{user.name} sees {account.name} no longer.", "success")
    return redirect(url_for("members.portal_users_show", user_id=user_id), 303)
