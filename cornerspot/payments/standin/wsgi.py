"""The stand-in on loopback: the API, the hosted pages and the controls as one WSGI app."""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import HTTPException
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from cornerspot.payments.standin import checkout_pages, control_pages, other_pages, portal_pages
from cornerspot.payments.standin.accounts import open_demo_accounts
from cornerspot.payments.standin.control import StandIn, create_standin
from cornerspot.payments.standin.errors import ApiRefusal, StandInRefused, Unreachable
from cornerspot.payments.standin.keeping import load_world, save_world
from cornerspot.payments.standin.pages import message_page, page_routes

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

# Importing a module registers its pages.
PAGES = (checkout_pages, control_pages, other_pages, portal_pages)
LARGEST_BODY = 1024 * 1024


class StandInApp:
    """The WSGI app over a stand-in."""

    def __init__(self, standin: StandIn) -> None:
        self.standin = standin
        self._routes = page_routes()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        request.max_content_length = LARGEST_BODY
        if request.path.startswith("/v1/") or request.path in ("/oauth/token", "/oauth/deauthorize"):
            response = self._api(request)
        else:
            response = self._page(request)
        return response(environ, start_response)

    def _api(self, request: Request) -> Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        body = request.get_data(as_text=True)
        query = request.query_string.decode("latin-1")
        try:
            answer = self.standin.answer(request.method, request.path, query, headers, body)
        except Unreachable as fault:
            return _cut_off(request, fault)
        return Response(answer.body, answer.status, answer.headers)

    def _page(self, request: Request) -> Response:
        if request.method == "POST" and not _from_here(request):
            return message_page("Refused", "This form was sent from another site.", status=403)
        try:
            self.standin.tick()
            run, args = self._routes.bind_to_environ(request.environ).match()
            return run(self.standin, request, **args)
        except ApiRefusal as refusal:
            return message_page("That did not work", refusal.message, status=max(refusal.status, 400))
        except HTTPException as wrong:
            return message_page("Nothing here", "The stand-in has no such page.", status=wrong.code or 404)


def create_wsgi_app(standin: StandIn) -> StandInApp:
    """The stand-in as a WSGI app."""
    return StandInApp(standin)


def serve_standin(
    host: str = "127.0.0.1",
    port: int = 12111,
    state_file: Path | str | None = None,
    *,
    near: Iterable[str] = (),
    environment: str | None = None,
) -> None:
    """Serve the demo's stand-in until stopped; with a state file it goes on where it was.

    Raises StandInRefused beside a live key, in production, or on an address that others can reach.
    """
    server, standin = make_standin_server(host, port, state_file, near=near, environment=environment)
    stop = threading.Event()
    sender = threading.Thread(target=_send_until, args=(standin, stop, state_file), daemon=True)
    sender.start()
    try:
        server.serve_forever()
    finally:
        stop.set()
        standin.wake()
        sender.join(5)
        server.server_close()
        if state_file is not None:
            save_world(standin.world, standin.lock, Path(state_file))


def make_standin_server(
    host: str,
    port: int,
    state_file: Path | str | None = None,
    *,
    near: Iterable[str] = (),
    environment: str | None = None,
) -> tuple[Any, StandIn]:
    """A threaded server that is bound and not yet serving, with its stand-in. Port 0 takes a free one."""
    if not _is_loopback(host):
        raise StandInRefused(f"The Stripe stand-in listens on this machine only, not on {host}.")
    standin = create_standin(delivery="background", near=near, environment=environment)
    server = make_server(host, port, create_wsgi_app(standin), threaded=True, request_handler=_Quiet)
    if state_file is not None:
        load_world(standin.world, Path(state_file))
    standin.world.public_url = f"http://{host}:{server.server_port}"
    if not standin.world.accounts:
        open_demo_accounts(standin.world)
    return server, standin


def _send_until(standin: StandIn, stop: threading.Event, state_file: Path | str | None) -> None:
    """Let time pass, send what waits and keep what is new, until stopped."""
    kept = -1
    while not stop.is_set():
        standin.wait_for_work(1)
        standin.tick()
        standin.post.deliver_pending()
        if state_file is not None and kept != standin.changes:
            kept = standin.changes
            save_world(standin.world, standin.lock, Path(state_file))


class _Quiet(WSGIRequestHandler):
    def log(self, *_: Any) -> None:
        """Say nothing: query strings and bodies are not for logs."""


def _cut_off(request: Request, fault: Unreachable) -> Response:
    """No answer: the connection is closed, after a long silence if that is the fault."""
    time.sleep(fault.seconds)
    connection = request.environ.get("werkzeug.socket")
    if connection is not None:
        connection.shutdown(socket.SHUT_RDWR)
    return Response("", 502)


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _from_here(request: Request) -> bool:
    origin = request.headers.get("Origin")
    return origin in (None, "null", request.host_url.rstrip("/"))
