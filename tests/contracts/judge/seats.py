"""Places where the judge sits: in front of an HTTP client, of a WSGI app, and of the SDK as a whole."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import stripe

from tests.contracts.judge import docket
from tests.contracts.judge.findings import BadAnswer, BadRequest
from tests.contracts.judge.judging import check_answer, require_good

API = re.compile(r"/(?:v1|v2|oauth)/.*")
HOSTED = "/oauth/authorize"  # A page for people: it answers HTML.


def judge_request(method: str, url: str, headers: Mapping[str, str] | None, body: Any) -> None:
    """The request is good or excused; else it is written down and BadRequest raised."""
    if docket.is_excused():
        return
    try:
        require_good(method, api_path(url), body, headers)
    except BadRequest as refusal:
        docket.write_down(str(refusal))
        refusal.add_note("Where that is meant: @pytest.mark.unjudged(why), or excused(why) around the call.")
        raise


def judge_answer(method: str, url: str, status: int, body: str | bytes) -> None:
    """The answer could be Stripe's; else it is written down. A broken server's answer (5xx) may be anything."""
    if status >= 500 or docket.is_excused():
        return
    with suppress(UnicodeDecodeError, json.JSONDecodeError):
        try:
            check_answer(method, api_path(url), status, json.loads(body))
        except BadAnswer as refusal:
            docket.write_down(str(refusal))


def api_path(url: str) -> str:
    """Path and query from /v1/, /v2/ or /oauth/ on, whatever address the double listens on."""
    parts = urlsplit(url)
    found = API.search(parts.path)
    path = found[0] if found else parts.path
    return f"{path}?{parts.query}" if parts.query else path


class Judged(stripe.HTTPClient):
    """An HTTP client of the SDK that lets only good requests through to the inner one, and judges its answers."""

    def __init__(self, inner: stripe.HTTPClient) -> None:
        super().__init__()
        self.inner = inner
        self.name = inner.name

    def request(
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None, **more: Any
    ) -> tuple[str, int, Mapping[str, str]]:
        judge_request(method, url, headers, post_data)
        answer = self.inner.request(method, url, headers, post_data, **more)
        judge_answer(method, url, answer[1], answer[0])
        return answer

    def _sleep_time_seconds(self, num_retries: int) -> float:
        return self.inner._sleep_time_seconds(num_retries)  # A double may retry without a pause.

    def close(self) -> None:
        self.inner.close()


def sit_before_the_sdk() -> Callable[[], None]:
    """Every request of every client of the SDK is judged from now on, and its answer; the returned function ends it."""
    inner = stripe.HTTPClient.request_with_retries

    def request_with_retries(
        self: stripe.HTTPClient, method: str, url: str, headers: Mapping[str, str], post_data: Any = None, **more: Any
    ) -> tuple[str, int, Mapping[str, str]]:
        if isinstance(self, Judged):
            return inner(self, method, url, headers, post_data, **more)
        judge_request(method, url, headers, post_data)
        answer = inner(self, method, url, headers, post_data, **more)
        judge_answer(method, url, answer[1], answer[0])
        return answer

    stripe.HTTPClient.request_with_retries = request_with_retries

    def leave() -> None:
        stripe.HTTPClient.request_with_retries = inner

    return leave


class JudgedApp:
    """A WSGI app whose API requests and answers are judged and written down; pages and controls pass unjudged."""

    def __init__(self, app: Callable[..., Iterable[bytes]]) -> None:
        self.app = app

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if not API.match(path) or path == HOSTED:
            return self.app(environ, start_response)
        url = f"{path}?{environ['QUERY_STRING']}" if environ.get("QUERY_STRING") else path
        method = environ["REQUEST_METHOD"]
        with suppress(BadRequest):
            judge_request(method, url, request_headers(environ), take_body(environ))
        return self.judged_answer(method, url, environ, start_response)

    def judged_answer(
        self, method: str, url: str, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        statuses: list[int] = []

        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            statuses.append(int(status.split(maxsplit=1)[0]))
            return start_response(status, headers, *more)

        answer = self.app(environ, start)
        try:
            body = b"".join(answer)
        finally:
            close = getattr(answer, "close", None)
            if close:
                close()
        judge_answer(method, url, statuses[-1], body)
        return [body]


def take_body(environ: dict[str, Any]) -> bytes:
    """The request's body, put back for the app to read."""
    body: bytes = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    return body


def request_headers(environ: Mapping[str, Any]) -> dict[str, str]:
    """Headers by their names on the wire."""
    return {
        name.removeprefix("HTTP_").replace("_", "-"): value
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
