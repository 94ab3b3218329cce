"""Running a conversion: what it creates, what it refuses, and that it creates it once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from cornerspot.activity.models import ActivityEntry
from cornerspot.billing.cancelling import cancel_invoice
from cornerspot.billing.deal_billing import UnbilledLine, line_to_bill
from cornerspot.billing.deleting import delete_invoice, purge_deleted_invoices
from cornerspot.billing.models import BilledDealLine, Invoice
from cornerspot.billing.voiding import void_invoice
from cornerspot.catalog.lines import custom_discount
from cornerspot.conversion.changes import DealChanged
from cornerspot.conversion.models import Conversion, ConversionStatus
from cornerspot.conversion.offering import offer_conversion
from cornerspot.conversion.reading import read_deal, read_plan
from cornerspot.conversion.running import ReviewOutdated, run_conversion, undo_conversion
from cornerspot.conversion.wizard import HeldByAnother, start_conversion, take_over
from cornerspot.crm.deals import DealInput, update_deal
from cornerspot.crm.models import StageClass
from cornerspot.crm.moving import move_deal
from cornerspot.db import session
from cornerspot.kit import clock
from cornerspot.kit.errors import Conflict, FeatureMissing, PermissionDenied
from cornerspot.people.models import Role
from cornerspot.plans.assigning import assign_plan
from cornerspot.plans.entitlements import entitlements
from cornerspot.plans.features import Feature
from cornerspot.tenancy import team_scope
from tests.factories.catalog import make_product, make_tax_rate
from tests.factories.conversion import converted, invoice_of, reviewed
from tests.factories.crm import make_account, make_contact, make_deal, make_line, stage_of_class


def entered(deal, **changes):
    """The deal as its form would send it back, with changes."""
    fields = {
        "name": deal.name,
        "currency": deal.currency,
        "account_id": deal.account_id,
        "discounts": tuple(deal.discounts),
        "taxes": tuple(deal.taxes),
        "prices_include_tax": deal.prices_include_tax,
        "lines": tuple(line_of(line) for line in deal.lines),
    }
    return DealInput(**(fields | changes))


def line_of(line, **changes):
    return replace(line_to_bill(UnbilledLine(line, line.quantity, 0)), **changes)


def test_the_invoice_carries_the_deal_exactly(team, story):
    vat, city = make_tax_rate("19"), make_tax_rate("2.5")
    account = make_account("Acme GmbH")
    contact = make_contact(account)
    deal = make_deal(
        account,
        contact_id=contact.id,
        lines=[
            make_line("Set-up", "1", "500", taxes=[vat]),
            replace(
                make_line("Seats", "10.5", "24.99", taxes=[vat, city], unit="seat"),
                discounts=(custom_discount(amount_minor=333),),
            ),
        ],
        taxes=[city],
        won=True,
    )
    invoice = converted(deal, by=story.owner)
    assert (invoice.status, invoice.origin, invoice.number) == ("draft", "conversion", None)
    assert (invoice.deal_id, invoice.account_id, invoice.contact_id) == (deal.id, account.id, contact.id)
    for name in ("currency", "prices_include_tax", "discounts", "taxes"):
        assert getattr(invoice, name) == getattr(deal, name)
    for name in ("subtotal_minor", "discount_minor", "tax_minor", "total_minor"):
        assert getattr(invoice, name) == getattr(deal, name)
    shown = ("description", "unit", "quantity", "unit_price", "discounts", "taxes", "net_minor", "product_id")
    assert [[getattr(line, name) for name in shown] for line in invoice.lines] == [
        [getattr(line, name) for name in shown] for line in deal.lines
    ]


def test_it_can_finalize_at_once(team, story):
    deal = make_deal(won=True)
    invoice = converted(deal, by=story.owner, finalize=True, terms_days=14, internal_note="Call first")
    assert (invoice.status, invoice.number, invoice.terms_days) == ("open", "INV-000001", 14)
    assert invoice.internal_note == "Call first"


def test_running_again_is_harmless_and_says_so(team, story):
    deal = make_deal(won=True)
    conversion = reviewed(deal, by=story.owner)
    assert run_conversion(conversion, by=story.owner).just_completed
    session.commit()
    session.expunge_all()
    again = session.scalars(select(Conversion)).one()
    assert not run_conversion(again, by=story.owner).just_completed
    assert session.scalar(select(func.count()).select_from(Invoice)) == 1
    assert session.scalar(select(func.count()).select_from(BilledDealLine)) == 2


def test_deal_and_invoice_say_so_on_their_timelines(team, story):
    deal = make_deal(won=True)
    invoice = converted(deal, by=story.owner)
    events = session.execute(select(ActivityEntry.subject_id, ActivityEntry.event)).all()
    assert (deal.id, "converted") in events
    assert (invoice.id, "drafted") in events


def test_recurring_lines_stay_on_the_deal(team, story):
    deal = make_deal(lines=[make_line("Set-up"), make_line("Support", frequency="monthly")], won=True)
    plan = read_plan(read_deal(deal.id))
    assert [line.description for line in plan.recurring] == ["Support"]
    invoice = converted(deal, by=story.owner)
    assert [line.description for line in invoice.lines] == ["Set-up"]
    with pytest.raises(Conflict, match="Only recurring lines are left"):
        start_conversion(deal, by=story.owner)


def test_a_line_added_later_is_billed_alone(team, story):
    deal = make_deal(lines=[make_line("Set-up", "1", "500")], won=True)
    converted(deal, by=story.owner)
    deal = read_deal(deal.id)
    update_deal(deal, entered(deal, lines=(line_of(deal.lines[0]), make_line("Training", "2", "80"))), by=story.owner)
    second = converted(deal, by=story.owner)
    assert [(line.description, line.net_minor) for line in second.lines] == [("Training", 16000)]


def test_added_quantity_is_billed_alone_and_fixed_discounts_are_given_once(team, story):
    fixed, percent = custom_discount(amount_minor=1000), custom_discount(percent=Decimal(10))
    deal = make_deal(lines=[replace(make_line("Seats", "10", "25"), discounts=(percent, fixed))], won=True)
    deal = read_deal(deal.id)
    update_deal(deal, entered(deal, discounts=(fixed, percent)), by=story.owner)
    first = converted(deal, by=story.owner)
    assert first.total_minor == deal.total_minor
    deal = read_deal(deal.id)
    update_deal(deal, entered(deal, lines=(line_of(deal.lines[0], quantity=Decimal(12)),)), by=story.owner)
    plan = read_plan(read_deal(deal.id))
    assert plan.given_before == (fixed,)
    assert (plan.lines[0].quantity, plan.lines[0].discounts, plan.discounts) == (2, (percent,), (percent,))
    second = converted(deal, by=story.owner)
    assert second.total_minor == 4050  # 2 × 25.00, less 10 % on the line and 10 % on the deal


def test_a_fixed_discount_is_free_again_when_the_invoice_that_had_it_is_void(team, story):
    deal = make_deal(lines=[make_line("Set-up", "1", "500")], won=True)
    deal = read_deal(deal.id)
    update_deal(deal, entered(deal, discounts=(custom_discount(amount_minor=10000),)), by=story.owner)
    first = converted(deal, by=story.owner, finalize=True)
    deal = read_deal(deal.id)
    update_deal(deal, entered(deal, lines=(line_of(deal.lines[0]), make_line("Training", "1", "50"))), by=story.owner)
    assert converted(deal, by=story.owner).total_minor == 5000
    void_invoice(first, by=story.owner, reason="Wrong customer")
    assert converted(deal, by=story.owner).total_minor == 40000


@pytest.mark.parametrize("release", ["void", "cancel", "delete"])
def test_a_released_invoice_frees_exactly_its_lines(team, story, release):
    deal = make_deal(won=True)
    first = converted(deal, by=story.owner, finalize=release == "void")
    deal = read_deal(deal.id)
    update_deal(
        deal,
        entered(deal, lines=(*(line_of(line) for line in deal.lines), make_line("Training"))),
        by=story.owner,
    )
    converted(deal, by=story.owner)
    if release == "void":
        void_invoice(first, by=story.owner, reason="Wrong customer")
    elif release == "cancel":
        cancel_invoice(first, by=story.owner)
    else:
        delete_invoice(first, by=story.owner)
    again = converted(deal, by=story.owner)
    assert [line.description for line in again.lines] == ["Set-up", "Seats"]
    with pytest.raises(Conflict, match="billed already"):
        start_conversion(deal, by=story.owner)


def test_a_deal_that_changed_after_confirm_is_refused_with_the_changes(team, story):
    deal = make_deal(lines=[make_line("Set-up", "1", "500"), make_line("Seats", "10", "25")], won=True)
    conversion = reviewed(deal, by=story.owner)
    deal = read_deal(deal.id)
    other = make_account("Beta AG")
    lines = (line_of(deal.lines[1], quantity=Decimal(12)), make_line("Training", "2", "80"))
    update_deal(deal, entered(deal, account_id=other.id, lines=lines), by=story.owner)
    with pytest.raises(DealChanged) as refused:
        run_conversion(conversion, by=story.owner)
    assert refused.value.changes == [
        f"The account was {deal_account_name(conversion)} and is Beta AG.",
        "“Set-up” is no longer to be billed.",
        "“Training” was added: 2 at 80 EUR.",
        "“Seats”: the quantity was 10 and is 12.",
        "The total was €750.00 and is €460.00.",
    ]
    assert session.scalar(select(func.count()).select_from(Invoice)) == 0


def deal_account_name(conversion):
    return conversion.answers["confirm"]["plan"]["account_name"]


def test_the_deal_must_be_won_when_it_runs(team, story):
    deal = make_deal(won=True)
    conversion = reviewed(deal, by=story.owner)
    move_deal(deal, stage_of_class(StageClass.OPEN), by=story.owner)
    with pytest.raises(Conflict, match="not a won stage"):
        run_conversion(conversion, by=story.owner)


def test_a_deal_that_is_not_won_has_no_wizard(team, story):
    with pytest.raises(Conflict, match="not a won stage"):
        start_conversion(make_deal(), by=story.owner)


def test_a_deal_without_lines_has_no_wizard(team, story):
    with pytest.raises(Conflict, match="no lines"):
        start_conversion(make_deal(lines=[], won=True), by=story.owner)


def test_a_deal_without_account_has_no_wizard(team, story):
    deal = make_deal(won=True)
    deal = read_deal(deal.id)
    update_deal(deal, entered(deal, account_id=None), by=story.owner)
    with pytest.raises(Conflict, match="no account"):
        start_conversion(deal, by=story.owner)


def test_products_in_another_currency_are_refused(team, story):
    product = make_product("Hosting", currency="USD")
    deal = make_deal(lines=[make_line("Hosting", product_id=product.id)], won=True)
    with pytest.raises(Conflict, match="The deal is in EUR, but Hosting is sold in USD"):
        start_conversion(deal, by=story.owner)


@pytest.mark.parametrize(("plan_key", "missing"), [("free_v1", "Billing"), ("billing_v1", "CRM")])
def test_a_lost_feature_stops_the_run_and_is_named(team, story, plan_key, missing):
    conversion = reviewed(make_deal(won=True), by=story.owner)
    assign_plan(plan_key)
    with pytest.raises(FeatureMissing, match=f"{missing} is not in this team's plan"):
        run_conversion(conversion, by=story.owner)


def test_a_lost_permission_stops_the_run(team, story):
    conversion = reviewed(make_deal(won=True), by=story.owner)
    session.commit()
    with pytest.raises(PermissionDenied):
        run_conversion(conversion, by=story_rep(story))


def story_rep(story):
    """The owner as a rep: the role was changed while the wizard was open."""
    return replace(story.owner, role=Role.REP)


def test_a_wizard_of_somebody_else_names_them_and_can_be_taken_over(app, story):
    manager = story.add_teammate("manager")
    with app.app_context(), team_scope(story.team):
        deal = make_deal(won=True)
        conversion = reviewed(deal, by=story.owner)
        assert start_conversion(deal, by=manager) is conversion
        with pytest.raises(HeldByAnother, match="Tess Tester has this wizard open"):
            run_conversion(conversion, by=manager)
        take_over(conversion, by=manager)
        assert run_conversion(conversion, by=manager).just_completed
        with pytest.raises(Conflict, match="billed already"):
            start_conversion(deal, by=story.owner)


def test_a_review_that_is_out_of_date_is_not_run(team, story):
    conversion = reviewed(make_deal(won=True), by=story.owner)
    with pytest.raises(ReviewOutdated):
        run_conversion(conversion, by=story.owner, seen=conversion.version - 1)


def test_run_needs_the_confirmation(team, story):
    conversion = start_conversion(make_deal(won=True), by=story.owner)
    with pytest.raises(Conflict, match="Go back to Confirm"):
        run_conversion(conversion, by=story.owner)


def test_undo_deletes_the_draft_and_frees_the_lines(team, story):
    deal = make_deal(won=True)
    conversion = run_conversion(reviewed(deal, by=story.owner), by=story.owner)
    undo_conversion(conversion, by=story.owner)
    assert conversion.status == ConversionStatus.UNDONE
    assert invoice_of(conversion).deleted_at is not None
    assert len(converted(deal, by=story.owner).lines) == 2


def test_a_finalized_invoice_cannot_be_undone(team, story):
    conversion = run_conversion(reviewed(make_deal(won=True), by=story.owner, finalize=True), by=story.owner)
    with pytest.raises(Conflict, match="Void it instead"):
        undo_conversion(conversion, by=story.owner)


def test_a_deal_of_ten_lines_takes_at_most_twenty_statements(team, story, query_counter):
    vat = make_tax_rate("19")
    deal = make_deal(lines=[make_line(f"Line {n}", "3", "33.33", taxes=[vat]) for n in range(10)], won=True)
    conversion = reviewed(deal, by=story.owner)
    session.commit()
    session.expunge_all()
    conversion = session.scalars(select(Conversion)).one()
    session.rollback()
    with query_counter() as sent:
        run_conversion(conversion, by=story.owner)
        session.commit()
    assert len(sent) <= 20, "\n".join(sent)


def test_a_draft_purged_from_the_trash_leaves_the_summary(team, story):
    conversion = run_conversion(reviewed(make_deal(won=True), by=story.owner), by=story.owner)
    delete_invoice(invoice_of(conversion), by=story.owner)
    session.commit()
    session.expunge_all()
    with clock.moved_to(clock.now() + timedelta(days=31)):
        assert purge_deleted_invoices() == 1
    session.commit()
    session.expunge_all()
    kept = session.scalars(select(Conversion)).one()
    assert (kept.invoice_id, kept.summary["total_minor"]) == (None, 75000)


def test_the_offer_follows_the_deal_the_plan_and_the_role(team, story):
    deal = read_deal(make_deal(won=True).id)
    offered = offer_conversion(deal, actor=story.owner, granted=entitlements())
    assert (offered.state, offered.label, offered.lines) == ("offered", "Mark Won + Convert", 2)
    assert not offer_conversion(deal, actor=story_rep(story), granted=entitlements()).is_shown
    assert not offer_conversion(read_deal(make_deal().id), actor=story.owner, granted=entitlements()).is_shown
    conversion = start_conversion(deal, by=story.owner)
    assert offer_conversion(deal, actor=story.owner, granted=entitlements()).wizard is conversion
    assign_plan("free_v1")
    missing = offer_conversion(deal, actor=story.owner, granted=entitlements())
    assert (missing.state, [plan.name for plan in missing.plans]) == ("not_in_plan", ["Growth", "Scale"])
    assert missing.may_change
    assign_plan("growth_v1")
    switched = replace(entitlements(), switched_off=frozenset({Feature.BILLING}))
    assert offer_conversion(deal, actor=story.owner, granted=switched).state == "switched_off"
    manager = replace(story.owner, role=Role.MANAGER)
    assert not offer_conversion(deal, actor=manager, granted=switched).is_shown


def test_after_a_void_the_deal_offers_to_continue(team, story):
    deal = make_deal(won=True)
    invoice = converted(deal, by=story.owner, finalize=True)
    assert not offer_conversion(read_deal(deal.id), actor=story.owner, granted=entitlements()).is_shown
    void_invoice(invoice, by=story.owner, reason="Wrong customer")
    again = offer_conversion(read_deal(deal.id), actor=story.owner, granted=entitlements())
    assert (again.state, again.label) == ("offered", "Continue Conversion")
