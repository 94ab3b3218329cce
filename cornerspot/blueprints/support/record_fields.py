"""Fields for records, amounts, numbers, days and tags; each keeps what was typed beside what it means."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from wtforms import DateField, SelectField, SelectMultipleField, StringField, ValidationError
from wtforms.fields.choices import Choice, SelectChoice

from cornerspot.blueprints.support.fields import ChoiceField, choices_of
from cornerspot.kit.currency import currencies, is_currency
from cornerspot.kit.errors import Invalid
from cornerspot.kit.money_text import parse_amount, parse_decimal
from cornerspot.tenancy import current_team

USUAL_CURRENCIES = ("EUR", "USD", "GBP", "CHF", "JPY", "CAD", "AUD")
LONGEST_TAG, MOST_TAGS = 40, 20


def currency_choices(*, blank: str | None = None) -> list[SelectChoice]:
    """Currencies to choose from, the team's and the usual ones first; ``blank`` words the empty choice."""
    first = dict.fromkeys((current_team().currency, *USUAL_CURRENCIES))
    codes = [*first, *(code for code in currencies() if code not in first)]
    return choices_of([*([("", blank)] if blank is not None else []), *((code, code) for code in codes)])


class CurrencyField(ChoiceField):
    """A currency; empty only where there is a choice for it."""

    def __init__(self, label: str = "Currency", *, blank: str | None = None, **options: Any) -> None:
        super().__init__(
            label, refusal="Choose a currency from the list.", choices=lambda: currency_choices(blank=blank), **options
        )

    @property
    def code(self) -> str:
        """The chosen currency, or the team's while there is none that we know."""
        return self.data if is_currency(self.data or "") else current_team().currency


class IdField(SelectField):
    """A record chosen from a list; ``data`` is its id or None. The use-case checks that it is the team's."""

    def __init__(self, label: str, *, refusal: str = "Choose from the list.", **options: Any) -> None:
        super().__init__(label, coerce=_id_or_text, validate_choice=False, choices=[], **options)
        self.refusal = refusal

    def offer(self, records: Iterable[tuple[UUID, str]], *, blank: str | None = "–") -> None:
        """Have these choices, with an empty one first unless ``blank`` is None."""
        empty = [("", blank)] if blank is not None else []
        self.choices = choices_of([*empty, *((str(id_), text) for id_, text in records)])

    def pre_validate(self, form: Any) -> None:
        if isinstance(self.data, str):
            raise ValidationError(self.refusal)

    @property
    def id_or_none(self) -> UUID | None:
        """The chosen id; None for none, and for text that is no id."""
        return self.data if isinstance(self.data, UUID) else None

    def iter_choices(self) -> Any:
        chosen = str(self.data or "")
        for value, label, *_ in self.choices or []:
            yield Choice(value, label, value == chosen, {})


class KeysField(SelectMultipleField):
    """Several of a list, by their keys as text."""

    def __init__(self, label: str, *, refusal: str = "Choose from the list.", **options: Any) -> None:
        super().__init__(label, validate_choice=False, choices=[], **options)
        self.refusal = refusal

    def pre_validate(self, form: Any) -> None:
        known = {value for value, *_ in self.choices or []}
        if any(key not in known for key in self.data or []):
            raise ValidationError(self.refusal)


class AmountField(StringField):
    """An amount in the form's currency, as typed; ``minor`` is what it means, None when empty or wrong."""

    minor: int | None = None

    def __init__(self, label: str, *, negative: str = "This cannot be below zero.", **options: Any) -> None:
        super().__init__(label, **options)
        self.negative = negative

    def pre_validate(self, form: Any) -> None:
        text = (self.data or "").strip()
        if not text:
            return
        try:
            locale = getattr(form, "locale", "") or current_team().locale
            self.minor = parse_amount(text, form.currency.code, locale).minor
        except Invalid as error:
            raise ValidationError(error.message) from error
        if self.minor < 0:
            raise ValidationError(self.negative)


class NumberField(StringField):
    """A number as typed; ``number`` is what it means, None when empty or wrong."""

    number: Decimal | None = None

    def __init__(
        self,
        label: str,
        *,
        places: int,
        required: str = "",
        between: tuple[int, int, str] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(label, **options)
        self.places, self.required_sentence = places, required
        self.between = between
        if required:
            self.flags.required = True

    def pre_validate(self, form: Any) -> None:
        text = (self.data or "").strip()
        if not text:
            if self.required_sentence:
                raise ValidationError(self.required_sentence)
            return
        try:
            number = parse_decimal(text, current_team().locale, places=self.places)
        except Invalid as error:
            raise ValidationError(error.message) from error
        if self.between is not None:
            low, high, sentence = self.between
            if not low <= number <= high:
                raise ValidationError(sentence)
        self.number = number

    @property
    def entered(self) -> Decimal:
        """The number of a required field, after validation; raises ValueError without one."""
        if self.number is None:
            raise ValueError(f"{self.name} has no number.")
        return self.number


class DayField(DateField):
    """A day, from a date input."""

    def process_formdata(self, valuelist: list[str]) -> None:
        text = valuelist[0].strip() if valuelist else ""
        self.data = None
        if text:
            self.raw_data = [text[:40].replace("\0", "")]
            try:
                self.data = date.fromisoformat(text)
            except ValueError as error:
                raise ValueError("Enter a date like 2026-10-31.") from error
            if not 1970 <= self.data.year <= 2200:
                self.data = None
                raise ValueError("Enter a year from 1970 to 2200.")


class TagsField(StringField):
    """Words with commas between them; ``tags`` is the list."""

    def pre_validate(self, form: Any) -> None:
        if len(self.tags) > MOST_TAGS or any(len(tag) > LONGEST_TAG for tag in self.tags):
            raise ValidationError(f"Use at most {MOST_TAGS} tags of {LONGEST_TAG} characters.")
        if re.search("[\x00-\x1f]", self.data or ""):
            raise ValidationError("Take out the invisible control characters.")

    @property
    def tags(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(tag.strip() for tag in (self.data or "").split(",") if tag.strip()))


def _id_or_text(value: Any) -> Any:
    """A UUID, None for nothing, and the text itself where it is no id."""
    if value is None or value == "":
        return None
    try:
        return value if isinstance(value, UUID) else UUID(str(value))
    except ValueError:
        return str(value)
