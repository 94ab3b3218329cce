"""The list of invoices in a browser without scripts: tabs, filters, sorts, and work on many at once."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, text

from cornerspot.billing import bulk, exporting
from cornerspot.billing.bulk import perform_bulk_run
from cornerspot.billing.finalizing import finalize_invoice
from cornerspot.billing.models import BulkRun, Invoice
from cornerspot.billing.models.bulk import STOPPED_AFTER
from cornerspot.billing.upkeep import forget_bulk_files
from cornerspot.blueprints.billing import invoice_index
from cornerspot.crm.models import Account
from cornerspot.db import session
from cornerspot.db.transaction import transaction
from cornerspot.documents.storage import current_storage
from cornerspot.jobs.worker import run_pending
from cornerspot.kit import clock
from cornerspot.kit.ids import decode_public_id, encode_public_id
from cornerspot.mail.models import OutgoingMessage
from cornerspot.people.models import Membership
from cornerspot.tenancy import team_scope
from tests.factories.billing import line, new_account, new_draft


def go_on(client, location):
    """The button of a run that stopped."""
    return client.post(f"{location}/continuation", data={"csrf_token": token(client.get(location))})


class World:
    """What a test arranges in the database before and looks at after a request."""

    def __init__(self, story):
        self.story = story

    def run(self, work):
        with self.story.app.app_context(), team_scope(self.story.team), transaction():
            return work()

    def perform(self, location):
        """The worker's part of a run that an answer led to."""
        run_id = decode_public_id("blk", location.rpartition("/")[2])
        with self.story.app.app_context(), team_scope(self.story.team):
            perform_bulk_run(str(run_id))

    def make(self, count=1, *, final=False, customer="Acme GmbH", **fields):
        """Public ids of drafts, or of final invoices."""

        def work():
            made = [new_draft(self.story.owner, new_account(customer), **fields) for _ in range(count)]
            if final:
                for draft in made:
                    finalize_invoice(draft, by=self.story.owner)
            return [encode_public_id("inv", one.id) for one in made]

        return self.run(work)

    def statuses(self):
        return self.run(lambda: sorted(row.status for row in session.scalars(select(Invoice)) if not row.deleted_at))


@pytest.fixture
def world(story):
    return World(story)


def token(page):
    return re.search(r'name="csrf_token" value="([^"]+)"', page.text)[1]


def act(client, action, ids=(), **fields):
    """A press on a button of the bulk bar."""
    page = client.get("/invoices")
    key = re.search(r'name="request_key" value="([^"]+)"', page.text)[1]
    data = {"csrf_token": token(page), "request_key": key, "action": action, "invoice": list(ids), **fields}
    return client.post("/invoices/bulk-runs", data=data)


def rows(page):
    """The numbers, or DRAFT, of the rows in order."""
    return re.findall(r'class="row-link" href="[^"]*/invoices/inv_[^"]*">([^<]*)<', page.text)


def test_the_very_first_page_has_no_filters(client):
    page = client.get("/invoices")
    assert "Send your first invoice" in page.text
    assert "Search invoice number" not in page.text


def test_a_filter_that_nothing_meets_can_be_cleared(client, world):
    world.make()
    page = client.get("/invoices?q=zebra")
    assert "No invoices match" in page.text
    assert "Clear filters" in page.text
    assert "“zebra”" in page.text


def test_filters_are_chips_that_can_be_taken_away(client, world):
    world.make(final=True)
    account = world.run(lambda: encode_public_id("acc", session.scalars(select(Account.id)).first()))
    query = f"q=acme&status=open&status=draft&sent=no&since=2020-01-01&until=2999-01-01&account={account}"
    page = client.get(f"/invoices?{query}&sort=-total")
    assert rows(page) == ["INV-000001"]
    chips = re.findall(r'<span class="chip">(.*?)<a class="chip-remove" href="([^"]+)"', page.text)
    labels = [label for label, _ in chips]
    assert labels[:4] == ["“acme”", "Status: Draft", "Status: Open", "Not sent"]
    assert labels[4].startswith("Issued 1 Jan 2020")
    assert labels[5] == "Customer: Acme GmbH"
    for label, href in ((label, found.replace("&amp;", "&")) for label, found in chips):
        less = client.get(href)
        assert "sort=-total" in href
        assert label not in re.findall(r'<span class="chip">(.*?)<a', less.text)
        assert rows(less) == ([] if label == "Status: Open" else ["INV-000001"])


@pytest.mark.parametrize(
    "query", ["status=nonsense", "since=x", "account=acc_x", "sort=x", "dated=z&sent=9", "cursor=x"]
)
def test_an_address_that_cannot_be_read_shows_the_list(client, world, query):
    world.make(final=True)
    assert rows(client.get(f"/invoices?{query}")) == ["INV-000001"]


def test_each_column_sorts_by_a_click_and_turns_round_by_the_next(client, world):
    for price in ("5", "7", "6"):
        world.make(final=True, customer=f"Customer {price}", lines=[line(quantity="1", unit_price=price)])
    for name in ("number", "customer", "status", "issued", "due", "total", "balance"):
        first = client.get("/invoices")
        href = re.search(rf'class="sorter" href="([^"]*sort=-?{name})"', first.text)[1]
        once = client.get(href)
        again = client.get(re.search(rf'class="sorter" href="([^"]*sort=-?{name})"', once.text)[1])
        assert rows(again) == rows(once)[::-1], name
        assert "aria-sort" in once.text
    assert rows(client.get("/invoices?sort=-total")) == ["INV-000002", "INV-000003", "INV-000001"]


def test_the_list_costs_few_statements_however_it_is_asked(client, world, query_counter):
    for _ in range(3):
        world.make(3, final=True, lines=[line("Coffee"), line("Tea")])
    account = world.run(lambda: encode_public_id("acc", session.scalars(select(Account.id)).first()))
    for query in (
        "",
        "q=coffee",
        f"account={account}&q=acme&status=open&status=paid",
        "sort=customer",
        "status=overdue",
    ):
        client.get(f"/invoices?{query}")
        with query_counter() as sent:
            assert client.get(f"/invoices?{query}").status_code == 200
        assert len(sent) <= 8, f"{query}\n" + "\n".join(sent)


def test_totals_stand_above_the_list(client, world):
    world.make(2, final=True)
    page = client.get("/invoices")
    assert "Outstanding" in page.text
    assert "€400.00" in page.text
    assert "Collected this month" in page.text


def test_a_long_list_shows_its_rows_and_then_its_totals(client, world, monkeypatch):
    world.make(2, final=True)
    monkeypatch.setattr(invoice_index, "MOST_CHOSEN", 1)
    page = client.get("/invoices?status=open")
    assert "€400.00" not in page.text
    totals = client.get(re.search(r'id="list-totals"[^>]* hx-get="([^"]+)"', page.text)[1])
    assert re.search(r'id="list-totals">.*€400\.00', totals.text, re.DOTALL)
    assert "/invoices?status=open" in totals.text


def test_only_the_drafts_of_a_mixed_selection_are_deleted(client, world):
    ids = world.make(2) + world.make(1, final=True)
    answer = act(client, "delete", ids)
    page = client.get(answer.location)
    assert "2 drafts moved to the Trash." in page.text
    assert "1 left alone." in page.text
    assert "Void it instead" in page.text
    assert world.statuses() == ["open"]


def test_drafts_are_finalized_the_oldest_first(client, world):
    first, second = world.make(1, customer="First"), world.make(1, customer="Second")
    answer = act(client, "finalize", second + first)
    assert "2 invoices finalized." in client.get(answer.location).text
    assert rows(client.get("/invoices?q=first")) == ["INV-000001"]
    assert "left alone" in client.get(act(client, "finalize", first).location).text


def test_sending_twice_sends_once_and_says_who_has_no_address(client, world):
    ids = world.make(2, final=True)
    world.run(lambda: setattr(session.scalars(select(Account)).all()[0], "billing_email", ""))
    page = client.get("/invoices")
    data = {
        "csrf_token": token(page), "request_key": "one", "action": "send", "invoice": ids,
    }  # fmt: skip
    assert "no e-mail address" in client.get(client.post("/invoices/bulk-runs", data=data).location).text
    client.post("/invoices/bulk-runs", data=data)
    assert world.run(lambda: len(session.scalars(select(OutgoingMessage)).all())) == 1


@pytest.mark.usefixtures("empty_queue")
def test_many_are_handled_by_the_worker_which_can_be_interrupted(client, world, monkeypatch):
    monkeypatch.setattr("cornerspot.blueprints.billing.bulk_runs.AT_ONCE", 2)
    ids = world.make(4) + world.make(1, final=True)
    answer = act(client, "finalize", ids)
    assert answer.status_code == 303
    page = client.get(answer.location)
    assert "0 of 5" in page.text
    assert 'hx-trigger="every 1s"' in page.text
    original, calls = bulk._act, []

    def stumbling(*args, **named):
        calls.append(args)
        if len(calls) == 3:
            raise RuntimeError("the worker was stopped")
        return original(*args, **named)

    monkeypatch.setattr(bulk, "_act", stumbling)
    with pytest.raises(RuntimeError):
        world.perform(answer.location)
    assert "2 of 5" in client.get(answer.location).text
    world.perform(answer.location)
    world.perform(answer.location)  # A finished run rests.
    page = client.get(answer.location)
    assert "4\N{NO-BREAK SPACE}invoices finalized." in page.text
    assert "1 left alone." in page.text
    assert "hx-trigger" not in page.text
    assert world.statuses() == ["open"] * 5


def failing_on(monkeypatch, which):
    """The handling of the invoice at this place raises what nobody expects."""
    original, seen = bulk._act, []

    def act_or_fail(action, invoice_id, **named):
        if invoice_id not in seen:
            seen.append(invoice_id)
        if seen.index(invoice_id) == which:
            raise RuntimeError("a fault of ours")
        return original(action, invoice_id, **named)

    monkeypatch.setattr(bulk, "_act", act_or_fail)


@pytest.mark.usefixtures("empty_queue")
def test_an_invoice_that_fails_again_and_again_holds_up_no_other(client, world, monkeypatch):
    monkeypatch.setattr("cornerspot.blueprints.billing.bulk_runs.AT_ONCE", 1)
    answer = act(client, "finalize", world.make(4))
    failing_on(monkeypatch, 1)
    for _ in range(bulk.MOST_TRIES - 1):
        with pytest.raises(RuntimeError):
            world.perform(answer.location)
    assert "1 of 4" in client.get(answer.location).text
    world.perform(answer.location)
    page = client.get(answer.location)
    assert "3\N{NO-BREAK SPACE}invoices finalized." in page.text
    assert bulk.OUR_FAULT in page.text
    assert sorted(world.statuses()) == ["draft", "open", "open", "open"]


@pytest.mark.usefixtures("empty_queue")
def test_a_run_whose_job_was_given_up_says_that_it_stopped_and_goes_on(client, world, monkeypatch):
    monkeypatch.setattr("cornerspot.blueprints.billing.bulk_runs.AT_ONCE", 1)
    answer = act(client, "finalize", world.make(3))
    with monkeypatch.context() as trouble:
        failing_on(trouble, 1)
        with pytest.raises(RuntimeError):
            world.perform(answer.location)
    world.run(lambda: session.execute(text("DELETE FROM procrastinate_jobs")))  # It was given up.
    assert "This has stopped" not in client.get(answer.location).text
    assert "goes on by itself" in client.get(go_on(client, answer.location).location).text
    with clock.moved_to(clock.now() + STOPPED_AFTER + timedelta(seconds=1)):
        page = client.get(answer.location)
        assert "This has stopped" in page.text
        assert "1 of 3" in page.text
        assert "You can leave this page" not in page.text
        assert "This has stopped" not in client.get(go_on(client, answer.location).location).text
    assert world.run(lambda: session.scalar(text("SELECT count(*) FROM procrastinate_jobs"))) == 1
    run_pending(world.story.app)
    assert "3\N{NO-BREAK SPACE}invoices finalized." in client.get(answer.location).text
    assert go_on(client, answer.location).status_code == 303  # A finished run rests.
    assert world.statuses() == ["open"] * 3


def test_going_on_needs_the_right_to_the_action(story, client, world, monkeypatch):
    monkeypatch.setattr("cornerspot.blueprints.billing.bulk_runs.AT_ONCE", 1)
    location = act(client, "finalize", world.make(2)).location
    assert go_on(story.sign_in("rep"), location).status_code == 403


@pytest.mark.usefixtures("empty_queue")
def test_a_run_of_somebody_who_left_stops(story, client, world, monkeypatch):
    monkeypatch.setattr("cornerspot.blueprints.billing.bulk_runs.AT_ONCE", 1)
    ids, manager = world.make(2), story.sign_in("manager")
    answer = act(manager, "finalize", ids)
    world.run(
        lambda: setattr(
            session.get_one(Membership, (story.team.id, story.actors["manager"].id)), "deactivated_at", clock.now()
        )
    )
    world.perform(answer.location)
    assert "no longer in the team" in client.get(answer.location).text
    assert world.statuses() == ["draft", "draft"]


def test_all_of_a_filter_are_chosen_without_ticking(client, world, monkeypatch):
    world.make(3)
    world.make(1, customer="Other")
    assert "2 of" not in client.get(act(client, "delete", everything="3", q="acme").location).text
    assert world.statuses() == ["draft"]
    monkeypatch.setattr("cornerspot.blueprints.billing.bulk_runs.MOST", 0)
    assert "narrow the list" in client.get(act(client, "delete", everything="1").location).text


def test_nothing_chosen_is_said(client, world):
    world.make()
    assert "Choose at least one invoice" in client.get(act(client, "delete").location).text
    assert act(client, "paint").status_code == 400


def test_a_csv_is_for_spreadsheets_and_runs_no_formula(client, world):
    ids = world.make(1, final=True, customer="=HYPERLINK(1)", purchase_order="+49") + world.make(1, currency="JPY")
    answer = act(client, "export", ids)
    assert answer.mimetype == "text/csv"
    assert answer.data.startswith(b"\xef\xbb\xbf")
    first, second = csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig")))
    assert first["Customer"] == "'=HYPERLINK(1)"
    assert first["Purchase order"] == "'+49"
    assert (first["Total"], first["Currency"], first["Status"]) == ("200.00", "EUR", "open")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", first["Issue date"])
    assert (second["Number"], second["Total"], second["Currency"]) == ("", "200", "JPY")


@pytest.mark.usefixtures("empty_queue")
def test_everything_is_exported_by_the_worker_and_kept_for_a_week(client, world, monkeypatch):
    monkeypatch.setattr("cornerspot.blueprints.billing.bulk_runs.MOST", 2)
    monkeypatch.setattr(exporting, "BATCH", 2)
    world.make(5)
    world.make(1, customer="Other")
    answer = act(client, "export", everything="5", q="acme")
    world.perform(answer.location)
    page = client.get(answer.location)
    assert "5 of 5" in page.text
    href = re.search(r'href="([^"]+/file)"', page.text)[1]
    file = client.get(href)
    assert len(file.data.decode("utf-8-sig").splitlines()) == 6
    sha256 = world.run(lambda: session.scalars(select(BulkRun)).one() and _file_of_run().sha256)
    with clock.moved_to(clock.now() + timedelta(days=6)):
        world.run(forget_bulk_files)
    assert client.get(href).status_code == 200
    with clock.moved_to(clock.now() + timedelta(days=8)):
        world.run(forget_bulk_files)
    assert client.get(href).status_code == 404
    assert "is gone" in client.get(answer.location).text
    assert not world.run(lambda: current_storage().exists(world.story.team.id, sha256))


def _file_of_run():
    from cornerspot.documents.models import StoredFile

    return session.scalars(select(StoredFile).join(BulkRun, BulkRun.file_id == StoredFile.id)).one()


@pytest.mark.usefixtures("empty_queue")
def test_pdfs_come_in_one_zip_each_under_a_name_of_its_own(client, world):
    ids = world.make(1, final=True) + world.make(2)
    answer = act(client, "pdfs", [*ids, encode_public_id("inv", UUID(int=5))])
    world.perform(answer.location)
    href = re.search(r'href="([^"]+/file)"', client.get(answer.location).text)[1]
    with zipfile.ZipFile(io.BytesIO(client.get(href).data)) as archive:
        assert sorted(archive.namelist()) == [
            "DRAFT Acme GmbH (2).pdf",
            "DRAFT Acme GmbH.pdf",
            "INV-000001 Acme GmbH.pdf",
        ]
        assert all(archive.read(name).startswith(b"%PDF") for name in archive.namelist())


def test_a_second_click_gives_the_same_run(client, world):
    ids = world.make(1)
    page = client.get("/invoices")
    data = {"csrf_token": token(page), "request_key": "k", "action": "pdfs", "invoice": ids}
    first, second = (client.post("/invoices/bulk-runs", data=data).location for _ in range(2))
    assert first == second


def test_a_rep_may_read_and_export_but_change_nothing(story, world):
    ids, rep = world.make(1), story.sign_in("rep")
    page = rep.get("/invoices")
    assert "Finalize" not in page.text
    assert act(rep, "export", ids).status_code == 200
    for action in ("delete", "finalize", "send"):
        assert act(rep, action, ids).status_code == 403
    assert world.statuses() == ["draft"]
