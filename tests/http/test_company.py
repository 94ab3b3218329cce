"""The company page: saving, refusing, keeping what was typed, two admins at once."""

from __future__ import annotations


def test_pages_render(client):
    for path in ("/", "/settings", "/settings/company", "/settings/teammates", "/settings/profile", "/settings/sessions", "/teams"):
        page = client.get(path)
        assert page.status_code == 200, (path, page.text[:300])


def test_global_pages_render(app):
    for path in ("/", "/sign-in", "/sign-up", "/password/reset"):
        page = app.test_client().get(path)
        assert page.status_code == 200, path
