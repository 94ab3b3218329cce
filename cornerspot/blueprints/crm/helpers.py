"""What several pages of the CRM ask for."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from flask import request, url_for

from cornerspot.activity.models import ActivityEntry
from cornerspot.activity.notes import is_own_note
from cornerspot.activity.wording import Wording, wording
from cornerspot.blueprints.crm.blueprint import blueprint
from cornerspot.blueprints.support.identity import current_actor_or_none
from cornerspot.crm.access import teammates
from cornerspot.kit.ids import decode_public_id
from cornerspot.people.permissions import Permission
from cornerspot.tenancy import current_team, team_today


@blueprint.app_template_global()
def may_edit(record: Any) -> bool:
    """Whether the teammate who asks may edit this account, contact or deal."""
    actor = current_actor_or_none()
    return actor is not None and actor.may_edit(record.owner_id)


@blueprint.app_template_global()
def may(permission: str) -> bool:
    """Whether the teammate who asks has this permission."""
    actor = current_actor_or_none()
    return actor is not None and actor.may(Permission(permission))


@blueprint.app_template_global()
def event_wording(entry: ActivityEntry) -> Wording:
    """How the timeline words this event."""
    return wording(entry, current_team().locale)


@blueprint.app_template_global()
def is_my_note(entry: ActivityEntry) -> bool:
    """Whether the teammate who asks wrote this note."""
    actor = current_actor_or_none()
    return actor is not None and is_own_note(entry, actor)


@blueprint.app_template_filter("decimal")
def decimal_of(text: str) -> Decimal:
    """The number behind the text that copies of taxes and discounts hold."""
    return Decimal(text)


blueprint.app_template_global("team_today")(team_today)


def id_argument(name: str, prefix: str) -> UUID | None:
    """The id behind a public id in the address's query; None when there is none that can be read."""
    try:
        return decode_public_id(prefix, request.args.get(name, ""))
    except ValueError:
        return None


def owner_choices() -> list[tuple[UUID, str]]:
    """The teammates who can own a record."""
    return [(member.id, member.person.name or member.person.email) for member in teammates()]


def changed_query(endpoint: str, **changes: Any) -> str:
    """This page's address with other filters; a None takes one away, and paging starts anew."""
    dropped = ("cursor", "endpoint", *changes)  # ``endpoint`` and ``_…`` mean something to url_for, not to a page.
    kept = {key: value for key, value in request.args.items() if key not in dropped and not key.startswith("_")}
    changed = {key: value for key, value in changes.items() if value is not None}
    values: dict[str, Any] = {**kept, **(request.view_args or {}), **changed}
    return url_for(endpoint, **values)


def cursor_query(endpoint: str, cursor: str | None) -> str | None:
    """This page's address at another place of the list."""
    return changed_query(endpoint, cursor=cursor) if cursor else None
