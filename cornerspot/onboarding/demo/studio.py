"""A demo team at work: its people, its catalog and its customers."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select

from cornerspot.billing.configuring import BillingSettingsInput, update_billing_settings
from cornerspot.billing.settings import billing_settings
from cornerspot.catalog.discounts import DiscountInput, create_discount
from cornerspot.catalog.lines import Copy, LineInput, discount_copy, tax_copy
from cornerspot.catalog.models import Product
from cornerspot.catalog.products import ProductInput, create_product
from cornerspot.catalog.tax_rates import TaxRateInput, create_tax_rate
from cornerspot.crm.accounts import AccountInput, create_account
from cornerspot.crm.contacts import ContactInput, create_contact
from cornerspot.crm.models import Account, Contact, Stage
from cornerspot.db import session
from cornerspot.onboarding.demo.cast import PASSWORD, Colleague, Company, Offer
from cornerspot.onboarding.demo.timetable import Timetable
from cornerspot.onboarding.inviting import invite_teammate
from cornerspot.onboarding.joining import accept_invitation
from cornerspot.onboarding.opening import open_team
from cornerspot.people.actors import Actor
from cornerspot.people.company import company_of, update_company
from cornerspot.people.joining import create_person
from cornerspot.people.models import Role
from cornerspot.people.sessions import teammate
from cornerspot.tenancy import CurrentTeam, current_team
from cornerspot.tenancy.models import Team

_PLAIN = str.maketrans({"ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})


@dataclass
class Studio:
    """A team of the demo with what its stories refer to, by the names of the cast."""

    timetable: Timetable
    actors: dict[str, list[Actor]] = field(default_factory=dict)
    products: dict[str, Product] = field(default_factory=dict)
    taxes: dict[str, Copy] = field(default_factory=dict)
    discounts: dict[str, Copy] = field(default_factory=dict)
    companies: dict[str, Company] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)
    contacts: dict[str, list[Contact]] = field(default_factory=dict)
    stages: list[Stage] = field(default_factory=list)

    def anyone(self, *roles: str) -> Actor:
        """One of the teammates with these roles."""
        return self.timetable.random.choice([actor for role in roles for actor in self.actors.get(role, [])])

    def line(self, code: str, quantity: Decimal, *, company: str, discounts: tuple[Copy, ...] = ()) -> LineInput:
        """A line that sells a product to a company, with the tax that the company is charged."""
        product = self.products[code]
        return LineInput(
            description=f"{product.name}\n{product.description}" if product.description else product.name,
            quantity=quantity,
            unit=product.unit,
            unit_price=product.unit_price,
            product_id=product.id,
            discounts=discounts,
            taxes=self.taxes_for(company, reduced=code == "FONT"),
            frequency=product.frequency,
            term_months=product.term_months,
        )

    def taxes_for(self, company: str, *, reduced: bool = False) -> tuple[Copy, ...]:
        """The tax of a line: customers abroad owe it themselves, rights of use are taxed at the reduced rate."""
        if not self.taxes:
            return ()
        if self.companies[company].country != current_team().country:
            return (self.taxes["abroad"],)
        return (self.taxes["reduced" if reduced else "standard"],)


def open_studio(studio: Studio, planned: CurrentTeam, colleagues: Sequence[Colleague]) -> None:
    """The planned team is open, and everybody of the cast has joined it; in its scope."""
    founder, *others = colleagues
    person = create_person(name=founder.name, email=founder.email, password=PASSWORD)
    owner = open_team(planned, person.id)
    studio.actors[founder.role] = [owner]
    for colleague in others:
        studio.actors.setdefault(colleague.role, []).append(_join(colleague, owner))
    studio.stages = list(session.scalars(select(Stage).order_by(Stage.position)))


def print_on_documents(studio: Studio, **facts: str) -> None:
    """The team's documents show these facts of its company."""
    team = session.get_one(Team, current_team().id)
    update_company(team, replace(company_of(team), **facts), version=team.version, by=studio.anyone("admin", "owner"))


def print_on_invoices(studio: Studio, **texts: str) -> None:
    """The team's invoices say these texts by default."""
    settings = billing_settings()
    entered = BillingSettingsInput(number_pattern=settings.number_pattern, **texts)  # type: ignore[arg-type]
    update_billing_settings(entered, seen=settings.version, by=studio.anyone("admin", "owner"))


def stock_catalog(studio: Studio, offers: Sequence[Offer]) -> None:
    """The team sells these offers in its own currency, with its standard tax."""
    by = studio.anyone("admin", "owner")
    standard = studio.taxes.get("standard")
    for offer in offers:
        entered = ProductInput(
            name=offer.name,
            code=offer.code,
            description=offer.description,
            unit_price=offer.unit_price,
            currency=current_team().currency,
            unit=offer.unit,
            frequency=offer.frequency,
            term_months=offer.term_months,
            tax_ids=(UUID(standard["key"].split(":")[0]),) if standard else (),
        )
        studio.products[offer.code] = create_product(entered, by=by)


def set_rates(studio: Studio, rates: Sequence[tuple[str, TaxRateInput]]) -> None:
    """The team charges these taxes; each goes by a short name in the stories."""
    by = studio.anyone("admin", "owner")
    for name, entered in rates:
        rate = create_tax_rate(entered, by=by)
        studio.taxes[name] = tax_copy(rate)


def set_discounts(studio: Studio, discounts: Sequence[DiscountInput]) -> None:
    """The team gives these discounts; they go by their names."""
    by = studio.anyone("admin", "owner")
    for entered in discounts:
        studio.discounts[entered.name] = discount_copy(create_discount(entered, by=by))


def meet(studio: Studio, company: Company, *, by: Actor) -> None:
    """The team knows the company and its people."""
    address = {
        "street": company.street,
        "postal_code": company.postal_code,
        "city": company.city,
        "country": company.country,
    }
    entered = AccountInput(
        name=company.name,
        legal_name=company.legal_name,
        billing_email=f"invoices@{company.domain}",
        billing_address=address,
        tax_id=company.tax_id,
        terms_days=company.terms_days,
        website=f"https://www.{company.domain}",
        owner_id=studio.anyone("rep", "manager").id,
        tags=company.tags,
    )
    account = create_account(entered, by=by)
    studio.companies[company.name], studio.accounts[company.name] = company, account
    studio.contacts[company.name] = [
        create_contact(
            ContactInput(
                first_name=first,
                last_name=last,
                email=f"{_mailbox(first)}.{_mailbox(last)}@{company.domain}",
                job_title=job_title,
                account_id=account.id,
                owner_id=account.owner_id,
            ),
            by=by,
        )
        for first, last, job_title in company.people
    ]


def _join(colleague: Colleague, owner: Actor) -> Actor:
    """Somebody of the cast is invited, makes a sign-in and accepts."""
    invitation = invite_teammate(colleague.email, Role(colleague.role), by=owner)
    person = create_person(name=colleague.name, email=colleague.email, password=PASSWORD)
    return teammate(accept_invitation(invitation, person), person)


def _mailbox(name: str) -> str:
    """The part of an e-mail address that a name makes: without title, accents and spaces."""
    plain = unicodedata.normalize("NFC", name.removeprefix("Dr. ")).translate(_PLAIN)
    ascii_only = unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode()
    return ascii_only.lower().replace(" ", "-")
