"""Accounts, contacts, deals and stages: what use-cases promise and refuse."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import select

from cornerspot.activity.models import ActivityEntry
from cornerspot.activity.notes import add_note, delete_note, edit_note
from cornerspot.activity.reading import entries_of
from cornerspot.activity.wording import wording
from cornerspot.catalog.discounts import DiscountInput, create_discount
from cornerspot.catalog.products import ProductInput, create_product, products_page
from cornerspot.catalog.tax_rates import TaxRateInput, create_tax_rate
from cornerspot.crm.archiving import archive_record, restore_record, trash_record
from cornerspot.crm.boards import first_pipeline, pipeline_board
from cornerspot.crm.deals import DealInput, create_deal
from cornerspot.crm.listing import accounts_page
from cornerspot.crm.models import Stage, StageClass
from cornerspot.crm.moving import move_deal
from cornerspot.crm.stages import StageInput, add_stage, order_stages, remove_stage, stages_of, update_stage
from cornerspot.db import session
from cornerspot.kit.errors import Conflict, FeatureMissing, Invalid, LimitReached, PermissionDenied
from cornerspot.people.actors import SYSTEM
from cornerspot.plans.assigning import assign_plan
from cornerspot.plans.catalog import PLANS
from cornerspot.plans.features import Limit
from tests.factories.catalog import make_product
from tests.factories.crm import make_account, make_contact, make_deal, make_line, stage_of_class, win


def test_the_active_deal_limit_counts_open_deals_only(team, story, monkeypatch):
    assign_plan("free_v1", end_trial=True)
    monkeypatch.setitem(PLANS["free_v1"].limits, Limit.ACTIVE_DEALS, 2)
    first = make_deal(won=True)
    make_deal()
    make_deal()
    with pytest.raises(LimitReached):
        make_deal()
    with pytest.raises(LimitReached):
        move_deal(first, stage_of_class(StageClass.OPEN), by=SYSTEM)


def test_without_the_crm_feature_no_deal_is_made(team):
    assign_plan("billing_v1", end_trial=True)
    account = make_account()  # An invoice needs one too.
    with pytest.raises(FeatureMissing):
        make_deal(account)


def test_a_deal_starts_in_an_open_stage(team):
    won = stage_of_class(StageClass.WON)
    with pytest.raises(Invalid) as refusal:
        create_deal(DealInput(name="Too early", currency="EUR", stage_id=won.id), by=SYSTEM)
    assert refusal.value.field == "stage_id"


def test_moving_to_the_stage_it_is_in_changes_nothing(team):
    deal = win(make_deal())
    version = deal.version
    move_deal(deal, stage_of_class(StageClass.WON), by=SYSTEM)
    assert deal.version == version


def test_what_others_refer_to_is_archived_instead_of_deleted(team):
    account = make_account()
    deal = make_deal(account)
    with pytest.raises(Conflict, match="Archive it instead"):
        trash_record(account, by=SYSTEM)
    archive_record(account, by=SYSTEM)
    assert account not in accounts_page().rows
    trash_record(deal, by=SYSTEM)
    restore_record(deal, by=SYSTEM)
    assert deal.deleted_at is None


def test_a_rep_owns_what_a_rep_makes_and_cannot_hand_it_over(team, app, story):
    session.commit()
    rep = story.add_teammate("rep")
    contact = make_contact(by=rep, owner_id=story.owner.id)
    assert contact.owner_id == rep.id
    with pytest.raises(PermissionDenied):
        make_account(by=rep)


def test_the_board_counts_and_sums_each_column_by_currency(team):
    make_deal(lines=[make_line(unit_price="10")])
    make_deal(lines=[make_line(unit_price="5")])
    make_deal(lines=[make_line(unit_price="700")], currency="JPY")
    first = pipeline_board(first_pipeline())[0]
    assert {(one.currency, one.count, one.value_minor) for one in first.sums} == {("EUR", 2, 1500), ("JPY", 1, 700)}
    assert first.hidden == 0


def test_stages_keep_their_order_and_their_deals(team):
    pipeline = first_pipeline()
    added = add_stage(pipeline, StageInput("Contract", StageClass.OPEN, 90), by=SYSTEM)
    session.flush()
    stages = stages_of(pipeline)
    order_stages(pipeline, [added, *(stage for stage in stages if stage.id != added.id)], by=SYSTEM)
    assert stages_of(pipeline)[0].name == "Contract"
    make_deal()
    with pytest.raises(Conflict, match="deals in this stage"):
        remove_stage(pipeline, added, by=SYSTEM)
    with pytest.raises(Conflict, match="needs a stage for won deals"):
        remove_stage(pipeline, stage_of_class(StageClass.WON), by=SYSTEM)
    with pytest.raises(Invalid, match="this name already"):
        update_stage(pipeline, added, StageInput("closed WON"), by=SYSTEM)
    assert session.scalars(select(Stage).where(Stage.stage_class == "won")).one().probability == 100


def test_a_product_code_is_taken_once(team):
    make_product("One", code="A-1")
    with pytest.raises(Invalid) as refusal:
        make_product("Two", code="A-1")
    assert refusal.value.field == "code"
    assert [product.name for product in products_page(search="a-").rows] == []
    assert [product.name for product in products_page(search="A-").rows] == ["One"]


@pytest.mark.parametrize("percent", ["-1", "100.1", "NaN", "1.1234567"])
def test_a_tax_rate_out_of_range_is_refused(team, percent):
    with pytest.raises(Invalid):
        create_tax_rate(TaxRateInput("VAT", Decimal(percent)), by=SYSTEM)


@pytest.mark.parametrize(
    "entered", [{}, {"percent": Decimal(0)}, {"amount_minor": 0, "currency": "EUR"}, {"amount_minor": 5}]
)
def test_a_discount_worth_nothing_is_refused(team, entered):
    with pytest.raises(Invalid):
        create_discount(DiscountInput("Nothing", **entered), by=SYSTEM)


@pytest.mark.parametrize("price", ["-0.01", "1E+999", "NaN", "0.0000001"])
def test_a_price_out_of_range_is_refused(team, price):
    with pytest.raises(Invalid):
        create_product(ProductInput("Thing", Decimal(price), "EUR"), by=SYSTEM)


def test_only_its_writer_changes_a_note(team, story):
    deal = make_deal(by=story.owner)
    note = add_note(deal, "  First call went well.  ", by=story.owner)
    session.flush()
    edit_note(note, "It went very well.", by=story.owner)
    assert (note.body, note.edited_at is not None) == ("It went very well.", True)
    with pytest.raises(PermissionDenied):
        delete_note(note, by=SYSTEM)
    delete_note(note, by=story.owner)
    with pytest.raises(Invalid):
        add_note(deal, " ", by=story.owner)


def test_the_timeline_words_what_happened(team):
    deal = win(make_deal())
    texts = [wording(entry, "en").text for entry in entries_of(deal).rows]
    assert texts == ["Won, moved from Qualified to Closed won", "Deal created in Qualified"]
    unknown = ActivityEntry(subject_type="thing", event="odd_event", data={"amount_minor": 5})
    assert wording(unknown, "en").text == "Odd event"


def test_a_timeline_pages_without_losing_entries(team, story):
    account = make_account()
    for number in range(7):
        add_note(account, f"Note {number}", by=story.owner)
    session.flush()
    seen, cursor = [], None
    while True:
        page = entries_of(account, kind="note", cursor=cursor, size=3)
        seen += [entry.body for entry in page.rows]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert sorted(seen) == [f"Note {number}" for number in range(7)]
