"""One picture of the scripts of the world: an invoice on paper, the same mirrored, and its page on a phone."""

from __future__ import annotations

import io
from dataclasses import replace

import pypdfium2
from flask import Flask
from PIL import Image
from playwright.sync_api import Page

from cornerspot.billing.document import invoice_document
from cornerspot.billing.models import Invoice
from cornerspot.billing.reading import invoice_with_everything
from cornerspot.billing.rendering import document_pdf
from cornerspot.crm.models import Account
from cornerspot.db import session
from cornerspot.db.transaction import in_transaction
from cornerspot.kit.ids import encode_public_id
from cornerspot.people.actors import SYSTEM
from cornerspot.tenancy import team_scope
from cornerspot.tenancy.context import find_team
from cornerspot.tenancy.models import Team
from tests.factories.billing import VAT_19, line, new_draft
from tests.factories.scripts import LONG_WORD, SCRIPTS

GAP, HEIGHT = 16, 1123  # pixels; A4 at 96 to the inch


def stage_scripts(app: Flask, slug: str) -> tuple[str, list[bytes]]:
    """A draft with a line in each script: its public id, and its PDFs in English and Arabic."""
    with app.app_context(), team_scope(find_team(Team.slug == slug)):
        invoice_id = in_transaction(_draft).id
        document = in_transaction(lambda: invoice_document(invoice_with_everything(invoice_id)))
        papers = [replace(document, number="INV-000042", locale=locale) for locale in ("en", "ar")]
        return encode_public_id("inv", invoice_id), [in_transaction(lambda p=p: document_pdf(p)) for p in papers]


def compose(page: Page, papers: list[bytes]) -> bytes:
    """The first pages of the papers and the page as it stands, side by side, as a small PNG file."""
    page.set_viewport_size({"width": 390, "height": HEIGHT})
    shown = [_first_page(paper) for paper in papers] + [Image.open(io.BytesIO(page.screenshot())).convert("RGB")]
    whole = Image.new("RGB", (sum(one.width + GAP for one in shown) + GAP, HEIGHT + 2 * GAP), "#c9ced6")
    left = GAP
    for one in shown:
        whole.paste(one, (left, GAP))
        left += one.width + GAP
    return small_png(whole)


def small_png(picture: Image.Image) -> bytes:
    """The picture in 256 colours, a third of the bytes."""
    out = io.BytesIO()
    picture.quantize(256, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
    return out.getvalue()


def _first_page(content: bytes) -> Image.Image:
    return pypdfium2.PdfDocument(content)[0].render(scale=96 / 72).to_pil().convert("RGB").crop((0, 0, 794, HEIGHT))


def _draft() -> Invoice:
    account = Account(name=SCRIPTS["Arabic"][0], billing_email="accounts@horizon.example")
    session.add(account)
    session.flush()
    words = [f"{text}\n{script}" for script, (_, text) in SCRIPTS.items()] + [LONG_WORD * 2]
    notes = "شكراً لكم (24)\nThank you (24)\nתודה רבה (24)"
    return new_draft(SYSTEM, account, [line(text, taxes=(VAT_19,)) for text in words], notes=notes)
