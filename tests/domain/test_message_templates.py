"""What messages say: the team's own words, receipts, and the look of the page."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from cornerspot.activity.reading import entries_of
from cornerspot.billing.finalizing import finalize_invoice
from cornerspot.billing.logo import set_logo
from cornerspot.billing.message_samples import sample_content
from cornerspot.billing.message_sender import change_sender
from cornerspot.billing.message_templates import (
    PLACEHOLDERS,
    PROPOSALS,
    fill,
    reset_template,
    save_template,
    template_of,
)
from cornerspot.billing.models import Payment
from cornerspot.billing.receipts import queue_receipt
from cornerspot.billing.sending import invoice_content
from cornerspot.billing.settling import record_manual_payment
from cornerspot.crm.models import Account
from cornerspot.db import session
from cornerspot.db.transaction import transaction
from cornerspot.jobs.worker import run_pending
from cornerspot.kit import clock
from cornerspot.kit.errors import Invalid, PermissionDenied, StaleVersion
from cornerspot.mail.configuring import MailSettingsInput
from cornerspot.mail.models import OutgoingMessage
from cornerspot.payments.models import ProcessorAccount
from cornerspot.settings import Settings, current_settings
from cornerspot.tenancy import CurrentTeam, team_scope
from cornerspot.tenancy.models import Team
from tests.factories.billing import new_account, new_draft, on
from tests.factories.mail_server import MailServer, running_mail_server
from tests.factories.pictures import picture
from tests.factories.teams import Story


@pytest.fixture
def mail(settings: Settings, empty_queue: None) -> Iterator[MailServer]:
    with running_mail_server(settings) as server:
        yield server


@given(text=st.text(), facts=st.dictionaries(st.from_regex(r"\w{1,5}", fullmatch=True), st.text(), max_size=3))
def test_filling_never_fails_and_never_fills_twice(text: str, facts: dict[str, str]) -> None:
    filled = fill(text, facts)
    if not any("{" + name + "}" in text for name in facts):
        assert filled == text
    assert fill("{a}{b}", {"a": "{b}", "b": "x"}) == "{b}x"


@pytest.mark.parametrize("purpose", ["invoice", "reminder", "receipt"])
def test_our_proposals_use_only_what_is_known(purpose: str) -> None:
    proposal = PROPOSALS[purpose]
    facts = dict.fromkeys(PLACEHOLDERS[purpose], "x")
    assert "{" not in fill(proposal.subject + proposal.text, facts)


@pytest.mark.parametrize("purpose", ["invoice", "reminder", "receipt"])
def test_a_sample_knows_every_placeholder(team: CurrentTeam, purpose: str) -> None:
    text = "\n".join("{" + name + "}" for name in PLACEHOLDERS[purpose])
    assert "{" not in sample_content(purpose, "Subject", text).text


def test_the_teams_words_are_used_until_they_are_reset(team: CurrentTeam, story: Story) -> None:
    with transaction():
        save_template("invoice", " Bill\n{number} ", "Pay.\r\nNow.\n", seen=0, by=story.owner)
    own = template_of("invoice")
    assert (own.subject, own.text, own.is_own) == ("Bill {number}", "Pay.\nNow.", True)
    with pytest.raises(StaleVersion), transaction():
        save_template("invoice", "Other", "Other", seen=0, by=story.owner)
    with transaction():
        reset_template("invoice", by=story.owner)
        reset_template("invoice", by=story.owner)
    assert template_of("invoice") == PROPOSALS["invoice"]


@pytest.mark.parametrize(("subject", "text"), [("", "x"), ("x", "  "), ("x" * 201, "x"), ("x", "x" * 10_001)])
def test_a_message_without_words_is_refused(team: CurrentTeam, story: Story, subject: str, text: str) -> None:
    with pytest.raises(Invalid), transaction():
        save_template("reminder", subject, text, seen=0, by=story.owner)


def test_a_manager_does_not_change_what_messages_say(app: Flask, story: Story) -> None:
    manager = story.add_teammate("manager")
    with app.app_context(), team_scope(story.team), pytest.raises(PermissionDenied), transaction():
        save_template("reminder", "x", "x", seen=0, by=manager)


@pytest.mark.parametrize("accent", ["red", "#12345", "#1234567", "javascript:", "#12345g"])
def test_a_colour_that_is_none_is_refused(story: Story, team: CurrentTeam, accent: str) -> None:
    with pytest.raises(Invalid), transaction():
        change_sender(MailSettingsInput(accent=accent), seen=0, by=story.owner)


def test_only_who_manages_settings_changes_the_sender_and_the_change_is_on_record(app: Flask, story: Story) -> None:
    manager = story.add_teammate("manager")
    with app.app_context(), team_scope(story.team):
        with pytest.raises(PermissionDenied), transaction():
            change_sender(MailSettingsInput("Acme"), seen=0, by=manager)
        with transaction():
            settings = change_sender(MailSettingsInput("Acme"), seen=0, by=story.owner)
        assert [(one.event, one.actor_name) for one in entries_of(settings).rows] == [("edited", story.owner.name)]


def new_payment(story: Story) -> Payment:
    """A transfer for an invoice, recorded by hand."""
    with clock.moved_to(datetime(2026, 1, 5, 12, tzinfo=UTC)):
        invoice = finalize_invoice(new_draft(story.owner, new_account()), by=story.owner)
        return record_manual_payment(
            invoice,
            amount_minor=20000,
            method="bank_transfer",
            received_on=on("2026-01-05"),
            request_key="one",
            by=story.owner,
        )


def test_a_receipt_goes_out_once_with_logo_and_amount(
    app: Flask, story: Story, team: CurrentTeam, mail: MailServer
) -> None:
    with transaction():
        set_logo(picture(), by=story.owner)
        change_sender(MailSettingsInput("Acme Billing", "b@acme.example", "#117733"), seen=0, by=story.owner)
        payment = new_payment(story)
        assert queue_receipt(payment) == queue_receipt(payment)
    run_pending(app)
    [letter] = mail.letters
    assert letter["Subject"] == f"Receipt for INV-000001 from {team.name}"
    assert letter["From"].addresses[0].display_name == "Acme Billing"
    assert letter["Reply-To"] == "b@acme.example"
    assert "we received €200.00 on January 5, 2026" in letter.get_body(("plain",)).get_content()
    page = letter.get_body(("related", "html"))
    assert [part.get_content_type() for part in page.iter_parts()] == ["text/html", "image/png"]
    assert [part["Content-ID"] for part in page.iter_parts()][1] == "<logo>"
    html = letter.get_body(("html",)).get_content()
    assert 'src="cid:logo"' in html
    assert "#117733" in html


def test_a_customer_without_an_address_gets_no_receipt(story: Story, team: CurrentTeam) -> None:
    with transaction():
        payment = new_payment(story)
        session.scalars(select(Account)).one().billing_email = ""
        session.flush()
        assert queue_receipt(payment) is None
    assert session.scalar(select(func.count()).select_from(OutgoingMessage)) == 0


def test_amounts_and_dates_are_written_as_the_team_writes_them(app: Flask, story: Story) -> None:
    with app.app_context(), team_scope(story.team), transaction():
        session.get_one(Team, story.team.id).locale = "de"
    with app.app_context(), team_scope(story.team.id), transaction():
        draft = new_draft(story.owner, chosen_due_on=on("2099-10-31"))
        content = invoice_content(finalize_invoice(draft, by=story.owner))
    assert "over 200,00\N{NO-BREAK SPACE}€, due on 31. Oktober 2099" in content.text


@pytest.mark.parametrize(("state", "says"), [("active", "Pay €200.00"), ("restricted", "View invoice")])
def test_the_button_pays_where_the_team_takes_money(team: CurrentTeam, story: Story, state: str, says: str) -> None:
    with transaction():
        session.add(
            ProcessorAccount(
                kind="own_key",
                state=state,
                stripe_account_id=f"acct_{team.id.hex}",
                livemode=False,
                country="AT",
                default_currency="EUR",
                sealed_key="sealed",
            )
        )
        content = invoice_content(finalize_invoice(new_draft(story.owner), by=story.owner))
    assert f"{says}:\n{current_settings().external_url}/{team.slug}/pay/" in content.text
    assert f">{says}</a>" in content.html
