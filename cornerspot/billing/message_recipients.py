"""Who a message to a customer goes to: as proposed, and as typed."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cornerspot.billing.models import Invoice
from cornerspot.kit.errors import Invalid
from cornerspot.mail.addresses import address
from cornerspot.mail.queueing import Recipient

MOST = 20
# "Berg, Anna" <anna@example.com>, Anna Berg <anna@example.com>, anna@example.com
_PERSON = re.compile(r"""(?:"(?P<quoted>[^"]*)"\s*|(?P<name>[^",;<>\r\n]*))<(?P<email>[^<>]*)>|(?P<bare>[^\s,;]+)""")


def proposed_recipients(invoice: Invoice) -> list[Recipient]:
    """The billing contact, or else the account's billing address; none when neither has an address."""
    if invoice.contact is not None and invoice.contact.email:
        return [Recipient(invoice.contact.email, invoice.contact.name)]
    if invoice.account is not None and invoice.account.billing_email:
        return [Recipient(invoice.account.billing_email, invoice.account.name)]
    return []


def typed_recipients(to: str, cc: str, *, known: list[Recipient]) -> list[Recipient]:
    """The people of both lines, with the names of those we know; raises Invalid naming the field."""
    names = {one.email.casefold(): one.name for one in known}
    found = [*_read(to, "to", names), *_read(cc, "cc", names)]
    if not any(one.kind == "to" for one in found):
        raise Invalid("Enter at least one e-mail address.", field="to")
    if len(found) > MOST:
        raise Invalid(f"Send it to {MOST} people at most.", field="to")
    return found


def _read(line: str, kind: str, names: dict[str, str]) -> Iterator[Recipient]:
    for found in _PERSON.finditer(line):
        email = (found["email"] if found["email"] is not None else found["bare"]).strip()
        try:
            address(email)
        except Invalid as error:
            raise Invalid(f"“{email}” is not an e-mail address.", field=kind) from error
        name = (found["quoted"] or found["name"] or "").strip()
        yield Recipient(email, name or names.get(email.casefold(), ""), kind)
