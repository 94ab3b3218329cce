"""Makes pytest fail on every bad request that any test sends to Stripe or to a stand-in.

Loaded by tests/conftest.py. The header says which description judges. A test
that sends bad requests on purpose, or has the stand-in answer nonsense, says why:
``@pytest.mark.unjudged("the stand-in refuses them")``, or ``with excused(why):``
around those lines.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import stripe

from tests.contracts.judge import docket
from tests.contracts.judge.judging import in_force
from tests.contracts.judge.seats import Judged, sit_before_the_sdk

MARK = "unjudged"
OPEN = pytest.StashKey[docket.Docket]()
LATE = "stripe_docket"
SHOWN = 10


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", f"{MARK}(why): sends what Stripe would refuse, or has it answer nonsense, on purpose"
    )
    try:
        in_force()
    except FileNotFoundError as missing:
        raise pytest.UsageError(str(missing)) from missing
    handle, path = tempfile.mkstemp(prefix="stripe-docket-")
    os.close(handle)
    os.environ[docket.NAMED_BY] = path  # Each worker of xdist overwrites what it inherited.
    config.stash[OPEN] = docket.Docket(Path(path))
    config.add_cleanup(lambda: Path(path).unlink(missing_ok=True))
    config.add_cleanup(sit_before_the_sdk())


def pytest_report_header() -> str:
    return f"Stripe requests judged by: {in_force()}"


@pytest.fixture(autouse=True)
def _only_good_requests(request: pytest.FixtureRequest) -> Iterator[None]:
    """The test fails when anything it started sent what Stripe would refuse."""
    marked = request.node.get_closest_marker(MARK)
    if marked:
        with docket.excused(marked.args[0]):
            yield
        request.config.stash[OPEN].take()  # Servers in other processes know nothing of the mark.
    else:
        yield
        found = request.config.stash[OPEN].take()
        if found:
            pytest.fail("\n".join(found[:SHOWN]), pytrace=False)


@pytest.fixture
def judged_client() -> Judged:
    """An HTTP client for the SDK that judges each request before it goes over a socket."""
    return Judged(stripe.RequestsClient(timeout=(5, 25)))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """What came after the last test fails the run; workers hand it to their controller."""
    late = session.config.stash[OPEN].take()
    output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
    if output is not None:
        output[LATE] = late
    elif late:
        fail_session(session, late)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """A worker of xdist has ended; what it had left over is written into the controller's docket."""
    for line in getattr(node, "workeroutput", {}).get(LATE, ()):
        docket.write_down(line)


def fail_session(session: pytest.Session, late: list[str]) -> None:
    session.exitstatus = pytest.ExitCode.TESTS_FAILED
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    for line in late[:SHOWN]:
        if reporter:
            reporter.write_line(f"Sent after the last test: {line}", red=True)
