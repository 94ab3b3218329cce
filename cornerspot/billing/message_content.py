"""A message to a customer as it is sent: plain text, and a page in the team's name, logo and colour."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from cornerspot.billing.message_facts import NO_LINK, Link
from cornerspot.billing.message_templates import fill
from cornerspot.billing.settings import billing_settings
from cornerspot.db import session
from cornerspot.mail.configuring import mail_settings
from cornerspot.mail.queueing import Content
from cornerspot.mail.rendering import render_mail
from cornerspot.tenancy import current_team, current_tenant_id
from cornerspot.tenancy.models import Team

_URL = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)]")


@dataclass(frozen=True)
class MessageRow:
    """A line of the box below the text: what it is, how much, and where to see it."""

    label: str
    note: str
    amount: str
    link: Link = NO_LINK


def write_message(subject: str, text: str, facts: Mapping[str, str], rows: Sequence[MessageRow]) -> Content:
    """The message with its placeholders replaced, as text and as a page.

    A single row gets a button; of several each has its own link.
    """
    team = session.get_one(Team, current_tenant_id())
    settings, logo_file_id = mail_settings(), billing_settings().logo_file_id
    body = fill(text, facts).strip()
    content = render_mail(
        "invoice_message",
        title=" ".join(fill(subject, facts).split()),
        body=body,
        paragraphs=_paragraphs(body),
        rows=rows,
        links=[row for row in rows if row.link.url and row.link.url not in body],
        team=current_team().name,
        address=" · ".join(filter(None, (team.legal_name or team.name, *team.street.splitlines(), _place(team)))),
        has_logo=logo_file_id is not None,
        accent=settings.accent,
        accent_text=readable_on(settings.accent),
    )
    return Content(content.subject, content.text, content.html, logo_file_id=logo_file_id)


def readable_on(colour: str) -> str:
    """White or black, whichever has more contrast: 4.5 to 1 on any colour (WCAG 2.2, 1.4.3)."""
    parts = (int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return "#ffffff" if 1.05 / (luminance + 0.05) >= (luminance + 0.05) / 0.05 else "#000000"


def _place(team: Team) -> str:
    return f"{team.postal_code} {team.city}".strip()


def _paragraphs(body: str) -> list[Markup]:
    """The text as safe markup: one paragraph for each block, its addresses as links."""
    blocks = re.split(r"\n\s*\n", body.replace("\r\n", "\n"))
    return [Markup("<br>").join(map(_linked, block.split("\n"))) for block in blocks if block.strip()]


def _linked(line: str) -> Markup:
    parts, end = [], 0
    for match in _URL.finditer(line):
        parts.append(escape(line[end : match.start()]))
        parts.append(Markup('<a href="{0}" style="color:inherit;word-break:break-all">{0}</a>').format(match[0]))
        end = match.end()
    return Markup("").join([*parts, escape(line[end:])])
