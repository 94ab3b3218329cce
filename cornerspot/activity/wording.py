"""What a timeline says about an event: one sentence, an icon and a colour.

A sentence is a template over the event's data; a part in brackets disappears when
one of its facts is missing. An event without a sentence of its own is shown by its
name, so that a new one is never invisible.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from babel import Locale

from cornerspot.activity.models import ActivityEntry
from cornerspot.kit.money import Money
from cornerspot.kit.money_text import format_money

Sentence = tuple[str, str, str]

DEAL: dict[str, Sentence] = {
    "created": ("Deal created[ in {stage}]", "plus", "blue"),
    "edited": ("Deal edited", "pencil", "grey"),
    "moved": ("Moved from {from} to {to}", "arrow-right", "blue"),
    "won": ("Won, moved from {from} to {to}", "trophy", "green"),
    "lost": ("Lost, moved from {from} to {to}[: {reason}]", "circle-x", "red"),
    "reopened": ("Reopened, moved from {from} to {to}", "rotate", "amber"),
    "converted": ("Converted[ into invoice {number}]", "file-invoice", "green"),
    "conversion_undone": ("Conversion undone, its lines can be billed again", "arrow-back-up", "amber"),
    "invoice_created": ("Invoice drafted", "file-invoice", "blue"),
}
INVOICE: dict[str, Sentence] = {
    "created": ("Draft created", "file-plus", "grey"),
    "drafted": ("Draft created", "file-plus", "grey"),
    "edited": ("Draft edited", "pencil", "grey"),
    "duplicated": ("Duplicated", "copy", "grey"),
    "finalized": ("Finalized[ as {number}]", "lock", "blue"),
    "marked_as_sent": ("Marked as sent", "send", "azure"),
    "written_off": ("Marked uncollectible[: {reason}]", "file-off", "dark"),
    "reopened": ("Reopened[: {reason}]", "rotate", "amber"),
    "sent": ("Sent[ to {to}]", "send", "azure"),
    "viewed": ("Viewed", "eye", "azure"),
    "pay_link_issued": ("New pay link made", "link", "grey"),
    "pay_link_revoked": ("Pay link revoked", "link-off", "grey"),
    "voided": ("Voided[: {reason}]", "ban", "dark"),
    "cancelled": ("Cancelled[: {reason}]", "x", "dark"),
    "payment_recorded": ("Payment[ of {amount}] recorded", "cash", "green"),
    "payment_undone": ("Payment[ of {amount}] undone[: {reason}]", "arrow-back-up", "amber"),
    "payment_processing": ("Bank payment[ of {amount}] started[, {method}]", "clock", "violet"),
    "payment_received": ("Payment[ of {amount}] received[, {method}]", "cash", "green"),
    "payment_failed": ("Payment[ of {amount}] failed[: {reason}]", "alert-triangle", "red"),
    "refund_requested": ("Refund[ of {amount}] asked for[: {reason}]", "receipt-refund", "grey"),
    "refunded": ("Refunded[ {amount}][: {reason}]", "receipt-refund", "amber"),
    "refund_failed": ("Refund[ of {amount}] failed[: {reason}]", "alert-triangle", "red"),
    "credit_applied": ("Credit[ of {amount}] applied", "wallet", "green"),
    "disputed": ("Disputed by the customer's bank[: {reason}]", "gavel", "red"),
    "dispute_withdrawn": ("Dispute took[ {amount}] back", "arrow-back-up", "red"),
    "dispute_reinstated": ("Dispute gave[ {amount}] back", "circle-check", "green"),
    "dispute_closed": ("Dispute {outcome}", "gavel", "grey"),
    "paid": ("Paid in full", "circle-check", "green"),
    "reminded": ("Reminder sent[ to {to}]", "bell", "azure"),
    "not_delivered": ("Not delivered[ to {to}][: {reason}]", "mail-x", "red"),
    "withdrawn": ("Message[ to {to}] not sent[: {reason}]", "mail-off", "grey"),
}
ACCOUNT: dict[str, Sentence] = {
    "document_shared": ("Document shared in the portal: {title}", "upload", "blue"),
    "created": ("Account created", "plus", "blue"),
    "edited": ("Account edited", "pencil", "grey"),
    "contact_added": ("Contact {contact} added", "user-plus", "blue"),
}
CONTACT: dict[str, Sentence] = {
    "created": ("Contact created", "plus", "blue"),
    "edited": ("Contact edited", "pencil", "grey"),
}
PORTAL_USER: dict[str, Sentence] = {
    "invited": ("Invited[ at {email}]", "mail", "blue"),
    "invitation_sent_again": ("Invitation sent again[ to {email}]", "mail-forward", "azure"),
    "invitation_link_copied": ("Invitation link copied", "link", "azure"),
    "accepted": ("Accepted the invitation", "user-check", "green"),
    "access_given": ("May see {account}", "building", "blue"),
    "access_withdrawn": ("May see {account} no longer", "building", "amber"),
    "suspended": ("Suspended", "ban", "amber"),
    "reactivated": ("Reactivated", "rotate", "green"),
    "revoked": ("Access revoked", "user-off", "red"),
    "password_reset": ("Set a new password by e-mail", "key", "grey"),
    "password_changed": ("Changed the password", "key", "grey"),
}
ANY: dict[str, Sentence] = {
    "portal_user_deleted": ("Portal user {person} deleted", "user-off", "red"),
    "created": ("Created", "plus", "blue"),
    "edited": ("Edited", "pencil", "grey"),
    "archived": ("Archived", "archive", "grey"),
    "deleted": ("Moved to the Trash", "trash", "red"),
    "restored": ("Restored", "rotate", "green"),
    "purged": ("Deleted for good", "trash", "red"),
}
BY_SUBJECT = {"deal": DEAL, "invoice": INVOICE, "account": ACCOUNT, "contact": CONTACT, "portal_user": PORTAL_USER}
FIELD_WORDS = {
    "account_id": "account",
    "contact_id": "contact",
    "owner_id": "owner",
    "expected_close_on": "expected close date",
    "total_minor": "total",
    "value_minor": "value",
    "terms_days": "payment terms",
    "prices_include_tax": "prices include tax",
    "locale": "language",
}


@dataclass(frozen=True)
class Wording:
    """An event as a timeline shows it."""

    text: str
    icon: str
    tone: str
    body: str = ""


def wording(entry: ActivityEntry, locale: Locale | str) -> Wording:
    """How a timeline shows this event."""
    known = BY_SUBJECT.get(entry.subject_type, {})
    fallback = (entry.event.replace("_", " ").capitalize(), "point", "grey")
    template, icon, tone = known.get(entry.event) or ANY.get(entry.event) or fallback
    facts = _facts(entry.data, locale)
    return Wording(_fill(template, facts), icon, tone, _details(entry.data, locale))


def _facts(data: dict[str, Any], locale: Locale | str) -> dict[str, str]:
    """The data as text; ``amount`` from minor units and their currency."""
    facts = {key: str(value) for key, value in data.items() if value not in (None, "", [], {})}
    for key in ("amount_minor", "total_minor"):
        if key in data and data.get("currency"):
            facts[key.removesuffix("_minor")] = _money(data[key], data["currency"], locale)
    return facts


def _details(data: dict[str, Any], locale: Locale | str) -> str:
    """What an edit changed, in words."""
    fields = [name for name in data.get("fields") or [] if name != "total_minor"]
    if not fields:
        return ""
    words = [FIELD_WORDS.get(name, name.replace("_", " ")) for name in fields if name != "value_minor"]
    if "from_minor" in data:
        before, after = (_money(data[key], data["currency"], locale) for key in ("from_minor", "to_minor"))
        words.append(f"value from {before} to {after}")
    return f"Changed {_joined(words)}." if words else ""


def _joined(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _money(minor: Any, currency: str, locale: Locale | str) -> str:
    return format_money(Money(int(minor), currency), locale)


def _fill(template: str, facts: dict[str, str]) -> str:
    """The template with its facts; brackets with a missing fact, and what is unknown, left out."""

    def optional(match: re.Match[str]) -> str:
        return match[1] if all(name in facts for name in re.findall(r"{(\w+)}", match[1])) else ""

    text = re.sub(r"\[([^\]]*)\]", optional, template)
    return re.sub(r"{(\w+)}", lambda match: facts.get(match[1], "–"), text)
