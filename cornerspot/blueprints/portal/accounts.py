"""Choosing the account to look at, for members who may see several."""

from __future__ import annotations

from uuid import UUID

from flask import render_template
from flask.typing import ResponseReturnValue

from cornerspot.blueprints.portal.answers import to_asked_page
from cornerspot.blueprints.portal.blueprint import blueprint
from cornerspot.blueprints.support.gate import member_route
from cornerspot.blueprints.support.members import current_member
from cornerspot.portal.sessions import choose_account


@blueprint.get("/accounts")
@member_route(choosing=True)
def accounts_index() -> ResponseReturnValue:
    return render_template("portal/accounts.html", member=current_member())


@blueprint.post("/accounts/<id('acc'):account_id>/choice")
@member_route(choosing=True)
def account_choices_create(account_id: UUID) -> ResponseReturnValue:
    choose_account(current_member(), account_id)
    return to_asked_page()
