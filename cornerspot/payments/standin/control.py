"""The stand-in as tests and the demo hold it: its accounts, its payers, its banks, its clock."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from cornerspot.payments.standin import (
    accounts,
    charges,
    disputes,
    oauth,
    paying,
    payouts,
    refunds,
    subscriptions,
    webhooks,
)
from cornerspot.payments.standin.agenda import run_next
from cornerspot.payments.standin.api import Answer, Api
from cornerspot.payments.standin.clock import Clock, business_days_later
from cornerspot.payments.standin.delivering import Deliver, Outcome, deliver_over_loopback
from cornerspot.payments.standin.errors import StandInRefused, missing
from cornerspot.payments.standin.events import twin
from cornerspot.payments.standin.faults import Faults
from cornerspot.payments.standin.oracle import Moved, money_moved
from cornerspot.payments.standin.post_office import PostOffice
from cornerspot.payments.standin.state import Account, Obj, World
from cornerspot.payments.standin.test_methods import bank_named, card_named

DELIVERIES = ("immediate", "queued", "background")


def create_standin(
    *,
    frozen_at: datetime | None = None,
    deliver: Deliver | None = None,
    delivery: str = "queued",
    public_url: str = "http://127.0.0.1:12111",
    seed: int | None = None,
    environment: str | None = None,
    near: Iterable[str] = (),
) -> StandIn:
    """A stand-in without accounts.

    ``delivery`` is ``immediate`` (after each call, in the caller's thread), ``queued``
    (``deliver_pending`` sends) or ``background`` (a thread of the server sends).
    ``near`` are the secrets in use beside it; raises StandInRefused when one is a live
    key, or in production.
    """
    require_harmless(environment, near)
    return StandIn(World(Clock(frozen_at), public_url.rstrip("/"), seed), deliver or deliver_over_loopback, delivery)


def require_harmless(environment: str | None = None, near: Iterable[str] = ()) -> None:
    """Refuse to run in production, or where any setting or secret is a live key."""
    if "production" in (environment, os.environ.get("CORNERSPOT_ENV")):
        raise StandInRefused("The Stripe stand-in does not run in production.")
    for text in (*near, *os.environ.values()):
        accounts.require_test_key(text)


class StandIn:
    """One stand-in: a world of accounts, an API over it, and hands to move it with. Safe to use from many threads."""

    def __init__(self, world: World, deliver: Deliver, delivery: str = "queued") -> None:
        if delivery not in DELIVERIES:
            raise ValueError(f"delivery is one of {', '.join(DELIVERIES)}")
        self.world, self.delivery = world, delivery
        self.lock = threading.RLock()
        self.faults = Faults()
        self.api = Api(world, self.faults, self.lock)
        self.post = PostOffice(world, self.lock, deliver)
        self.changes = 0
        self._woken = threading.Event()

    # Accounts and keys

    def open_account(self, **details: Any) -> Account:
        """A new account; see ``accounts.open_account`` for its details."""
        with self.lock:
            return accounts.open_account(self.world, **details)

    def open_platform(self, **details: Any) -> Account:
        """A new account that others can connect to."""
        with self.lock:
            return accounts.open_platform(self.world, **details)

    def make_key(self, account: Account | str, **details: Any) -> str:
        """A new API key of the account."""
        with self.lock:
            return accounts.make_key(self.world, self.account(account), **details)

    def revoke_key(self, key: str) -> None:
        """The key opens nothing any more."""
        with self.lock:
            self.world.keys[key]["revoked"] = True

    def restore_key(self, key: str) -> None:
        """The key works again."""
        with self.lock:
            self.world.keys[key]["revoked"] = False

    def account(self, account: Account | str) -> Account:
        """The account itself, by its id too."""
        if isinstance(account, Account):
            return account
        if account not in self.world.accounts:
            raise missing("account", account)
        return self.world.accounts[account]

    def restrict(self, account: Account | str, *, charges_enabled: bool = False) -> None:
        """Stripe has stopped (or allowed again) charges on the account."""
        with self.acting():
            accounts.restrict(self.world, self.account(account), charges_enabled)

    def pay_out(self, account: Account | str) -> Obj | None:
        """What is available goes to the bank; None when there is nothing."""
        with self.acting():
            return payouts.pay_out(self.world, self.account(account))

    def grant_code(self, platform: Account | str, account: Account | str, scope: str = "read_write") -> str:
        """The OAuth code that the account's owner would come back with."""
        with self.lock:
            return oauth.grant_code(self.world, self.account(platform), self.account(account), scope)

    def connect(self, platform: Account | str, account: Account | str) -> None:
        """The account is connected to the platform."""
        with self.acting():
            oauth.connect(self.world, self.account(platform), self.account(account))

    def disconnect(self, account: Account | str) -> None:
        """The account's owner has left: its keys are revoked and its connection is over."""
        with self.acting():
            own = self.account(account)
            oauth.leave(self.world, own)
            for known in self.world.keys.values():
                if known["account"] == own.id:
                    known["revoked"] = True

    def reconnect(self, account: Account | str, platform: Account | str | None = None) -> None:
        """The account's keys work again; with a platform, it is connected to it again."""
        with self.acting():
            own = self.account(account)
            for known in self.world.keys.values():
                if known["account"] == own.id:
                    known["revoked"] = False
            if platform is not None:
                oauth.connect(self.world, self.account(platform), own)

    # The API

    def answer(self, method: str, path: str, query: str, headers: dict[str, str], body: str) -> Answer:
        """What the API answers; raises Unreachable when nothing comes back."""
        self.tick()
        try:
            return self.api.answer(method, path, query, headers, body)
        finally:
            self._send()

    # Payers and their banks

    def pay_with_card(
        self, session_id: str, card: str = "4242424242424242", *, authenticated: bool = True
    ) -> Obj | None:
        """Somebody pays the session with a test card; a 3-D Secure step ends as ``authenticated`` says."""
        with self.acting():
            account, session = self.world.find("checkout.session", session_id)
            return paying.pay_with_card(self.world, account, session, card_named(card), authenticated=authenticated)

    def charge_saved_card(self, session_id: str, card: str = "4242424242424242") -> Obj:
        """A program of the account charges the payer's card, off session, for what the session is for."""
        with self.acting():
            account, session = self.world.find("checkout.session", session_id)
            return paying.charge_saved_card(self.world, account, session, card_named(card))

    def decline(self, session_id: str) -> Obj | None:
        """Somebody tries to pay with a card that is declined; the session stays open."""
        return self.pay_with_card(session_id, "4000000000000002")

    def pay_by_bank(self, session_id: str, bank: str = "success") -> Obj:
        """Somebody pays the session from a test bank account; it clears in four business days."""
        with self.acting():
            account, session = self.world.find("checkout.session", session_id)
            return paying.pay_by_bank(self.world, account, session, bank_named(bank))

    def verify_microdeposits(self, intent_id: str) -> None:
        """The payer has confirmed the two small deposits."""
        with self.acting():
            account, intent = self.world.find("payment_intent", intent_id)
            paying.verify_microdeposits(self.world, account, intent)

    def settle(self, intent_id: str) -> None:
        """The bank answers now instead of on day 4."""
        with self.acting():
            account, intent = self.world.find("payment_intent", intent_id)
            charges.settle_debit(self.world, account, {"id": intent["id"]})

    def expire(self, session_id: str) -> None:
        """The session's time is over."""
        from cornerspot.payments.standin.checkout import expire

        with self.acting():
            account, session = self.world.find("checkout.session", session_id)
            paying.require_open(self.world, session)
            expire(self.world, account, session)

    # The Dashboard

    def dashboard_refund(self, intent_id: str, amount: int | None = None, reason: str | None = None) -> Obj:
        """The tenant refunds in the Dashboard: all that is left, or an amount."""
        with self.acting():
            account, intent = self.world.find("payment_intent", intent_id)
            charge = account.get("charge", intent["latest_charge"])
            return refunds.make_refund(self.world, account, charge, amount, reason=reason)

    def fail_refund(self, refund_id: str, reason: str = "lost_or_stolen_card") -> None:
        """The refund comes back."""
        with self.acting():
            account, refund = self.world.find("refund", refund_id)
            refunds.fail_refund(self.world, account, refund, reason)

    def delay_refunds(self, business_days: int) -> None:
        """From now on a card refund is pending for so long; 0 has it succeed at once."""
        self.world.card_refund_days = business_days

    def settle_refund(self, refund_id: str) -> None:
        """The refund has reached the payer."""
        with self.acting():
            account, refund = self.world.find("refund", refund_id)
            refunds.settle_refund(self.world, account, {"id": refund["id"]})

    def open_dispute(self, charge_or_intent: str, **details: Any) -> Obj:
        """The payer's bank disputes; see ``disputes.open_dispute`` for amount, reason and inquiry."""
        with self.acting():
            wanted = charge_or_intent
            if wanted.startswith("pi_"):
                wanted = self.world.find("payment_intent", wanted)[1]["latest_charge"]
            account, charge = self.world.find("charge", wanted)
            return disputes.open_dispute(self.world, account, charge, **details)

    def withdraw_dispute(self, dispute_id: str) -> None:
        """An inquiry becomes a dispute: the money is withdrawn."""
        with self.acting():
            disputes.withdraw(self.world, *self.world.find("dispute", dispute_id))

    def review_dispute(self, dispute_id: str) -> None:
        """Evidence was handed in."""
        with self.acting():
            disputes.review_dispute(self.world, *self.world.find("dispute", dispute_id))

    def close_dispute(self, dispute_id: str, *, won: bool = False) -> None:
        """The dispute is over, won or lost; an inquiry just closes."""
        with self.acting():
            disputes.close_dispute(self.world, *self.world.find("dispute", dispute_id), won=won)

    def delay_fees(self, by: timedelta) -> None:
        """From now on the fee of a charge is known only so long after it."""
        self.world.fee_delay_seconds = int(by.total_seconds())

    def put_card(self, subscription_id: str, card: str) -> None:
        """The customer has another card on file."""
        with self.acting():
            account, subscription = self.world.find("subscription", subscription_id)
            subscriptions.put_card(self.world, account, subscription, card_named(card))

    # Webhooks

    def deliver_pending(self, **how: Any) -> list[Outcome]:
        """Send what waits; see ``PostOffice.deliver_pending`` for order, duplicate, drop and only."""
        return self.post.deliver_pending(**how)

    def resend(self, event_id: str) -> list[Outcome]:
        """Send an event again by hand, also after a 200."""
        return self.post.resend(event_id)

    def duplicate_event(self, event_id: str) -> Obj:
        """A second event object for the same happening."""
        with self.acting():
            return twin(self.world, event_id)

    def roll_secret(self, endpoint_id: str) -> str:
        """The endpoint's new secret; the old one signs too for 24 hours."""
        with self.lock:
            return webhooks.roll_secret(self.world, self.world.find("webhook_endpoint", endpoint_id)[1])

    def disable_endpoint(self, endpoint_id: str) -> None:
        """Stripe has switched the endpoint off: no deliveries are even made."""
        with self.lock:
            self.world.find("webhook_endpoint", endpoint_id)[1]["status"] = "disabled"

    def enable_endpoint(self, endpoint_id: str) -> None:
        """The endpoint is on again."""
        with self.lock:
            self.world.find("webhook_endpoint", endpoint_id)[1]["status"] = "enabled"

    # Time

    @property
    def now(self) -> datetime:
        """The stand-in's time."""
        return self.world.clock.now()

    def tick(self) -> None:
        """Everything that is due by now has happened."""
        with self.lock:
            while run_next(self.world, self.world.now()):
                pass

    def advance(self, by: timedelta) -> None:
        """Time passes; what falls due on the way happens at its own time."""
        with self.lock:
            until = self.world.now() + int(by.total_seconds())
        while True:
            with self.lock:
                more = run_next(self.world, until)
            self._send()
            if not more:
                break
        with self.lock:
            self.world.clock.move_to(until)
        self._send()

    def advance_business_days(self, days: int = 4) -> None:
        """That many days from Monday to Friday pass, and a minute."""
        now = self.world.now()
        self.advance(timedelta(seconds=business_days_later(now, days) - now + 60))

    # The oracle

    def money_moved(self, account: Account | str) -> dict[str, Moved]:
        """What really moved on the account, by payment intent."""
        with self.lock:
            return money_moved(self.account(account))

    def objects(self, account: Account | str, kind: str) -> list[Obj]:
        """All objects of a kind on the account, oldest first."""
        with self.lock:
            return list(self.account(account).table(kind).values())

    @contextmanager
    def acting(self) -> Iterator[None]:
        """Inside the block the world is held; afterwards what happened is sent."""
        with self.lock:
            self.tick()
            yield
        self._send()

    def wait_for_work(self, seconds: float) -> None:
        """Wait until something has happened, or so long."""
        self._woken.wait(seconds)
        self._woken.clear()

    def wake(self) -> None:
        """Whoever waits for work looks again."""
        self._woken.set()

    def wait_until_told(self, session_id: str, seconds: float) -> None:
        """Wait until the endpoints have heard that a session is complete, at most so long."""
        if self.delivery != "background":
            return
        account, _ = self.world.find("checkout.session", session_id)
        with self.lock:
            told = [
                delivery
                for event in reversed(account.table("event").values())
                if event["type"] == "checkout.session.completed" and event["data"]["object"]["id"] == session_id
                for delivery in event["_deliveries"]
            ]
        self.post.wait_until_tried(told, seconds)

    def _send(self) -> None:
        self.changes += 1
        if self.delivery == "immediate":
            self.post.deliver_pending()
        elif self.delivery == "background":
            self.wake()
