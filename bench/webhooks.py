"""Stripe's webhooks over HTTP, 30 % of them repeated, in random order; and the books once the worker has caught up.

Taken in means stored for good and answered 200: that is what Stripe waits for, and what 500 a
second are asked of. Three numbers are told apart: what is taken in by web and database alone,
what is taken in while the worker works beside them on the same cores, and how fast the worker
works off what waits.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import socket
import subprocess
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import psutil
import stripe
from sqlalchemy import func, select, text

from bench.draining import watched_until_done, worker_of
from bench.measuring import machine, seconds, show, verdict
from bench.world import ROOT, Team, World, _environment, _free_port, _wait_until_served, world
from cornerspot.db import db, session
from cornerspot.db.transaction import in_transaction
from cornerspot.jobs.worker import run_pending
from cornerspot.kit.sealing import seal
from cornerspot.payments.connecting import webhook_url
from cornerspot.payments.models import ProcessorAccount, StripeEvent
from cornerspot.payments.standin.post_office import PostOffice
from cornerspot.payments.standin.transport import StandInTransport
from cornerspot.payments.stripe_calls import calls_through
from cornerspot.settings import current_settings
from cornerspot.tenancy import team_scope
from tests.factories.online import Processor

EVENTS = int(os.environ.get("BENCH_EVENTS", "5000"))
REPEATED = 0.3
SENDERS = 16
BESIDE = EVENTS // 5
PAYMENTS = 60
WANTED_PER_SECOND = 500
SECRET = "whsec_of_the_benchmarks"


@dataclass(frozen=True)
class Delivery:
    """A webhook, ready to be sent over a socket."""

    raw: bytes

    @classmethod
    def of(cls, path: str, body: bytes, signature: str) -> Delivery:
        head = (
            f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json; charset=utf-8\r\n"
            f"Stripe-Signature: {signature}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return cls(head.encode() + body)


def measure(place: World) -> dict[str, Any]:
    """Events stored a second, what each costs of the processor, and whether any was lost or any balance is wrong."""
    _forget_jobs(place)  # Those of other measurements.
    with _served_as_in_production(place) as (port, server):
        intake = _intake(place, port, server)
        with worker_of(place) as worker:
            drained = watched_until_done(place, worker).summary()
            beside = _intake_beside_the_worker(place, port)
        balances = _balances(place, port)
    growth = drained["megabytes_last_third"] - drained["megabytes_first_third"]
    return {
        "what": f"{EVENTS} events and {REPEATED:.0%} of them again, in random order, by {SENDERS} senders, to gunicorn"
        f" as bin/serve runs it; then a worker as in production works all of them off; then {BESIDE} more events while"
        f" it runs; then the events of {PAYMENTS} payments and refunds, worked on in this process",
        **intake,
        "worker": drained,
        "beside_the_worker": beside,
        **balances,
        "verdicts": {
            "workers_growth_mb": verdict(growth, at_most=4),
            "webhooks_per_second": verdict(intake["webhooks_per_second"], at_least=WANTED_PER_SECOND),
            "events_lost_or_doubled": verdict(intake["events_lost_or_doubled"], at_most=0),
            "wrong_balances": verdict(balances["wrong_balances"], at_most=0),
        },
    }


def _intake(place: World, port: int, server: psutil.Process) -> dict[str, Any]:
    team = place.open_team()
    account_id = _connect(place, team)
    with place.app.app_context(), team_scope(team.story.team):
        path = urlsplit(webhook_url(account_id)).path
    deliveries = _shuffled([_event(path, number) for number in range(EVENTS)])
    _send(port, _shuffled([_event(path, -number) for number in range(1, 200)]))  # Connections and plans are warm.
    busy, began = _processor_seconds(place, server), perf_counter()
    _send(port, deliveries)
    spent = perf_counter() - began
    busy = {name: used - busy[name] for name, used in _processor_seconds(place, server).items()}
    with place.app.app_context(), team_scope(team.story.team):
        rows = in_transaction(lambda: session.scalar(select(func.count()).where(StripeEvent.object_id.like("pi_+%"))))
    return {
        "webhooks_per_second": round(len(deliveries) / spent, 1),
        "seconds": round(spent, 2),
        "webhooks": len(deliveries),
        "processor_ms_per_webhook": {name: round(used / len(deliveries) * 1000, 3) for name, used in busy.items()},
        "events_lost_or_doubled": abs(EVENTS - (rows or 0)),
    }


def _intake_beside_the_worker(place: World, port: int) -> dict[str, Any]:
    """What is taken in while the worker works on it, on the same cores."""
    team = place.open_team()
    account_id = _connect(place, team)
    with place.app.app_context(), team_scope(team.story.team):
        path = urlsplit(webhook_url(account_id)).path
    deliveries = _shuffled([_event(path, number) for number in range(BESIDE)])
    spent = seconds(partial(_send, port, deliveries))
    return {"webhooks": len(deliveries), "webhooks_per_second": round(len(deliveries) / spent, 1)}


def _balances(place: World, port: int) -> dict[str, Any]:
    """Payments and refunds of the stand-in, told of in disorder and repeatedly: our ledger beside its own."""
    team = place.open_team()
    _forget_jobs(place)  # Those of the intake are about payments that nobody made.
    told: list[Delivery] = []

    def collect(url: str, headers: dict[str, str], body: bytes) -> int:
        told.append(Delivery.of(urlsplit(url).path, body, headers["Stripe-Signature"]))
        return 200

    with place.app.app_context(), team_scope(team.story.team):
        shop = Processor(team.story.owner)
        with calls_through(StandInTransport(shop.standin)):
            shop.standin.post = PostOffice(shop.standin.world, shop.standin.lock, collect)
            _listen(shop)
            for number in range(PAYMENTS):
                payment = shop.paid_by_card(shop.invoice())
                if number % 3 == 0:
                    shop.standin.dashboard_refund(payment, 1_000)
            shop.standin.deliver_pending()
            run_pending(place.app)  # The invoices are printed before anything is timed.
            _send(port, _shuffled(told))
            worked = seconds(partial(run_pending, place.app))
            moved, booked = shop.moved(), shop.booked()
    wrong = {name for name in moved.keys() | booked.keys() if moved.get(name, 0) != booked.get(name, 0)}
    return {
        "payments": len(moved),
        "events_of_payments": len(told),
        "wrong_balances": len(wrong),
        "worker_events_per_second": round(len(told) / worked, 1),
    }


def _event(path: str, number: int) -> Delivery:
    """An event with what a payment's event carries; its size is that of Stripe's."""
    about = {
        "id": f"pi_{number:+}",
        "object": "payment_intent",
        "amount": 11900,
        "currency": "eur",
        "status": "succeeded",
        "metadata": {"tenant": "none of ours"},
        "padding": "x" * 2000,
    }
    event = {
        "id": f"evt_{number:+}",
        "object": "event",
        "type": "payment_intent.succeeded",
        "created": 1_790_000_000,
        "livemode": False,
        "data": {"object": about},
    }
    body = json.dumps(event)
    return Delivery.of(path, body.encode(), stripe.WebhookSignature.generate_signature_header(body, SECRET))


def _shuffled(deliveries: Sequence[Delivery]) -> list[Delivery]:
    """All of them and a part of them again, in an order that is the same in every run."""
    chance = random.Random(4711)
    mixed = [*deliveries, *chance.sample(deliveries, int(len(deliveries) * REPEATED))]
    chance.shuffle(mixed)
    return mixed


def _send(port: int, deliveries: Sequence[Delivery]) -> None:
    """Every delivery was answered 200, shared out among the senders; raises RuntimeError otherwise."""
    with ThreadPoolExecutor(SENDERS) as pool:
        for done in [pool.submit(_send_share, port, deliveries[first::SENDERS]) for first in range(SENDERS)]:
            done.result()


def _send_share(port: int, deliveries: Sequence[Delivery]) -> None:
    connection = socket.create_connection(("127.0.0.1", port))
    for delivery in deliveries:
        for _ in range(2):  # A worker process that was replaced has closed its connections.
            with contextlib.suppress(OSError):
                connection.sendall(delivery.raw)
                answer = connection.recv(4096)
                if answer:
                    break
            connection.close()
            connection = socket.create_connection(("127.0.0.1", port))
        if not answer.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"A webhook was answered {answer[:200]!r}")
        if b"connection: close" in answer.lower():
            connection.close()
            connection = socket.create_connection(("127.0.0.1", port))
    connection.close()


def _connect(place: World, team: Team) -> UUID:
    """The team is connected, without a word to Stripe."""
    with place.app.app_context(), team_scope(team.story.team):

        def write() -> UUID:
            key = current_settings().secret_key
            account = ProcessorAccount(
                kind="own_key",
                stripe_account_id="acct_bench",
                livemode=False,
                country="AT",
                default_currency="EUR",
                sealed_key=seal("rk_test_bench", key=key),
                sealed_webhook_secret=seal(SECRET, key=key),
            )
            session.add(account)
            session.flush()
            return account.id

        return in_transaction(write)


def _listen(shop: Processor) -> None:
    """The stand-in reports to the team's endpoint, whose secret the connection keeps."""
    from cornerspot.payments.connecting import make_endpoint
    from cornerspot.payments.stripe_provider import provider_for

    account = in_transaction(
        lambda: session.scalars(select(ProcessorAccount).where(ProcessorAccount.id == shop.connection_id)).one()
    )
    make_endpoint(account.id, provider_for(account))


def _forget_jobs(place: World) -> None:
    with place.app.app_context(), db.engine.begin() as connection:
        connection.execute(text("DELETE FROM procrastinate_jobs"))


@contextlib.contextmanager
def _served_as_in_production(place: World) -> Iterator[tuple[int, psutil.Process]]:
    """bin/serve runs, on this world's database: two processes of eight threads."""
    port = _free_port()
    environment = os.environ | _environment(place.server, place.folder) | {"PORT": str(port)}
    with (place.folder / "webhooks.log").open("wb") as log:
        serving = subprocess.Popen([ROOT / "bin" / "serve"], cwd=ROOT, env=environment, stdout=log, stderr=log)
    try:
        _wait_until_served(port)
        yield port, psutil.Process(serving.pid)
    finally:
        serving.terminate()
        serving.wait(40)


def _processor_seconds(place: World, server: psutil.Process) -> dict[str, float]:
    """Seconds of processor that web, database and this sender have used so far."""
    pid_file = next((place.folder / "postgres").resolve().rglob("postmaster.pid"))
    postmaster = psutil.Process(int(pid_file.read_text().split()[0]))
    return {
        "web": sum(_used(one) for one in (server, *server.children(recursive=True))),
        "database": sum(_used(one) for one in (postmaster, *postmaster.children(recursive=True))),
        "sender": _used(psutil.Process()),
    }


def _used(process: psutil.Process) -> float:
    with contextlib.suppress(psutil.NoSuchProcess):
        times = process.cpu_times()
        return float(times.user + times.system)
    return 0.0


if __name__ == "__main__":
    with world(served=False) as place_:
        show({"machine": machine(), "webhooks": measure(place_)})
