"""What is photographed of an invoice's actions: each dialog, opened as a person does, and the Trash."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from flask import Flask
from playwright.sync_api import Page
from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from cornerspot.billing.deleting import delete_invoice
from cornerspot.billing.duplicating import duplicate_invoice
from cornerspot.billing.models import Invoice
from cornerspot.billing.settling import record_manual_payment
from cornerspot.billing.voiding import void_invoice
from cornerspot.db import session
from cornerspot.db.transaction import in_transaction
from cornerspot.kit.ids import encode_public_id
from cornerspot.people.actors import SYSTEM
from cornerspot.tenancy import team_scope, team_today
from cornerspot.tenancy.context import find_team
from cornerspot.tenancy.models import Team
from tests.browser.staging import Staged
from tests.browser.till import press


@dataclass(frozen=True)
class Picture:
    """A page and what is opened on it before it is photographed."""

    path: str
    open: Callable[[Page], None]


def pictures_of_actions(app: Flask, slug: str, staged: Staged, draft: str, owed: str) -> dict[str, Picture]:
    """Picture name to page and opener; ``draft`` and ``owed`` are public ids of such invoices."""
    with app.app_context(), team_scope(find_team(Team.slug == slug)):
        late, credited = in_transaction(_stage)
    menu = {"Duplicate": draft, "Cancel invoice": draft, "Finalize and send": draft, "Send reminder": owed}
    menu |= {"Record payment": owed, "Void invoice": owed, "Mark uncollectible": late}
    dialogs = {_named(label): Picture(f"/invoices/{of}", _from_menu(label)) for label, of in menu.items()}
    return dialogs | {
        "dialog-undo": Picture(f"/invoices/{owed}", lambda page: press(page, "Undo")),
        "dialog-refund": Picture(f"/invoices/{staged.paid}", lambda page: press(page, "Refund")),
        "dialog-apply-credit": Picture(
            f"/invoices/{credited}", lambda page: page.get_by_role("button", name="Apply credit of").click()
        ),
        "bulk-bar": Picture("/invoices", _choose_three),
        "trash": Picture("/invoices/trash", lambda _: None),
    }


def _named(label: str) -> str:
    return f"dialog-{label.lower().removesuffix(' invoice').replace(' ', '-')}"


def _from_menu(label: str) -> Callable[[Page], None]:
    def open_it(page: Page) -> None:
        page.get_by_role("button", name="More actions").click()
        page.locator("#invoice-menu").get_by_role("button", name=label, exact=True).click()

    return open_it


def _choose_three(page: Page) -> None:
    for row in page.locator("[data-bulk-row]").all()[:3]:
        row.check()


def _stage() -> tuple[str, str]:
    """Two drafts in the Trash, a late invoice, and an open one of a customer with credit."""
    shown = select(Invoice).where(Invoice.number.is_not(None), Invoice.deleted_at.is_(None))
    late = session.scalars(
        shown.where(Invoice.status == "open", Invoice.due_on < team_today() - timedelta(days=20))
        .order_by(Invoice.total_minor.desc(), Invoice.id)
        .options(joinedload(Invoice.account), joinedload(Invoice.contact), selectinload(Invoice.lines))
    ).first()
    assert late is not None, "the demo has no late invoice"
    for _ in range(2):
        delete_invoice(duplicate_invoice(late, by=SYSTEM), by=SYSTEM)
    paid, credited = (duplicate_invoice(late, by=SYSTEM, finalize=True) for _ in range(2))
    record_manual_payment(
        paid,
        amount_minor=paid.total_minor // 2,
        method="bank_transfer",
        received_on=team_today(),
        by=SYSTEM,
        request_key="picture",
    )
    void_invoice(paid, by=SYSTEM, money="credit")
    return _public(late.id), _public(credited.id)


def _public(invoice_id: UUID) -> str:
    return encode_public_id("inv", invoice_id)
