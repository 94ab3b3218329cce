"""Addresses of static files that change with their content, so that browsers may keep them."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path

from flask import Flask

STATIC = Path(__file__).parents[2] / "static"
# One small file per behaviour; each is a module of its own.
BEHAVIOURS = tuple(sorted(f"js/{path.name}" for path in (STATIC / "js").glob("*.js")))
# In the order in which one may overrule another; what only some pages need is linked by their heads.
STYLES = tuple(
    f"css/{name}.css"
    for name in ("tokens", "base", "shell", "controls", "forms", "data", "money", "overlays", "pages", "conversion")
)


def install(app: Flask) -> None:
    """Give templates ``asset()`` and the lists of our own styles and behaviours."""
    app.jinja_env.globals.update(asset=asset, behaviours=BEHAVIOURS, styles=STYLES)
    if app.debug:
        app.before_request(_forget)


def asset(name: str) -> str:
    """The address of one of our files (``css/tokens.css``) or of a vendor file (``htmx.js``).

    The same for every team, so that one copy in the browser serves all of them.
    Raises LookupError for a file that is not there.
    """
    vendor = _vendor().get(name)
    return f"/static/vendor/{vendor}" if vendor else f"/static/{name}?v={_digest(name)}"


@cache
def _vendor() -> dict[str, str]:
    manifest = STATIC / "vendor" / "manifest.json"
    if not manifest.exists():
        raise LookupError("The front-end packages are missing. Run bin/assets.")
    names: dict[str, str] = json.loads(manifest.read_text())
    return names


@cache
def _digest(name: str) -> str:
    path = STATIC / name
    if not path.is_file():
        raise LookupError(f"There is no static file {name!r}.")
    return hashlib.sha256(path.read_bytes()).hexdigest()[:10]


def _forget() -> None:
    _vendor.cache_clear()
    _digest.cache_clear()
