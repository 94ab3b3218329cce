"""The scripts of the world on paper: every letter has a shape, reads in its own direction, and fits its place."""

from __future__ import annotations

import io
import logging
import subprocess
import sys
import unicodedata
from datetime import date
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest
import structlog
from pypdf import PdfReader
from structlog.testing import LogCapture

from cornerspot.billing.document import DocumentLine, DocumentTax, DocumentTexts, InvoiceDocument
from cornerspot.billing.party import Party
from cornerspot.billing.rendering import document_html, document_pdf
from cornerspot.documents import pdf
from cornerspot.documents.html import isolated, lettering
from tests.factories.scripts import LONG_WORD, SCRIPTS, drawn_glyphs

PACKAGES = "bin/setup installs the fonts: fonts-noto-core, fonts-noto-cjk and fonts-noto-color-emoji"


def document(name: str, line: str, *, locale: str = "en", unit: str = "", tax: str = "VAT") -> InvoiceDocument:
    """An invoice to a customer of this name over three of this line."""
    return InvoiceDocument(
        invoice_id=UUID(int=1),
        status="open",
        number="INV-000042",
        currency="EUR",
        locale=locale,
        paper="A4",
        issued_on=date(2026, 11, 21),
        due_on=date(2026, 12, 21),
        terms_days=30,
        purchase_order="PO 4711",
        seller=Party("Muster & Söhne GmbH", "Muster", ("Ring 1", "1010 Wien"), "ATU12345678", "hello@muster.example"),
        logo_file_id=None,
        customer=Party(name, name, (line,), "", ""),
        lines=(DocumentLine(line, Decimal(3), unit, Decimal(100), (Decimal(19),), (), 30000, 0, 30000),),
        discounts=(),
        taxes=(DocumentTax(tax, Decimal(19), 30000, 5700),),
        prices_include_tax=False,
        subtotal_minor=30000,
        line_discount_minor=0,
        tax_minor=5700,
        total_minor=35700,
        paid_minor=0,
        balance_minor=35700,
        texts=DocumentTexts(notes=f"{name}\n{line}", terms="", payment_instructions="", footer=name),
    )


@pytest.mark.parametrize("locale", ["en", "ar"])
@pytest.mark.parametrize("script", SCRIPTS)
def test_every_letter_has_a_shape_in_a_font_that_the_pdf_carries(script, locale):
    name, line = SCRIPTS[script]
    glyphs = drawn_glyphs(document_pdf(document(name, line, locale=locale)))
    assert [glyph for glyph in glyphs if glyph.is_missing] == [], PACKAGES
    drawn = {letter for glyph in glyphs for letter in unicodedata.normalize("NFKD", glyph.letters)}
    wanted = {
        letter for letter in unicodedata.normalize("NFKD", name + line) if unicodedata.category(letter)[0] in "LN"
    }
    assert wanted - drawn == set()


def test_a_letter_that_no_font_has_is_noticed_and_told(monkeypatch):
    told = LogCapture()
    (once,) = (one for one in logging.getLogger("weasyprint").filters if hasattr(one, "_told"))
    monkeypatch.setattr(once, "_told", set())  # Whatever other tests printed.
    monkeypatch.setattr(pdf, "log", structlog.wrap_logger(None, processors=[told], wrapper_class=structlog.BoundLogger))
    content = document_pdf(document("Acme", "Nobody draws \U0010fffd"))
    document_pdf(document("Acme", "Nor again \U0010fffd"))
    assert "\U0010fffd" in [glyph.letters for glyph in drawn_glyphs(content) if not glyph.has_shape]
    assert [(entry["letter"], "fonts-noto-core" in entry["help"]) for entry in told.entries] == [("U+10FFFD", True)]


@pytest.mark.parametrize(
    ("text", "font"),
    [
        (SCRIPTS["Japanese"][1], "Noto-Sans-CJK-JP"),
        (SCRIPTS["Korean"][1], "Noto-Sans-CJK-KR"),
        (SCRIPTS["Simplified Chinese"][1], "Noto-Sans-CJK-SC"),
    ],
)
def test_han_letters_have_the_forms_of_their_language(text, font):
    fonts = {glyph.font for glyph in drawn_glyphs(document_pdf(document("Acme", text)))}
    assert {one for one in fonts if "CJK" in one} == {font}


@pytest.mark.parametrize(
    ("locale", "font"), [("ja", "JP"), ("ko", "KR"), ("zh_TW", "TC"), ("zh_HK", "TC"), ("zh", "SC")]
)
def test_han_letters_alone_have_the_forms_of_the_teams_language(locale, font):
    glyphs = drawn_glyphs(document_pdf(document("直骨角", "直骨角", locale=locale)))
    fonts = {glyph.font.removesuffix("-Bold") for glyph in glyphs if glyph.letters == "骨"}
    assert fonts == {f"Noto-Sans-CJK-{font}"}


@pytest.mark.parametrize("locale", ["en", "ar"])
@pytest.mark.parametrize("script", ["Arabic", "Hebrew"])
def test_amounts_keep_their_order_beside_letters_from_right_to_left(script, locale):
    """The order in which the signs stand on the paper, from left to right."""
    name, line = SCRIPTS[script]
    text = rows_by_sight(
        document_pdf(document(name, line, locale=locale, unit=name.split()[0], tax=f"VAT {name.split()[0]}"))
    )
    label = next(row for row in text if "on" in row and "19%" in row)
    assert "19%" in label
    assert ("€300.00" if locale == "en" else "€ 300.00") in label.replace("\xa0", " ")
    assert any("€357.00" in row or "€ 357.00" in row.replace("\xa0", " ") for row in text)


def rows_by_sight(content: bytes) -> list[str]:
    """The rows of text as they stand on the paper, each read from left to right."""
    rows: dict[float, list[tuple[float, str]]] = {}

    def visit(text, _cm, tm, _font, _size):
        if text.strip():
            rows.setdefault(round(tm[5]), []).append((tm[4], text))

    for page in PdfReader(io.BytesIO(content)).pages:
        page.extract_text(visitor_text=visit)
    return ["".join(text for _, text in sorted(row)) for row in rows.values()]


def test_very_long_words_break_within_their_column():
    words = LONG_WORD * 2 + " " + "W" * 150
    rows = rows_by_sight(document_pdf(document(words, words)))
    assert sum(row.count("W") for row in rows) > 300
    assert max(row.count("W") for row in rows) < 120  # Two columns may stand in a row.


def test_text_from_right_to_left_is_kept_apart_and_other_text_left_alone():
    assert isolated("Acme\nLtd") == "Acme\nLtd"
    assert isolated("شركة\n\nLtd") == "\u2068شركة\u2069\n\n\u2068Ltd\u2069"
    assert isolated("PO 1", always=True) == "\u2068PO 1\u2069"
    assert "\u2068" not in document_html(document("Acme", "Work")).replace("\u2068\u200e€300.00", "")


@pytest.mark.parametrize(
    ("text", "classes"), [("Acme", "ltr"), ("שלום カナ", "rtl jp"), ("24 한", "ltr kr"), ("骨", "ltr")]
)
def test_a_text_says_how_it_is_lettered(text, classes):
    assert lettering(text) == classes


def test_a_process_that_has_printed_ends_without_a_fault():
    """What Pango was kept for the next page is let go before Python unloads it."""
    code = f"from {__name__} import document, document_pdf; document_pdf(document('Acme', 'Line'))"
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
