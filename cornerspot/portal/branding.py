"""How a team's portal is called and looks: title, greeting, accent, logo, favicon, sections."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import select

from cornerspot.billing.models import BillingSettings
from cornerspot.db import session
from cornerspot.kit.colours import Shades, dark_shades, light_shades
from cornerspot.mail.models import DEFAULT_ACCENT, MailSettings
from cornerspot.portal.models import PortalSettings
from cornerspot.tenancy import current_team

SECTIONS = ("home", "invoices", "payments", "subscriptions", "documents", "profile")


@dataclass(frozen=True)
class SectionLook:
    """How a section is called, where the team renamed it, and whether the team hides it."""

    label: str = ""
    hidden: bool = False


@dataclass(frozen=True)
class Branding:
    """What a portal shows of its team, with what is usual filled in.

    The logo is the portal's own, or the one that invoices print.
    """

    title: str
    greeting: str
    accent: str
    logo_file_id: UUID | None
    favicon_file_id: UUID | None
    sections: dict[str, SectionLook] = field(default_factory=dict)

    def section(self, key: str) -> SectionLook:
        """How the team wants the section; as usual when it said nothing."""
        return self.sections.get(key, SectionLook())

    @property
    def shades(self) -> Shades:
        """The accent on white, as in messages."""
        return light_shades(self.accent)

    @property
    def digest(self) -> str:
        """Changes when the stylesheet does, so that browsers may keep it."""
        return hashlib.sha256(stylesheet(self).encode()).hexdigest()[:10]


def branding() -> Branding:
    """The look of the team's portal: one statement."""
    row, invoice_logo, accent = _settings_logo_and_colour()
    if row is None:
        return Branding(current_team().name, "", accent, invoice_logo, None)
    return Branding(
        title=row.title or current_team().name,
        greeting=row.greeting,
        accent=accent,
        logo_file_id=row.logo_file_id or invoice_logo,
        favicon_file_id=row.favicon_file_id,
        sections={
            key: SectionLook(str(given.get("label", "")), bool(given.get("hidden")))
            for key, given in row.sections.items()
        },
    )


def _settings_logo_and_colour() -> tuple[PortalSettings | None, UUID | None, str]:
    """The row that the team saved, if it ever did, the logo that its invoices print, the colour of its mail."""
    row = session.execute(
        select(PortalSettings, BillingSettings.logo_file_id, MailSettings.accent)
        .select_from(BillingSettings)
        .outerjoin(PortalSettings, PortalSettings.tenant_id == BillingSettings.tenant_id)
        .outerjoin(MailSettings, MailSettings.tenant_id == BillingSettings.tenant_id)
    ).one()
    return row[0], row[1], row[2] or DEFAULT_ACCENT


def stylesheet(look: Branding) -> str:
    """The accent as the values that our styles read, for light and dark pages."""
    light = _block(':root,\n[data-bs-theme="light"]', light_shades(look.accent))
    return light + _block('[data-bs-theme="dark"]', dark_shades(look.accent))


def _block(selector: str, shades: Shades) -> str:
    return (
        f"{selector} {{\n"
        f"  --accent: {shades.accent};\n"
        f"  --accent-hover: {shades.hover};\n"
        f"  --accent-ink: {shades.ink};\n"
        f"  --accent-wash: {shades.wash};\n"
        f"  --on-accent: {shades.on_accent};\n"
        f"  --ring: {shades.ink};\n"
        "}\n"
    )
