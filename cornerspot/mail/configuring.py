"""Configuring: under which name and colour a team's mail goes out, and where answers go."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import select

from cornerspot.activity.recording import Author, record
from cornerspot.db import session
from cornerspot.db.locks import lock_name
from cornerspot.db.versions import bump, require_version
from cornerspot.kit.colours import is_colour
from cornerspot.kit.errors import Invalid
from cornerspot.mail.addresses import address, one_line
from cornerspot.mail.models import DEFAULT_ACCENT, MailSettings
from cornerspot.tenancy import current_tenant_id

LONGEST_NAME = 80


@dataclass(frozen=True)
class MailSettingsInput:
    """The settings as they were entered."""

    sender_name: str = ""
    reply_to: str = ""
    accent: str = DEFAULT_ACCENT


def mail_settings() -> MailSettings:
    """The team's settings; unsaved ones with nothing in them while there are none."""
    return session.scalars(select(MailSettings)).one_or_none() or MailSettings(**asdict(MailSettingsInput()), version=0)


def update_mail_settings(entered: MailSettingsInput, *, seen: int | None, by: Author) -> MailSettings:
    """Mail that is written from now on has this name, colour and answer address; flushed.

    Raises Invalid naming the field, StaleVersion.
    """
    lock_name(f"mail settings {current_tenant_id()}")
    wanted = MailSettingsInput(one_line(entered.sender_name), entered.reply_to.strip(), _good_accent(entered.accent))
    if len(wanted.sender_name) > LONGEST_NAME:
        raise Invalid(f"Use up to {LONGEST_NAME} characters.", field="sender_name")
    if wanted.reply_to:
        _require_address(wanted.reply_to)
    settings = mail_settings()
    require_version(settings, seen, asdict(wanted))
    for name, value in asdict(wanted).items():
        setattr(settings, name, value)
    bump(settings)
    session.add(settings)
    record(settings, "edited", by=by)
    session.flush()
    return settings


def choose_accent(accent: str) -> bool:
    """The team's colour is this, in mail that is written from now on and in its portal: whether it was another.

    Raises Invalid.
    """
    lock_name(f"mail settings {current_tenant_id()}")
    settings = mail_settings()
    wanted = _good_accent(accent)
    if settings.accent == wanted:
        return False
    settings.accent = wanted
    bump(settings)
    session.add(settings)
    session.flush()
    return True


def _good_accent(accent: str) -> str:
    good = accent.strip().lower() or DEFAULT_ACCENT
    if not is_colour(good):
        raise Invalid(f"Enter a colour such as {DEFAULT_ACCENT}.", field="accent")
    return good


def _require_address(reply_to: str) -> None:
    try:
        address(reply_to)
    except Invalid as error:
        raise Invalid(error.message, field="reply_to") from error
