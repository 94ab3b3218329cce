"""A stand-in for Stripe's API of 2026-10-28.endive: stateful, on loopback or in process, without real money.

For the demo, the browser tests and the fault tests. ``create_standin`` makes one,
``StandInTransport`` lets the Stripe SDK call it without sockets, ``create_wsgi_app``
and ``serve_standin`` put it on loopback. It imports nothing from Cornerspot but
``kit``, and refuses to exist beside a live key.
"""

from cornerspot.payments.standin.control import StandIn, create_standin
from cornerspot.payments.standin.errors import StandInRefused
from cornerspot.payments.standin.faults import Fault

__all__ = ["Fault", "StandIn", "StandInRefused", "create_standin"]
