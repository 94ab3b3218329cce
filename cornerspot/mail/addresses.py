"""Addresses and header text that cannot smuggle a second header in."""

from __future__ import annotations

import re
from email.headerregistry import Address
from email.utils import parseaddr

from cornerspot.kit.errors import Invalid

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\u0085\u2028\u2029]+")
_ADDRESS = re.compile(r"[^@\s<>,;:\"\[\]()\\]+@[^@\s<>,;:\"\[\]()\\]+")
LONGEST = 254  # RFC 5321, 4.5.3.1.3, less the angle brackets


def one_line(text: str) -> str:
    """The text on one line, without any control character."""
    return _UNPRINTABLE.sub(" ", text).strip()


def address(email: str, name: str = "") -> Address:
    """A person's address; raises Invalid for one that mail cannot be sent to."""
    email = email.strip()
    if len(email) > LONGEST or not _ADDRESS.fullmatch(email) or not email.isprintable():
        raise Invalid("Enter an e-mail address like name@example.com.", field="recipient")
    user, _, domain = email.rpartition("@")
    try:
        # Mail servers want the domain in ASCII: bücher.example is xn--bcher-kva.example.
        domain = domain.encode("idna").decode("ascii")
        return Address(display_name=one_line(name), username=user, domain=domain)
    except (UnicodeError, ValueError):
        raise Invalid("Enter an e-mail address like name@example.com.", field="recipient") from None


def sender(mail_from: str, name: str = "") -> Address:
    """The installation's own address, under a team's name if there is one."""
    own_name, email = parseaddr(mail_from)
    return address(email, name or own_name)
