"""``cornerspot check``: sound books give no finding, and each kind of damage gives exactly its own."""

from __future__ import annotations

import re

import psycopg
import pytest
from click.testing import CliRunner
from sqlalchemy import select

from cornerspot import cli
from cornerspot.billing.checking import check_books
from cornerspot.billing.finalizing import finalize_invoice
from cornerspot.billing.invoicing_deals import deal_to_bill, deal_with_lines, draft_for_deal
from cornerspot.billing.models import Invoice
from cornerspot.billing.rendering import render_invoice_pdf
from cornerspot.billing.settling import record_manual_payment, undo_payment
from cornerspot.billing.voiding import void_invoice
from cornerspot.cli import support
from cornerspot.db import session
from cornerspot.db.transaction import transaction
from cornerspot.documents.models import StoredFile
from cornerspot.kit import clock
from cornerspot.tenancy import team_scope
from tests.factories.billing import VAT_19, line, new_account, new_deal, new_draft
from tests.factories.online import processor
from tests.factories.teams import open_story


@pytest.fixture(scope="module")
def books(app):
    """A team with invoices and payments of every kind, committed; each test mends what it damaged."""
    story = open_story(app)
    with app.app_context(), team_scope(story.team):
        write_books(story.owner)
    return story


def write_books(by):
    with transaction():
        acme = new_account()
        first = finalize_invoice(new_draft(by, acme, [line(taxes=(VAT_19,)), line("Travel", "3", "9.99")]), by=by)
        paid(first, 10_000, by)
        undo_payment(paid(finalize_invoice(new_draft(by, acme), by=by), 20_000, by), reason="typed twice", by=by)
        void_invoice(finalize_invoice(new_draft(by, acme), by=by), reason="wrong", by=by)
        deal = deal_with_lines(new_deal(acme, [line(), line("Hosting", "1", "50")]).id)
        finalize_invoice(draft_for_deal(deal, deal_to_bill(deal), by=by), by=by)
        new_deal(acme, [line()]).name = "Another"
        finalize_invoice(new_draft(by, acme, manual_number="BY-HAND"), by=by)
        new_draft(by, acme)
        render_invoice_pdf(first.id)
    with processor(by) as shop:
        card, bank, _ = shop.invoice(), shop.invoice(), shop.open_page(shop.invoice())
        shop.sync(shop.paid_by_card(card))
        shop.sync(shop.paid_by_bank(bank))


def paid(invoice, minor, by):
    facts = {"method": "cash", "received_on": clock.today("Europe/Vienna")}
    return record_manual_payment(invoice, amount_minor=minor, by=by, request_key=f"{invoice.number}", **facts)


@pytest.fixture
def found(app, books):
    """What the check says of the team now."""

    def check():
        with app.app_context(), team_scope(books.team):
            return [str(finding) for finding in check_books()]

    return check


@pytest.fixture
def owner(settings, books):
    """Sends SQL as the owner of the tables, whom no policy binds; ``{t}`` is the team."""
    with psycopg.connect(settings.owner_database_url, autocommit=True) as connection:

        def send(*statements):
            for statement in statements:
                connection.execute(statement.replace("{t}", f"tenant_id = '{books.team.id}'"))

        yield send


def test_sound_books_give_no_finding(found):
    assert found() == []


FIRST = "(SELECT id FROM invoices WHERE {t} AND number = 'INV-000001')"
PDF = f"(SELECT pdf_file_id FROM invoices WHERE {{t}} AND id = {FIRST})"
CASH = "(SELECT id FROM payments WHERE {t} AND method = 'cash' AND status = 'completed')"


def update(table, change, where):
    return f"UPDATE {table} SET {change} WHERE {{t}} AND {where}"


def step(change, where):
    return update("invoice_transitions", change, f"invoice_id = {FIRST} AND {where}")


# What is damaged, by which statement, which one mends it, and what the findings say.
DAMAGES = {
    "a total": (
        update(
            "invoices",
            "tax_minor = tax_minor + 1, total_minor = total_minor + 1, balance_minor = balance_minor + 1",
            f"id = {FIRST}",
        ),
        update(
            "invoices",
            "tax_minor = tax_minor - 1, total_minor = total_minor - 1, balance_minor = balance_minor - 1",
            f"id = {FIRST}",
        ),
        ["tax_minor should be 3800, and is 3801", "total_minor should be 26797, and is 26798"],
    ),
    "a line": (
        update("invoice_lines", "net_minor = net_minor - 7", f"invoice_id = {FIRST} AND position = 1"),
        update("invoice_lines", "net_minor = net_minor + 7", f"invoice_id = {FIRST} AND position = 1"),
        ["line 2: net_minor should be 2997, and is 2990"],
    ),
    "a tax row": (
        update("invoice_taxes", "tax_minor = tax_minor + 1", f"invoice_id = {FIRST}"),
        update("invoice_taxes", "tax_minor = tax_minor - 1", f"invoice_id = {FIRST}"),
        ["base and tax of vat-19 should be (20000, 3800), and is (20000, 3801)"],
    ),
    "what is paid": (
        update("invoices", "paid_minor = paid_minor - 1, balance_minor = balance_minor + 1", f"id = {FIRST}"),
        update("invoices", "paid_minor = paid_minor + 1, balance_minor = balance_minor - 1", f"id = {FIRST}"),
        ["paid_minor should be 10000, and is 9999"],
    ),
    "what is refunded": (
        update("invoices", "refunded_minor = 5", f"id = {FIRST}"),
        update("invoices", "refunded_minor = 0", f"id = {FIRST}"),
        ["refunded_minor should be 0, and is 5"],
    ),
    "what is under way": (
        update("invoices", "processing_minor = 0", "processing_minor = 20000"),
        update("invoices", "processing_minor = 20000", "number = 'INV-000006'"),
        ["processing_minor should be 20000, and is 0"],
    ),
    "the parts of a payment": (
        update("payments", "credit_minor = credit_minor + 9, allocated_minor = allocated_minor - 9", f"id = {CASH}"),
        update("payments", "credit_minor = credit_minor - 9, allocated_minor = allocated_minor + 9", f"id = {CASH}"),
        ["allocated_minor should be 10000, and is 9991", "credit_minor should be 0, and is 9"],
    ),
    "what a payment gave back": (
        update("payments", "refunded_minor = 1, disputed_minor = 2", f"id = {CASH}"),
        update("payments", "refunded_minor = 0, disputed_minor = 0", f"id = {CASH}"),
        ["refunded_minor should be 0, and is 1", "disputed_minor should be 0, and is 2"],
    ),
    "the ledger": (
        update("ledger_entries", "amount_minor = amount_minor + 1", "kind = 'capture'"),
        update("ledger_entries", "amount_minor = amount_minor - 1", "kind = 'capture'"),
        ["the sum of its ledger should be 20000, and is 20001"],
    ),
    "a counter": (
        update("number_series", "last_value = last_value + 2", "true"),
        update("number_series", "last_value = last_value - 2", "true"),
        ["number series: each value should be there, from 1 to 9, and is without 8, 9"],
    ),
    "a number": (
        update("invoices", "number = 'INV-000900'", "number = 'INV-000004'"),
        update("invoices", "number = 'INV-000004'", "number = 'INV-000900'"),
        [
            "number series: each value should be there, from 1 to 7, and is without 4",
            "its number should be at most 7, and is 900",
        ],
    ),
    "a number with another width": (
        update("invoices", "number = 'INV-0000003'", "number = 'INV-000004'"),
        update("invoices", "number = 'INV-000004'", "number = 'INV-0000003'"),
        [
            "number series: each value should be there, from 1 to 7, and is without 4",
            "number series: how often the value 3 was given should be once, and is 2",
        ],
    ),
    "a step that does not exist": (
        step("to_status = 'void'", "to_status = 'open'"),
        step("to_status = 'open'", "to_status = 'void'"),
        [
            "a step should be one that exists, and is draft to void",
            "the step to partially_paid should be from void, and is from open",
        ],
    ),
    "the first step": (
        step("from_status = 'open'", "from_status IS NULL"),
        step("from_status = NULL", "to_status = 'draft'"),
        ["its first step should be nothing to draft, and is open to draft"],
    ),
    "the last step": (
        step("to_status = 'paid'", "to_status = 'partially_paid'"),
        step("to_status = 'partially_paid'", "to_status = 'paid'"),
        ["its status should be paid, by its last step, and is partially_paid"],
    ),
    "a billed line": (
        update("billed_deal_lines", "quantity = quantity + 1", "quantity = 2"),
        update("billed_deal_lines", "quantity = quantity - 1", "quantity = 3"),
        ["should be 2, and is 3"],
    ),
    "a billed line of another deal": (
        update("billed_deal_lines", "deal_id = (SELECT id FROM deals WHERE {t} AND name = 'Another')", "quantity = 1"),
        update(
            "billed_deal_lines",
            "deal_id = (SELECT id FROM deals WHERE {t} AND name <> 'Another' LIMIT 1)",
            "quantity = 1",
        ),
        ["should be the deal that has the line, and is another deal"],
    ),
    "an amount that cannot be reckoned": (
        update("invoices", """discounts = '[{"kind": "percent"}]'""", f"id = {FIRST}"),
        update("invoices", "discounts = '[]'", f"id = {FIRST}"),
        ["what its lines come to should be an amount, and is"],
    ),
    "money in another currency": (
        update("payments", "currency = 'USD'", f"id = {CASH}"),
        update("payments", "currency = 'EUR'", "method = 'cash'"),
        ["on invoice INV-000001: currency should be EUR, and is USD"],
    ),
    "money that never came": (
        update("payments", "status = 'failed', allocated_minor = 0", f"id = {CASH}"),
        update("payments", "status = 'completed', allocated_minor = 10000", "method = 'cash' AND status = 'failed'"),
        [
            "allocated_minor should be 10000, and is 0",
            "credit_minor should be -10000, and is 0",
            "on invoice INV-000001: status should be completed, and is failed",
        ],
    ),
    "a number that nobody gave": (
        update("invoices", "manual_number = NULL", "number = 'BY-HAND'"),
        update("invoices", "manual_number = 'BY-HAND'", "number = 'BY-HAND'"),
        ["number series: how many numbers were given should be 7, and is 8"],
    ),
    "the size of a file": (
        update("stored_files", "size_bytes = size_bytes + 1", f"id = {PDF}"),
        update("stored_files", "size_bytes = size_bytes - 1", f"id = {PDF}"),
        ["its size in bytes should be"],
    ),
    "an invoice that is void and still bills": (
        update(
            "billed_deal_lines",
            "invoice_id = (SELECT id FROM invoices WHERE {t} AND number = 'INV-000003')",
            "quantity = 1",
        ),
        update(
            "billed_deal_lines",
            "invoice_id = (SELECT id FROM invoices WHERE {t} AND number = 'INV-000004')",
            "quantity = 1",
        ),
        ["should be free again, and is still taken", "should be a line of its own, and is a line of another invoice"],
    ),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_each_damage_gives_exactly_its_findings(name, found, owner):
    harm, mend, said = DAMAGES[name]
    owner(harm)
    try:
        findings = found()
    finally:
        owner(mend)
    assert len(findings) == len(said), findings
    assert all(any(text in finding for finding in findings) for text in said), findings
    assert found() == []


def test_an_invoice_without_a_history_is_found(found, owner):
    owner("CREATE TABLE kept AS SELECT * FROM invoice_transitions WHERE {t} AND invoice_id = " + FIRST)
    owner("DELETE FROM invoice_transitions WHERE {t} AND invoice_id = " + FIRST)
    try:
        (finding,) = found()
    finally:
        owner("INSERT INTO invoice_transitions SELECT * FROM kept", "DROP TABLE kept")
    assert "its history should be at least one step, and is empty" in finding


def test_credit_below_zero_is_found_though_the_database_forbids_it(found, owner):
    rule = "allocated_minor >= 0 AND credit_minor >= 0 AND returned_minor >= 0"
    owner(
        "ALTER TABLE payments DROP CONSTRAINT ck_payments_parts_not_negative",
        update("payments", "credit_minor = -1, allocated_minor = allocated_minor + 1", f"id = {CASH}"),
    )
    try:
        findings = found()
    finally:
        owner(
            update("payments", "credit_minor = 0, allocated_minor = allocated_minor - 1", f"id = {CASH}"),
            f"ALTER TABLE payments ADD CONSTRAINT ck_payments_parts_not_negative CHECK ({rule})",
        )
    assert any("the customer's credit should be nothing or more, and is -1" in finding for finding in findings)


def test_a_part_that_is_billed_twice_is_found_though_the_database_forbids_it(found, owner):
    owner(
        "DROP INDEX uq_billed_deal_lines_live",
        "CREATE TABLE kept AS SELECT id, deal_line_id FROM billed_deal_lines WHERE {t}",
        update("billed_deal_lines", "deal_line_id = (SELECT deal_line_id FROM kept ORDER BY id LIMIT 1)", "true"),
    )
    try:
        findings = found()
    finally:
        owner(
            "UPDATE billed_deal_lines b SET deal_line_id = kept.deal_line_id FROM kept WHERE kept.id = b.id",
            "DROP TABLE kept",
            "CREATE UNIQUE INDEX uq_billed_deal_lines_live ON billed_deal_lines (tenant_id, deal_line_id, part)"
            " WHERE released_at IS NULL",
        )
    (finding,) = findings
    assert "how often part 0 is billed should be once, and is 2" in finding
    assert found() == []


def test_two_live_attempts_are_found_though_the_database_forbids_them(found, owner):
    owner("DROP INDEX uq_checkout_attempts_live", update("checkout_attempts", "state = 'open'", "state <> 'open'"))
    owner(
        "CREATE TABLE kept AS SELECT id, invoice_id FROM checkout_attempts WHERE {t}",
        update("checkout_attempts", "invoice_id = (SELECT invoice_id FROM kept ORDER BY id DESC LIMIT 1)", "true"),
    )
    try:
        findings = found()
    finally:
        owner(
            "UPDATE checkout_attempts a SET invoice_id = kept.invoice_id FROM kept WHERE kept.id = a.id",
            "DROP TABLE kept",
            "UPDATE checkout_attempts a SET state ="
            " CASE p.status WHEN 'completed' THEN 'succeeded' ELSE 'submitted' END"
            " FROM payments p WHERE p.attempt_id = a.id",
            "CREATE UNIQUE INDEX uq_checkout_attempts_live ON checkout_attempts (tenant_id, invoice_id)"
            " WHERE state IN ('new', 'open', 'closing')",
        )
    assert any("its live attempts should be at most 1, and is 3" in finding for finding in findings)
    assert found() == []


def test_a_pdf_that_changed_on_disk_or_is_gone_is_found(app, books, settings, found):
    with app.app_context(), team_scope(books.team):
        sha256 = session.scalars(select(StoredFile.sha256).join(Invoice, Invoice.pdf_file_id == StoredFile.id)).one()
    path = settings.data_dir / "files" / str(books.team.id) / sha256[:2] / sha256
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + b"?")
    (changed,) = found()
    path.unlink()
    (gone,) = found()
    path.write_bytes(whole)
    assert "the PDF of invoice INV-000001" in changed
    assert f"its SHA-256 should be {sha256}, and is another" in changed
    assert "should be in storage, and is missing" in gone


def test_the_command_prints_findings_with_their_team_and_fails(app, books, owner, monkeypatch):
    monkeypatch.setattr(support, "open_app", lambda: app)
    harm, mend, _ = DAMAGES["a tax row"]
    well = CliRunner().invoke(cli.main, ["check", "--team", books.team.slug])
    owner(harm)
    ill = CliRunner().invoke(cli.main, ["check", "--team", books.team.slug])
    owner(mend)
    assert (well.exit_code, well.output) == (0, "1 team checked, 0 findings.\n")
    assert ill.exit_code == 1
    assert ill.output.startswith(f"{books.team.slug}: invoice INV-000001 (inv_")
    assert ill.output.endswith("1 team checked, 1 finding.\n")


def test_the_command_goes_through_every_team_and_refuses_one_that_is_not(app, books, monkeypatch):
    monkeypatch.setattr(support, "open_app", lambda: app)
    output = CliRunner().invoke(cli.main, ["check"]).output  # Other tests leave teams behind, some of them damaged.
    assert re.search(r"^\d+ teams? checked, \d+ findings?\.$", output, re.MULTILINE)
    assert f"{books.team.slug}:" not in output
    unknown = CliRunner().invoke(cli.main, ["check", "--team", "nobody-there"])
    assert unknown.exit_code == 1
    assert "There is no team nobody-there" in unknown.output
