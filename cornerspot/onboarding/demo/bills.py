"""The invoices of Nordlicht Studio that come from no deal: care by the month, days of work, odd ones."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from functools import partial

from cornerspot.billing.cancelling import cancel_invoice
from cornerspot.billing.deleting import delete_invoice
from cornerspot.billing.models import Invoice
from cornerspot.catalog.lines import LineInput, custom_discount
from cornerspot.onboarding.demo.invoices import (
    Bill,
    Fate,
    bill,
    bounce,
    months_back,
    pay_after,
    reissue_after,
    void_after,
    write_off_after,
)
from cornerspot.onboarding.demo.studio import Studio

# Who has Website care, and since how many months.
CARE = (("Alster Logistik", 9), ("Hanse Pharma", 5), ("Quartier Nord", 2))
PHOTOS = ("Harbour at dawn", "Cold chain", "Laboratory", "Night shift", "Loading dock", "Portrait", "Aerial view",
          "Packaging line")  # fmt: skip
# Days of work billed as they were done: (days ago, company, offer, quantity).
WORK = (
    (338, "Kaiserstuhl Weine", "DES-D", 2), (302, "Rødovre Cykler", "DES-D", 3), (276, "Studio Łąka", "STRAT-D", 1),
    (249, "Isar Energie", "COPY-H", 14), (226, "Bäckerei Südlohn", "PHOTO", 1), (205, "Delta Maritime", "STRAT-D", 2),
    (179, "Galería Montes", "PHOTO", 1), (155, "Elbtal Maschinenbau", "DEV-D", 4), (132, "Moravia Glass", "DES-D", 3),
    (104, "Nuova Officina", "STRAT-D", 2), (82, "Lindqvist Arkitekter", "DES-D", 4), (57, "Isar Energie", "DEV-D", 5),
    (41, "Elbtal Maschinenbau", "DES-D", 3), (22, "Nuova Officina", "DES-D", 5), (13, "Bäckerei Südlohn", "COPY-H", 18),
    (4, "Moravia Glass", "STRAT-D", 2),
)  # fmt: skip


def plan_bills(studio: Studio) -> None:
    """Every such invoice is on the timetable."""
    for company, months in CARE:
        for month in range(months, -1, -1):
            bill(studio, _care(studio, company, month))
    for days, company, code, quantity in WORK:
        bill(studio, _work(studio, days, company, code, quantity))
    for planned in (*_special(studio), *_unfinished(studio), *_troubled(studio)):
        bill(studio, planned)


def _care(studio: Studio, company: str, month: int) -> Bill:
    drafted = months_back(studio, month)
    line = studio.line("CARE", Decimal(1), company=company)
    return Bill(company, drafted, (replace(line, description=f"Website care, {drafted:%B %Y}"),))


def _work(studio: Studio, days: int, company: str, code: str, quantity: int) -> Bill:
    discounts = (studio.discounts["Early booking"],) if days % 3 == 0 else ()
    line = studio.line(code, Decimal(quantity), company=company, discounts=discounts)
    order = f"PO-{4100 + days}" if company in ("Elbtal Maschinenbau", "Nuova Officina") else ""
    after = studio.timetable.random.choice((0, 0, 1, 2))
    return Bill(
        company, studio.timetable.days_ago(days), (line,), purchase_order=order, finalize_after=after, is_sent=days > 5
    )


def _special(studio: Studio) -> list[Bill]:
    """Other currencies, prices with tax, a gift, and one with forty lines."""
    table = studio.timetable
    inclusive = _priced(studio, "Oberhafen Kantine", ("Menu cards", 40, "5.95"), ("Table signs", 12, "9.90"))
    dollars = _priced(studio, "Juniper Books", ("Cover of a title", 6, "740"), ("Rights, North America", 1, "1250"))
    yen = _priced(studio, "Delta Maritime", ("Showroom film, Yokohama", 1, "486000"), ("Subtitles", 3, "38500"))
    gift = _priced(studio, "Praxis am Deich", ("Poster for the open day", 1, "480"))
    return [
        Bill("Oberhafen Kantine", table.days_ago(96), inclusive, prices_include_tax=True, terms_days=0,
             notes="All prices include VAT.", fate=lambda invoice: pay_after(studio, invoice, 0, None, method="cash")),
        Bill("Juniper Books", table.days_ago(45), dollars, currency="USD"),
        Bill("Delta Maritime", table.days_ago(18), yen, currency="JPY"),
        Bill("Praxis am Deich", table.days_ago(140), gift, discounts=(custom_discount(percent=Decimal(100)),),
             notes="With our best wishes."),
        Bill("Hanse Pharma", table.days_ago(24), _picture_rights(studio, "Hanse Pharma"),
             discounts=(studio.discounts["Loyal customer"],), purchase_order="HP-2207-B",
             fate=lambda invoice: pay_after(studio, invoice, 17, round(invoice.total_minor * 0.5))),
    ]  # fmt: skip


def _unfinished(studio: Studio) -> list[Bill]:
    """Drafts of these days, one without a customer, and what was withdrawn."""
    table = studio.timetable
    day = partial(studio.line, "DES-D", Decimal(2))
    workshop = partial(studio.line, "STRAT-D", Decimal(1))
    manager = studio.actors["manager"][0]
    return [
        Bill("Rødovre Cykler", table.days_ago(7), (day(company="Rødovre Cykler"),), finalize_after=None),
        Bill("Fjord & Fell", table.days_ago(3), (workshop(company="Fjord & Fell"), day(company="Fjord & Fell")),
             discounts=(studio.discounts["Opening offer"],), finalize_after=None),
        Bill(None, table.days_ago(1), (LineInput("Signage, first sketch", Decimal(1), Decimal(350)),),
             finalize_after=None),
        Bill("Studio Łąka", table.days_ago(152), (day(company="Studio Łąka"),), finalize_after=None,
             fate=_later(studio, 4, lambda invoice: cancel_invoice(
                 invoice, by=manager, reason="Covered by the flat fee"))),
        Bill("Café Œuvre", table.days_ago(30), (workshop(company="Café Œuvre"),), finalize_after=None,
             fate=_later(studio, 2, lambda invoice: cancel_invoice(invoice, by=manager, reason="Workshop postponed"))),
        Bill("Isar Energie", table.days_ago(11), (day(company="Isar Energie"),), finalize_after=None,
             fate=_later(studio, 1, lambda invoice: delete_invoice(invoice, by=manager))),
    ]  # fmt: skip


def _troubled(studio: Studio) -> list[Bill]:
    """Long overdue, paid in part, bounced, void, void with a corrected copy, and given up, once too early."""
    table = studio.timetable

    def days_of(company: str, quantity: int) -> tuple[LineInput, ...]:
        return (studio.line("DES-D", Decimal(quantity), company=company),)

    def given_up_too_early(invoice: Invoice) -> None:
        write_off_after(studio, 75, "No answer to four reminders", invoice)
        pay_after(studio, invoice, 120, None, method="bank_transfer")

    return [
        Bill("Rødovre Cykler", table.days_ago(89), days_of("Rødovre Cykler", 4), fate=lambda _: None),
        Bill("Café Œuvre", table.days_ago(75), days_of("Café Œuvre", 3),
             fate=lambda invoice: pay_after(studio, invoice, 40, 100_000)),
        Bill("Galería Montes", table.days_ago(52), days_of("Galería Montes", 2), fate=lambda _: None,
             is_sent=False),
        Bill("Kaiserstuhl Weine", table.days_ago(166), days_of("Kaiserstuhl Weine", 1),
             fate=partial(bounce, studio, 12)),
        Bill("Studio Łąka", table.days_ago(236), days_of("Studio Łąka", 2),
             fate=partial(void_after, studio, 3, "Invoiced twice by mistake")),
        Bill("Quartier Nord", table.days_ago(114), days_of("Quartier Nord", 5),
             fate=partial(reissue_after, studio, 2, "Purchase order number was missing", "Quartier Nord")),
        Bill("Oberhafen Kantine", table.days_ago(230), days_of("Oberhafen Kantine", 1),
             fate=partial(write_off_after, studio, 110, "Going to court would cost more than the claim")),
        Bill("Studio Łąka", table.days_ago(190), days_of("Studio Łąka", 1), fate=given_up_too_early),
    ]  # fmt: skip


def _priced(studio: Studio, company: str, *rows: tuple[str, int, str]) -> tuple[LineInput, ...]:
    """Lines without a product: (description, quantity, unit price)."""
    taxes = studio.taxes_for(company)
    return tuple(LineInput(text, Decimal(quantity), Decimal(price), taxes=taxes) for text, quantity, price in rows)


def _picture_rights(studio: Studio, company: str) -> tuple[LineInput, ...]:
    random = studio.timetable.random
    taxes = studio.taxes_for(company, reduced=True)
    return tuple(
        LineInput(
            f"Picture NL-{410 + number}, {PHOTOS[number % len(PHOTOS)].lower()}: print and web, two years",
            Decimal(1),
            Decimal(random.choice(("85", "110", "110", "145", "190"))),
            unit="licence",
            taxes=taxes,
        )
        for number in range(40)
    )


def _later(studio: Studio, days: int, act: Fate) -> Fate:
    """A fate that comes some days later."""
    table = studio.timetable
    return lambda invoice: table.add(table.later(days), lambda: act(invoice))
