"""Pictures that people upload: opened, judged and drawn anew. With the demo's pen, all that knows Pillow."""

from __future__ import annotations

import io
import struct
import zlib

from PIL import Image, ImageOps

PNG = "image/png"
LARGEST_BYTES = 2 * 1024 * 1024
LONGEST_SIDE = 6000  # pixels, as uploaded
MOST_PIXELS = 24_000_000  # An uploaded picture takes four bytes of memory for each while it is drawn anew.
KEPT_SIDE = 1200  # pixels, as kept

# What Pillow raises for files that are damaged, cut off, or made to harm it.
_UNREADABLE = (
    OSError,
    SyntaxError,
    ValueError,
    ArithmeticError,
    LookupError,
    EOFError,
    TypeError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)


class UnusablePicture(ValueError):
    """The bytes are not a PNG or JPEG picture, or a larger one than is taken."""


def clean_picture(content: bytes) -> bytes:
    """The picture as a PNG of at most 1200 pixels a side, with nothing in it but what is seen.

    What it is is read from the bytes, never from a name. Its size is judged before a
    pixel is unpacked. Raises UnusablePicture.
    """
    if len(content) > LARGEST_BYTES:
        raise UnusablePicture("more bytes than are taken")
    try:
        with _opened(content) as looked_at:
            _require_size(looked_at)
            looked_at.verify()  # WeasyPrint makes Pillow take cut-off files; this does not. It leaves nothing to draw.
        with _opened(content) as opened:
            return _drawn_anew(opened)
    except UnusablePicture:
        raise
    except _UNREADABLE as error:
        raise UnusablePicture("not a readable PNG or JPEG") from error


def _opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content), formats=("PNG", "JPEG"))


def _require_size(picture: Image.Image) -> None:
    if max(picture.size) > LONGEST_SIDE or picture.width * picture.height > MOST_PIXELS:
        raise UnusablePicture("more pixels than are taken")


def _drawn_anew(opened: Image.Image) -> bytes:
    upright = ImageOps.exif_transpose(opened)
    if upright.mode.startswith("I"):
        upright = upright.convert("L")  # Sixteen bits of grey have no direct way to colours.
    drawn = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    drawn.thumbnail((KEPT_SIDE, KEPT_SIDE))
    drawn.info.clear()  # Profiles and texts would be written along.
    out = io.BytesIO()
    drawn.save(out, "PNG", optimize=True)
    return out.getvalue()
