"""How PostgreSQL plans what a transaction asks."""

from __future__ import annotations

from cornerspot.db import db

_FOR_ITS_VALUES = "SET LOCAL plan_cache_mode = force_custom_plan"


def plan_for_values() -> None:
    """Until the transaction ends, each statement is planned for its own values, also one that is prepared.

    A prepared statement is soon planned once and for all: for a team of average size and a word
    of average frequency. For lists and sums that plan is wrong where it matters. Planning costs
    about a millisecond, so what reads a row by its key goes without.
    """
    own = db.session()
    plain = own.connection().connection.driver_connection  # Begins the transaction, if nothing has.
    if own.info.get("planned_for_values") is own.get_transaction():
        return
    assert plain is not None  # noqa: S101 - a connection that is begun is open
    plain.execute(_FOR_ITS_VALUES, prepare=False)
    own.info["planned_for_values"] = own.get_transaction()
