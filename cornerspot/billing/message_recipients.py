"""Who a message to a customer goes to: as proposed, and as typed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.utils import getaddresses

from cornerspot.billing.models import Invoice
from cornerspot.kit.errors import Invalid
from cornerspot.mail.addresses import address
from cornerspot.mail.queueing import Recipient

MOST = 20


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
    separated = re.sub(r"[;\r\n]+", ",", line)
    if not re.search(r"[<\"]", separated):
        separated = re.sub(r"\s+", ",", separated.strip())
    for name, email in getaddresses([separated], strict=False):
        if not name and not email:
            continue
        try:
            address(email)
        except Invalid as error:
            raise Invalid(f"“{email or name}” is not an e-mail address.", field=kind) from error
        yield Recipient(email, name or names.get(email.casefold(), ""), kind)
