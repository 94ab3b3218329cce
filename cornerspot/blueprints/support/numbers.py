"""Numbers in the team's writing, ready to be edited again."""

from __future__ import annotations

from decimal import Decimal

from babel.numbers import get_decimal_symbol

from cornerspot.tenancy import current_team


def local_number(value: Decimal, at_least: int = 0) -> str:
    """The number without grouping, with at least so many decimals: 1200.00, 0.000125."""
    whole, _, decimals = f"{value.normalize():f}".partition(".")
    decimals = decimals.ljust(at_least, "0")
    symbol = get_decimal_symbol(current_team().locale.replace("-", "_"))
    return whole + (symbol + decimals if decimals else "")
