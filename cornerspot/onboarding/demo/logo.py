"""The logo of Nordlicht Studio: a northern star beside its name."""

from __future__ import annotations

import io
from math import cos, pi, sin

from PIL import Image, ImageDraw, ImageFont

from cornerspot.documents.html import TEMPLATES

BLUE, INK, PAPER = "#1f4fd8", "#16203a", "#ffffff"
FONT = TEMPLATES / "pdf" / "fonts" / "Inter-semibold.ttf"
CENTRE, REACH, WAIST = 170, 128, 34  # pixels: the star's middle, its points, its inner corners


def draw_logo() -> bytes:
    """A PNG of 1180 × 340 pixels, the same each time."""
    picture = Image.new("RGBA", (1180, 340), (255, 255, 255, 0))
    pen = ImageDraw.Draw(picture)
    pen.ellipse((10, 10, 330, 330), fill=BLUE)
    pen.polygon([_corner(index) for index in range(8)], fill=PAPER)
    pen.text((390, CENTRE), "Nordlicht", font=ImageFont.truetype(FONT, 168), fill=INK, anchor="lm")
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def _corner(index: int) -> tuple[float, float]:
    """The corners of a star with four points, clockwise from the top."""
    away, turn = (WAIST if index % 2 else REACH), index * pi / 4
    return CENTRE + away * sin(turn), CENTRE - away * cos(turn)
