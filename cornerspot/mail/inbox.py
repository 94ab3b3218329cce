"""Reading the development inbox: what the installation would have sent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urlsplit

import nh3

from cornerspot.kit.errors import NotFound
from cornerspot.kit.ids import decode_public_id
from cornerspot.mail.catcher import run_catcher
from cornerspot.settings import Settings

PREFIX = "mail"
SHOWN = 200
_TAGS = {
    "a", "b", "blockquote", "br", "code", "div", "em", "h1", "h2", "h3", "hr", "i", "li", "ol", "p",
    "pre", "small", "span", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip


@dataclass(frozen=True)
class InboxFile:
    """A file that came with a message."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True)
class InboxMessage:
    """A message as it arrived. ``html`` is safe to show; ``id`` names its file."""

    id: str
    sender: str
    recipient: str
    reply_to: str
    subject: str
    sent_at: datetime
    text: str
    html: str
    files: tuple[InboxFile, ...]


def run_inbox(settings: Settings) -> None:
    """Take the installation's own mail until stopped, at the address that SMTP_URL names."""
    url = urlsplit(settings.smtp_url)
    run_catcher(url.hostname or "127.0.0.1", url.port or 25, inbox_folder(settings))


def inbox_folder(settings: Settings) -> Path:
    """Where the messages lie."""
    return settings.data_dir / "inbox"


def list_inbox(folder: Path, limit: int = SHOWN) -> list[InboxMessage]:
    """The newest messages, newest first."""
    paths = sorted(folder.glob(f"{PREFIX}_*.eml"), reverse=True)  # Ids sort by time.
    return [_read(path) for path in paths[:limit]]


def read_inbox(folder: Path, message_id: str) -> InboxMessage:
    """One message; raises NotFound."""
    try:
        decode_public_id(PREFIX, message_id)  # Nothing else can be in a file's name.
        return _read(folder / f"{message_id}.eml")
    except (ValueError, FileNotFoundError):
        raise NotFound("There is no such message.") from None


def _read(path: Path) -> InboxMessage:
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    html = _body(message, "html")
    return InboxMessage(
        id=path.stem,
        sender=str(message.get("From", "")),
        recipient=str(message.get("To", "")),
        reply_to=str(message.get("Reply-To", "")),
        subject=str(message.get("Subject", "")) or "(no subject)",
        sent_at=_date(message, path),
        text=_body(message, "plain"),
        html=nh3.clean(html, tags=_TAGS, attributes={"a": {"href"}}, url_schemes={"http", "https", "mailto"}),
        files=tuple(_files(message)),
    )


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    return str(part.get_content()) if part is not None else ""


def _date(message: EmailMessage, path: Path) -> datetime:
    try:
        return parsedate_to_datetime(str(message["Date"])).astimezone(UTC)
    except (TypeError, ValueError):
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)


def _files(message: EmailMessage) -> Iterator[InboxFile]:
    for part in message.iter_attachments():
        content = part.get_payload(decode=True)
        if isinstance(content, bytes):
            yield InboxFile(part.get_filename() or "attachment", part.get_content_type(), content)
