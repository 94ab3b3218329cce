"""The form of an invoice: its own fields and the line editor, read and shown together."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from flask import request
from wtforms import BooleanField

from cornerspot.billing.drafting import DraftInput
from cornerspot.billing.models import BillingSettings, Invoice
from cornerspot.billing.settings import billing_settings
from cornerspot.blueprints.support.fields import ChoiceField, LinesField, TextField, VersionField, choices_of
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
from cornerspot.blueprints.support.record_fields import CurrencyField, DayField, IdField, KeysField
from cornerspot.catalog.amounts import Totals
from cornerspot.catalog.discounts import discounts
from cornerspot.catalog.lines import Copy, discount_copy, document_totals, tax_copy
from cornerspot.catalog.models import Product
from cornerspot.catalog.products import named_products
from cornerspot.catalog.tax_rates import tax_rates
from cornerspot.crm.listing import account_choices, contact_choices
from cornerspot.crm.models import Account, Contact, Deal
from cornerspot.db import session
from cornerspot.kit.errors import DomainError, Invalid
from cornerspot.tenancy import current_team, current_tenant_id, team_today

TERMS = {0: "Due on receipt", 15: "Net 15", 30: "Net 30", 45: "Net 45", 60: "Net 60", 90: "Net 90"}
LONGEST_TEXT = 5000
MOST_CHOICES = 200


class InvoiceForm(Form):
    """The fields of an invoice, the lines aside."""

    account = IdField("Customer", refusal="Choose a customer from the list.")
    contact = IdField("Billing contact", refusal="Choose a contact of this customer.")
    currency = CurrencyField()
    terms_days = ChoiceField("Payment terms", choices=(), refusal="Choose payment terms from the list.")
    chosen_due_on = DayField("Due date")
    invoice_on = DayField("Invoice date")
    manual_number = TextField("Invoice number", longest=32)
    purchase_order = TextField("Purchase order", longest=100)
    discounts = TextField("Discount on the whole invoice", longest=200)
    taxes = KeysField("Taxes on the whole invoice", refusal="Choose taxes from the list.")
    prices_include_tax = BooleanField("Prices include tax")
    notes = LinesField("Notes", longest=LONGEST_TEXT)
    terms_text = LinesField("Terms and conditions", longest=LONGEST_TEXT)
    internal_note = LinesField("Internal note", longest=LONGEST_TEXT)
    version = VersionField()


class InvoiceDraft:
    """An invoice as it is being typed: the form, its lines, and what they can refer to.

    ``invoice`` is the stored draft that is edited, ``deal`` the one that is invoiced.
    """

    def __init__(
        self,
        form: InvoiceForm,
        product_ids: Collection[UUID],
        *,
        invoice: Invoice | None = None,
        deal: Deal | None = None,
    ) -> None:
        self.form, self.invoice, self.deal = form, invoice, deal
        self.lines = LineForm([])
        self.settings: BillingSettings = billing_settings()
        self.products: dict[UUID, Product] = named_products(product_ids)
        self.document_discounts: tuple[Copy, ...] = ()
        self.account = self._chosen_account()
        self.choices = self._choices()

    @classmethod
    def posted(
        cls, *, invoice: Invoice | None = None, deal: Deal | None = None, form: InvoiceForm | None = None
    ) -> InvoiceDraft:
        """What was posted, with every mistake beside its field.

        ``form`` keeps the refusal of a use-case, after which everything else is read anew.
        """
        draft = cls(form or InvoiceForm(), posted_product_ids(request.form), invoice=invoice, deal=deal)
        draft._offer()
        draft.lines = read_lines(
            request.form, currency=draft.currency, locale=current_team().locale, choices=draft.choices
        )
        return draft

    @classmethod
    def showing(
        cls,
        entered: DraftInput,
        *,
        version: int | None = None,
        invoice: Invoice | None = None,
        deal: Deal | None = None,
    ) -> InvoiceDraft:
        """The form filled with a stored draft, a deal, or the little that a new one starts with."""
        locale = current_team().locale
        plain = ("currency", "chosen_due_on", "invoice_on", "manual_number", "purchase_order", "notes", "terms_text")
        form = InvoiceForm(
            formdata=None,
            data={name: getattr(entered, name) for name in plain}
            | {
                "account": entered.account.id if entered.account else None,
                "contact": entered.contact.id if entered.contact else None,
                "terms_days": "" if entered.terms_days is None else str(entered.terms_days),
                "prices_include_tax": entered.prices_include_tax,
                "internal_note": entered.internal_note,
                "discounts": show_discounts(entered.discounts, currency=entered.currency, locale=locale),
                "taxes": [copy["key"] for copy in entered.taxes],
                "version": "" if version is None else str(version),
            },
        )
        draft = cls(form, product_ids_of(entered.lines), invoice=invoice, deal=deal)
        draft._offer()
        draft.lines = show_lines(entered.lines, currency=entered.currency, locale=locale)
        if not draft.lines.rows:
            draft.lines.rows.append(empty_row())
        draft.document_discounts = tuple(entered.discounts)
        # What is shown is reckoned from what is stored, not from its text.
        for row, line in zip(draft.lines.rows, entered.lines, strict=False):
            row.line = line
        return draft

    @property
    def currency(self) -> str:
        return self.form.currency.code

    @property
    def terms_days(self) -> int:
        """The terms that apply: chosen, the customer's, or the team's."""
        if (self.form.terms_days.data or "").isdigit():
            return int(self.form.terms_days.data)
        if self.account is not None and self.account.terms_days is not None:
            return self.account.terms_days
        return self.settings.default_terms_days

    @property
    def due_on(self) -> date:
        """When it will be due if it is finalized on its date, or today."""
        chosen: date | None = self.form.chosen_due_on.data
        return chosen or (self.form.invoice_on.data or team_today()) + timedelta(days=min(self.terms_days, 365))

    @property
    def document_taxes(self) -> tuple[Copy, ...]:
        """The copies of the taxes on the whole invoice."""
        return tuple(self.choices.taxes[key] for key in self.form.taxes.data or [] if key in self.choices.taxes)

    def is_valid(self) -> bool:
        """Whether everything that was typed can be used; mistakes are on the fields afterwards."""
        fields_right = self.form.validate_on_submit()
        self._read_discounts()
        if not self.lines.is_valid and not self.form.refused:
            self.form.refused = self.lines.error or "Some lines need your attention. Nothing is lost."
        return bool(fields_right and self.lines.is_valid and not self.form.discounts.errors)

    def entered(self) -> DraftInput:
        """The invoice as it was entered; only after ``is_valid``. Raises Invalid for records that are not there."""
        form = self.form
        return DraftInput(
            account=self._required(form.account, self.account, "Choose a customer from the list."),
            contact=self._required(form.contact, self._chosen_contact(), "Choose a contact of this customer."),
            currency=form.currency.data,
            terms_days=int(form.terms_days.data) if form.terms_days.data else None,
            chosen_due_on=form.chosen_due_on.data,
            invoice_on=form.invoice_on.data,
            manual_number=form.manual_number.data or None,
            purchase_order=form.purchase_order.data or "",
            discounts=self.document_discounts,
            taxes=self.document_taxes,
            prices_include_tax=bool(form.prices_include_tax.data),
            notes=form.notes.data or "",
            terms_text=form.terms_text.data or "",
            internal_note=form.internal_note.data or "",
            lines=self.lines.lines,
        )

    def totals(self) -> Totals | None:
        """What the lines without mistakes come to; None when that cannot be reckoned."""
        if not self.document_discounts and self.form.discounts.data:
            self._read_discounts()
        try:
            return document_totals(
                currency=self.currency,
                prices_include_tax=bool(self.form.prices_include_tax.data),
                discounts=self.document_discounts,
                taxes=self.document_taxes,
                lines=self.lines.lines,
            )
        except DomainError:
            return None

    def amounts(self, totals: Totals | None) -> list[int | None]:
        """What each row comes to, in minor units; None where it has a mistake."""
        reckoned = iter(totals.lines if totals else ())
        return [
            getattr(next(reckoned, None), "net_minor", None) if row.line is not None else None
            for row in self.lines.rows
        ]

    def _required(self, field: IdField, found: Any, refusal: str) -> Any:
        if field.id_or_none is not None and found is None:
            raise Invalid(refusal, field=field.name)
        return found

    def _read_discounts(self) -> None:
        field = self.form.discounts
        try:
            self.document_discounts = read_discounts(
                field.data or "", currency=self.currency, locale=current_team().locale, choices=self.choices
            )
        except Invalid as error:
            field.errors = [error.message]

    def _chosen_account(self) -> Account | None:
        chosen = self.form.account.id_or_none
        account = session.get(Account, (current_tenant_id(), chosen)) if chosen else None
        return account if account is not None and account.deleted_at is None else None

    def _chosen_contact(self) -> Contact | None:
        chosen = self.form.contact.id_or_none
        return session.get(Contact, (current_tenant_id(), chosen)) if chosen else None

    def _choices(self) -> Choices:
        """The catalog's copies, and those that the stored invoice or the deal already has."""
        stored = self.invoice or self.deal
        lines = stored.lines if stored is not None else []
        copies = [*(stored.taxes if stored is not None else []), *(copy for line in lines for copy in line.taxes)]
        offered = discounts(active_only=True, currency=self.currency)
        return Choices(
            taxes={copy["key"]: copy for copy in (*map(tax_copy, tax_rates(active_only=True)), *copies)},
            discounts={copy["key"]: copy for copy in map(discount_copy, offered)},
            product_ids=frozenset(
                [*(row.id for row in self.products.values() if row.is_offered), *product_ids_of(lines)]
            ),
        )

    def _offer(self) -> None:
        """Fill every list of choices, with what was chosen already among them."""
        form = self.form
        accounts = {row.id: row.name for row in account_choices(limit=MOST_CHOICES)}
        if self.account is not None:
            accounts.setdefault(self.account.id, self.account.name)
        form.account.offer(accounts.items(), blank="")
        form.contact.offer(self.contacts(), blank="No contact" if self.account else "Choose a customer first")
        usual = self.account.terms_days if self.account and self.account.terms_days is not None else None
        standard = terms_label(usual if usual is not None else self.settings.default_terms_days)
        choices = [("", f"Standard ({standard})"), *((str(days), label) for days, label in TERMS.items())]
        stored = form.terms_days.data or ""
        if stored.isdigit() and len(stored) <= 3 and int(stored) not in TERMS and not form.is_submitted():
            choices.append((stored, terms_label(int(stored))))
        elif self.invoice is not None and self.invoice.terms_days not in TERMS:
            choices.append((str(self.invoice.terms_days), terms_label(self.invoice.terms_days)))
        form.terms_days.choices = choices_of(choices)
        form.taxes.choices = choices_of(
            (key, f"{copy['name']} {copy['percent']} %") for key, copy in self.choices.taxes.items()
        )

    def contacts(self) -> list[tuple[UUID, str]]:
        """The people of the chosen customer."""
        if self.account is None:
            return []
        return [(row.id, row.name) for row in contact_choices(account_id=self.account.id, limit=MOST_CHOICES)]


def terms_label(days: int) -> str:
    """``Net 30``, ``Due on receipt``."""
    return TERMS.get(days) or f"Net {days}"
