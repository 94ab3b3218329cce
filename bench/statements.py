"""The statements that one request sends, as the database server itself wrote them down."""

from __future__ import annotations

import re
import time
from typing import Any

from psycopg import sql

from bench.client import Call
from bench.world import World

_LOGGED = re.compile(r"LOG:  (?:statement|execute [^:]*): (.*)")
# What opens and closes a transaction is no work of the request.
_FRAME = re.compile(r"BEGIN|COMMIT|ROLLBACK|SET (LOCAL|TRANSACTION)|DEALLOCATE", re.IGNORECASE)


def statements_of(place: World, side: str, call: Call) -> dict[str, Any]:
    """How many statements the request sent, with how they begin; those that frame transactions apart."""
    log = place.folder / "postgres" / "server.log"
    browser = place.browser(side)
    _log_statements(place, on=True)
    try:
        began = log.stat().st_size
        browser.send(call)
        time.sleep(0.2)  # The server's log is written by another process.
        text = log.read_bytes()[began:].decode(errors="replace")
    finally:
        _log_statements(place, on=False)
    found = [" ".join(line.split()) for line in _LOGGED.findall(text)]
    work = [line for line in found if not _FRAME.match(line)]
    return {"count": len(work), "framing": len(found) - len(work), "begin_with": [line[:70] for line in work]}


def _log_statements(place: World, *, on: bool) -> None:
    """Every statement of the application's role is logged, from its next one on."""
    with place.server.as_superuser() as connection:
        value = sql.Literal("all" if on else "none")
        connection.execute(sql.SQL("ALTER SYSTEM SET log_statement = {}").format(value))
        connection.execute("SELECT pg_reload_conf()")
    time.sleep(0.3)
