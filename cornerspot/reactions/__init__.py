"""Event-driven arrows between packages, one module per arrow, run by the worker.

May import every domain package; none imports this one. ``load`` makes all reactions and
tasks known, which publishing and the worker both need.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module

from cornerspot.jobs import registry

# Lower packages that bring tasks of their own.
TASK_MODULES = (
    "cornerspot.jobs.upkeep",
    "cornerspot.people.upkeep",
    "cornerspot.plans.upkeep",
    "cornerspot.crm.upkeep",
    "cornerspot.billing.upkeep",
    "cornerspot.billing.bulk",
    "cornerspot.billing.online.checkout",
    "cornerspot.billing.online.reconciling",
    "cornerspot.billing.online.refund_calls",
    "cornerspot.billing.online.syncing",
    "cornerspot.billing.sending",
    "cornerspot.billing.reminding",
    "cornerspot.billing.rereading",
    "cornerspot.portal.domains",
    "cornerspot.portal.upkeep",
    "cornerspot.payments.upkeep",
    "cornerspot.mail.sending",
    "cornerspot.mail.upkeep",
)


def load() -> None:
    """Every reaction and task is known, to those who publish as to the worker."""
    for module in pkgutil.iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")
    for name in TASK_MODULES:
        import_module(name)
    registry.complete()
