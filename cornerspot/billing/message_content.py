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
from cornerspot.kit.colours import light_shades
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
    shades, logo_file_id = light_shades(mail_settings().accent), billing_settings().logo_file_id
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
        accent=shades.accent,
        on_accent=shades.on_accent,
    )
    return Content(content.subject, content.text, content.html, logo_file_id=logo_file_id)


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
