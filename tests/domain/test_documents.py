"""Invoice PDFs and stored files: rendered once, kept under their hash, opened by nobody else."""

from __future__ import annotations

import gc
import hashlib
import io
import re
import threading
import zlib
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

import pytest
import zxingcpp
from flask import Flask
from PIL import ImageOps
from pypdf import PdfReader
from sqlalchemy import func, select

from cornerspot.billing.document import invoice_document
from cornerspot.billing.finalizing import finalize_invoice
from cornerspot.billing.models import Invoice
from cornerspot.billing.pay_links import ensure_pay_link, pay_link_url, reissue_pay_link
from cornerspot.billing.rendering import document_html, document_pdf, invoice_pdf_bytes, render_invoice_pdf
from cornerspot.billing.settling import record_manual_payment
from cornerspot.billing.voiding import void_invoice
from cornerspot.catalog.lines import custom_discount
from cornerspot.db import session
from cornerspot.db.transaction import transaction
from cornerspot.documents.files import read_file, store_file
from cornerspot.documents.models import StoredFile
from cornerspot.documents.pdf import Assets, RefusedAddress, render_pdf
from cornerspot.documents.storage import DamagedFile, LocalStorage
from cornerspot.jobs.worker import run_pending
from cornerspot.kit import clock
from cornerspot.settings import Settings
from cornerspot.tenancy import CurrentTeam, team_scope
from tests.factories.billing import VAT_19, line, new_account, new_draft
from tests.factories.teams import Story, open_story

pytestmark = pytest.mark.usefixtures("empty_queue")


def final(story: Story, **fields: object) -> Invoice:
    """A final invoice of the story's team, committed."""
    with transaction():
        invoice = new_draft(story.owner, **fields)  # type: ignore[arg-type]
        return finalize_invoice(invoice, by=story.owner)


def fresh(invoice: Invoice) -> Invoice:
    session.rollback()
    session.expire_all()
    return session.scalars(select(Invoice).where(Invoice.id == invoice.id)).one()


def test_the_worker_renders_a_final_invoice_once_and_its_bytes_stay(
    app: Flask, story: Story, team: CurrentTeam
) -> None:
    invoice = final(story, lines=[line(taxes=(VAT_19,))])
    run_pending(app)
    first_file = fresh(invoice).pdf_file_id
    assert first_file is not None
    first = invoice_pdf_bytes(fresh(invoice))
    assert first.startswith(b"%PDF-1.7")
    session.rollback()
    with transaction():
        render_invoice_pdf(invoice.id)
    assert fresh(invoice).pdf_file_id == first_file
    assert invoice_pdf_bytes(fresh(invoice)) == first


def test_a_final_invoice_that_nobody_rendered_yet_is_rendered_when_asked_for(story: Story, team: CurrentTeam) -> None:
    invoice = final(story)
    with transaction():
        content = invoice_pdf_bytes(invoice)
    kept = fresh(invoice)
    stored = session.get_one(StoredFile, (team.id, kept.pdf_file_id))
    assert read_file(stored) == content
    assert stored.name == f"{kept.number} Acme GmbH.pdf"
    assert stored.sha256 == hashlib.sha256(content).hexdigest()


def test_payments_do_not_change_the_stored_pdf(app: Flask, story: Story, team: CurrentTeam) -> None:
    invoice = final(story)
    run_pending(app)
    before = invoice_pdf_bytes(fresh(invoice))
    session.rollback()
    with transaction():
        record_manual_payment(
            fresh(invoice),
            amount_minor=5000,
            method="cash",
            received_on=clock.today(team.time_zone),
            by=story.owner,
            request_key="once",
        )
    assert invoice_pdf_bytes(fresh(invoice)) == before


def test_a_draft_is_watermarked_and_never_stored(story: Story, team: CurrentTeam) -> None:
    with transaction():
        invoice = new_draft(story.owner)
    files = select(func.count()).select_from(StoredFile)
    before = session.scalar(files)
    assert invoice_pdf_bytes(invoice).startswith(b"%PDF")
    assert session.scalar(files) == before
    assert fresh(invoice).pdf_file_id is None


def test_two_renderers_at_once_leave_one_file(app: Flask, story: Story, team: CurrentTeam) -> None:
    invoice = final(story)
    session.rollback()
    barrier = threading.Barrier(4)
    seen: list[bytes] = []

    def render() -> None:
        with app.app_context(), team_scope(story.team), transaction():
            barrier.wait()
            seen.append(invoice_pdf_bytes(session.scalars(select(Invoice).where(Invoice.id == invoice.id)).one()))

    threads = [threading.Thread(target=render) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 4
    assert len(set(seen)) == 1
    assert session.scalar(select(func.count()).select_from(StoredFile)) == 1


def test_a_void_invoice_prints_void_and_keeps_its_original(app: Flask, story: Story, team: CurrentTeam) -> None:
    invoice = final(story)
    run_pending(app)
    original = invoice_pdf_bytes(fresh(invoice))
    session.rollback()
    with transaction():
        void_invoice(fresh(invoice), by=story.owner, reason="typed by mistake")
    copy = invoice_pdf_bytes(fresh(invoice))
    assert copy != original
    kept = fresh(invoice)
    assert read_file(session.get_one(StoredFile, (team.id, kept.pdf_file_id))) == original


def page_of(invoice: Invoice) -> str:
    """The HTML that becomes the PDF, spaces folded."""
    return " ".join(document_html(invoice_document(invoice)).split())


def test_the_page_shows_the_arithmetic(story: Story, team: CurrentTeam) -> None:
    discounted = line("Design", "3", "33.33", discounts=(custom_discount(percent=Decimal(10)),), taxes=(VAT_19,))
    with transaction():
        invoice = new_draft(story.owner, lines=[discounted], discounts=[custom_discount(amount_minor=999)])
    page = page_of(invoice)
    for said in ("€99.99", "−€10.00", "−€9.99", "VAT 19%", "€80.00", "€15.20", "€95.20", "DRAFT"):
        assert said in page, said


def test_what_people_type_is_text_and_not_markup(story: Story, team: CurrentTeam) -> None:
    nasty = "<script>alert(1)</script><img src=http://127.0.0.1:9/x>{{ 7*7 }}"
    with transaction():
        invoice = new_draft(story.owner, new_account(nasty), [line(nasty)], notes=nasty, terms_text=nasty)
    page = page_of(invoice)
    assert "<script>" not in page
    assert "<img" not in page
    assert "49" not in page
    assert invoice_pdf_bytes(invoice).startswith(b"%PDF")


def test_every_currency_and_script_prints(story: Story, team: CurrentTeam) -> None:
    words = "Ελληνικά кириллица 中文 日本語 한국어 ไทย हिन्दी עברית العربية 👩🏽‍💻 " + "x" * 300
    for currency in ("JPY", "KWD", "EUR"):
        with transaction():
            invoice = new_draft(story.owner, new_account(words), [line(words, unit_price="1000")], currency=currency)
        assert invoice_pdf_bytes(invoice).startswith(b"%PDF")


def test_signs_that_no_page_can_hold_do_not_stop_the_printing(story: Story, team: CurrentTeam) -> None:
    words = "bell \x07 escape \x1b nothing \ufffe & <b>"
    with transaction():
        invoice = new_draft(story.owner, new_account(words), [line(words)], notes=words)
    assert invoice_pdf_bytes(invoice).startswith(b"%PDF")


def test_printing_leaves_the_search_for_garbage_as_it_was(story: Story, team: CurrentTeam) -> None:
    before = gc.get_threshold()
    gc.set_threshold(701, 11, 11)
    with transaction():
        invoice = new_draft(story.owner)
    threads = [threading.Thread(target=document_pdf, args=(invoice_document(invoice),)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with pytest.raises(RefusedAddress):
        render_pdf(
            '<html lang="en"><title>x</title><img alt="" src="x:y"/></html>',
            stylesheet="invoice.css",
            title="x",
            lang="en",
        )
    after = gc.get_threshold()
    gc.set_threshold(*before)
    assert after == (701, 11, 11)


def test_an_invoice_without_customer_or_line_prints_as_a_draft(story: Story, team: CurrentTeam) -> None:
    with transaction():
        invoice = new_draft(story.owner, lines=[])
        invoice.account_id = None
    page = invoice_pdf_bytes(invoice)
    assert page.startswith(b"%PDF")


def test_the_pdf_is_tagged_titled_and_in_a_language(story: Story, team: CurrentTeam) -> None:
    with transaction():
        invoice = new_draft(story.owner)
    content = invoice_pdf_bytes(invoice)
    parts = re.findall(rb"stream\r?\n(.*?)endstream", content, re.DOTALL)
    inside = content + b"".join(_unpacked(part) for part in parts)
    for mark in (b"/MarkInfo", b"/StructTreeRoot", b"/Lang (en)", b"pdfuaid", b"/TH", b"(Draft invoice)"):
        assert mark in inside, mark


def test_every_page_repeats_the_header_row_and_none_cuts_a_row(story: Story, team: CurrentTeam) -> None:
    with transaction():
        tall = [line("\n".join((f"From{number} ", *"abcdef", f" {number}Till"))) for number in range(60)]
        invoice = new_draft(story.owner, lines=tall)
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(invoice_pdf_bytes(invoice))).pages]
    assert len(pages) > 3
    starts = [re.findall(r"From(\d+)", page) for page in pages]
    assert starts == [re.findall(r"(\d+)Till", page) for page in pages]
    assert [int(each) for page in starts for each in page] == list(range(60))
    assert all("Unit price" in page for page, started in zip(pages, starts, strict=True) if started)
    assert all(f"Page {number} of {len(pages)}" in page for number, page in enumerate(pages, start=1))


def _unpacked(stream: bytes) -> bytes:
    """What is packed in a stream; the line end after it, which may be data too, is left over."""
    try:
        return zlib.decompressobj().decompress(stream)
    except zlib.error:
        return b""


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9/x",
        "https://example.com/x.png",
        "file:///etc/passwd",
        "asset:../../settings.py",
        "asset:/etc/passwd",
        "asset:%2e%2e/%2e%2e/settings.py",
        "data:image/png;base64,AAAA",
        "ftp://example.com/x",
        "image:other",
        "asset:fonts",
    ],
)
def test_a_document_opens_nothing_but_our_own_assets(url: str) -> None:
    with pytest.raises(RefusedAddress):
        Assets()(url)
    html = f'<html lang="en"><title>x</title><img alt="" src="{url}"/></html>'
    with pytest.raises(RefusedAddress):
        render_pdf(html, stylesheet="invoice.css", title="x", lang="en")


def test_a_pdf_without_title_or_language_is_refused() -> None:
    with pytest.raises(ValueError):
        render_pdf("<p>x", stylesheet="invoice.css", title="x", lang="en")


def test_a_file_is_found_by_its_hash_and_damage_is_noticed(tmp_path: Path) -> None:
    storage, team_id = LocalStorage(tmp_path), uuid4()
    sha256 = storage.put(team_id, b"content")
    assert storage.put(team_id, b"content") == sha256
    assert storage.get(team_id, sha256) == b"content"
    assert storage.exists(team_id, sha256)
    assert not storage.exists(uuid4(), sha256)
    path = tmp_path / str(team_id) / sha256[:2] / sha256
    assert [each.name for each in path.parent.iterdir()] == [sha256]
    path.write_bytes(b"CONTENT")
    with pytest.raises(DamagedFile, match="changed"):
        storage.get(team_id, sha256)
    path.unlink()
    with pytest.raises(DamagedFile, match="missing"):
        storage.get(team_id, sha256)
    with pytest.raises(ValueError):
        storage.get(team_id, "../../etc/passwd")


def test_files_of_another_team_are_not_there(app: Flask, story: Story, settings: Settings) -> None:
    other = open_story(app)
    with app.app_context(), team_scope(story.team), transaction():
        stored_id = store_file(b"secret", "text/plain", "a.txt").id
    with app.app_context(), team_scope(other.team):
        assert session.scalars(select(StoredFile).where(StoredFile.id == stored_id)).one_or_none() is None


def test_the_paper_carries_the_pay_link_as_a_link_and_as_a_code(app: Flask, story: Story, team: CurrentTeam) -> None:
    invoice = final(story)
    run_pending(app)
    page = PdfReader(io.BytesIO(invoice_pdf_bytes(fresh(invoice)))).pages[0]
    wanted = pay_link_url(ensure_pay_link(invoice))
    assert {note.get_object()["/A"]["/URI"] for note in page["/Annots"]} == {wanted}
    codes = [zxingcpp.read_barcodes(ImageOps.expand(picture.image.convert("L"), 20, 255)) for picture in page.images]
    assert [code.text for found in codes for code in found] == [wanted]


def test_the_stored_paper_keeps_its_link_when_a_new_one_is_made(app: Flask, story: Story, team: CurrentTeam) -> None:
    invoice = final(story)
    run_pending(app)
    before = invoice_pdf_bytes(fresh(invoice))
    with transaction():
        reissue_pay_link(fresh(invoice), by=story.owner)
    assert invoice_pdf_bytes(fresh(invoice)) == before


def test_a_paper_on_which_nothing_is_owed_has_no_code(app: Flask, story: Story, team: CurrentTeam) -> None:
    invoice = final(story, lines=[line(unit_price="0")])
    run_pending(app)
    assert "/Annots" not in PdfReader(io.BytesIO(invoice_pdf_bytes(fresh(invoice)))).pages[0]
