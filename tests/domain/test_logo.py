"""The team's logo: judged, drawn anew, printed, and frozen with what was issued."""

from __future__ import annotations

import io
import random

import pytest
from PIL import Image, PngImagePlugin
from pypdf import PdfReader
from sqlalchemy.exc import IntegrityError

from cornerspot.billing.document import invoice_document
from cornerspot.billing.finalizing import finalize_invoice
from cornerspot.billing.logo import REFUSAL, logo_bytes, remove_logo, set_logo
from cornerspot.billing.models import Invoice
from cornerspot.billing.pay_links import ensure_pay_link
from cornerspot.billing.rendering import document_html, invoice_pdf_bytes
from cornerspot.billing.settings import billing_settings
from cornerspot.db import session
from cornerspot.db.transaction import transaction
from cornerspot.kit.errors import Invalid, PermissionDenied
from cornerspot.tenancy import team_scope
from tests.factories.billing import new_draft
from tests.factories.pictures import SVG, picture, png_that_claims
from tests.factories.teams import open_story

RED = picture(size=(400, 100))
TALL = picture("JPEG", size=(90, 300))


def final(story) -> Invoice:
    with transaction():
        invoice = finalize_invoice(new_draft(story.owner), by=story.owner)
        ensure_pay_link(invoice)  # So that it is printed with the same one each time.
        return invoice


def rendered_now(invoice: Invoice) -> bytes:
    """The final invoice's PDF made anew, not the stored one."""
    session.rollback()
    content = invoice_pdf_bytes(invoice)
    session.rollback()
    session.refresh(invoice)
    assert invoice.pdf_file_id is None
    return content


def printed_pictures(content: bytes) -> list[tuple[int, int]]:
    """The sizes of the pictures on the first page, in pixels, without the code of the pay link, which is square."""
    sizes = [one.image.size for one in PdfReader(io.BytesIO(content)).pages[0].images]
    return [(width, height) for width, height in sizes if width != height]


def tagged(node) -> list[tuple[str, str | None]]:
    """The tags below a node of a PDF's structure, each with its text for who cannot see it."""
    node = node.get_object()
    if isinstance(node, list):
        return [found for each in node for found in tagged(each)]
    if not isinstance(node, dict):
        return []
    below = tagged(node["/K"]) if "/K" in node else []
    return [(node["/S"], node.get("/Alt")), *below] if "/S" in node else below


@pytest.mark.parametrize(
    "content",
    [
        picture("PNG"),
        picture("JPEG"),
        picture("PNG", mode="RGBA"),
        picture("PNG", mode="P", transparency=0),
        picture("PNG", mode="L"),
        picture("PNG", mode="I;16"),
        picture("PNG", mode="1"),
        picture("JPEG", mode="CMYK"),
        picture("PNG", size=(1, 1)),
    ],
)
def test_png_and_jpeg_of_every_kind_become_a_png(story, team, content):
    set_logo(content, by=story.owner)
    with Image.open(io.BytesIO(logo_bytes())) as kept:
        assert (kept.format, kept.size) == ("PNG", Image.open(io.BytesIO(content)).size)
        assert kept.mode in ("RGB", "RGBA")


def test_a_large_picture_is_kept_at_1200_pixels_and_upright(story, team):
    exif = Image.Exif()
    exif[0x0112] = 6  # The camera was held on its side.
    set_logo(picture("JPEG", size=(3000, 1500), exif=exif), by=story.owner)
    assert Image.open(io.BytesIO(logo_bytes())).size == (600, 1200)


def test_nothing_is_kept_but_what_is_seen(story, team):
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Comment", "taken at home")
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    set_logo(picture(pnginfo=texts, exif=exif, icc_profile=b"taken at home"), by=story.owner)
    assert b"taken at home" not in logo_bytes()
    assert Image.open(io.BytesIO(logo_bytes())).info == {}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"only text, whatever its name says",
        SVG,
        b"\x89PNG\r\n\x1a\n",
        picture()[:-40],
        picture("JPEG")[:200],
        picture("GIF"),
        picture("BMP"),
        picture("TIFF"),
        picture(size=(6001, 10)),
        picture(size=(10, 6001)),
        png_that_claims(60_000, 60_000),
        png_that_claims(5_999, 5_999),
        png_that_claims(0, 0),
        random.Random(7).randbytes(2 * 1024 * 1024 + 1),
        picture() + bytes(2 * 1024 * 1024),
    ],
    ids=[
        "empty", "text", "svg", "only a head", "cut png", "cut jpeg", "gif", "bmp", "tiff", "too wide", "too high",
        "bomb", "small bomb", "no pixels", "too many bytes", "a picture with too much behind it",
    ],
)  # fmt: skip
def test_everything_else_is_refused_at_the_field(story, team, content):
    with pytest.raises(Invalid) as refusal:
        set_logo(content, by=story.owner)
    assert (refusal.value.message, refusal.value.field) == (REFUSAL, "logo")
    assert logo_bytes() is None


def test_only_who_manages_settings_changes_it(story):
    manager = story.add_teammate("manager")
    with story.app.app_context(), team_scope(story.team):
        with pytest.raises(PermissionDenied):
            set_logo(RED, by=manager)
        with pytest.raises(PermissionDenied):
            remove_logo(by=manager)


def test_the_logo_of_another_team_cannot_be_taken(app, story):
    other = open_story(app)
    with app.app_context(), team_scope(other.team), transaction():
        foreign = set_logo(RED, by=other.owner).id
    with app.app_context(), team_scope(story.team):
        billing_settings().logo_file_id = foreign
        with pytest.raises(IntegrityError, match="fk_billing_settings_tenant_id_logo_file_id"):
            session.flush()
        session.rollback()


def test_the_logo_is_printed_with_the_name_of_the_team_as_its_text(story, team):
    with transaction():
        draft = new_draft(story.owner)
    assert printed_pictures(invoice_pdf_bytes(draft)) == []
    with transaction():
        set_logo(RED, by=story.owner)
    content = invoice_pdf_bytes(draft)
    assert printed_pictures(content) == [(400, 100)]
    assert 'alt="Muster &amp; Söhne GmbH"' in document_html(invoice_document(draft))
    assert ("/Figure", "Muster & Söhne GmbH") in tagged(
        PdfReader(io.BytesIO(content)).trailer["/Root"]["/StructTreeRoot"]
    )


def test_an_issued_invoice_keeps_the_logo_it_was_issued_with(story, team):
    with transaction():
        set_logo(RED, by=story.owner)
    invoice = final(story)
    before = rendered_now(invoice)
    with transaction():
        set_logo(TALL, by=story.owner)
    assert rendered_now(invoice) == before
    with transaction():
        remove_logo(by=story.owner)
    assert rendered_now(invoice) == before
    assert printed_pictures(before) == [(400, 100)]


def test_an_invoice_issued_without_a_logo_never_gets_one(story, team):
    invoice = final(story)
    with transaction():
        set_logo(RED, by=story.owner)
    assert printed_pictures(invoice_pdf_bytes(invoice)) == []


def test_a_draft_prints_the_logo_of_today(story, team):
    with transaction():
        set_logo(RED, by=story.owner)
        draft = new_draft(story.owner)
    assert printed_pictures(invoice_pdf_bytes(draft)) == [(400, 100)]
    with transaction():
        set_logo(TALL, by=story.owner)
    assert printed_pictures(invoice_pdf_bytes(draft)) == [(90, 300)]
    with transaction():
        remove_logo(by=story.owner)
    assert printed_pictures(invoice_pdf_bytes(draft)) == []
