"""Names and lines of invoices in the scripts of the world, and what a PDF really draws of them."""

from __future__ import annotations

import io
import re
import unicodedata
from dataclasses import dataclass
from typing import Any

from fontTools.pens.recordingPen import DecomposingRecordingPen
from fontTools.ttLib import TTFont
from pypdf import PdfReader

# A customer's name and a line of an invoice; digits and brackets are where letters from right to left turn them.
SCRIPTS = {
    "Arabic": ("شركة الأفق للتجارة", "استشارات تقنية، 3 أيام (رقم 42)"),
    "Hebrew": ("אופק מסחר בע״מ", "ייעוץ טכני, 3 ימים (מס׳ 42)"),
    "Simplified Chinese": ("上海地平线贸易有限公司", "技术咨询，三天"),
    "Traditional Chinese": ("臺灣地平線貿易股份有限公司", "技術諮詢，三天（第 42 號）"),
    "Japanese": ("株式会社ちへいせん商事", "技術コンサルティング、3日間「直・骨・角」"),
    "Korean": ("주식회사 지평선무역", "기술 컨설팅, 3일"),
    "Devanagari": ("क्षितिज व्यापार प्राइवेट लिमिटेड", "तकनीकी परामर्श, तीन दिन"),
    "Thai": ("บริษัท ขอบฟ้าการค้า จำกัด", "ที่ปรึกษาด้านเทคนิค สามวัน"),
    "Greek": ("Ορίζοντας Εμπορική ΑΕ", "Τεχνική υποστήριξη, τρεις ημέρες"),
    "Cyrillic": ("ООО «Горизонт Торг»", "Техническая консультация, три дня"),
    "Vietnamese": ("Công ty Chân Trời Việt", "Tư vấn kỹ thuật, ba ngày"),
    "Emoji": ("Horizon 🚀 Trading", "Party 🎉 for 3 👩🏽‍💻 from 🇯🇵 with ❤️"),
}
LONG_WORD = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
_FONT = re.compile(rb"/(\w+) [\d.]+ Tf")
_SHOWN = re.compile(rb"\[(?P<parts>[^\]]*)\]\s*TJ")
_MAPPED = re.compile(rb"<([0-9a-fA-F]{4})> <([0-9a-fA-F]+)>")


@dataclass(frozen=True)
class Glyph:
    """One drawn glyph: the letters that it stands for, and whether its font has a shape for it."""

    font: str
    letters: str
    has_shape: bool

    @property
    def is_missing(self) -> bool:
        """A box, or nothing, where a letter should be. Spaces, joiners and variation selectors have no shape."""
        return not self.has_shape and any(unicodedata.category(letter)[0] in "LNPS" for letter in self.letters)


def drawn_glyphs(content: bytes) -> list[Glyph]:
    """Every glyph that the pages of a PDF of ours draw, looked up in the fonts that are embedded in it."""
    glyphs = []
    for page in PdfReader(io.BytesIO(content)).pages:
        resources = page["/Resources"]
        pictures = set(resources.get("/XObject", {}))
        fonts = {
            name[1:]: _Embedded(name[1:], font.get_object(), pictures) for name, font in resources["/Font"].items()
        }
        current = None
        stream = page.get_contents().get_data()
        marks = [(match.start(), match) for pattern in (_FONT, _SHOWN) for match in pattern.finditer(stream)]
        for _, match in sorted(marks, key=lambda mark: mark[0]):
            if match.re is _FONT:
                current = fonts[match.group(1).decode()]
                continue
            for digits in re.findall(rb"<([0-9a-fA-F]+)>", match.group("parts")):
                codes = [int(digits[at : at + 4], 16) for at in range(0, len(digits), 4)]
                glyphs += [current.glyph(code) for code in codes]
    return glyphs


class _Embedded:
    """A font of a PDF, as WeasyPrint embeds it: its own glyph numbers are the codes, emoji are pictures beside it."""

    def __init__(self, key: str, font: Any, pictures: set[str]) -> None:
        self.key, self.pictures = key, pictures
        below = font["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()
        self.name = str(font["/BaseFont"]).partition("+")[2]
        self.program = TTFont(io.BytesIO((below.get("/FontFile2") or below["/FontFile3"]).get_object().get_data()))
        found = _MAPPED.findall(font["/ToUnicode"].get_object().get_data())
        self.letters = {int(code, 16): bytes.fromhex(text.decode()).decode("utf-16-be") for code, text in found}
        self.order, self.shapes = self.program.getGlyphOrder(), self.program.getGlyphSet()

    def glyph(self, code: int) -> Glyph:
        return Glyph(self.name, self.letters.get(code, ""), self._has_shape(code))

    def _has_shape(self, code: int) -> bool:
        if self.pictures & {f"/i{self.key}{code}{is_smooth}" for is_smooth in "01"}:
            return True
        name = self.order[code] if code < len(self.order) else ".notdef"
        if name == ".notdef":
            return False
        pen = DecomposingRecordingPen(self.shapes)
        self.shapes[name].draw(pen)
        return bool(pen.value)
