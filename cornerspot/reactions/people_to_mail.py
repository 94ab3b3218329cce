"""Mail about people's own sign-ins, which belongs to no team."""

from __future__ import annotations

from cornerspot.jobs.registry import reaction
from cornerspot.mail.queueing import send_system_mail
from cornerspot.mail.rendering import render_mail
from cornerspot.people.events import PasswordResetAsked
from cornerspot.people.resetting import LASTS, begin_reset
from cornerspot.settings import current_settings


@reaction(PasswordResetAsked)
def send_reset_link(event: PasswordResetAsked) -> None:
    """The person with the address, if there is one, gets a link."""
    begun = begin_reset(event.email)
    if begun is None:
        return
    person, token = begun
    content = render_mail(
        "people_password_reset",
        name=person.name,
        email=person.email,
        link=f"{current_settings().external_url}/password/reset/{token}",
        minutes=int(LASTS.total_seconds() // 60),
    )
    send_system_mail(person.email, content.subject, content.text, content.html)
