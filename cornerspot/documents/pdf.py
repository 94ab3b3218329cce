"""HTML to PDF. The only file that knows WeasyPrint.

The bytes depend on the HTML only: identifier and date are given, so that the same
document printed twice is the same file.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from mimetypes import guess_type
from queue import Empty, LifoQueue
from urllib.parse import unquote, urlsplit

from markupsafe import escape
from weasyprint import CSS, HTML
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcherResponse

from cornerspot.documents.html import TEMPLATES

ASSETS = TEMPLATES / "pdf"
VARIANT = "pdf/ua-1"  # Tagged, with title and language: a screen reader reads rows and headers.

# Its warnings are about CSS it ignores; ours are in the repository and looked at there.
logging.getLogger("weasyprint").setLevel(logging.ERROR)
logging.getLogger("fontTools").setLevel(logging.ERROR)


class RefusedAddress(FatalURLFetchingError):
    """The page asked for something that is not one of our own assets."""


@dataclass(frozen=True)
class Image:
    """A picture handed over with the page, used in it as ``image:<name>``."""

    media_type: str
    content: bytes


@dataclass(frozen=True)
class Assets:
    """Opens files of ``templates/pdf`` (``asset:name``) and pictures handed over; refuses all else."""

    images: Mapping[str, Image] = field(default_factory=dict)

    def __call__(self, url: str) -> URLFetcherResponse:
        return self.fetch(url)

    def fetch(self, url: str, _: object = None) -> URLFetcherResponse:
        """The asset at this address; raises RefusedAddress, which stops the rendering."""
        parts = urlsplit(url)
        name = unquote(parts.path)
        if parts.scheme == "image" and name in self.images:
            image = self.images[name]
            return URLFetcherResponse(url, image.content, {"Content-Type": image.media_type})
        path = (ASSETS / name).resolve()
        if parts.scheme != "asset" or not path.is_relative_to(ASSETS) or not path.is_file():
            raise RefusedAddress(f"A document may not open {url!r}.")
        return URLFetcherResponse(url, path.read_bytes(), {"Content-Type": guess_type(name)[0] or "text/plain"})


def render_pdf(
    html: str, *, stylesheet: str, title: str, lang: str, images: Mapping[str, Image] | None = None
) -> bytes:
    """The page as an accessible PDF.

    ``stylesheet`` is a file of ``templates/pdf``. The page has its own ``<title>``
    and ``lang``; both are asked for so that none forgets them. Raises RefusedAddress.
    """
    if f"<title>{escape(title)}</title>" not in html or f'lang="{lang}"' not in html:
        raise ValueError("An accessible PDF needs its title and language in the page.")
    identifier = hashlib.sha256(html.encode()).digest()[:16]
    with _press(stylesheet) as press:
        page = HTML(string=html, base_url="asset:", url_fetcher=Assets(images or {}))
        return page.write_pdf(
            font_config=press.fonts,
            stylesheets=[press.style],
            pdf_variant=VARIANT,
            pdf_identifier=identifier,
        )


@dataclass(frozen=True)
class _Press:
    """Fonts and a parsed style sheet, which take longer to load than a page takes to print."""

    fonts: FontConfiguration
    style: CSS


@cache
def _idle(_: str) -> LifoQueue[_Press]:
    return LifoQueue()


@contextmanager
def _press(stylesheet: str) -> Iterator[_Press]:
    """A press that no other thread uses meanwhile: Pango's font maps are not made for sharing."""
    idle = _idle(stylesheet)
    try:
        press = idle.get_nowait()
    except Empty:
        press = _new_press(stylesheet)
    yield press
    idle.put(press)  # After an error the press is dropped instead.


def _new_press(stylesheet: str) -> _Press:
    fonts = FontConfiguration()
    text = (ASSETS / stylesheet).read_text()
    return _Press(fonts, CSS(string=text, base_url="asset:", url_fetcher=Assets(), font_config=fonts))
