"""An account's statement over the period that an address names, on the page and on paper."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from flask import Response, request

from cornerspot.billing.papers import letterhead, statement_pdf
from cornerspot.billing.statements import Statement, statements_of, usual_period
from cornerspot.blueprints.support.downloads import named_pdf
from cornerspot.crm.models import Account
from cornerspot.kit.errors import Invalid


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


def _period() -> tuple[date, date]:
    """The period of the address; the usual one where it names none that can be read."""
    since, until = usual_period()
    return _day("since") or since, _day("until") or until


def _day(name: str) -> date | None:
    try:
        return date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None
