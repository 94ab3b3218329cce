"""Nordlicht Studio: a design studio in Hamburg on Growth, with a year of deals and invoices."""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from itertools import cycle

from cornerspot.billing.logo import set_logo
from cornerspot.billing.models import Invoice
from cornerspot.catalog.discounts import DiscountInput
from cornerspot.catalog.tax_rates import TaxRateInput
from cornerspot.crm.models import Deal
from cornerspot.onboarding.demo import bills
from cornerspot.onboarding.demo.cast import DEAL_NAMES, NORDLICHT_CUSTOMERS, NORDLICHT_OFFERS, NORDLICHT_TEAM
from cornerspot.onboarding.demo.deals import Pursuit, Sequel, convert, leave_wizard_open, open_in, pursue, sell_more
from cornerspot.onboarding.demo.invoices import await_payment, issue, send, void_after
from cornerspot.onboarding.demo.logo import draw_logo
from cornerspot.onboarding.demo.members import plan_members
from cornerspot.onboarding.demo.studio import (
    Studio,
    meet,
    open_studio,
    print_on_documents,
    print_on_invoices,
    set_discounts,
    set_rates,
    stock_catalog,
)
from cornerspot.onboarding.demo.timetable import Timetable
from cornerspot.onboarding.inviting import invite_teammate
from cornerspot.people.models import Role
from cornerspot.plans.assigning import assign_plan
from cornerspot.tenancy import CurrentTeam
from cornerspot.tenancy.creating import plan_team

OPENED_DAYS_AGO = 392
SEED = 20

RATES = (
    ("standard", TaxRateInput("VAT", Decimal(19), "Germany", "Standard rate")),
    ("reduced", TaxRateInput("VAT", Decimal(7), "Germany", "Books and rights of use")),
    ("abroad", TaxRateInput("Reverse charge", Decimal(0), "Abroad", "The customer owes the tax")),
)
DISCOUNTS = (
    DiscountInput("Loyal customer", percent=Decimal(5)),
    DiscountInput("Early booking", percent=Decimal("2.5")),
    DiscountInput("Opening offer", amount_minor=15_000, currency="EUR"),
)
INVOICE_TEXTS = {
    "payment_instructions": (
        "Please transfer the amount to Nordlicht Studio GmbH\n"
        "IBAN DE00 0000 0000 0000 0000 00 (a demo: there is no such account)\n"
        "and give the invoice number as the reference."
    ),
    "default_terms_text": (
        "All rights of use pass to the customer once the invoice is paid in full.\n"
        "Late payment bears interest by § 288 BGB."
    ),
    "footer": (
        "Nordlicht Studio GmbH · Große Elbstraße 145 · 22767 Hamburg\n"
        "Amtsgericht Hamburg HRB 123456 · Managing directors: Hanna Petersen, Jonas Feddersen"
    ),
}

# Deals that were won, by the day they closed. The last word is what happened then.
WON = (
    (352, "Alster Logistik", "billed"), (331, "Delta Maritime", "billed"), (318, "Bäckerei Südlohn", "billed"),
    (291, "Hanse Pharma", "billed"), (268, "Lindqvist Arkitekter", "billed"), (243, "Elbtal Maschinenbau", "billed"),
    (222, "Galería Montes", "billed"), (201, "Quartier Nord", "partly"), (183, "Juniper Books", "billed"),
    (161, "Isar Energie", "billed"), (146, "Moravia Glass", "billed"), (127, "Nuova Officina", "billed"),
    (110, "Fjord & Fell", "voided"), (93, "Alster Logistik", "billed"), (78, "Tallinn Software", "billed"),
    (64, "Hanse Pharma", "billed"), (49, "Rødovre Cykler", "billed"), (38, "Studio Łąka", "billed"),
    (27, "Elbtal Maschinenbau", "partly"), (20, "Kaiserstuhl Weine", "billed"), (15, "Café Œuvre", "draft"),
    (12, "Quartier Nord", "waiting"), (10, "Alster Logistik", "recurring"), (8, "Praxis am Deich", "wizard"),
    (6, "Delta Maritime", "waiting"), (5, "Lindqvist Arkitekter", "waiting"), (3, "Isar Energie", "waiting"),
)  # fmt: skip
LOST = (
    (305, "Oberhafen Kantine"), (256, "Nuova Officina"), (214, "Moravia Glass"), (172, "Café Œuvre"),
    (118, "Galería Montes"), (71, "Juniper Books"), (33, "Fjord & Fell"),
)  # fmt: skip
# Deals in each open stage today.
OPEN = (
    ("Hanse Pharma", "Tallinn Software", "Galería Montes", "Bäckerei Südlohn"),
    ("Quartier Nord", "Nuova Officina", "Rødovre Cykler"),
    ("Delta Maritime", "Moravia Glass", "Juniper Books"),
    ("Elbtal Maschinenbau", "Isar Energie"),
)


def planned_team() -> CurrentTeam:
    """The team as it will be, so that its scope can be entered to open it."""
    return plan_team(name="Nordlicht Studio", slug="nordlicht", currency="EUR", time_zone="Europe/Berlin", country="DE")


def plan_year(planned: CurrentTeam) -> Timetable:
    """Everything that happens to the team is on the timetable, beginning with its opening."""
    table = Timetable(planned.time_zone, seed=SEED)
    studio = Studio(table)
    table.add(table.days_ago(OPENED_DAYS_AGO), lambda: _open(studio, planned))
    return table


def _open(studio: Studio, planned: CurrentTeam) -> None:
    open_studio(studio, planned, NORDLICHT_TEAM)
    assign_plan("growth_v1", end_trial=True)
    print_on_documents(
        studio,
        legal_name="Nordlicht Studio GmbH",
        street="Große Elbstraße 145",
        postal_code="22767",
        city="Hamburg",
        tax_id="DE298765435",
        email="hello@nordlicht.example",
    )
    print_on_invoices(studio, **INVOICE_TEXTS)
    set_logo(draw_logo(), by=studio.actors["owner"][0])
    set_rates(studio, RATES)
    set_discounts(studio, DISCOUNTS)
    stock_catalog(studio, NORDLICHT_OFFERS)
    for company in NORDLICHT_CUSTOMERS:
        meet(studio, company, by=studio.anyone("manager"))
    _plan_deals(studio)
    bills.plan_bills(studio)
    plan_members(studio)
    table = studio.timetable
    owner = studio.actors["owner"][0]
    table.add(table.days_ago(2), lambda: invite_teammate("maren@nordlicht.example", Role.REP, by=owner))


def _plan_deals(studio: Studio) -> None:
    table = studio.timetable
    names = cycle(DEAL_NAMES)
    loyal, opening = studio.discounts["Loyal customer"], studio.discounts["Opening offer"]
    for index, (days, company, ending) in enumerate(WON):
        pursuit = Pursuit(
            name=next(names),
            company=company,
            closes=table.days_ago(days),
            scale=_growth(days),
            discounts=((loyal,) if index % 6 == 3 else (opening,) if index % 9 == 5 else ()),
            recurring=ending == "recurring",
            sequel=_sequel(studio, ending, company),
        )
        pursue(studio, pursuit)
    for days, company in LOST:
        closes = table.days_ago(days)
        pursue(studio, Pursuit(next(names), company, closes, is_won=False, scale=_growth(days)))
    for stage, companies in enumerate(OPEN):
        for company in companies:
            pursue(studio, Pursuit(next(names), company, open_in(studio, stage), scale=_growth(0)))


def _sequel(studio: Studio, ending: str, company: str) -> Sequel | None:
    """What happens a few days after the deal was won."""
    if ending in ("waiting", "recurring"):
        return None
    if ending == "wizard":
        return lambda deal: leave_wizard_open(studio, deal)
    if ending == "draft":
        return lambda deal: convert(deal, finalize=False, by=studio.anyone("manager"))
    return partial(_convert_and_go_on, studio, ending, company)


def _convert_and_go_on(studio: Studio, ending: str, company: str, deal: Deal) -> None:
    table = studio.timetable
    finalize = table.random.random() < 0.7
    by = studio.anyone("manager")
    invoice = convert(deal, finalize=finalize, by=by)
    fate = partial(void_after, studio, 6, "The wrong legal entity was invoiced") if ending == "voided" else None
    if not finalize:
        table.add(table.later(2), lambda: issue(studio, invoice, company, fate=fate))
    else:
        send(studio, invoice, by=by)
        _follow(studio, invoice, company, fate)
    if ending == "partly":
        table.add(table.later(7), lambda: sell_more(studio, deal, company))


def _follow(studio: Studio, invoice: Invoice, company: str, fate: bills.Fate | None) -> None:
    if fate is not None:
        fate(invoice)
    elif invoice.is_unpaid:
        await_payment(studio, invoice, company)


def _growth(days_ago: int) -> float:
    """Orders are larger as the year goes on."""
    return 1.4 - days_ago / 365
