"""What every template keeps to: the content policy, icons that exist, styles that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cornerspot.blueprints.support.assets import BEHAVIOURS, STATIC, STYLES, asset
from cornerspot.blueprints.support.navigation import ENTRIES, NEW, SETTINGS

TEMPLATES = sorted((STATIC.parent / "templates").rglob("*.html"))
PAGES = [path for path in TEMPLATES if not {"email", "pdf"} & set(path.parts)]
ICON = re.compile(r"\bicon(?:\(|\s*=)\s*[\"']([a-z0-9-]+)[\"']")
ICON_ELSE = re.compile(r"\bicon(?:\(|\s*=)\s*[\"'][a-z0-9-]+[\"'] if [^)]*? else [\"']([a-z0-9-]+)[\"']")
ICON_DRAWN = re.compile(r"\bdraw\(\s*[\"']([a-z0-9-]+)[\"']")


def name_of(path: Path) -> str:
    return str(path.relative_to(STATIC.parent / "templates"))


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_a_page_has_no_inline_style_or_script(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"\sstyle\s*=", text), "use a class: the content policy forbids inline styles"
    assert not re.search(r"\son[a-z]+\s*=\s*[\"']", text), "use a data- attribute and a module in static/js"
    assert not re.search(r"<script(?![^>]*\bsrc=)", text), "put the script in static/js"


def test_every_icon_on_a_page_is_in_the_sprite() -> None:
    sprite = (STATIC / asset("icons.svg").removeprefix("/static/")).read_text()
    drawn = set(re.findall(r'<symbol id="([^"]+)"', sprite))
    used = {
        (name, name_of(path))
        for path in PAGES
        for pattern in (ICON, ICON_ELSE, ICON_DRAWN)
        for name in pattern.findall(path.read_text())
    }
    used |= {(entry.icon, "navigation.py") for entry in (*ENTRIES, *SETTINGS, *NEW)}
    assert not {(name, where) for name, where in used if name not in drawn}


def test_every_style_and_behaviour_has_an_address() -> None:
    assert BEHAVIOURS
    for name in (*STYLES, *BEHAVIOURS):
        assert asset(name).startswith(f"/static/{name}?v=")


def test_a_file_that_is_not_there_is_refused() -> None:
    with pytest.raises(LookupError, match=r"nowhere\.css"):
        asset("css/nowhere.css")
