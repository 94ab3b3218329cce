"""The form for paying an invoice, or a part of it."""

from __future__ import annotations

from dataclasses import dataclass

from cornerspot.blueprints.support.forms import Form
from cornerspot.blueprints.support.record_fields import AmountField
from cornerspot.kit.errors import Invalid


@dataclass(frozen=True)
class _Code:
    code: str


class PartForm(Form):
    """How much somebody pays; empty means everything that is due."""

    amount = AmountField("Amount to pay", negative="Enter an amount above zero.")
    locale = ""  # of the payer, where we know it

    @property
    def currency(self) -> _Code:
        return self._currency

    def bind(self, currency: str, *, locale: str = "") -> PartForm:
        """Read the amount in the invoice's currency, as people write it there."""
        self._currency, self.locale = _Code(currency), locale
        return self

    def wanted_minor(self) -> int | None:
        """What was entered, None for all that is due; raises Invalid for blanks."""
        if self.amount.data and self.amount.minor is None:
            raise Invalid("Enter an amount.", field="amount")
        return self.amount.minor
