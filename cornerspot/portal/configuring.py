"""Configuring the portal: how it is called, how it looks, which sections it shows."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import select

from cornerspot.activity.recording import record
from cornerspot.db import session
from cornerspot.db.locks import lock, lock_name
from cornerspot.db.versions import bump, require_version
from cornerspot.documents.files import store_file
from cornerspot.documents.pictures import PNG, UnusablePicture, clean_picture
from cornerspot.kit.errors import Invalid
from cornerspot.mail.configuring import choose_accent
from cornerspot.people.actors import Actor
from cornerspot.portal.branding import SECTIONS
from cornerspot.portal.inviting import require_portal_manager
from cornerspot.portal.models import PortalSettings
from cornerspot.tenancy import current_tenant_id

LONGEST_LABEL = 24
PICTURES = {"logo": "logo_file_id", "favicon": "favicon_file_id"}


@dataclass(frozen=True)
class PortalLook:
    """The look as it was entered; empty means as usual. ``sections`` holds label and ``hidden`` by key."""

    title: str = ""
    greeting: str = ""
    accent: str = ""
    sections: dict[str, dict[str, object]] = field(default_factory=dict)


def find_portal_settings() -> PortalSettings | None:
    """What the team saved about its portal, None while it saved nothing."""
    return session.scalars(select(PortalSettings)).one_or_none()


def update_portal_look(entered: PortalLook, *, seen: int, by: Actor) -> PortalSettings:
    """The portal looks like this from the next page on; raises Invalid naming the field, StaleVersion."""
    require_portal_manager(by)
    settings = _held_settings()
    require_version(settings, seen, {"title": entered.title, "greeting": entered.greeting})
    sections = {key: look for key, look in entered.sections.items() if look.get("label") or look.get("hidden")}
    _require_sections(sections)
    wanted = {"title": entered.title, "greeting": entered.greeting, "sections": sections}
    changed = [name for name, value in wanted.items() if getattr(settings, name) != value]
    for name in changed:
        setattr(settings, name, wanted[name])
    if choose_accent(entered.accent):
        changed.append("accent")
    if changed:
        bump(settings)
        record(settings, "edited", by=by, fields=changed)
    return settings


def set_portal_picture(kind: str, content: bytes, *, by: Actor) -> None:
    """The portal shows this picture as its ``logo`` or ``favicon``; raises Invalid."""
    require_portal_manager(by)
    try:
        picture = clean_picture(content)
    except UnusablePicture as error:
        raise Invalid("Use a PNG or JPEG picture up to 2 MB.", field="picture") from error
    settings = _held_settings()
    setattr(settings, PICTURES[kind], store_file(picture, PNG, f"{kind}.png").id)
    record(settings, "edited", by=by, fields=[kind])


def remove_portal_picture(kind: str, *, by: Actor) -> None:
    """The portal shows no favicon of its own, or the logo that invoices print."""
    require_portal_manager(by)
    settings = _held_settings()
    setattr(settings, PICTURES[kind], None)
    record(settings, "edited", by=by, fields=[kind])


def _held_settings() -> PortalSettings:
    """The team's row, held until the transaction ends; made when the first thing is saved."""
    lock_name(f"portal settings {current_tenant_id()}")
    settings = find_portal_settings()
    if settings is None:
        settings = PortalSettings(sections={})
        session.add(settings)
        session.flush()  # Others wait for the row and then find it.
    return lock(settings)


def _require_sections(sections: dict[str, dict[str, object]]) -> None:
    unknown = set(sections) - set(SECTIONS)
    if unknown:
        raise Invalid("There is no such section.")
    if any(len(str(look.get("label", ""))) > LONGEST_LABEL for look in sections.values()):
        raise Invalid(f"Use up to {LONGEST_LABEL} characters for the name of a section.")
    if sections.get("home", {}).get("hidden"):
        raise Invalid("The first page cannot be hidden; everybody arrives there.")
