"""Idempotency keys as Stripe treats them.

Same key and same request: the same answer again. Another request under the key:
refused. At the same time: 409. An answer is kept once the work began, also a 500;
a mistake found before that is not. Keys are forgotten after 24 hours of the
stand-in's clock, and belong to one account.
"""

from __future__ import annotations

import hashlib
import json

from cornerspot.payments.standin.errors import ApiRefusal
from cornerspot.payments.standin.state import Account, Obj

KEPT_SECONDS = 24 * 3600
LONGEST_KEY = 255


def fingerprint(method: str, path: str, body: Obj) -> str:
    """What makes two requests the same."""
    return hashlib.sha256(f"{method} {path} {json.dumps(body, sort_keys=True)}".encode()).hexdigest()


def kept_answer(account: Account, key: str, print_of_request: str, now: int) -> Obj | None:
    """The answer under this key, if there is one; refuses another request or one at the same time."""
    if len(key) > LONGEST_KEY:
        raise ApiRefusal("Idempotency keys can have up to 255 characters.", kept=False)
    kept = account.kept_answers.get(key)
    if kept is None or now - kept["at"] >= KEPT_SECONDS:
        return None
    if kept["print"] != print_of_request:
        raise ApiRefusal(
            "Keys for idempotent requests can only be used with the same parameters they were first used with. "
            f"Try using a key other than '{key}' if you meant to execute a different request.",
            kind="idempotency_error",
            kept=False,
        )
    if kept["status"] is None:
        raise ApiRefusal(
            "There is currently another in-progress request using this Idempotent Key (that probably means you "
            f"submitted twice, and the other request is still going through): {key}. Please try again later.",
            status=409,
            kind="idempotency_error",
            code="idempotency_key_in_use",
            kept=False,
        )
    return kept


def begin(account: Account, key: str, print_of_request: str, now: int) -> None:
    """The work under this key is under way; a key past its day makes room."""
    answers = account.kept_answers
    answers.pop(key, None)
    while answers and now - answers[oldest := next(iter(answers))]["at"] >= KEPT_SECONDS:
        del answers[oldest]
    answers[key] = {"print": print_of_request, "at": now, "status": None, "body": None}


def keep(account: Account, key: str, status: int, body: str, request_id: str) -> None:
    """This is the answer under the key from now on."""
    account.kept_answers[key].update(status=status, body=body, request_id=request_id)


def forget(account: Account, key: str) -> None:
    """Nothing was begun: the key is free."""
    account.kept_answers.pop(key, None)
