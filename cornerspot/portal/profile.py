"""What a member says about themselves: the name, and how numbers and dates are written for them."""

from __future__ import annotations

from cornerspot.db import session
from cornerspot.db.locks import lock
from cornerspot.people.joining import require_name
from cornerspot.portal.models import PortalUser


def update_profile(user: PortalUser, *, name: str, locale: str) -> None:
    """The member is called this and reads numbers so; an empty locale follows the account. Raises Invalid."""
    lock(user)
    user.name, user.locale = require_name(name), locale
    session.flush()
