"""Money: a whole number of minor units with its currency. Never a float, never bare.

Nothing here rounds: what does not fit the currency is refused, and what is split
adds up again. Amounts of documents are rounded in one place, ``catalog/amounts.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal, Inexact
from typing import Any, Self

from cornerspot.kit.currency import exponent
from cornerspot.kit.errors import DomainError, Invalid

# PostgreSQL's BIGINT, less its one extra negative value, so that -money always fits too.
LARGEST_MINOR = 2**63 - 1

# Moves the point of an amount, and stops where that would lose a digit.
_EXACT = Context(prec=60, traps=[Inexact])


class CurrencyMismatch(DomainError):
    """Two amounts in different currencies cannot be added or compared."""

    def __init__(self, one: str, other: str) -> None:
        super().__init__(f"An amount in {one} and one in {other} cannot be put together.")


class TooManyDecimals(Invalid):
    """The amount is finer than the currency's smallest unit."""


class AmountTooLarge(Invalid):
    """The amount is larger than can be kept (2^63 - 1 minor units)."""

    def __init__(self, message: str = "This amount is too large to keep.", *, field: str | None = None) -> None:
        super().__init__(message, field=field)


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units (cents, yen, fils) of one ISO 4217 currency.

    Equal only when amount and currency are; ordering and arithmetic with another
    currency raise CurrencyMismatch.
    """

    minor: int
    currency: str

    def __post_init__(self) -> None:
        exponent(self.currency)
        if type(self.minor) is not int:
            raise TypeError(f"minor units are a whole int, not {self.minor!r}")
        if abs(self.minor) > LARGEST_MINOR:
            raise AmountTooLarge

    @classmethod
    def zero(cls, currency: str) -> Self:
        """Nothing, in that currency."""
        return cls(0, currency)

    @classmethod
    def from_decimal(cls, amount: Decimal, currency: str) -> Self:
        """The same amount in minor units; raises TooManyDecimals where it does not fit."""
        places = exponent(currency)
        if not amount.is_finite():
            raise Invalid("Enter an amount as a number.")
        if amount and amount.adjusted() + places >= 19:
            raise AmountTooLarge
        try:
            minor = _shifted(amount, places)
            whole = minor.to_integral_exact(context=_EXACT)
        except Inexact:
            raise TooManyDecimals(decimals_allowed(currency)) from None
        return cls(int(whole), currency)

    def to_decimal(self) -> Decimal:
        """The amount in major units, with exactly the currency's decimals."""
        return _shifted(Decimal(self.minor), -exponent(self.currency))

    def allocate(self, weights: Sequence[int]) -> tuple[Self, ...]:
        """Parts in proportion to the weights that add up to this amount; see ``allocate``."""
        return tuple(type(self)(part, self.currency) for part in allocate(self.minor, weights))

    def __add__(self, other: Money) -> Self:
        return type(self)(self.minor + self._minor_of(other), self.currency)

    def __sub__(self, other: Money) -> Self:
        return type(self)(self.minor - self._minor_of(other), self.currency)

    def __neg__(self) -> Self:
        return type(self)(-self.minor, self.currency)

    def __abs__(self) -> Self:
        return type(self)(abs(self.minor), self.currency)

    def __bool__(self) -> bool:
        return self.minor != 0

    def __lt__(self, other: Money) -> bool:
        return self.minor < self._minor_of(other)

    def __le__(self, other: Money) -> bool:
        return self.minor <= self._minor_of(other)

    def __gt__(self, other: Money) -> bool:
        return self.minor > self._minor_of(other)

    def __ge__(self, other: Money) -> bool:
        return self.minor >= self._minor_of(other)

    def _minor_of(self, other: Money) -> int:
        if not isinstance(other, Money):
            raise TypeError(f"money goes together with money only, not {other!r}")
        if other.currency != self.currency:
            raise CurrencyMismatch(self.currency, other.currency)
        return other.minor


def allocate(total: int, weights: Sequence[int]) -> list[int]:
    """Whole parts in proportion to the weights, by largest remainder; they add up to total.

    Every part has the total's sign and is within one unit of its exact share; a weight
    of zero gets nothing. Ties go to the larger weight, then to the earlier place.
    Raises ValueError for a negative weight, or when there is none above zero.
    """
    if any(weight < 0 for weight in weights) or not any(weights):
        raise ValueError("weights are zero or more, and at least one of them is more")
    whole = sum(weights)
    shares = [divmod(abs(total) * weight, whole) for weight in weights]
    floors = [floor for floor, _ in shares]
    parts = share_out(abs(total), floors, lambda i: (-shares[i][1], -weights[i], i))
    return parts if total >= 0 else [-part for part in parts]


def share_out(total: int, floors: Sequence[int], rank: Callable[[int], Any]) -> list[int]:
    """The floors, the first by rank raised by one until they add up to total.

    ``rank`` gives the sort key of a place. The floors must add up to at most total,
    and to no less than total minus their number.
    """
    missing = total - sum(floors)
    if not 0 <= missing <= len(floors):
        raise ValueError("the floors are not those of shares of the total")
    parts = list(floors)
    for place in sorted(range(len(parts)), key=rank)[:missing]:
        parts[place] += 1
    return parts


def decimals_allowed(currency: str) -> str:
    """The sentence for a person who entered more decimals than the currency has."""
    places = exponent(currency)
    if places == 0:
        return f"{currency} has no decimals. Enter a whole amount."
    return f"{currency} has {places} decimals. Enter no more than that."


def _shifted(amount: Decimal, places: int) -> Decimal:
    return amount.scaleb(places, context=_EXACT)
