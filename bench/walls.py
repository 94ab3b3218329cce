"""What row-level security and the session's criteria cost: the same queries with both walls, and with none."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, create_engine, select
from sqlalchemy.orm import Session, joinedload, selectinload

from bench.measuring import machine, show, summary, take_turns, times_floor, verdict
from bench.stock import open_invoices
from bench.world import Team, World, world
from cornerspot.billing.models import Invoice, InvoiceLine
from cornerspot.tenancy import team_scope
from cornerspot.tenancy.criteria import criteria_switched_off

ROUNDS, WARM_UP, IN_ROUND = 201, 2, 15
LINES, INVOICES, OTHER_TEAMS = 10, 120, 3


def measure(place: World) -> dict[str, Any]:
    """A list, a page's record with its lines, and a sum of lines: with the walls and without."""
    team = place.open_team()
    wanted = open_invoices(place, team, INVOICES, line_count=LINES)[0]
    for _ in range(OTHER_TEAMS):
        open_invoices(place, place.open_team(), INVOICES // 4, line_count=LINES)
    queries = {"list_of_50": list_of_50, "invoice_with_lines": partial(invoice_with_lines, id=wanted)}
    result: dict[str, Any] = {
        "what": f"ORM queries in process, {IN_ROUND} transactions in a round; without = the database's owner of all,"
        " who is not subject to policies, and the tenant named in the query by hand",
        "rounds": ROUNDS,
    }
    engines = {"with_walls": _engine(place, "cornerspot_app"), "without": _engine(place, "postgres")}
    for name, query in queries.items():
        taken = take_turns(
            {side: _side(place, team, side, engine, query) for side, engine in engines.items()},
            rounds=ROUNDS,
            warm_up=WARM_UP,
        )
        times = times_floor(taken["with_walls"], taken["without"])
        result[name] = {side: summary(rounds, per=IN_ROUND) for side, rounds in taken.items()} | {"times": times}
        result.setdefault("verdicts", {})[name] = verdict(times["paired"], at_most=1.05)
    for engine in engines.values():
        engine.dispose()
    return result


def list_of_50(session: Session, tenant_id: UUID | None) -> None:
    """The rows of a list's first page, with their customers."""
    statement = select(Invoice).where(Invoice.deleted_at.is_(None)).options(joinedload(Invoice.account))
    if tenant_id is not None:
        statement = statement.where(Invoice.tenant_id == tenant_id)
    session.scalars(statement.order_by(Invoice.created_at.desc(), Invoice.id.desc()).limit(51)).all()


def invoice_with_lines(session: Session, tenant_id: UUID | None, *, id: UUID) -> None:
    """One invoice with customer, lines and tax rows."""
    statement = (
        select(Invoice)
        .where(Invoice.id == id)
        .options(joinedload(Invoice.account), selectinload(Invoice.lines), selectinload(Invoice.tax_rows))
    )
    if tenant_id is not None:
        statement = statement.where(Invoice.tenant_id == tenant_id)
    invoice = session.scalars(statement).one()
    line = select(InvoiceLine).where(InvoiceLine.invoice_id == id, InvoiceLine.position == 0)
    if tenant_id is not None:
        line = line.where(InvoiceLine.tenant_id == tenant_id)
    assert session.scalars(line).one() is invoice.lines[0]


def _side(place: World, team: Team, side: str, engine: Engine, query: Callable[..., None]) -> Callable[[], None]:
    """A round of transactions; both sides tell the database the team, so that only the walls differ."""
    tenant_id = team.story.team.id if side == "without" else None
    wall = criteria_switched_off if side == "without" else _as_it_is

    def run() -> None:
        with place.app.app_context(), team_scope(team.story.team), wall():
            for _ in range(IN_ROUND):
                with Session(engine) as session, session.begin():  # Ends in a commit, as a request does.
                    query(session, tenant_id)

    return run


@contextmanager
def _as_it_is():  # type: ignore[no-untyped-def]
    yield


def _engine(place: World, role: str) -> Engine:
    return create_engine(place.server.url(role).replace("postgresql://", "postgresql+psycopg://", 1))


if __name__ == "__main__":
    with world(served=False) as place:
        show({"machine": machine(), "walls": measure(place)})
