"""All checks of one team, over one snapshot of its rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from cornerspot.billing.checking.attempts import check_attempts
from cornerspot.billing.checking.billed import check_billed_lines
from cornerspot.billing.checking.files import check_files
from cornerspot.billing.checking.findings import Finding
from cornerspot.billing.checking.histories import check_histories
from cornerspot.billing.checking.money import check_invoices_paid, check_payments
from cornerspot.billing.checking.numbers import check_numbers
from cornerspot.billing.checking.totals import check_totals
from cornerspot.db import session
from cornerspot.db.transaction import reading_only

CHECKS: tuple[Callable[[], Iterator[Finding]], ...] = (
    check_totals,
    check_invoices_paid,
    check_payments,
    check_numbers,
    check_histories,
    check_billed_lines,
    check_attempts,
    check_files,
)


def check_books() -> Iterator[Finding]:
    """Everything in the team of the scope that does not fit; begins a transaction and leaves none open.

    It reads one snapshot, so that people may go on working meanwhile.
    """
    with reading_only():
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        try:
            for check in CHECKS:
                yield from check()
        finally:
            session.rollback()
