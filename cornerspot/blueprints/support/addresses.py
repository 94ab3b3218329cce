"""Addresses between teams, and where a sign-in may lead to."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

from flask import current_app, request

_PATH = re.compile(r"/(?![/\\])[\w\-.~/?=&%+:,;@!$'()*]*", re.ASCII)


def team_address(slug: str, path: str = "/") -> str:
    """The address of a page of any team; absolute when this page is on a team's own host."""
    external: str = current_app.config["SETTINGS"].external_url
    base = external if request.host.rsplit(":", 1)[0] != urlsplit(external).hostname else ""
    return f"{base}/{slug}{path}"


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
