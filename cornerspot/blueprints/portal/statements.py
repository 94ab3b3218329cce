"""The account's statement over a period that the member chooses, on the page and on paper."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue

from cornerspot.blueprints.portal.blueprint import blueprint
from cornerspot.blueprints.support.gate import member_route
from cornerspot.blueprints.support.limits import limiter
from cornerspot.blueprints.support.members import current_account, current_member
from cornerspot.blueprints.support.statements import asked_statement, statement_paper
from cornerspot.crm.models import Account
from cornerspot.db import session
from cornerspot.tenancy import current_tenant_id


@blueprint.get("/statement")
@member_route()
def statements_show() -> ResponseReturnValue:
    asked = asked_statement(current_account().id)
    return render_template("portal/payments/statement.html", asked=asked), asked.status


@blueprint.get("/statement/pdf")
@member_route()
@limiter.limit("30 per minute")
def statement_pdf_show() -> ResponseReturnValue:
    account = session.get_one(Account, (current_tenant_id(), current_account().id))
    return statement_paper(account, locale=current_member().locale)
