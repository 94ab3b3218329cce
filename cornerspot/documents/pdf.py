"""HTML to PDF. The only file that knows WeasyPrint.

The bytes depend on the page only: it has its date in it, and no identifier is made
up, so that the same document printed twice is the same file. (An identifier would
also make WeasyPrint write everything twice.)
"""

from __future__ import annotations

import atexit
import gc
import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from mimetypes import guess_type
from queue import Empty, LifoQueue
from threading import Lock
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

import structlog
from markupsafe import escape
from weasyprint import CSS, HTML, cssselect2
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcherResponse

from cornerspot.documents.html import TEMPLATES

ASSETS = TEMPLATES / "pdf"
ELEMENTS = "elements.css"
OBJECTS_OF_A_PAGE = 100_000  # more than a page leaves behind, so that an ordinary invoice is not interrupted
_TABLE = {"table", "colgroup", "col", "thead", "tbody", "tr", "th", "td"}
BLOCKS = _TABLE | {"head", "title", "meta", "style", "body", "div", "section", "p", "h1", "h2", "hr"}
MOST_TOLD = 1000  # letters without a font; a process does not remember more of them
VARIANT = "pdf/ua-1"  # Tagged, with title and language: a screen reader reads rows and headers.

log = structlog.get_logger("cornerspot.documents")
logging.getLogger("fontTools").setLevel(logging.ERROR)


class _LettersWithoutFont(logging.Filter):
    """Of WeasyPrint's warnings, tells those about letters that no font has, each letter once.

    The others are about CSS that it ignores; ours is in the repository and looked at there.
    """

    def __init__(self) -> None:
        super().__init__()
        self._told: set[str] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno >= logging.ERROR:
            return True
        if str(record.msg).startswith(".notdef") and isinstance(record.args, tuple) and len(self._told) < MOST_TOLD:
            self._tell(str(record.args[0]))
        return False

    def _tell(self, letter: str) -> None:
        if letter in self._told:
            return
        self._told.add(letter)
        log.warning(
            "no font has a letter; it is printed as a box",
            letter=f"U+{ord(letter[0]):04X}",
            help="Install fonts-noto-core, fonts-noto-cjk and fonts-noto-color-emoji: bin/setup does.",
        )


logging.getLogger("weasyprint").addFilter(_LettersWithoutFont())


# What people may have typed and XML cannot hold, not even escaped (XML 1.0, 2.2).
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


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
    html: str, *, stylesheet: str, title: str, lang: str, paper: str = "A4", images: Mapping[str, Image] | None = None
) -> bytes:
    """The page as an accessible PDF.

    The page is well-formed XML made of the elements of ``elements.css``.
    ``stylesheet`` is a file of ``templates/pdf``, ``paper`` a size that CSS knows. The page has its own ``<title>``
    and ``lang``; both are asked for so that none forgets them. Raises RefusedAddress.
    """
    if f"<title>{escape(title)}</title>" not in html or f'lang="{lang}"' not in html:
        raise ValueError("An accessible PDF needs its title and language in the page.")
    with _press(stylesheet) as press, _patience:
        page = _Page(html, Assets(images or {}))
        return page.write_pdf(font_config=press.fonts, stylesheets=[press.style, _paper(paper)], pdf_variant=VARIANT)


class _Page(HTML):
    """A page read by the XML parser, ten times as fast as HTML, and drawn with our own few elements."""

    def __init__(self, html: str, assets: Assets) -> None:
        text = _NOT_XML.sub("\ufffd", html).lstrip()
        root = ElementTree.fromstring(text)  # noqa: S314 (our template; what people typed is escaped in it)
        _forget_blanks(root)
        self.base_url = "asset:"
        self.url_fetcher = assets
        self.media_type = "print"
        self.wrapper_element = cssselect2.ElementWrapper.from_html_root(root, content_language=None)
        self.etree_element = self.wrapper_element.etree_element

    def _ua_stylesheets(self, _: bool = False) -> list[CSS]:
        return [_elements()]


def _forget_blanks(root: ElementTree.Element) -> None:
    """No blanks are left around blocks: they are not seen, but WeasyPrint makes and drops a box for each."""
    for element in root.iter():
        if element.text and element.text.isspace() and len(element) and element[0].tag in BLOCKS:
            element.text = None
        if element.tail and element.tail.isspace() and element.tag in BLOCKS:
            element.tail = None


@cache
def _elements() -> CSS:
    return CSS(string=(ASSETS / ELEMENTS).read_text(), base_url="asset:", url_fetcher=Assets())


@cache
def _paper(size: str) -> CSS:
    return CSS(string=f"@page {{ size: {size} }}", base_url="asset:", url_fetcher=Assets())


@dataclass(frozen=True)
class _Press:
    """Fonts and a parsed style sheet, which take longer to load than a page takes to print."""

    fonts: FontConfiguration
    style: CSS


@cache
def _idle(_: str) -> LifoQueue[_Press]:
    return LifoQueue()


# Let go before Python unloads Pango: a font map that is let go afterwards ends the process with a fault.
atexit.register(_idle.cache_clear)


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


class _Patience:
    """Garbage is looked for seldom meanwhile, and once among what is new at the end.

    Nearly all that a page is made of stays until it is printed; looking through it
    every 700 objects takes a fifth of the time of a long one. Threads may overlap.
    """

    def __init__(self) -> None:
        self._threads, self._lock = 0, Lock()
        self._usual = gc.get_threshold()

    def __enter__(self) -> None:
        with self._lock:
            if not self._threads:
                self._usual = gc.get_threshold()
                gc.set_threshold(OBJECTS_OF_A_PAGE, *self._usual[1:])
            self._threads += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._threads -= 1
            if not self._threads:
                gc.set_threshold(*self._usual)
        gc.collect(0)


_patience = _Patience()
