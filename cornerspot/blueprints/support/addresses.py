"""Addresses between teams, and where a sign-in may lead to."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote, urlsplit

from flask import current_app, request, url_for

from cornerspot.tenancy.http import team_of_request

LOOPBACK = {"localhost", "127.0.0.1"}
_PATH = re.compile(r"/(?![/\\])[\w\-.~/?=&%+:,;@!$'()*]*", re.ASCII)


def team_address(slug: str, path: str = "/") -> str:
    """The address of a page of any team; absolute when this page is on a team's own host."""
    external: str = current_app.config["SETTINGS"].external_url
    base = external if _name_of(request.host) != urlsplit(external).hostname else ""
    return f"{base}/{slug}{path}"


def outside_url(endpoint: str, **values: Any) -> str:
    """The whole address of a page, for another site to send a browser back to.

    On the host that was asked for when it is the team's or this machine, else on the
    installation's own: what a browser sends as its host can be made up, and others may follow.
    """
    external: str = current_app.config["SETTINGS"].external_url
    is_teams = team_of_request() is not None and not request.script_root
    is_local = {_name_of(request.host), urlsplit(external).hostname} <= LOOPBACK
    base = request.host_url.rstrip("/") if is_teams or is_local else external
    return base + url_for(endpoint, **values)


def _name_of(host: str) -> str:
    return host.rsplit(":", 1)[0].lower()


def local_target(wanted: str | None, *, default: str = "/") -> str:
    """The page asked for when it is one of this team (or of the installation), else the default.

    Nothing that a browser could read as another host or, by dots, as another team.
    """
    if (
        wanted is None
        or len(wanted) > 2000
        or _PATH.fullmatch(wanted) is None
        or any(unquote(part) in (".", "..") or "\\" in unquote(part) for part in urlsplit(wanted).path.split("/"))
    ):
        path = default
    else:
        path = wanted
    return f"{request.script_root}{path}"
