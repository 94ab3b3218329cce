"""Codes that a phone's camera reads off paper."""

from __future__ import annotations

from io import BytesIO

import segno

from cornerspot.documents.pdf import Image


def qr_code(text: str) -> Image:
    """The text as a QR code (ISO/IEC 18004) that a fold or a spot of coffee does not spoil; same text, same bytes."""
    picture = BytesIO()
    segno.make(text, error="m", micro=False).save(picture, kind="png", scale=4, border=0)
    return Image("image/png", picture.getvalue())
