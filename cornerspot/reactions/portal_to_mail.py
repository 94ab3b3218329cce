"""Mail about members' own sign-ins to a team's portal."""

from __future__ import annotations

from cornerspot.jobs.registry import reaction
from cornerspot.kit.secrets import digest
from cornerspot.mail.queueing import MessageAbout, Recipient, queue_message
from cornerspot.mail.rendering import render_mail
from cornerspot.portal.addresses import portal_address
from cornerspot.portal.branding import branding
from cornerspot.portal.events import PortalPasswordResetAsked, PortalSignInLinkAsked
from cornerspot.portal.links import LASTS, begin_link
from cornerspot.portal.models import LinkPurpose
from cornerspot.tenancy import current_team


@reaction(PortalSignInLinkAsked)
def send_sign_in_link(event: PortalSignInLinkAsked) -> None:
    """The member with the address, if there is one, gets a link to sign in with."""
    _send(event.email, LinkPurpose.SIGN_IN, path="/sign-in/links")


@reaction(PortalPasswordResetAsked)
def send_portal_reset_link(event: PortalPasswordResetAsked) -> None:
    """The member with the address, if there is one, gets a link to set a new password."""
    _send(event.email, LinkPurpose.PASSWORD_RESET, path="/password/reset")


def _send(email: str, purpose: LinkPurpose, *, path: str) -> None:
    begun = begin_link(email, purpose)
    if begun is None:
        return
    user, token = begun
    look = branding()
    content = render_mail(
        f"portal_{purpose}",
        team=current_team().name,
        portal=look.title,
        accent=look.shades.accent,
        on_accent=look.shades.on_accent,
        name=user.name,
        email=user.email,
        link=portal_address(f"{path}/{token}"),
        minutes=int(LASTS[purpose].total_seconds() // 60),
    )
    queue_message(
        Recipient(user.email, user.name),
        content,
        purpose=f"portal_{purpose}",
        dedupe_key=f"portal link {digest(token)}",
        about=MessageAbout("portal_user", user.id),
    )
