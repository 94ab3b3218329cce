"""What Stripe's documentation says and its description leaves out.

Metadata: 50 keys of 40 characters with values of 500. Currencies are three
lower-case letters. Amounts are not negative; a page has 1 to 100 rows.
Checkout fills its session's id only into literal braces.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tests.contracts.judge.findings import Finding
from tests.contracts.judge.matching import CURRENCY, WHOLE, Place, shown

MOST_KEYS, LONGEST_KEY, LONGEST_VALUE = 50, 40, 500
LONGEST_IDEMPOTENCY_KEY = 255
LARGEST_AMOUNT = 999_999_999_999  # Twelve digits, as Stripe allows at most.
NOT_NEGATIVE = frozenset(
    {"amount", "amount_to_capture", "application_fee_amount", "quantity", "trial_period_days", "unit_amount"}
)
ADDRESSES = frozenset({"cancel_url", "redirect_uri", "refresh_url", "return_url", "success_url"})
ENCODED_BRACES = re.compile(r"%7bCHECKOUT_SESSION_ID%7d", re.IGNORECASE)


def rule_findings(values: Mapping[str, Any], place: Place = ()) -> Iterator[Finding]:
    """What is wrong by these rules, at every depth."""
    for name, value in values.items():
        here = (*place, name)
        if name == "metadata" and isinstance(value, dict):
            yield from metadata_findings(value, here)
        elif isinstance(value, dict):
            yield from rule_findings(value, here)
        elif isinstance(value, list):
            yield from rule_findings({str(n): item for n, item in enumerate(value)}, here)
        elif value is not None:
            says = scalar_rule(name, str(value))
            if says:
                yield Finding(here, says)


def metadata_findings(metadata: Mapping[str, Any], place: Place) -> Iterator[Finding]:
    if len(metadata) > MOST_KEYS:
        yield Finding(place, f"has {len(metadata)} keys, {MOST_KEYS} are allowed")
    for key, value in metadata.items():
        if len(key) > LONGEST_KEY:
            yield Finding((*place, key), f"has a key of {len(key)} characters, {LONGEST_KEY} are allowed")
        if isinstance(value, str) and len(value) > LONGEST_VALUE:
            yield Finding((*place, key), f"has {len(value)} characters, {LONGEST_VALUE} are allowed")


def scalar_rule(name: str, value: str) -> str | None:
    """What is wrong with one value by its name, or nothing."""
    says = None
    if name == "currency" or name.endswith("_currency"):
        if value and not CURRENCY.fullmatch(value):
            says = f"{shown(value)} is not three lower-case letters"
    elif name in NOT_NEGATIVE and WHOLE.fullmatch(value):
        if not 0 <= int(value) <= LARGEST_AMOUNT:
            says = f"{value} is below zero or too large"
    elif name == "limit" and WHOLE.fullmatch(value):
        if not 1 <= int(value) <= 100:
            says = f"{value} is not between 1 and 100"
    elif name in ADDRESSES and value:
        if not value.startswith(("http://", "https://")):
            says = f"{shown(value)} is no address"
        elif ENCODED_BRACES.search(value):
            says = "has the braces of {CHECKOUT_SESSION_ID} encoded"
    return says


def header_findings(headers: Mapping[str, str], *, expects_version: str) -> Iterator[Finding]:
    """What is wrong with the headers of a request."""
    given = {name.lower(): value for name, value in headers.items()}
    if len(given.get("idempotency-key", "")) > LONGEST_IDEMPOTENCY_KEY:
        yield Finding(("Idempotency-Key",), f"has more than {LONGEST_IDEMPOTENCY_KEY} characters")
    account = given.get("stripe-account", "acct_")
    if not account.startswith("acct_"):
        yield Finding(("Stripe-Account",), f"{shown(account)} is no account")
    version = given.get("stripe-version", expects_version)
    if version != expects_version:
        yield Finding(("Stripe-Version",), f"{shown(version)} is not {expects_version}")
