"""What the actions on a portal user have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from cornerspot.blueprints.support.addresses import local_target
from cornerspot.blueprints.support.identity import current_actor
from cornerspot.blueprints.support.records import get_or_404
from cornerspot.db import session
from cornerspot.kit.errors import Conflict, Invalid
from cornerspot.portal.models import PortalUser


def portal_user(user_id: UUID) -> PortalUser:
    """The team's portal user; answers 404 otherwise."""
    return get_or_404(PortalUser, user_id)


@contextmanager
def refusal_as_toast() -> Iterator[None]:
    """An action that is refused says why in a toast, back where it was asked for."""
    try:
        yield
        session.flush()  # What the database refuses is refused here, not after the toast.
    except (Conflict, Invalid) as error:
        session.rollback()
        flash(error.message, "error")


def acted_on(user_id: UUID, action: Callable[..., None], sentence: str) -> ResponseReturnValue:
    """Back where it was asked for, after the action on the portal user; ``{user.name}`` is theirs in the sentence."""
    user = portal_user(user_id)
    with refusal_as_toast():
        action(user, by=current_actor())
        flash(sentence.format(user=user), "success")
    return back()


def back() -> ResponseReturnValue:
    """To the page that asked, when it is one of ours; else to the list."""
    default = url_for("members.portal_users_index").removeprefix(request.script_root)
    return redirect(local_target(request.form.get("back"), default=default), 303)
