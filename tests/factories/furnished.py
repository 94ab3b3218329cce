"""A team with one row of every kind that an address can name."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select

from cornerspot.activity.models import ActivityEntry
from cornerspot.billing.models import BulkRun, Invoice, InvoiceLine, Payment, PaymentAllocation, PaymentException
from cornerspot.catalog.models import Discount, Product, TaxRate
from cornerspot.conversion.models import Conversion
from cornerspot.crm.models import Account, Contact, Deal, DealLine, Pipeline, Stage, StageClass
from cornerspot.db import session
from cornerspot.db.transaction import transaction
from cornerspot.documents.models import StoredFile
from cornerspot.kit import clock
from cornerspot.kit.ids import new_id
from cornerspot.kit.sealing import seal
from cornerspot.mail.models import OutgoingMessage
from cornerspot.payments.models import ProcessorAccount
from cornerspot.people.models import Invitation, Person
from cornerspot.people.sessions import begin_session
from cornerspot.portal.models import PortalAccess, PortalDocument, PortalUser
from cornerspot.portal.sessions import begin_sign_in
from cornerspot.settings import current_settings
from cornerspot.tenancy import team_scope
from tests.factories.teams import Story

MARK = "hush-this-belongs-to-another-team"


def furnish(story: Story, *, mark: str) -> dict[str, UUID]:
    """Rows of every kind, named with the mark; their ids by the prefix of their public ids.

    Written row by row, not through use-cases, so that a kind of record exists
    here even where no page makes it yet.
    """
    ids: dict[str, UUID] = {}
    with story.app.app_context(), team_scope(story.team), transaction():
        _catalog(ids, mark)
        _sales(ids, mark, story)
        _invoices(ids, mark, story)
        _people(ids, mark, story)
        _connection(ids, mark)
        _portal(ids, mark)
        session.flush()
    return ids


def _keep(ids: dict[str, UUID], prefix: str, row) -> None:  # type: ignore[no-untyped-def]
    row.id = new_id()
    session.add(row)
    session.flush()
    ids[prefix] = row.id


def _catalog(ids: dict[str, UUID], mark: str) -> None:
    _keep(ids, "tax", TaxRate(name=mark, percent=Decimal("19")))
    _keep(ids, "dis", Discount(name=mark, percent=Decimal("5")))
    _keep(ids, "prd", Product(name=mark, unit_price=Decimal("10"), currency="EUR"))


def _sales(ids: dict[str, UUID], mark: str, story: Story) -> None:
    _keep(ids, "acc", Account(name=mark, owner_id=story.owner.id))
    _keep(ids, "con", Contact(last_name=mark, email=f"{mark}@example.com", account_id=ids["acc"]))
    pipeline = session.scalars(select(Pipeline)).first()
    won = session.scalars(select(Stage).where(Stage.stage_class == StageClass.WON)).first()
    assert pipeline is not None
    assert won is not None
    ids["pip"], ids["stg"] = pipeline.id, won.id
    amounts = {"subtotal_minor": 1000, "total_minor": 1000}
    deal = Deal(
        name=mark, account_id=ids["acc"], contact_id=ids["con"], currency="EUR", pipeline_id=pipeline.id,
        stage_id=won.id, value_minor=1000, closed_on=date(2026, 1, 5), owner_id=story.owner.id, **amounts,
    )  # fmt: skip
    _keep(ids, "dea", deal)
    session.add(
        DealLine(deal_id=deal.id, position=0, description=mark, quantity=Decimal(1), unit_price=Decimal(10),
                 gross_minor=1000, net_minor=1000)
    )  # fmt: skip
    _keep(ids, "cnv", Conversion(deal_id=deal.id, started_by=story.owner.id))
    note = ActivityEntry(subject_type="deal", subject_id=deal.id, kind="note", body=mark, actor_kind="teammate",
                         actor_id=story.owner.id, actor_name=story.owner.name)  # fmt: skip
    _keep(ids, "not", note)


def _invoices(ids: dict[str, UUID], mark: str, story: Story) -> None:
    moment = clock.now()
    invoice = Invoice(
        status="partially_paid", account_id=ids["acc"], deal_id=ids["dea"], currency="EUR", number=mark[:32],
        issued_on=moment.date(), due_on=moment.date() + timedelta(days=30), finalized_at=moment,
        subtotal_minor=1000, total_minor=1000, paid_minor=400, balance_minor=600, created_by=story.owner.id,
        frozen={}, lines=[], tax_rows=[],
    )  # fmt: skip
    _keep(ids, "inv", invoice)
    session.add(
        InvoiceLine(invoice_id=invoice.id, position=0, description=mark, quantity=Decimal(1),
                    unit_price=Decimal(10), gross_minor=1000, net_minor=1000)
    )  # fmt: skip
    payment = Payment(account_id=ids["acc"], amount_minor=400, allocated_minor=400, currency="EUR", method="cash",
                      reference=mark, received_on=moment.date(), recorded_by=story.owner.id)  # fmt: skip
    _keep(ids, "pay", payment)
    session.add(PaymentAllocation(payment_id=payment.id, invoice_id=invoice.id, amount_minor=400))
    _keep(ids, "pex", PaymentException(kind="overpayment", dedupe_key=mark, message=mark, invoice_id=invoice.id))
    message = OutgoingMessage(mailing_id=new_id(), dedupe_key=mark, purpose="invoice", subject_type="invoice",
                              subject_id=invoice.id, recipient=f"{mark}@example.com", subject_line=mark, text_body=mark,
                              status="failed", failed_at=moment, error=mark)  # fmt: skip
    _keep(ids, "msg", message)
    _keep(ids, "blk", BulkRun(action="export", request_key=mark, started_by=story.owner.id, left=[{"name": mark}]))


def _connection(ids: dict[str, UUID], mark: str) -> None:
    """The team's one connection, for a second account of the team too."""
    live = session.scalars(select(ProcessorAccount)).first()
    if live is not None:
        ids["pac"] = live.id
        return
    _keep(
        ids,
        "pac",
        ProcessorAccount(
            kind="own_key",
            stripe_account_id=mark,
            livemode=False,
            name=mark,
            country="AT",
            default_currency="EUR",
            sealed_key=seal("rk_test_of_another_team", key=current_settings().secret_key),
            sealed_webhook_secret=seal("whsec_of_another_team", key=current_settings().secret_key),
        ),
    )


def _people(ids: dict[str, UUID], mark: str, story: Story) -> None:
    invitation = Invitation(email=f"{mark}@example.com", role="rep", invited_by=story.owner.id, token_digest=mark,
                            expires_at=clock.now() + timedelta(days=7))  # fmt: skip
    _keep(ids, "ivt", invitation)
    assert story.owner.id is not None
    ids["mem"] = story.owner.id
    person = session.get_one(Person, story.owner.person_id)
    _, row = begin_session(person, team_id=story.team.id, ip_address="", user_agent=mark)
    session.flush()
    ids["sin"] = row.id


def _portal(ids: dict[str, UUID], mark: str) -> None:
    user = PortalUser(email=f"{mark}@portal.example.com", name=mark, state="active", password_hash="none")
    _keep(ids, "ptu", user)
    session.add(PortalAccess(portal_user_id=user.id, account_id=ids["acc"]))
    _, row = begin_sign_in(user, ip_address="", user_agent=mark)
    session.flush()
    ids["psi"] = row.id
    stored = StoredFile(sha256="0" * 64, size_bytes=1, media_type="application/pdf", name=mark)
    session.add(stored)
    session.flush()
    _keep(ids, "pdo", PortalDocument(title=mark, scope="account", account_id=ids["acc"], file_id=stored.id))
