"""The judge before the stand-in on loopback: what comes over a socket is judged like what comes in process."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
import stripe
from werkzeug.serving import make_server

from cornerspot.payments.standin import StandIn, create_standin
from cornerspot.payments.standin.wsgi import create_wsgi_app
from tests.contracts.judge import BadRequest, JudgedApp, docket, excused


@pytest.fixture
def standin() -> StandIn:
    return create_standin()


@pytest.fixture
def address(standin: StandIn) -> Iterator[str]:
    """The stand-in on loopback, judged."""
    server = make_server("127.0.0.1", 0, JudgedApp(create_wsgi_app(standin)), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def client(standin: StandIn, address: str, judged_client) -> Iterator[stripe.StripeClient]:
    bases = dict.fromkeys(("api", "connect", "files", "meter_events"), address)
    key = standin.make_key(standin.open_account())
    yield stripe.StripeClient(key, base_addresses=bases, http_client=judged_client)
    judged_client.close()


def test_a_good_request_is_answered_over_the_socket(client):
    customer = client.v1.customers.create({"name": "Ada"})
    assert client.v1.customers.retrieve(customer.id).name == "Ada"


def test_a_bad_request_never_reaches_the_standin(client, tmp_path, monkeypatch):
    monkeypatch.setenv(docket.NAMED_BY, str(tmp_path / "docket"))
    with pytest.raises(BadRequest):
        client.v1.customers.create({"nmae": "Ada"})
    assert docket.Docket(tmp_path / "docket").take()
    assert client.v1.customers.list().data == []


def test_the_standin_refuses_by_itself_what_the_judge_lets_through(client):
    with excused("the stand-in is asked"), pytest.raises(stripe.InvalidRequestError, match="unknown parameter: nmae"):
        client.v1.customers.create({"nmae": "Ada"})
