"""The stand-in as a process of its own: what the demo starts."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
import stripe
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from cornerspot.payments.standin.accounts import DEMO_KEY

COMMAND = [sys.executable, "-c", "from cornerspot.cli import main; main()", "stripe-standin"]
BANNER = "Stripe stand-in: no real money moves"
pytestmark = pytest.mark.slow


def free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


@contextmanager
def running(state: Path, port: int) -> Iterator[stripe.StripeClient]:
    """The command on that port, ended with SIGTERM, and a client of the demo's merchant."""
    process = subprocess.Popen([*COMMAND, "--port", str(port), "--state", str(state)], stderr=subprocess.PIPE)
    http = stripe.RequestsClient(timeout=5)
    try:
        base = f"http://127.0.0.1:{port}"
        wait_for(process, base)
        bases = dict.fromkeys(("api", "connect", "files", "meter_events"), base)
        yield stripe.StripeClient(DEMO_KEY, base_addresses=bases, http_client=http)
    finally:
        http.close()
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=20)
        assert process.returncode == 0, said.decode()


def wait_for(process: subprocess.Popen, base: str) -> None:
    ready = threading.Event()
    for _ in range(300):
        try:
            assert BANNER in requests.get(f"{base}/_standin", timeout=5).text
            return
        except requests.ConnectionError:
            assert process.poll() is None
            ready.wait(0.1)
    raise AssertionError("it did not start")


@contextmanager
def hooks() -> Iterator[tuple[str, list[str]]]:
    """An address that takes webhooks, and the types that arrived."""
    heard: list[str] = []

    @Request.application
    def take(request: Request) -> Response:
        heard.append(json.loads(request.get_data())["type"])
        return Response("")

    server = make_server("127.0.0.1", 0, take)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hooks", heard
    finally:
        server.shutdown()
        thread.join(5)
        server.server_close()


def test_the_payer_is_sent_back_after_the_webhook_and_a_restart_remembers(tmp_path):
    state, port = tmp_path / "standin.json", free_port()
    with hooks() as (url, heard):
        with running(state, port) as client:
            client.v1.webhook_endpoints.create({"url": url, "enabled_events": ["checkout.session.completed"]})
            price = {"currency": "eur", "unit_amount": 1200, "product_data": {"name": "Invoice INV-0007"}}
            session = client.v1.checkout.sessions.create(
                {
                    "mode": "payment",
                    "line_items": [{"quantity": 1, "price_data": price}],
                    "success_url": "http://127.0.0.1/back",
                }
            )
            pay = {"number": "4242424242424242"}
            answer = requests.post(f"{session.url}/card", data=pay, allow_redirects=False, timeout=15)
            assert (answer.status_code, answer.headers["Location"]) == (303, "http://127.0.0.1/back")
            assert heard == ["checkout.session.completed"]
        with running(state, port) as client:
            assert client.v1.checkout.sessions.retrieve(session.id).payment_status == "paid"
        assert heard == ["checkout.session.completed"]


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"STRIPE_SECRET_KEY": "sk_live_" + "x" * 8}, "does not start beside a live key"),
        ({"CORNERSPOT_ENV": "production", "CORNERSPOT_SECRET_KEY": "x" * 40}, "does not run in production"),
    ],
)
def test_the_command_refuses_where_it_could_do_harm(environment, said):
    ended = subprocess.run(
        [*COMMAND, "--port", "0"],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1
    assert said in ended.stderr
    assert "sk_live_" not in ended.stderr
