"""The account's statement over a period that the member chooses, on the page and on paper."""

from __future__ import annotations

from datetime import date

from flask import render_template, request
from flask.typing import ResponseReturnValue

from cornerspot.billing.papers import letterhead, statement_pdf
from cornerspot.billing.statements import Statement, statements_of, usual_period
from cornerspot.blueprints.portal.blueprint import blueprint
from cornerspot.blueprints.support.downloads import named_pdf
from cornerspot.blueprints.support.gate import member_route
from cornerspot.blueprints.support.limits import limiter
from cornerspot.blueprints.support.members import current_account, current_member
from cornerspot.crm.models import Account
from cornerspot.db import session
from cornerspot.kit.errors import Invalid
from cornerspot.tenancy import current_tenant_id


@blueprint.get("/statement")
@member_route()
def statements_show() -> ResponseReturnValue:
    since, until = _period()
    statements: list[Statement] = []
    refused = ""
    try:
        statements = statements_of(current_account().id, since=since, until=until)
    except Invalid as error:
        refused = error.message
    page = render_template(
        "portal/payments/statement.html", statements=statements, since=since, until=until, refused=refused
    )
    return page, 422 if refused else 200


@blueprint.get("/statement/pdf")
@member_route()
@limiter.limit("30 per minute")
def statement_pdf_show() -> ResponseReturnValue:
    since, until = _period()
    account = session.get_one(Account, (current_tenant_id(), current_account().id))
    statements = statements_of(account.id, since=since, until=until)
    head = letterhead(account, locale=current_member().locale)
    content = statement_pdf(statements, since=since, until=until, head=head)
    return named_pdf(content, f"Statement {since.isoformat()} to {until.isoformat()} {account.name}")


def _period() -> tuple[date, date]:
    """The period of the address; the usual one where it names none that can be read."""
    since, until = usual_period()
    return _day("since") or since, _day("until") or until


def _day(name: str) -> date | None:
    try:
        return date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None
