"""A load on the loopback: browsers that keep their connections, each in a thread of its own."""

from __future__ import annotations

import http.client
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlencode

WANTED = (200, 303)


@dataclass(frozen=True)
class Call:
    """One request: a POST when it has fields."""

    path: str
    cookie: str
    fields: dict[str, str] | None = None


class Browser:
    """One kept connection to a server; an answer that is no success raises."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def send(self, call: Call) -> bytes:
        """The answer's body."""
        headers = {"Cookie": call.cookie}
        body = None
        if call.fields is not None:
            body = urlencode(call.fields)
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self.connection.request("GET" if body is None else "POST", call.path, body, headers)
        response = self.connection.getresponse()
        content = response.read()
        if response.status not in WANTED:
            raise RuntimeError(f"{call.path} answered {response.status}: {content[-2000:].decode(errors='replace')}")
        return content

    def send_all(self, calls: Sequence[Call]) -> None:
        for call in calls:
            self.send(call)


def send_together(port: int, calls: Sequence[Call], *, browsers: int) -> None:
    """All calls are answered, shared out among so many browsers at once."""
    shares = [calls[number::browsers] for number in range(browsers)]
    with ThreadPoolExecutor(browsers) as pool:
        for done in [pool.submit(Browser(port).send_all, share) for share in shares if share]:
            done.result()
