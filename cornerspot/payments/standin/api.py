"""The API's front door: who asks, on which account, whether it was asked before, what it answers."""

from __future__ import annotations

import base64
import binascii
import json
import threading
from dataclasses import dataclass
from typing import Any

from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound
from werkzeug.routing import Map, MapAdapter

from cornerspot.payments.standin import (
    accounts,
    balance,
    catalog,
    charges,
    checkout,
    customers,
    disputes,
    events,
    idempotency,
    invoices,
    oauth,
    payment_intents,
    payouts,
    portal,
    refunds,
    subscriptions,
    webhooks,
)
from cornerspot.payments.standin.calls import Call, Operation, routes
from cornerspot.payments.standin.errors import ApiRefusal, Unreachable
from cornerspot.payments.standin.faults import Fault, Faults, Kind
from cornerspot.payments.standin.params import nested
from cornerspot.payments.standin.state import API_VERSION, Account, Obj, World

# Importing a module registers its operations.
RESOURCES = (
    accounts, balance, catalog, charges, checkout, customers, disputes, events, invoices, oauth, payment_intents,
    payouts,
    portal, refunds, subscriptions, webhooks,
)  # fmt: skip


@dataclass(frozen=True)
class Answer:
    """What goes back to the caller."""

    status: int
    headers: dict[str, str]
    body: str


class Api:
    """Answers requests one at a time, under the world's lock."""

    def __init__(self, world: World, faults: Faults, lock: threading.RLock) -> None:
        self.world, self.faults, self.lock = world, faults, lock
        self._routes: Map = routes()
        self._adapter: MapAdapter = self._routes.bind("stripe-standin")

    def answer(self, method: str, path: str, query: str, headers: dict[str, str], body: str) -> Answer:
        """Carry out a request, header names in lower case; raises Unreachable when a fault eats the answer."""
        with self.lock:
            request_id = f"req_{self.world.token(14)}"
            fault = self.faults.take(method, path)
        if fault is not None and not fault.worked and fault.status is None:
            raise Unreachable(fault.name, fault.seconds)
        try:
            if fault is not None and fault.status is not None and not fault.worked and fault.status != 500:
                raise _failure(fault)
            status, text, extra = self._answered(method, path, query, headers, body, request_id, fault)
        except ApiRefusal as refusal:
            status, text, extra = refusal.status, json.dumps(refusal.body()), {}
        if fault is not None and fault.name == Fault.HOLD_ANSWER.name:
            self.faults.wait(fault)
        if fault is not None and fault.name == Fault.DROP_ANSWER.name:
            raise Unreachable(fault.name)
        if fault is not None and status >= 409 and fault.should_retry is not None:
            extra = {**extra, "stripe-should-retry": str(fault.should_retry).lower()}
        return Answer(status, _headers(request_id, headers, extra), text)

    def _answered(
        self,
        method: str,
        path: str,
        query: str,
        headers: dict[str, str],
        body: str,
        request_id: str,
        fault: Kind | None,
    ) -> tuple[int, str, dict[str, str]]:
        with self.lock:
            _require_version(headers)
            operation, args = self._matched(method, path)
            raw = nested(query if method == "GET" else "&".join(part for part in (query, body) if part))
            caller, account = self._account(headers, raw, operation, args)
            key = headers.get("idempotency-key") if method == "POST" and path.startswith("/v1/") else None
            print_of_request = idempotency.fingerprint(method, path, raw)
            if key:
                kept = idempotency.kept_answer(account, key, print_of_request, self.world.now())
                if kept is not None:
                    return (
                        kept["status"],
                        kept["body"],
                        {"idempotent-replayed": "true", "original-request": kept["request_id"]},
                    )
                idempotency.begin(account, key, print_of_request, self.world.now())
        if fault is not None and fault.name == Fault.DELAY.name:
            self.faults.wait(fault)
        with self.lock:
            request = {"id": request_id, "idempotency_key": key}
            stays = False
            try:
                status, text, stays = self._run(operation, args, raw, caller, account, request, fault)
                if key and stays:
                    idempotency.keep(account, key, status, text, request_id)
            finally:
                if key and not stays:
                    idempotency.forget(account, key)
            return status, text, {}

    def _run(
        self, operation: Operation, args: dict[str, str], raw: Obj, caller: Account, account: Account, request: Obj,
        fault: Kind | None,
    ) -> tuple[int, str, bool]:  # fmt: skip
        """The status, the body, and whether an idempotency key keeps them."""
        try:
            params = operation.takes.read(raw) or {}
            if fault is not None and fault.status == 500 and not fault.worked:
                raise _failure(fault)
            answer = operation.run(Call(self.world, account, caller, params, raw, args, request))
            if fault is not None and fault.alter is not None:
                fault.alter(answer)
            if fault is not None and fault.status is not None:
                raise _failure(fault)
        except ApiRefusal as refusal:
            return refusal.status, json.dumps(refusal.body()), refusal.kept
        return 200, json.dumps(answer), True

    def _matched(self, method: str, path: str) -> tuple[Operation, dict[str, str]]:
        try:
            operation, args = self._adapter.match(path, method=method)
        except MethodNotAllowed:
            operation, args = None, {}
        except (NotFound, HTTPException):
            operation, args = None, {}
        if operation is None:
            raise ApiRefusal(
                f"Unrecognized request URL ({method}: {path}). If you are trying to list objects, remove the trailing "
                "slash. If you are trying to retrieve an object, make sure you passed a valid (non-empty) identifier.",
                status=404,
                kept=False,
            )
        return operation, {name: str(value) for name, value in args.items()}

    def _account(
        self, headers: dict[str, str], raw: Obj, operation: Operation, args: dict[str, str]
    ) -> tuple[Account, Account]:
        """Who asks and on whose account; refuses unknown keys (401) and foreign accounts (403)."""
        secret = _secret(headers)
        if not secret and operation.path == "/oauth/token":
            secret = str(raw.get("client_secret", ""))
        if not secret:
            raise _unauthorized(
                "You did not provide an API key. You need to provide your API key in the Authorization header."
            )
        known = self.world.keys.get(secret)
        if known is None:
            raise _unauthorized(f"Invalid API Key provided: {hidden(secret)}")
        if known["revoked"]:
            raise _unauthorized(f"Expired API Key provided: {hidden(secret)}", code="api_key_expired")
        if not _may(known["permissions"], operation.permission):
            raise _forbidden(
                f"The provided key '{hidden(secret)}' does not have the required permissions for this endpoint on "
                f"account '{known['account']}'. Having the 'rak_{operation.permission}' permission would allow this "
                "request to continue."
            )
        caller = self.world.accounts[known["account"]]
        wanted = headers.get("stripe-account") or args.get("account")
        if not wanted or wanted == caller.id:
            return caller, caller
        connection = self.world.connections.get(wanted)
        if connection is None or connection["platform"] != caller.id:
            raise _forbidden(
                f"The provided key '{hidden(secret)}' does not have access to account '{wanted}' (or that account does "
                "not exist). Application access may have been revoked.",
                code="account_invalid",
            )
        return caller, self.world.accounts[wanted]


def _require_version(headers: dict[str, str]) -> None:
    version = headers.get("stripe-version", API_VERSION)
    if version != API_VERSION:
        raise ApiRefusal(f"Invalid Stripe API version: {version}. The stand-in knows {API_VERSION} only.", kept=False)


def _may(permissions: list[str] | None, wanted: str) -> bool:
    """Whether a key may; who may write may read."""
    if permissions is None or wanted in permissions:
        return True
    return wanted.endswith("_read") and f"{wanted.removesuffix('_read')}_write" in permissions


def hidden(secret: str) -> str:
    """A key as it may be shown."""
    return f"{secret[:8]}{'*' * 8}{secret[-4:]}" if len(secret) > 16 else "*" * len(secret)


def _secret(headers: dict[str, str]) -> str:
    scheme, _, value = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return ""


def _unauthorized(message: str, code: str | None = None) -> ApiRefusal:
    return ApiRefusal(message, status=401, code=code, kept=False)


def _forbidden(message: str, code: str | None = None) -> ApiRefusal:
    return ApiRefusal(message, status=403, code=code, kept=False)


def _failure(fault: Kind) -> ApiRefusal:
    if fault.status == 409:
        message, kind, code = (
            "There is currently another in-progress request.",
            "idempotency_error",
            "idempotency_key_in_use",
        )
    elif fault.status == 429:
        message, kind, code = "Request rate limit exceeded.", "invalid_request_error", "rate_limit"
    else:
        message, kind, code = "An unknown error occurred.", "api_error", None
    return ApiRefusal(message, status=fault.status or 500, kind=kind, code=code, kept=fault.status == 500)


def _headers(request_id: str, headers: dict[str, str], extra: dict[str, Any]) -> dict[str, str]:
    answer = {"content-type": "application/json", "request-id": request_id, "cache-control": "no-cache, no-store"}
    answer["stripe-version"] = headers.get("stripe-version", API_VERSION)
    if "idempotency-key" in headers:
        answer["idempotency-key"] = headers["idempotency-key"]
    if "stripe-account" in headers:
        answer["stripe-account"] = headers["stripe-account"]
    return {**answer, **extra}
