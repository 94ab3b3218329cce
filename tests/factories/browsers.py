"""A browser that sends the page's CSRF token with every form, as a person's browser does."""

from __future__ import annotations

import re
from typing import Any

from flask.testing import FlaskClient

_TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


class FormBrowser:
    """Wraps a signed-in client; ``post`` carries the token of a page with a form."""

    def __init__(self, client: FlaskClient, page: str = "/deals/new") -> None:
        self.client = client
        self.prefix: str = client.prefix  # type: ignore[attr-defined]
        found = _TOKEN.search(client.get(page).text)
        assert found is not None, f"{page} has no form"
        self.token = found[1]

    def get(self, path: str, **options: Any) -> Any:
        return self.client.get(path, **options)

    def post(self, path: str, *, data: Any = None, headers: Any = None) -> Any:
        return self.client.post(path, data=data, headers={"X-CSRFToken": self.token, **(headers or {})})
