"""What every page knows: its team, who is signed in, and the ways out."""

from __future__ import annotations

from typing import Any

from flask import request, url_for

from cornerspot.blueprints.auth.blueprint import blueprint
from cornerspot.blueprints.support.identity import current_actor_or_none, signed_in
from cornerspot.people.sessions import touch_session
from cornerspot.tenancy.http import team_of_request


@blueprint.app_context_processor
def shell() -> dict[str, Any]:
    """``team`` and ``actor`` (None where there is none), and where the menus lead."""
    return {
        "team": team_of_request(),
        "actor": current_actor_or_none(),
        "sign_out_href": url_for("auth.sign_out"),
        "switch_team_href": url_for("auth.teams_index"),
    }


@blueprint.before_app_request
def note_presence() -> None:
    """Whoever changes something was here just now; reading a page writes nothing."""
    user = signed_in() if request.method == "POST" else None
    if user is not None:
        touch_session(user.sign_in_id, last_seen_at=user.last_seen_at)
