"""What every page of the portal knows: its look, who is signed in, the sections."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from flask import current_app, g, request, url_for

from cornerspot.blueprints.portal.blueprint import blueprint
from cornerspot.blueprints.support.context import request_entitlements
from cornerspot.blueprints.support.members import current_member_or_none
from cornerspot.plans.features import Feature
from cornerspot.portal.branding import Branding, branding
from cornerspot.portal.sessions import Member, touch_sign_in
from cornerspot.tenancy.http import is_portal_request


@dataclass(frozen=True)
class Section:
    """A part of the portal: its usual name, its first page, and which pages belong to it."""

    key: str
    label: str
    icon: str
    endpoint: str
    covers: tuple[str, ...] = ()


@dataclass(frozen=True)
class ShownSection:
    """A section as this team calls it."""

    label: str
    icon: str
    href: str
    is_current: bool


SECTIONS = (
    Section("home", "Home", "home", "portal.home_index"),
    Section("invoices", "Invoices", "file-invoice", "portal.invoices_index", ("portal.invoice",)),
    Section(
        "payments",
        "Payments",
        "credit-card",
        "portal.payments_index",
        ("portal.payment", "portal.receipt", "portal.credit", "portal.statement"),
    ),
    Section("subscriptions", "Subscriptions", "refresh", "portal.subscriptions_index", ("portal.subscription",)),
    Section("documents", "Documents", "folder", "portal.documents_index", ("portal.document",)),
    Section("profile", "Profile", "user", "portal.profile_show", ("portal.profile", "portal.password", "portal.sess")),
)


class PortalShell:
    """The frame of a page; each part is read when the page first asks for it."""

    @cached_property
    def look(self) -> Branding:
        return branding()

    @cached_property
    def member(self) -> Member | None:
        return current_member_or_none()

    @cached_property
    def sections(self) -> list[ShownSection]:
        """The sections that exist and that the team does not hide."""
        if self.member is None or self.member.account is None:
            return []
        return [self._shown(section) for section in SECTIONS if self._exists(section)]

    @property
    def theme_href(self) -> str:
        return url_for("portal.theme_show", v=self.look.digest)

    @property
    def logo_href(self) -> str | None:
        return url_for("portal.logo_show", v=self.look.logo_file_id) if self.look.logo_file_id else None

    @property
    def favicon_href(self) -> str | None:
        return url_for("portal.favicon_show", v=self.look.favicon_file_id) if self.look.favicon_file_id else None

    @property
    def home_href(self) -> str:
        return url_for("portal.home_index")

    def label(self, key: str) -> str:
        """What this team calls a section."""
        usual = next(section.label for section in SECTIONS if section.key == key)
        return self.look.section(key).label or usual

    def _exists(self, section: Section) -> bool:
        return section.endpoint in current_app.view_functions and not self.look.section(section.key).hidden

    def _shown(self, section: Section) -> ShownSection:
        here = request.endpoint or ""
        is_current = here == section.endpoint or here.startswith(section.covers or (section.endpoint,))
        return ShownSection(self.label(section.key), section.icon, url_for(section.endpoint), is_current)


@blueprint.app_context_processor
def portal_shell() -> dict[str, Any]:
    """``portal`` for the pages below the portal's address, errors among them."""
    if not is_portal_request():
        return {}
    if "portal_shell" not in g:
        g.portal_shell = PortalShell()
    return {"portal": g.portal_shell}


@blueprint.before_request
def require_portal() -> None:
    """Nobody comes in, not even to sign in, where the team has no portal; raises FeatureMissing."""
    if not (request.endpoint or "").endswith(("theme_show", "logo_show", "favicon_show")):
        request_entitlements().require(Feature.PORTAL)


@blueprint.before_request
def note_presence() -> None:
    """Whoever changes something was here just now; reading a page writes nothing."""
    member = current_member_or_none() if request.method == "POST" else None
    if member is not None:
        touch_sign_in(member.sign_in)
