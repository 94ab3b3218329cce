"""The stand-in as an HTTP client of the Stripe SDK: calls go to it in process, no sockets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import stripe
from requests.structures import CaseInsensitiveDict

from cornerspot.payments.standin.control import StandIn
from cornerspot.payments.standin.errors import Unreachable

BASES = dict.fromkeys(("api", "connect", "files", "meter_events"), "http://stripe-standin.test")


class StandInTransport(stripe.HTTPClient):
    """Hand it to ``StripeClient(http_client=...)``; with ``waits=False`` retries come without a pause."""

    name = "standin"

    def __init__(self, standin: StandIn, *, waits: bool = False) -> None:
        super().__init__()
        self._standin, self._waits = standin, waits

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
        *,
        _usage: list[str] | None = None,
    ) -> tuple[str, int, Mapping[str, str]]:
        """The stand-in's answer; raises APIConnectionError when a fault keeps it back."""
        parts = urlsplit(url)
        lowered = {name.lower(): value for name, value in (headers or {}).items()}
        body = post_data.decode() if isinstance(post_data, bytes) else post_data or ""
        try:
            answer = self._standin.answer(method.upper(), parts.path, parts.query, lowered, body)
        except Unreachable as fault:
            raise stripe.APIConnectionError(f"No answer from the stand-in ({fault}).", should_retry=True) from fault
        return answer.body, answer.status, CaseInsensitiveDict(answer.headers)

    def _sleep_time_seconds(self, num_retries: int) -> float:
        return super()._sleep_time_seconds(num_retries) if self._waits else 0.0

    def close(self) -> None:
        """Nothing is held open."""


def client_of(standin: StandIn, key: str, *, account: str | None = None, retries: int = 2) -> stripe.StripeClient:
    """A Stripe client that talks to the stand-in and to nothing else."""
    return stripe.StripeClient(
        key,
        stripe_account=account,
        base_addresses=BASES,  # type: ignore[arg-type]
        max_network_retries=retries,
        http_client=StandInTransport(standin),
    )
