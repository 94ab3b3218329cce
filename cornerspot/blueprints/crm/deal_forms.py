"""The form of a deal: its own fields and the line editor, read and shown together."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID

from flask import request
from wtforms import BooleanField

from cornerspot.blueprints.crm.helpers import owner_choices
from cornerspot.blueprints.support.fields import TextField, VersionField, choices_of
from cornerspot.blueprints.support.forms import Form
from cornerspot.blueprints.support.line_form import (
    Choices,
    LineForm,
    empty_row,
    posted_product_ids,
    product_ids_of,
    read_discounts,
    read_lines,
    show_discounts,
    show_lines,
)
from cornerspot.blueprints.support.record_fields import AmountField, CurrencyField, DayField, IdField, KeysField
from cornerspot.catalog.amounts import Totals
from cornerspot.catalog.discounts import discounts
from cornerspot.catalog.lines import Copy, LineInput, discount_copy, document_totals, tax_copy
from cornerspot.catalog.models import Product
from cornerspot.catalog.products import named_products
from cornerspot.catalog.tax_rates import tax_rates
from cornerspot.crm.boards import first_pipeline
from cornerspot.crm.deals import DealInput
from cornerspot.crm.listing import account_choices, contact_choices
from cornerspot.crm.models import Account, Contact, Deal, DealLine, StageClass
from cornerspot.db import session
from cornerspot.kit.errors import DomainError, Invalid
from cornerspot.kit.money import Money
from cornerspot.kit.money_text import format_money
from cornerspot.tenancy import current_team, current_tenant_id

MOST_CHOICES = 300


class DealForm(Form):
    """The fields of a deal, the lines aside."""

    name = TextField("Deal name", longest=200, required="Enter what the deal is about.")
    account_id = IdField("Account", refusal="Choose an account from the list.")
    contact_id = IdField("Contact", refusal="Choose a contact from the list.")
    stage_id = IdField("Stage", refusal="Choose a stage from the list.")
    currency = CurrencyField()
    value = AmountField("Value", negative="A deal's value cannot be below zero.")
    expected_close_on = DayField("Expected close date")
    owner_id = IdField("Owner", refusal="Choose a teammate from the list.")
    source = TextField("Source", longest=100)
    prices_include_tax = BooleanField("Prices include tax")
    discounts = TextField("Discount on the whole deal", longest=200)
    taxes = KeysField("Taxes on the whole deal", refusal="Choose taxes from the list.")
    version = VersionField()


class DealDraft:
    """A deal as it is being typed: the form, its lines, and what they can refer to."""

    def __init__(self, deal: Deal | None, form: DealForm, lines: LineForm, product_ids: Collection[UUID] = ()) -> None:
        self.deal, self.form, self.lines = deal, form, lines
        self.products: dict[UUID, Product] = named_products(product_ids)
        self.choices = Choices()
        self.document_discounts: tuple[Copy, ...] = ()

    @classmethod
    def posted(cls, deal: Deal | None) -> DealDraft:
        """What was posted, with every mistake beside its field."""
        form = DealForm()
        draft = cls(deal, form, LineForm([]), posted_product_ids(request.form))
        draft._offer(form.account_id.id_or_none, form.contact_id.id_or_none)
        currency, locale = form.currency.code, current_team().locale
        draft.lines = read_lines(request.form, currency=currency, locale=locale, choices=draft.choices)
        return draft

    @classmethod
    def blank(cls, *, account: Account | None, contact: Contact | None, stage_id: UUID | None) -> DealDraft:
        """A new deal, for an account if one was named."""
        team = current_team()
        account_id = account.id if account else (contact.account_id if contact else None)
        form = DealForm(
            formdata=None,
            data={
                "currency": (account.currency if account else None) or team.currency,
                "account_id": account_id,
                "contact_id": contact.id if contact else None,
            },
        )
        draft = cls(None, form, LineForm([empty_row()]))
        draft._offer(account_id, form.contact_id.id_or_none)
        form.stage_id.data = stage_id or next((UUID(choice.value) for choice in form.stage_id.choices), None)
        return draft

    @classmethod
    def stored(cls, deal: Deal, lines: list[DealLine]) -> DealDraft:
        """A stored deal, to be edited."""
        locale = current_team().locale
        fields = ("name", "account_id", "contact_id", "currency", "expected_close_on", "owner_id", "source")
        form = DealForm(
            formdata=None,
            data={name: getattr(deal, name) for name in fields}
            | {
                "prices_include_tax": deal.prices_include_tax,
                "value": format_money(Money(deal.value_minor, deal.currency), locale, with_symbol=False),
                "discounts": show_discounts(deal.discounts, currency=deal.currency, locale=locale),
                "taxes": [copy["key"] for copy in deal.taxes],
                "version": str(deal.version),
            },
        )
        rows = show_lines(lines, currency=deal.currency, locale=locale)
        for row, line in zip(rows.rows, lines, strict=True):
            row.line = _as_entered(line)
        draft = cls(deal, form, rows, product_ids_of(lines))
        draft._offer(deal.account_id, deal.contact_id, lines)
        return draft

    def is_valid(self) -> bool:
        """Whether everything that was typed can be used; mistakes are on the fields afterwards."""
        fields_right = self.form.validate_on_submit()
        self._read_discounts()
        if not self.lines.is_valid and not self.form.refused:
            self.form.refused = self.lines.error or "Some lines need your attention. Nothing is lost."
        return bool(fields_right and self.lines.is_valid and not self.form.discounts.errors)

    def entered(self) -> DealInput:
        """The deal as it was entered; only after ``is_valid``."""
        form = self.form
        return DealInput(
            name=form.name.data,
            currency=form.currency.data,
            stage_id=form.stage_id.data,
            account_id=form.account_id.data,
            contact_id=form.contact_id.data,
            value_minor=form.value.minor or 0,
            expected_close_on=form.expected_close_on.data,
            owner_id=form.owner_id.data,
            source=form.source.data or "",
            prices_include_tax=form.prices_include_tax.data,
            discounts=self.document_discounts,
            taxes=self.document_taxes,
            lines=tuple(self.lines.lines),
        )

    @property
    def document_taxes(self) -> tuple[Copy, ...]:
        """The copies of the taxes on the whole deal."""
        return tuple(self.choices.taxes[key] for key in self.form.taxes.data or [] if key in self.choices.taxes)

    def totals(self) -> Totals | None:
        """What the lines without mistakes come to; None when that cannot be reckoned."""
        if not self.document_discounts and self.form.discounts.data:
            self._read_discounts()
        try:
            return document_totals(
                currency=self.form.currency.code,
                prices_include_tax=bool(self.form.prices_include_tax.data),
                discounts=self.document_discounts,
                taxes=self.document_taxes,
                lines=self.lines.lines or [],
            )
        except DomainError:
            return None

    def amounts(self, totals: Totals | None) -> list[int | None]:
        """What each row of the editor comes to in minor units; None for a row with a mistake."""
        nets = iter(totals.lines if totals else ())
        return [next(nets).net_minor if row.line is not None and totals else None for row in self.lines.rows]

    def _read_discounts(self) -> None:
        field = self.form.discounts
        try:
            self.document_discounts = read_discounts(
                field.data or "", currency=self.form.currency.code, locale=current_team().locale, choices=self.choices
            )
        except Invalid as error:
            field.errors = [error.message]

    def _offer(self, account_id: Any, contact_id: Any, lines: Iterable[DealLine] | None = None) -> None:
        """Fill every list of choices, with what the deal has already among them."""
        form = self.form
        form.account_id.offer(_accounts(account_id))
        form.contact_id.offer(_contacts(account_id, contact_id))
        form.owner_id.offer(owner_choices(), blank="Nobody")
        stages = [stage for stage in first_pipeline().stages if stage.stage_class == StageClass.OPEN]
        form.stage_id.offer([(stage.id, stage.name) for stage in stages], blank=None)
        lines = lines if lines is not None else (self.deal.lines if self.deal is not None else [])
        copies = [*(self.deal.taxes if self.deal else []), *(copy for line in lines for copy in line.taxes)]
        taxes = {copy["key"]: copy for copy in (*map(tax_copy, tax_rates(active_only=True)), *copies)}
        known = [discount_copy(row) for row in discounts(active_only=True, currency=form.currency.code)]
        self.choices = Choices(
            taxes=taxes,
            discounts={copy["key"]: copy for copy in known},
            product_ids=frozenset(
                [*(row.id for row in self.products.values() if row.is_offered), *product_ids_of(lines)]
            ),
        )
        form.taxes.choices = choices_of((key, f"{copy['name']} {copy['percent']}%") for key, copy in taxes.items())


def _as_entered(line: DealLine) -> LineInput:
    """A stored line as if it had just been typed."""
    return LineInput(
        description=line.description,
        quantity=line.quantity,
        unit_price=line.unit_price,
        discounts=tuple(line.discounts),
        taxes=tuple(line.taxes),
        id=line.id,
    )


def _accounts(chosen: Any) -> list[tuple[Any, str]]:
    rows = account_choices(limit=MOST_CHOICES)
    if chosen is not None and chosen not in {row.id for row in rows}:
        row = session.get(Account, (current_tenant_id(), chosen))
        rows = [*([row] if row else []), *rows]
    return [(row.id, row.name) for row in rows]


def _contacts(account_id: Any, chosen: Any) -> list[tuple[Any, str]]:
    rows = contact_choices(account_id=account_id, limit=MOST_CHOICES)
    named = [
        (row.id, row.name if account_id or row.account is None else f"{row.name} · {row.account.name}") for row in rows
    ]
    if chosen is not None and chosen not in {row.id for row in rows}:
        row = session.get(Contact, (current_tenant_id(), chosen))
        named = [*([(row.id, row.name)] if row else []), *named]
    return named
