"""Pictures as people upload them, and files that only claim to be one."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

from PIL import Image

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><rect width="9" height="9"/></svg>'


def picture(form: str = "PNG", size: tuple[int, int] = (300, 120), mode: str = "RGB", **options: Any) -> bytes:
    """A picture of one colour in a file form that Pillow writes."""
    out = io.BytesIO()
    Image.new(mode, size, color=1 if mode == "P" else "teal" if mode.startswith("RGB") else 90).save(
        out, form, **options
    )
    return out.getvalue()


def png_that_claims(width: int, height: int) -> bytes:
    """A small PNG file whose head promises a picture of this size."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", head)
        + _chunk(b"IDAT", zlib.compress(bytes(5_000_000)))
        + _chunk(b"IEND")
    )


def _chunk(kind: bytes, content: bytes = b"") -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
