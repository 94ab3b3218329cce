"""Wherever a bad request is sent from, the run fails; the judge and the stand-in know nothing of each other."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import stripe

from tests.contracts.judge import BadRequest, Judged, JudgedApp, docket, excused
from tests.contracts.requests_to_judge import Capturing

ROOT = Path(__file__).resolve().parents[2]
JUDGE = ROOT / "tests" / "contracts" / "judge"
STANDIN = ROOT / "cornerspot" / "payments" / "standin"
BAD_CALL = "client.v1.refunds.create({'payment': 'pi_1'})"
HEADER = """
import stripe, threading
from tests.contracts.requests_to_judge import Capturing
client = stripe.StripeClient("sk_test_1", http_client=Capturing())
"""


@pytest.fixture
def own_docket(tmp_path, monkeypatch):
    """A docket of the test's own, so that bad requests on purpose do not fail it."""
    path = tmp_path / "docket"
    monkeypatch.setenv(docket.NAMED_BY, str(path))
    return docket.Docket(path)


def client_before(http: stripe.HTTPClient) -> stripe.StripeClient:
    return stripe.StripeClient("sk_test_1", http_client=http)


def test_a_judged_client_passes_good_requests_on(own_docket):
    inner = Capturing()
    client_before(Judged(inner)).v1.refunds.create({"payment_intent": "pi_1"})
    assert [request[:3] for request in inner.sent] == [("post", "/v1/refunds", "payment_intent=pi_1")]


def test_a_judged_client_keeps_bad_requests_back_and_writes_them_down(own_docket):
    inner = Capturing()
    with pytest.raises(BadRequest, match="payment: is no such name"):
        client_before(Judged(inner)).v1.refunds.create({"payment": "pi_1"})
    assert inner.sent == []
    (line,) = own_docket.take()
    assert "POST /v1/refunds would be refused by Stripe" in line


def test_every_client_of_the_sdk_is_judged(own_docket):
    inner = Capturing()
    with pytest.raises(BadRequest):
        client_before(inner).v1.refunds.create({"payment": "pi_1"})
    assert inner.sent == []


def test_threads_write_into_the_same_docket(own_docket):
    def send() -> None:
        with pytest.raises(BadRequest):
            client_before(Capturing()).v1.refunds.create({"payment": "pi_1"})

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(own_docket.take()) == 8
    assert own_docket.take() == []


@pytest.mark.parametrize("wrap", [Judged, lambda inner: inner])
def test_answers_are_judged_too(own_docket, wrap):
    client_before(wrap(Capturing())).v1.refunds.create({"payment_intent": "pi_1"})
    (line,) = own_docket.take()
    assert "POST /v1/refunds (200) was answered as Stripe never would: amount: is missing" in line


def test_what_is_excused_is_let_through(own_docket):
    inner = Capturing()
    with excused("the test wants it to arrive"):
        client_before(inner).v1.refunds.create({"payment": "pi_1"})
    assert len(inner.sent) == 1
    assert own_docket.take() == []


def answering(body: bytes, status: str = "200 OK"):
    """A WSGI app that answers always the same and keeps what it was asked."""
    asked = []

    def app(environ, start_response):
        asked.append(environ["wsgi.input"].read())
        start_response(status, [("Content-Type", "application/json")])
        return [body]

    return app, asked


def call(app, method: str, path: str, body: bytes = b"") -> bytes:
    """Ask a WSGI app without a server."""
    from werkzeug.test import Client

    return Client(app).open(path, method=method, data=body, content_type="application/x-www-form-urlencoded").data


def test_a_judged_app_writes_down_and_passes_on(own_docket):
    app, asked = answering(b"{}", "500 Internal Server Error")
    assert call(JudgedApp(app), "POST", "/v1/refunds", b"payment=pi_1") == b"{}"
    assert asked == [b"payment=pi_1"]
    (line,) = own_docket.take()
    assert "payment: is no such name" in line


def test_a_judged_app_leaves_pages_alone(own_docket):
    app, asked = answering(b"<html>")
    for path in ("/pay/cs_test_1", "/clock", "/oauth/authorize?client_id=ca_1"):
        call(JudgedApp(app), "GET", path)
    assert len(asked) == 3
    assert own_docket.take() == []


def test_a_judged_app_judges_answers(own_docket):
    app, _ = answering(b'{"object": "refund", "amount": "1"}')
    call(JudgedApp(app), "GET", "/v1/refunds/re_1")
    (line,) = own_docket.take()
    assert "as Stripe never would" in line
    assert "amount: '1' is no whole number" in line


def run_of_pytest(tmp_path: Path, code: str, *more: str) -> subprocess.CompletedProcess[str]:
    """A run of its own over one file, with the plugin and nothing else of ours."""
    path = tmp_path / "test_something.py"
    path.write_text(HEADER + code)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV"))}
    arguments = ["-c", os.devnull, "-p", "tests.contracts.judge.plugin", "-p", "no:cacheprovider", *more, str(path)]
    return subprocess.run(
        [sys.executable, "-m", "pytest", *arguments],
        check=False,
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=180,
    )


def test_a_run_says_who_judges_and_fails_on_a_bad_request_that_the_code_swallowed(tmp_path):
    code = f"""
def test_swallowing():
    try:
        {BAD_CALL}
    except AssertionError:
        pass
"""
    run = run_of_pytest(tmp_path, code)
    assert run.returncode == 1
    assert "Stripe requests judged by: " in run.stdout
    assert "1 passed, 1 error" in run.stdout
    assert "payment: is no such name" in run.stdout


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_run_fails_on_what_is_sent_after_the_last_test(tmp_path, workers):
    code = f"""
import pytest

@pytest.fixture(scope="session", autouse=True)
def late():
    yield
    with pytest.raises(AssertionError):
        {BAD_CALL}

def test_nothing():
    pass
"""
    run = run_of_pytest(tmp_path, code, "-n", workers)
    assert run.returncode == 1
    assert "Sent after the last test: POST /v1/refunds" in run.stdout


def test_a_run_fails_on_what_a_process_of_its_own_sends(tmp_path):
    code = f"""
import subprocess, sys

SERVER = '''
import stripe
from tests.contracts.judge import Judged
from tests.contracts.requests_to_judge import Capturing
client = stripe.StripeClient("sk_test_1", http_client=Judged(Capturing()))
{BAD_CALL}
'''

def test_a_server():
    assert subprocess.run([sys.executable, "-c", SERVER], capture_output=True).returncode == 1
"""
    run = run_of_pytest(tmp_path, code)
    assert run.returncode == 1
    assert "payment: is no such name" in run.stdout


def test_a_run_that_unjudged_on_purpose_is_fine(tmp_path):
    code = f"""
import pytest

@pytest.mark.unjudged("to see them arrive")
def test_on_purpose():
    {BAD_CALL}
"""
    run = run_of_pytest(tmp_path, code)
    assert run.returncode == 0, run.stdout


def imported_by(folder: Path) -> set[str]:
    """Every module that a folder's files import."""
    names = set()
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{path} imports by dots"
                names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def test_the_judge_and_the_standin_do_not_import_each_other():
    judge, standin = imported_by(JUDGE), imported_by(STANDIN)
    assert judge
    assert not {name for name in judge if name.split(".")[0] == "cornerspot"}
    assert not {name for name in standin if name.split(".")[0] == "tests"}
