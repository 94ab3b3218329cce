"""What a file is, read from its bytes and never from its name or from what a browser says of it."""

from __future__ import annotations

import io
import zipfile

UNKNOWN = "application/octet-stream"
PDF, PNG, JPEG, GIF, WEBP, TEXT = (
    "application/pdf",
    "image/png",
    "image/jpeg",
    "image/gif",
    "image/webp",
    "text/plain",
)
PICTURES = frozenset((PNG, JPEG, GIF, WEBP))  # Cannot carry scripts, whatever is in them.
_ZIP = "application/zip"
_OFFICE = "application/vnd.openxmlformats-officedocument"
_INSIDE = {
    "word/": f"{_OFFICE}.wordprocessingml.document",
    "xl/": f"{_OFFICE}.spreadsheetml.sheet",
    "ppt/": f"{_OFFICE}.presentationml.presentation",
}
_OPEN_DOCUMENTS = ("text", "spreadsheet", "presentation")
_BEGINNINGS = (
    (b"%PDF-", PDF),
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"\xff\xd8\xff", JPEG),
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
)
_LOOKED_AT = 64 * 1024


def media_type_of(content: bytes) -> str:
    """The media type of the bytes: of the kinds that offices exchange, ``application/octet-stream`` for all else.

    Text is plain text, also where it is HTML or SVG.
    """
    found = next((kind for beginning, kind in _BEGINNINGS if content.startswith(beginning)), None)
    if found is not None:
        return found
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return WEBP
    if content.startswith(b"PK\x03\x04"):
        return _kind_of_zip(content)
    return TEXT if _is_text(content[:_LOOKED_AT], is_cut=len(content) > _LOOKED_AT) else UNKNOWN


def _kind_of_zip(content: bytes) -> str:
    """Office files are archives whose entries say which they are; nothing is unpacked but a name of 64 bytes."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
            if "[Content_Types].xml" in names:
                kinds = (kind for inside, kind in _INSIDE.items() if any(name.startswith(inside) for name in names))
                return next(kinds, _ZIP)
            if names[:1] == ["mimetype"] and archive.getinfo("mimetype").file_size < 64:
                declared = archive.read("mimetype").decode("ascii", "replace")
                known = {f"application/vnd.oasis.opendocument.{kind}" for kind in _OPEN_DOCUMENTS}
                return declared if declared in known else _ZIP
    except (zipfile.BadZipFile, OSError, ValueError, RuntimeError, NotImplementedError):
        return UNKNOWN
    return _ZIP


def _is_text(beginning: bytes, *, is_cut: bool) -> bool:
    try:
        text = beginning.decode()
    except UnicodeDecodeError as error:
        if not is_cut or error.start < len(beginning) - 3:  # A letter may be cut at the end.
            return False
        text = beginning[: error.start].decode()
    return bool(text) and all(letter.isprintable() or letter in "\t\n\r\f" for letter in text.removeprefix("\ufeff"))
