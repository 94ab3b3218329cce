"""A host of the team's own: it shows the team while its plan has such domains, and leads to its usual address without.

Links in mails of earlier days name that host, so they must lead somewhere.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, redirect, request
from werkzeug.wrappers import Response

from cornerspot.blueprints.support.context import request_entitlements
from cornerspot.plans.features import Feature
from cornerspot.settings import current_settings
from cornerspot.tenancy.addresses import team_url
from cornerspot.tenancy.http import team_of_request


def install(app: Flask) -> None:
    """Look at the host before every view."""
    app.before_request(_lead_to_usual_address)


def _lead_to_usual_address() -> Response | None:
    if not _is_own_host() or request_entitlements().allows(Feature.CUSTOM_DOMAIN):
        return None
    return redirect(team_url(request.full_path.rstrip("?")))  # For now only: the plan can have domains again.


def _is_own_host() -> bool:
    """Whether the team was found by a host that it proved, not by a path or a subdomain."""
    base = urlsplit(current_settings().external_url).hostname or ""
    host = request.host.rsplit(":", 1)[0].lower()
    return team_of_request() is not None and not request.script_root and not host.endswith(f".{base}")
