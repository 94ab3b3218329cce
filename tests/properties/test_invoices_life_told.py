"""Walks through the life of invoices that are told step by step, so that each kind of turn is taken in every run."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.properties.life.walking import Walk

BOSS = "owner"
OTHER = 1  # the second customer


@pytest.fixture
def walk(app):
    made = Walk(app)
    yield made
    made.close()


@pytest.fixture
def draft(walk):
    return lambda price="250", customer=0: walk.done("draft", BOSS, customer, Decimal(price))


@pytest.fixture
def opened(walk, draft):
    """A finalized invoice, of 892.50 unless told otherwise."""

    def made(price="250", customer=0):
        invoice = draft(price, customer)
        walk.done("finalize", BOSS, invoice)
        return invoice

    return made


def test_a_draft_is_edited_numbered_and_final(walk, draft):
    invoice, other = draft(), draft()
    walk.refused("edit", BOSS, invoice, Decimal(2), None, seen=False)
    walk.done("edit", BOSS, invoice, Decimal(2), "BY-HAND-1", seen=True)
    walk.done("edit", BOSS, other, Decimal(2), "BY-HAND-1", seen=True)
    for step in ("mark_sent", "remind"):
        walk.refused(step, BOSS, invoice)
    walk.refused("send", BOSS, invoice, finalize=False)
    walk.done("send", BOSS, invoice, finalize=True)
    walk.refused("finalize", BOSS, other)
    walk.done("edit", BOSS, other, Decimal(-1), None, seen=True)
    walk.refused("finalize", BOSS, other)
    walk.refused("duplicate", BOSS, other, at_once=True)
    walk.refused("edit", BOSS, other, Decimal(1), "BY-HAND-1", seen=True)
    walk.refused("edit", BOSS, invoice, Decimal(1), None, seen=True)
    assert (walk.done("duplicate", BOSS, invoice, at_once=True).number, invoice.number) == ("INV-000001", "BY-HAND-1")


def test_nothing_is_owed_on_nothing(walk, opened):
    invoice = opened("0")
    assert invoice.status == "paid"
    walk.refused("pay", BOSS, invoice, 1)
    walk.refused("void", BOSS, invoice, "credit", copy=False)
    walk.done("mark_sent", BOSS, invoice)
    walk.done("mark_sent", BOSS, invoice)


def test_a_draft_is_withdrawn_thrown_away_and_fetched_back(walk, draft, opened):
    invoice, other, kept = draft(), draft(), opened()
    walk.done("cancel", BOSS, invoice)
    for step in ("cancel", "finalize", "mark_sent", "reopen"):
        walk.refused(step, BOSS, invoice)
    walk.refused("delete", BOSS, kept)
    for _ in range(2):
        walk.done("delete", BOSS, invoice)
    walk.done("delete", BOSS, other)
    for step in ("cancel", "finalize", "mark_sent"):
        walk.refused(step, BOSS, other)
    walk.done("restore", BOSS, other)
    walk.done("time_passes", 31)
    walk.refused("restore", BOSS, invoice)
    walk.done("purge")
    assert walk.books.purged == [invoice]
    walk.done("finalize", BOSS, other)


def test_money_by_hand_is_taken_and_given_back(walk, opened):
    invoice = opened()
    for amount in (0, -1, invoice.total + 1):
        walk.refused("pay", BOSS, invoice, amount)
    first = walk.done("pay", BOSS, invoice, 30000)
    walk.done("pay", BOSS, invoice, invoice.due)
    walk.refused("pay", BOSS, invoice, 1)
    walk.refused("remind", BOSS, invoice)
    walk.refused("undo", BOSS, first, "  ")
    walk.done("undo", BOSS, first, "Bounced")
    walk.refused("undo", BOSS, first, "Bounced")
    walk.refused("refund", BOSS, first, 1, invoice, owed=False)
    again = walk.done("pay", BOSS, invoice, invoice.due)
    walk.done("refund", BOSS, again, 10000, invoice, owed=False)
    assert (invoice.status, invoice.refunded) == ("paid", 10000)
    walk.refused("undo", BOSS, again, "Bounced")
    walk.done("refund", BOSS, again, 5000, invoice, owed=True)
    assert (invoice.status, invoice.due) == ("partially_paid", 5000)
    walk.refused("refund", BOSS, again, again.left + 1, invoice, owed=True)
    walk.done("refund", BOSS, again, again.left, invoice, owed=True)


def test_what_comes_beyond_the_balance_is_the_customers(walk, opened):
    invoice, next_one, foreign = opened(), opened("19.99"), opened("19.99", OTHER)
    card = walk.done("pay_online", invoice, "")
    walk.done("pay", BOSS, invoice, 50000)
    walk.done("hear", card)
    assert (invoice.status, card.credit) == ("paid", 50000)
    walk.refused("undo", BOSS, card, "By mistake")
    for step, share in ((foreign, None), (invoice, None), (next_one, next_one.due + 1), (next_one, 0)):
        walk.refused("apply_credit", BOSS, step, share)
    walk.done("apply_credit", BOSS, next_one, 100)
    walk.done("apply_credit", BOSS, next_one, None)
    assert next_one.status == "paid"
    walk.refused("refund_credit", BOSS, OTHER, 1)
    walk.refused("refund_credit", BOSS, 0, card.credit + 1)
    walk.done("refund_credit", BOSS, 0, 20000)
    walk.done("refund", BOSS, card, card.left, next_one, owed=True)
    assert (next_one.status, invoice.status) == ("open", "partially_paid")


def test_a_page_that_was_paid_meets_an_invoice_that_is_void(walk, opened):
    invoice = opened()
    card = walk.done("pay_online", invoice, "")
    walk.done("void", BOSS, invoice, "", copy=False)
    walk.done("hear", card)
    assert (invoice.status, card.credit) == ("void", card.amount)
    walk.refused("pay_online", invoice, "")
    walk.refused("pay", BOSS, invoice, 1)
    walk.done("refund_credit", BOSS, 0, card.amount)


@pytest.mark.parametrize(("bank", "status"), [("success", "paid"), ("insufficient_funds", "open")])
def test_a_debit_is_under_way_until_the_bank_has_spoken(walk, opened, bank, status):
    invoice = opened()
    debit = walk.done("pay_online", invoice, bank)
    walk.refused("pay_online", invoice, "")
    walk.refused("void", BOSS, invoice, "", copy=False)
    walk.refused("remind", BOSS, invoice)
    walk.refused("refund", BOSS, debit, 1, invoice, owed=False)
    walk.done("time_passes", 8)
    assert invoice.status == status


@pytest.mark.parametrize("money", ["refund", "credit"])
def test_a_void_says_what_becomes_of_the_money(walk, opened, money):
    invoice = opened()
    cash = walk.done("pay", BOSS, invoice, 30000)
    walk.done("refund", BOSS, cash, 10000, invoice, owed=False)
    walk.done("hear", walk.done("pay_online", invoice, ""))
    walk.refused("void", BOSS, invoice, "", copy=True)
    copy = walk.done("void", BOSS, invoice, money, copy=True)
    assert (copy.status, invoice.status) == ("draft", "void")
    assert walk.books.credit_of(0) == (0 if money == "refund" else invoice.total - 10000)
    for step in ("mark_sent", "remind", "finalize", "cancel", "delete", "reopen"):
        walk.refused(step, BOSS, invoice)
    walk.refused("void", BOSS, invoice, money, copy=False)
    walk.refused("write_off", BOSS, invoice, "Gone")


def test_the_oldest_credit_goes_first(walk, opened):
    for price in ("250", "19.99"):
        invoice = opened(price)
        walk.done("pay", BOSS, invoice, invoice.due)
        walk.done("void", BOSS, invoice, "credit", copy=False)
    older, newer = walk.books.payments
    walk.done("apply_credit", BOSS, opened(), 80000)
    walk.done("refund_credit", BOSS, 0, 10000)
    assert (older.credit, newer.credit) == (0, older.amount + newer.amount - 90000)


def test_bad_debt_is_written_off_reopened_and_paid_after_all(walk, opened):
    invoice = opened()
    cash = walk.done("pay", BOSS, invoice, 30000)
    walk.refused("write_off", BOSS, invoice, "Bankrupt")
    walk.done("time_passes", 31)
    walk.refused("write_off", BOSS, invoice, "  ")
    walk.done("write_off", BOSS, invoice, "Bankrupt")
    for step in ("mark_sent", "remind"):
        walk.refused(step, BOSS, invoice)
    walk.refused("void", BOSS, invoice, "credit", copy=False)
    walk.refused("pay_online", invoice, "")
    walk.refused("undo", BOSS, cash, "Bounced")
    walk.done("refund", BOSS, cash, 10000, invoice, owed=True)
    assert invoice.status == "uncollectible"
    walk.done("reopen", BOSS, invoice)
    walk.refused("reopen", BOSS, invoice)
    walk.done("write_off", BOSS, invoice, "Bankrupt")
    walk.done("pay", BOSS, invoice, 100)
    assert invoice.status == "partially_paid"


@pytest.mark.parametrize("by_wizard", [True, False])
def test_a_deal_is_billed_once_however_its_invoices_end(walk, by_wizard):
    first = walk.done("bill_deal", BOSS, by_wizard)
    walk.refused("bill_deal", BOSS, by_wizard)
    walk.refused("edit", BOSS, first, Decimal(5), None, seen=True)
    walk.done("edit", BOSS, first, Decimal("2.5"), None, seen=True)
    rest = walk.done("bill_deal", BOSS, by_wizard)
    walk.done("finalize", BOSS, rest)
    walk.refused("edit", BOSS, first, Decimal(3), None, seen=True)
    walk.done("void", BOSS, rest, "", copy=True)
    assert walk.books.left_of_deal() == Decimal("1.5")
    walk.done("delete", BOSS, first)
    everything = walk.done("bill_deal", BOSS, by_wizard)
    walk.refused("restore", BOSS, first)
    walk.done("cancel", BOSS, everything)
    walk.done("restore", BOSS, first)


def test_a_part_comes_back_from_the_trash_beside_a_part_that_was_billed_meanwhile(walk):
    first = walk.done("bill_deal", BOSS, False)
    walk.done("edit", BOSS, first, Decimal("2.5"), None, seen=True)
    walk.done("delete", BOSS, first)
    second = walk.done("bill_deal", BOSS, False)
    walk.done("edit", BOSS, second, Decimal(1), None, seen=True)
    walk.done("restore", BOSS, first)
    assert [(one.status, one.quantity) for one in (first, second)] == [("draft", Decimal("2.5")), ("draft", 1)]
    assert walk.books.left_of_deal() == Decimal("0.5")


def test_what_billed_a_deal_is_gone_from_the_trash_and_the_deal_is_billed_again(walk):
    for by_wizard in (True, False):
        walk.done("delete", BOSS, walk.done("bill_deal", BOSS, by_wizard))
    walk.done("time_passes", 31)
    walk.done("purge")
    assert len(walk.books.purged) == 2
    walk.done("bill_deal", BOSS, True)


def test_nobody_goes_beyond_the_own_role(walk, draft, opened):
    invoice, open_one = draft(), opened()
    cash = walk.done("pay", "manager", open_one, 100)
    for who, steps in (
        ("rep", ["finalize", "cancel", "delete", "restore", "mark_sent", "remind"]),
        ("manager", ["reopen"]),
    ):
        for step in steps:
            walk.refused(step, who, invoice)
    walk.refused("draft", "rep", 0, Decimal(1))
    walk.refused("bill_deal", "rep", True)
    walk.refused("edit", "rep", invoice, Decimal(1), None, seen=True)
    walk.refused("duplicate", "rep", invoice, False)
    walk.refused("send", "rep", open_one, finalize=False)
    walk.refused("pay", "rep", open_one, 100)
    walk.refused("apply_credit", "rep", open_one, None)
    walk.refused("undo", "manager", cash, "Bounced")
    walk.refused("refund", "manager", cash, 100, open_one, owed=False)
    walk.refused("refund_credit", "manager", 0, 100)
    walk.refused("void", "manager", open_one, "credit", copy=False)
    walk.done("time_passes", 31)
    walk.refused("write_off", "manager", open_one, "Gone")
    walk.done("write_off", "admin", open_one, "Gone")
    # What was refused left nothing behind: only the manager's payment and the admin's last step count.
    assert (invoice.status, open_one.status, open_one.paid, cash.amount) == ("draft", "uncollectible", 100, 100)
