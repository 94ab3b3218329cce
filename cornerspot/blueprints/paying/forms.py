"""The form for paying a part of an invoice."""

from __future__ import annotations

from dataclasses import dataclass

from cornerspot.blueprints.support.forms import Form
from cornerspot.blueprints.support.record_fields import AmountField


@dataclass(frozen=True)
class _Code:
    code: str


class PartForm(Form):
    """How much somebody pays; empty means everything that is due."""

    amount = AmountField("Amount to pay", negative="Enter an amount above zero.")

    @property
    def currency(self) -> _Code:
        return self._currency

    def bind(self, currency: str) -> PartForm:
        """Read the amount in the invoice's currency."""
        self._currency = _Code(currency)
        return self
