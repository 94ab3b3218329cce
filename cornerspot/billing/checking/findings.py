"""What a check says when something does not fit, and how it reads many rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select

from cornerspot.db import session
from cornerspot.kit.ids import encode_public_id

BATCH = 500  # rows in memory at once


@dataclass(frozen=True)
class Finding:
    """One thing that does not fit: whose, what about it, what it should be and what it is."""

    record: str
    what: str
    expected: str
    actual: str

    def __str__(self) -> str:
        return f"{self.record}: {self.what} should be {self.expected}, and is {self.actual}"


def invoice_name(invoice_id: UUID, number: str | None) -> str:
    """How a finding calls an invoice: by its number, or as a draft, and its id."""
    said = f"invoice {number}" if number else "draft invoice"
    return f"{said} ({encode_public_id('inv', invoice_id)})"


def payment_name(payment_id: UUID) -> str:
    """How a finding calls a payment."""
    return f"payment {encode_public_id('pay', payment_id)}"


def differences(record: str, pairs: dict[str, tuple[Any, Any]]) -> Iterator[Finding]:
    """A finding for each name whose expected and actual value differ."""
    for what, (expected, actual) in pairs.items():
        if expected != actual:
            yield Finding(record, what, str(expected), str(actual))


def stream(statement: Select[*tuple[Any, ...]]) -> Iterator[Row[*tuple[Any, ...]]]:
    """The rows of a statement, a few in memory at a time."""
    yield from session.execute(statement, execution_options={"yield_per": BATCH})
