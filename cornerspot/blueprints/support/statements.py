"""An account's statement over the period that an address names: on the page, on paper, for spreadsheets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from flask import Response, request

from cornerspot.billing.papers import letterhead, statement_pdf
from cornerspot.billing.statements import Statement, statements_of, usual_period
from cornerspot.blueprints.support.csv_files import csv_response
from cornerspot.blueprints.support.downloads import named_pdf
from cornerspot.crm.models import Account
from cornerspot.kit.errors import Invalid
from cornerspot.kit.money import Money

CSV_HEAD = ("Date", "Currency", "What", "Invoice", "Method", "Amount", "Balance")


@dataclass(frozen=True)
class AskedStatement:
    """What the period holds, one statement for each currency; ``refusal`` says why there is none."""

    since: date
    until: date
    statements: list[Statement]
    refusal: str = ""

    @property
    def status(self) -> int:
        """The HTTP status of the page that shows it."""
        return 422 if self.refusal else 200


def asked_statement(account_id: UUID) -> AskedStatement:
    """The account's statement over the period of the request's address."""
    since, until = _period()
    try:
        return AskedStatement(since, until, statements_of(account_id, since=since, until=until))
    except Invalid as error:
        return AskedStatement(since, until, [], error.message)


def statement_paper(account: Account, *, locale: str = "") -> Response:
    """The same as a PDF to save; ``locale`` "" is the account's. Raises Invalid for an impossible period."""
    since, until = _period()
    statements = statements_of(account.id, since=since, until=until)
    content = statement_pdf(statements, since=since, until=until, head=letterhead(account, locale=locale))
    return named_pdf(content, f"Statement {since.isoformat()} to {until.isoformat()} {account.name}")


def statement_csv(account: Account) -> Response:
    """The same as a CSV, what was owed before and after included. Raises Invalid for an impossible period."""
    since, until = _period()
    statements = statements_of(account.id, since=since, until=until)
    rows = [row for one in statements for row in _csv_rows(one, since, until)]
    return csv_response(f"Statement {since.isoformat()} to {until.isoformat()} {account.name}", CSV_HEAD, rows)


def _csv_rows(statement: Statement, since: date, until: date) -> Iterator[tuple[Any, ...]]:
    code = statement.currency
    yield since, code, "Opening balance", None, None, None, Money(statement.opening_minor, code).to_decimal()
    for row in statement.movements:
        amount, balance = (Money(minor, code).to_decimal() for minor in (row.amount_minor, row.balance_minor))
        yield row.on, code, row.kind.capitalize(), row.number, row.method, amount, balance
    yield until, code, "Closing balance", None, None, None, Money(statement.closing_minor, code).to_decimal()


def _period() -> tuple[date, date]:
    """The period of the address; the usual one where it names none that can be read."""
    since, until = usual_period()
    return _day("since") or since, _day("until") or until


def _day(name: str) -> date | None:
    try:
        return date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None
