"""The forms of accounts and contacts."""

from __future__ import annotations

from typing import Any

from wtforms import ValidationError

from cornerspot.blueprints.crm.helpers import owner_choices
from cornerspot.blueprints.support.fields import ChoiceField, LinesField, TextField, VersionField, choices_of
from cornerspot.blueprints.support.forms import Form
from cornerspot.blueprints.support.record_fields import CurrencyField, IdField, TagsField
from cornerspot.crm.accounts import ADDRESS_PARTS, AccountInput
from cornerspot.crm.contacts import ContactInput
from cornerspot.crm.listing import account_choices
from cornerspot.crm.models import Account, Contact
from cornerspot.db import session
from cornerspot.tenancy import current_tenant_id

TERMS = (
    ("", "Team's default"),
    ("0", "Due on Receipt"),
    *((str(days), f"Net {days}") for days in (15, 30, 45, 60, 90)),
)
LOCALES = (
    ("", "Team's language"),
    ("en", "English"),
    ("de", "German"),
    ("fr", "French"),
    ("es", "Spanish"),
    ("it", "Italian"),
)
MOST_CHOICES = 300
ADDRESS_LABELS = {
    "street": "Street",
    "postal_code": "Postal code",
    "city": "City",
    "region": "State or region",
    "country": "Country",
}


class EmailField(TextField):
    """An e-mail address, or nothing."""

    def pre_validate(self, form: Any) -> None:
        super().pre_validate(form)
        local, at, domain = (self.data or "").rpartition("@")
        if self.data and (not at or not local or "." not in domain.strip(".") or " " in self.data):
            raise ValidationError("Enter an address like anna@example.com.")


class VersionedForm(Form):
    """A form that knows which version of the record it shows."""

    version = VersionField()


class AccountForm(VersionedForm):
    """Everything a team keeps about a company."""

    name = TextField("Name", longest=200, required="Enter the company's name.")
    legal_name = TextField("Legal name", longest=200)
    tax_id = TextField("Tax ID", longest=40)
    website = TextField("Website", longest=200)
    phone = TextField("Phone", longest=40)
    billing_email = EmailField("Billing e-mail", longest=254)
    currency = CurrencyField(blank="Team's currency")
    terms_days = ChoiceField("Payment terms", choices=TERMS, refusal="Choose payment terms from the list.")
    locale = ChoiceField("Language", choices=LOCALES, refusal="Choose a language from the list.")
    owner_id = IdField("Owner", refusal="Choose a teammate from the list.")
    tags = TagsField("Tags")
    notes = LinesField("Notes", longest=5000)

    def offer(self, account: Account | None) -> None:
        """Fill the lists of choices, with what the account has already among them."""
        self.owner_id.offer(owner_choices(), blank="Nobody")
        if account is not None and account.terms_days is not None:
            days = str(account.terms_days)
            if days not in dict(TERMS):
                self.terms_days.choices = choices_of([*TERMS, (days, f"Net {days}")])

    def entered(self) -> AccountInput:
        """The account as it was entered; only after validation."""
        return AccountInput(
            **{name: self[name].data or "" for name in ("name", "legal_name", "tax_id", "website", "phone", "notes")},
            billing_email=self.billing_email.data or "",
            billing_address=self._address("billing"),
            shipping_address=self._address("shipping"),
            currency=self.currency.data or None,
            terms_days=int(self.terms_days.data) if self.terms_days.data else None,
            locale=self.locale.data or "",
            owner_id=self.owner_id.data,
            tags=self.tags.tags,
        )

    def _address(self, kind: str) -> dict[str, str]:
        return {part: self[f"{kind}_{part}"].data or "" for part in ADDRESS_PARTS}


for _kind in ("billing", "shipping"):
    for _part, _label in ADDRESS_LABELS.items():
        _field: Any = LinesField if _part == "street" else TextField
        setattr(AccountForm, f"{_kind}_{_part}", _field(_label, longest=300 if _part == "street" else 100))


class ContactForm(VersionedForm):
    """A person at an account."""

    first_name = TextField("First name", longest=100)
    last_name = TextField("Last name", longest=100)
    email = EmailField("E-mail", longest=254)
    phone = TextField("Phone", longest=40)
    job_title = TextField("Job title", longest=100)
    account_id = IdField("Account", refusal="Choose an account from the list.")
    owner_id = IdField("Owner", refusal="Choose a teammate from the list.")
    tags = TagsField("Tags")

    def offer(self) -> None:
        """Fill the lists of choices, with the chosen account among them."""
        rows = account_choices(limit=MOST_CHOICES)
        chosen = self.account_id.id_or_none
        if chosen is not None and chosen not in {row.id for row in rows}:
            row = session.get(Account, (current_tenant_id(), chosen))
            rows = [*([row] if row else []), *rows]
        self.account_id.offer([(row.id, row.name) for row in rows], blank="No account")
        self.owner_id.offer(owner_choices(), blank="Nobody")

    def entered(self) -> ContactInput:
        """The contact as it was entered; only after validation."""
        plain = ("first_name", "last_name", "email", "phone", "job_title")
        return ContactInput(
            **{name: self[name].data or "" for name in plain},
            account_id=self.account_id.data,
            owner_id=self.owner_id.data,
            tags=self.tags.tags,
        )


def account_data(account: Account) -> dict[str, Any]:
    """What the form shows of a stored account."""
    names = ("name", "legal_name", "tax_id", "website", "phone", "billing_email", "locale", "owner_id", "notes")
    data: dict[str, Any] = {name: getattr(account, name) for name in names}
    for kind, address in (("billing", account.billing_address), ("shipping", account.shipping_address)):
        data |= {f"{kind}_{part}": address.get(part, "") for part in ADDRESS_PARTS}
    return data | {
        "currency": account.currency or "",
        "terms_days": "" if account.terms_days is None else str(account.terms_days),
        "tags": ", ".join(account.tags),
        "version": str(account.version),
    }


def contact_data(contact: Contact) -> dict[str, Any]:
    """What the form shows of a stored contact."""
    names = ("first_name", "last_name", "email", "phone", "job_title", "account_id", "owner_id")
    return {name: getattr(contact, name) for name in names} | {
        "tags": ", ".join(contact.tags),
        "version": str(contact.version),
    }
