"""A team with a million invoices among ten thousand others, made in minutes by PostgreSQL itself.

One account and one paid invoice are made through the use-cases; every other row repeats them
with statuses, dates, customers, amounts and words as a team has them after three years: most
are paid, the newest are open, some are late, void or written off. Each has lines, what became
of it, what was told of it, payments and what they settle.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from time import perf_counter
from uuid import UUID

import psycopg

from bench.stock import open_invoices, working_for
from bench.world import Team, World
from cornerspot.billing.models import Invoice
from cornerspot.billing.settling import record_manual_payment
from cornerspot.db import session
from cornerspot.db.embedded_process import SUPERUSER

BATCH = 50_000
CUSTOMERS = 5_000
TEAMS, INVOICES_OF_A_TEAM = 10_000, 5

_MOMENT = "now() - interval '3 years' * (1 - n / {rows}::float8)"
_NEW_ID = (
    "(lpad(to_hex((extract(epoch FROM {at}) * 1000)::bigint), 12, '0') || '7' || substr(md5(random()::text), 1, 3)"
    " || '8' || substr(md5(random()::text), 1, 15))::uuid"
)
_WORDS = (
    "ARRAY['Consulting', 'Espresso machine', 'Set-up of the workplace', 'Licences', 'Support hours', 'Travel',"
    " 'Workshop', 'Design of the annual report', 'Hosting', 'Spare parts', 'Translation', 'Training for editors']"
)
_NAMES = (
    "ARRAY['Acme', 'Bergmann', 'Castillo', 'Dubois', 'Eriksen', 'Fontana', 'Grünwald', 'Hoffmann', 'Ivanova', 'Jansen',"
    " 'Kowalski', 'Lindqvist', 'Müller', 'Novak', 'Oliveira', 'Petrov', 'Quinn', 'Rossi', 'Schneider', 'Tanaka']"
)

# What an invoice is, decided once for each number; the ends of the range are the oldest and the newest.
_DRAWN = """
CREATE TEMP TABLE drawn ON COMMIT DROP AS
SELECT n, age, {moment} AS at, {new_id} AS id, LEAST({moment} + interval '20 days', now()) AS ended,
       CASE WHEN age > 0.985 AND die < 0.5 THEN 'draft' WHEN age > 0.96 AND die < 0.85 THEN 'open'
            WHEN die < 0.005 THEN 'cancelled' WHEN die < 0.03 THEN 'void' WHEN die < 0.04 THEN 'uncollectible'
            WHEN die < 0.055 THEN 'open' WHEN die < 0.065 THEN 'partially_paid' ELSE 'paid' END AS status,
       (2000 + power(random(), 4) * 5000000)::bigint AS total,
       ids[1 + (power(random(), 2) * {customers})::int %% {customers}] AS account_id,
       (ARRAY[0, 14, 30, 30, 60])[1 + (random() * 4)::int] AS terms,
       CASE WHEN random() < 0.05 THEN 'USD' ELSE 'EUR' END AS currency
FROM (SELECT n, n / {rows}::float8 AS age, random() AS die FROM generate_series(%(first)s::int, %(last)s::int) n) drawn,
     (SELECT array_agg(id) AS ids FROM accounts WHERE tenant_id = %(team)s) accounts
"""
_IS_FINAL = "d.status NOT IN ('draft', 'cancelled')"
_PAID = "CASE d.status WHEN 'paid' THEN d.total WHEN 'partially_paid' THEN d.total / 2 ELSE 0 END"
_DAY = "(d.at AT TIME ZONE 'UTC')::date"
_END = "(d.ended AT TIME ZONE 'UTC')::date"
_INVOICE = {
    "id": "d.id",
    "created_at": "d.at",
    "status": "d.status",
    "account_id": "d.account_id",
    "contact_id": "NULL",
    "currency": "d.currency",
    "number": f"CASE WHEN {_IS_FINAL} THEN 'BIG-' || lpad(d.n::text, 7, '0') END",
    "issued_on": f"CASE WHEN {_IS_FINAL} THEN {_DAY} END",
    "due_on": f"CASE WHEN {_IS_FINAL} THEN {_DAY} + d.terms END",
    "terms_days": "d.terms",
    "finalized_at": f"CASE WHEN {_IS_FINAL} THEN d.at END",
    "sent_at": f"CASE WHEN {_IS_FINAL} AND (d.age < 0.97 OR d.n %% 4 > 0) THEN d.at + interval '1 hour' END",
    "subtotal_minor": "d.total",
    "discount_minor": "0",
    "tax_minor": "0",
    "total_minor": "d.total",
    "paid_minor": _PAID,
    "balance_minor": f"d.total - ({_PAID})",
    "paid_at": "CASE WHEN d.status = 'paid' THEN d.ended END",
    "voided_at": "CASE WHEN d.status = 'void' THEN d.ended END",
    "written_off_at": "CASE WHEN d.status = 'uncollectible' THEN d.ended END",
    "cancelled_at": "CASE WHEN d.status = 'cancelled' THEN d.at END",
    "pdf_file_id": "NULL",
}
_LINE = {
    "id": "gen_random_uuid()",
    "invoice_id": "d.id",
    "created_at": "d.at",
    "position": "line",
    "description": f"({_WORDS})[1 + (d.n * 7 + line * 5 + d.total)::bigint %% 12] || ' ' || md5(d.n::text || line)",
}
_PAYMENT = {
    "id": "d.id",  # A payment may have its invoice's: the tables are apart.
    "created_at": "d.ended",
    "account_id": "d.account_id",
    "currency": "d.currency",
    "amount_minor": _PAID,
    "allocated_minor": _PAID,
    "received_on": _END,
    "request_key": "d.id::text",
}
_ALLOCATION = {
    "id": "d.id",
    "created_at": "d.ended",
    "payment_id": "d.id",
    "invoice_id": "d.id",
    "amount_minor": _PAID,
}
_IS_PAID = "d.status IN ('paid', 'partially_paid')"
_STEPS = "drawn d, LATERAL (VALUES ('draft', 'open', d.at), ('open', d.status, d.ended)) step(was, becomes, moment)"
_TRANSITION = {
    "id": "gen_random_uuid()",
    "created_at": "step.moment",
    "invoice_id": "d.id",
    "from_status": "step.was",
    "to_status": "step.becomes",
    "happened_at": "step.moment",
}
_ENTRY = {"id": "d.id", "created_at": "d.at", "subject_id": "d.id", "happened_at": "d.at"}
TABLES = (
    "accounts", "invoices", "invoice_lines", "invoice_transitions", "payments", "payment_allocations",
    "activity_entries", "teams",
)  # fmt: skip


def fill(place: World, team: Team, *, rows: int, customers: int = CUSTOMERS) -> None:
    """The team has this many invoices more, with lines, customers and payments; tables are analysed."""
    began = perf_counter()
    pattern = _pattern(place, team)
    moment = _MOMENT.format(rows=rows)
    with _filling(place) as connection, _without_indexes(connection, worth_it=rows > BATCH):
        _customers(connection, team.story.team.id, pattern["accounts"], customers)
        for first in range(1, rows + 1, BATCH):
            drawn = _DRAWN.format(moment=moment, new_id=_NEW_ID.format(at=moment), rows=rows, customers=customers)
            _batch(connection, team.story.team.id, pattern, drawn, first, min(first + BATCH - 1, rows))
            print(f"{min(first + BATCH - 1, rows):>9} invoices, {perf_counter() - began:.0f} s", file=sys.stderr)


def fill_teams(place: World, team: Team, *, teams: int = TEAMS) -> None:
    """So many other teams exist, each with a few invoices that have the same words."""
    columns = "id, name, slug"
    with _filling(place) as connection:
        others = [name for name in _columns(connection, "teams") if name not in columns.split(", ")]
        connection.execute(
            f"INSERT INTO teams ({columns}, {', '.join(others)})"
            f" SELECT gen_random_uuid(), 'Team ' || n, 'bench-' || n, {', '.join('t.' + name for name in others)}"
            " FROM teams t, generate_series(1, %s::int) n WHERE t.id = %s",
            [teams, team.story.team.id],
        )
        _repeat_for_teams(connection, team.story.team.id)


@contextmanager
def _filling(place: World) -> Iterator[psycopg.Connection]:
    """A connection that follows no reference, for all are right; tables are analysed behind it."""
    with psycopg.connect(place.server.url(SUPERUSER), autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET synchronous_commit = off")
        yield connection
        # Vacuum calls a page visible to all only when its commits are on the disk, and those near them too.
        connection.execute("RESET synchronous_commit; CHECKPOINT")
        for table in TABLES:  # What autovacuum would have done by itself over the years.
            connection.execute(f"VACUUM (ANALYZE) {table}")


@contextmanager
def _without_indexes(connection: psycopg.Connection, *, worth_it: bool) -> Iterator[None]:
    """The tables' indexes are made behind the rows, in one go each: a tenth of the time; keys stay."""
    wanted = (
        "SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i"
        " WHERE i.indrelid::regclass::text = ANY(%s)"
        " AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)"
    )
    found = connection.execute(wanted, [list(TABLES)]).fetchall() if worth_it else []
    for name, _ in found:
        connection.execute(f"DROP INDEX {name}")
    yield
    connection.execute("SET maintenance_work_mem = '1GB'")
    for _, definition in found:
        connection.execute(definition)


def _pattern(place: World, team: Team) -> dict[str, UUID]:
    """The ids of the rows that all others repeat, made by the use-cases."""
    (invoice_id,) = open_invoices(place, team, 1, line_count=1)
    with working_for(place, team):
        invoice = session.get_one(Invoice, (team.story.team.id, invoice_id))
        assert invoice.issued_on is not None
        payment = record_manual_payment(
            invoice,
            amount_minor=invoice.total_minor,
            method="bank_transfer",
            received_on=invoice.issued_on,
            by=team.story.owner,
            request_key="pattern",
        )
        assert invoice.account_id is not None
        return {"invoices": invoice_id, "payments": payment.id, "accounts": invoice.account_id}


def _customers(connection: psycopg.Connection, team_id: UUID, pattern: UUID, count: int) -> None:
    name = f"({_NAMES})[1 + n %% 20] || ' & Partner ' || n"
    given = {
        "id": "gen_random_uuid()",
        "name": name,
        "search_name": f"translate(lower({name}), 'üéö', 'ueo')",
    }
    _repeat(connection, "accounts", given, f"generate_series(1, {count}) n", "t.id = %(pattern)s", {
        "team": team_id, "pattern": pattern,
    })  # fmt: skip


def _batch(
    connection: psycopg.Connection, team_id: UUID, pattern: Mapping[str, UUID], drawn: str, first: int, last: int
) -> None:
    values = {"team": team_id, "first": first, "last": last, **pattern}
    with connection.transaction():
        connection.execute(drawn, values)
        _repeat(connection, "invoices", _INVOICE, "drawn d", "t.id = %(invoices)s", values)
        lines = "drawn d, LATERAL generate_series(0, (d.n %% 2)::int) line"
        _repeat(connection, "invoice_lines", _LINE, lines, "t.invoice_id = %(invoices)s", values)
        _repeat(connection, "payments", _PAYMENT, "drawn d", f"t.id = %(payments)s AND {_IS_PAID}", values)
        settled = f"t.payment_id = %(payments)s AND {_IS_PAID}"
        _repeat(connection, "payment_allocations", _ALLOCATION, "drawn d", settled, values)
        became = f"t.invoice_id = %(invoices)s AND t.to_status = 'paid' AND {_IS_FINAL} AND step.was <> step.becomes"
        _repeat(connection, "invoice_transitions", _TRANSITION, _STEPS, became, values)
        told = f"t.subject_id = %(invoices)s AND t.event = 'finalized' AND {_IS_FINAL}"
        _repeat(connection, "activity_entries", _ENTRY, "drawn d", told, values)


def _repeat(
    connection: psycopg.Connection,
    table: str,
    given: Mapping[str, str],
    source: str,
    where: str,
    values: Mapping[str, object],
) -> None:
    """A row of the table for each of the source, like the pattern but for what is given."""
    names = _columns(connection, table)
    said = ", ".join(given.get(name, f"t.{name}") for name in names)
    statement = f"INSERT INTO {table} ({', '.join(names)}) SELECT {said} FROM {table} t, {source}"
    connection.execute(f"{statement} WHERE t.tenant_id = %(team)s AND {where}", values)


def _repeat_for_teams(connection: psycopg.Connection, team_id: UUID) -> None:
    """A customer and a few of the team's invoices, with their lines, once more in every other team."""
    values = {"team": team_id, "each": INVOICES_OF_A_TEAM}
    connection.execute(
        "CREATE TEMP TABLE others AS SELECT id AS team, gen_random_uuid() AS account FROM teams"
        " WHERE slug LIKE 'bench-%%'"
    )
    connection.execute(
        "CREATE TEMP TABLE chosen AS SELECT i.id AS old, gen_random_uuid() AS id, o.team, o.account FROM others o,"
        " (SELECT id FROM invoices WHERE tenant_id = %(team)s AND number IS NOT NULL LIMIT %(each)s::int) i",
        values,
    )
    one = "t.id = (SELECT id FROM accounts WHERE tenant_id = %(team)s ORDER BY id LIMIT 1)"
    customer = {"tenant_id": "o.team", "id": "o.account", "owner_id": "NULL"}
    _repeat(connection, "accounts", customer, "others o", one, values)
    invoice = {"tenant_id": "c.team", "id": "c.id", "account_id": "c.account"}
    nobody = dict.fromkeys(("contact_id", "deal_id", "created_by", "copied_from_id", "pdf_file_id"), "NULL")
    _repeat(connection, "invoices", invoice | nobody, "chosen c", "t.id = c.old", values)
    line = {"tenant_id": "c.team", "id": "gen_random_uuid()", "invoice_id": "c.id", "product_id": "NULL"}
    _repeat(connection, "invoice_lines", line, "chosen c", "t.invoice_id = c.old", values)


def _columns(connection: psycopg.Connection, table: str) -> list[str]:
    found = connection.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = 'public' AND table_name = %s"
        " ORDER BY ordinal_position",
        [table],
    )
    return [name for (name,) in found]
