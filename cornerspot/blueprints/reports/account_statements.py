"""An account's statement over a period, for the staff: on the page, on paper and for spreadsheets."""

from __future__ import annotations

from uuid import UUID

from flask import render_template
from flask.typing import ResponseReturnValue

from cornerspot.blueprints.reports.blueprint import blueprint
from cornerspot.blueprints.support.gate import gate
from cornerspot.blueprints.support.limits import limiter
from cornerspot.blueprints.support.records import get_or_404
from cornerspot.blueprints.support.statements import asked_statement, statement_csv, statement_paper
from cornerspot.crm.models import Account
from cornerspot.people.permissions import Permission


@blueprint.get("/accounts/<id('acc'):account_id>/statement")
@gate(permission=Permission.READ_INVOICES)
def account_statements_show(account_id: UUID) -> ResponseReturnValue:
    account = get_or_404(Account, account_id)
    asked = asked_statement(account.id)
    page = render_template("reports/account_statement.html", account=account, tab="statement", asked=asked)
    return page, asked.status


@blueprint.get("/accounts/<id('acc'):account_id>/statement.csv")
@gate(permission=Permission.READ_INVOICES)
def account_statement_csv_show(account_id: UUID) -> ResponseReturnValue:
    return statement_csv(get_or_404(Account, account_id))


@blueprint.get("/accounts/<id('acc'):account_id>/statement/pdf")
@gate(permission=Permission.READ_INVOICES)
@limiter.limit("30 per minute")
def account_statement_pdf_show(account_id: UUID) -> ResponseReturnValue:
    return statement_paper(get_or_404(Account, account_id))
