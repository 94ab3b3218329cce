"""An account's statement over a period, for the staff: on the page and on paper."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from flask import render_template, request
from flask.typing import ResponseReturnValue

from cornerspot.billing.papers import letterhead, statement_pdf
from cornerspot.billing.statements import Statement, statements_of, usual_period
from cornerspot.blueprints.reports.blueprint import blueprint
from cornerspot.blueprints.support.downloads import named_pdf
from cornerspot.blueprints.support.gate import gate
from cornerspot.blueprints.support.limits import limiter
from cornerspot.blueprints.support.records import get_or_404
from cornerspot.crm.models import Account
from cornerspot.kit.errors import Invalid
from cornerspot.people.permissions import Permission


@blueprint.get("/accounts/<id('acc'):account_id>/statement")
@gate(permission=Permission.READ_INVOICES)
def account_statements_show(account_id: UUID) -> ResponseReturnValue:
    account = get_or_404(Account, account_id)
    since, until = _period()
    statements: list[Statement] = []
    refused = ""
    try:
        statements = statements_of(account.id, since=since, until=until)
    except Invalid as error:
        refused = error.message
    page = render_template(
        "reports/account_statement.html",
        account=account,
        tab="statement",
        statements=statements,
        since=since,
        until=until,
        refused=refused,
    )
    return page, 422 if refused else 200


@blueprint.get("/accounts/<id('acc'):account_id>/statement/pdf")
@gate(permission=Permission.READ_INVOICES)
@limiter.limit("30 per minute")
def account_statement_pdf_show(account_id: UUID) -> ResponseReturnValue:
    account = get_or_404(Account, account_id)
    since, until = _period()
    content = statement_pdf(
        statements_of(account.id, since=since, until=until), since=since, until=until, head=letterhead(account)
    )
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
