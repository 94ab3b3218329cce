"""The floor: a bare Flask application that does the same reads and writes as hand-written SQL.

It checks nothing, reckons nothing and formats little: no framework for the database, no
form, no gate, no shell around its pages. What it does in the database is what the same
request of Cornerspot cannot do without, once each, in one transaction as the same role.
"""

from __future__ import annotations

import hashlib
import os
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
from flask import Flask, Response, redirect, render_template_string, request, send_file
from itsdangerous import URLSafeTimedSerializer
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

Row = dict[str, Any]
app = Flask(__name__)
signer = URLSafeTimedSerializer(
    os.environ.get("CORNERSPOT_SECRET_KEY", ""),
    salt="cookie-session",
    signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha1},
)
own = threading.local()

INVOICE_COLUMNS = """tenant_id, id, created_at, currency, prices_include_tax, discounts, taxes, subtotal_minor,
 discount_minor, tax_minor, total_minor, status, origin, account_id, contact_id, deal_id, created_by, terms_days,
 notes, terms_text, internal_note, purchase_order, frozen, paid_minor, refunded_minor, processing_minor,
 balance_minor, version"""
LINE_COLUMNS = """tenant_id, id, created_at, invoice_id, position, product_id, description, quantity, unit,
 unit_price, discounts, taxes, gross_minor, discount_minor, net_minor"""
BILLED_COLUMNS = "tenant_id, id, created_at, deal_id, deal_line_id, invoice_id, invoice_line_id, part, quantity"
ACTIVITY_COLUMNS = """tenant_id, id, created_at, subject_type, subject_id, kind, event, data, body, actor_kind,
 actor_id, actor_name, happened_at"""
TRANSITION_COLUMNS = """tenant_id, id, created_at, invoice_id, from_status, to_status, reason, actor_kind, actor_id,
 actor_name, happened_at"""
TAX_COLUMNS = "tenant_id, id, created_at, invoice_id, position, tax_key, name, percent, base_minor, tax_minor"


def connection() -> psycopg.Connection[Row]:
    """This thread's own connection, as the role of the application."""
    if not hasattr(own, "connection"):
        own.connection = psycopg.connect(os.environ["DATABASE_URL"], row_factory=dict_row)
    kept: psycopg.Connection[Row] = own.connection
    return kept


def begin(slug: str) -> tuple[psycopg.Cursor[Row], UUID, Row]:
    """A transaction for the team, and who is signed in to it."""
    cursor = connection().cursor()
    team = one(cursor, "SELECT id, slug, name, status, currency, time_zone, country, locale FROM teams"
                       " WHERE slug = %s", [slug])  # fmt: skip
    cursor.execute(f"SET LOCAL app.tenant_id = '{team['id']}'")
    token = signer.loads(request.cookies["cornerspot_team"])["_user_id"]
    person = one(cursor, "SELECT s.*, p.*, m.*, m.id AS membership_id FROM sign_ins s"
                         " JOIN people p ON p.id = s.person_id"
                         " JOIN memberships m ON m.person_id = p.id AND m.tenant_id = s.team_id"
                         " WHERE s.token_digest = %s AND s.ended_at IS NULL AND s.expires_at > now()"
                         " AND s.team_id = %s AND m.deactivated_at IS NULL",
                 [hashlib.sha256(token.encode()).hexdigest(), team["id"]])  # fmt: skip
    rows(cursor, "SELECT p.*, o.id, f.feature FROM team_plans p LEFT JOIN plan_overrides o ON o.tenant_id = p.tenant_id"
                 " LEFT JOIN feature_switches f ON f.tenant_id = p.tenant_id WHERE p.tenant_id = %s",
         [team["id"]])  # fmt: skip
    return cursor, team["id"], person


def rows(cursor: psycopg.Cursor[Row], statement: str, values: list[Any]) -> list[Row]:
    return cursor.execute(statement, values).fetchall()


def one(cursor: psycopg.Cursor[Row], statement: str, values: list[Any]) -> Row:
    found = cursor.execute(statement, values).fetchone()
    assert found is not None, statement
    return found


def insert(cursor: psycopg.Cursor[Row], table: str, columns: str, *values: tuple[Any, ...]) -> None:
    """All rows in one statement."""
    row = f"({', '.join(['%s'] * len(values[0]))})"
    flat = [value for entry in values for value in entry]
    cursor.execute(f"INSERT INTO {table} ({columns}) VALUES {', '.join([row] * len(values))}", flat)


def publish(cursor: psycopg.Cursor[Row], team: UUID, event: str, subject_id: UUID) -> None:
    """One job for the worker."""
    arguments = Jsonb({"team": str(team), "event": event, "data": {"id": str(subject_id)}})
    cursor.execute("SELECT procrastinate_defer_jobs_v1(ARRAY[ROW('default', %s, 0, NULL, NULL, %s, NULL)]"
                   "::procrastinate_job_to_defer_v1[])", ["floor.job", arguments])  # fmt: skip


@app.get("/health/live")
def live() -> dict[str, str]:
    return {"status": "live"}


@app.post("/<slug>/conversions/<uuid:conversion_id>/run")
def run(slug: str, conversion_id: UUID) -> Any:
    cursor, team, person = begin(slug)
    now, who = datetime.now(UTC), person["membership_id"]
    found = one(cursor, "SELECT * FROM conversions WHERE tenant_id = %s AND id = %s FOR UPDATE", [team, conversion_id])
    deal = one(cursor, "SELECT d.*, row_to_json(a) AS account, row_to_json(c) AS contact, s.stage_class FROM deals d"
                       " LEFT JOIN accounts a ON (a.tenant_id, a.id) = (d.tenant_id, d.account_id)"
                       " LEFT JOIN contacts c ON (c.tenant_id, c.id) = (d.tenant_id, d.contact_id)"
                       " JOIN stages s ON (s.tenant_id, s.id) = (d.tenant_id, d.stage_id)"
                       " WHERE d.tenant_id = %s AND d.id = %s FOR UPDATE OF d", [team, found["deal_id"]])  # fmt: skip
    of_deal = [team, deal["id"]]
    lines = rows(cursor, "SELECT * FROM deal_lines WHERE tenant_id = %s AND deal_id = %s ORDER BY position", of_deal)
    rows(cursor, "SELECT b.*, i.* FROM billed_deal_lines b JOIN invoices i ON (i.tenant_id, i.id) ="
                 " (b.tenant_id, b.invoice_id) WHERE b.tenant_id = %s AND b.deal_id = %s AND b.released_at IS NULL",
         of_deal)  # fmt: skip
    invoice_id = uuid4()
    insert(cursor, "invoices", INVOICE_COLUMNS, (
        team, invoice_id, now, deal["currency"], deal["prices_include_tax"], Jsonb(deal["discounts"]),
        Jsonb(deal["taxes"]), deal["subtotal_minor"], deal["discount_minor"], deal["tax_minor"], deal["total_minor"],
        "draft", "conversion", deal["account_id"], deal["contact_id"], deal["id"], who, 30, "", "", "", "", Jsonb({}),
        0, 0, 0, deal["total_minor"], 1,
    ))  # fmt: skip
    ids = [uuid4() for _ in lines]
    insert(cursor, "invoice_lines", LINE_COLUMNS, *(
        (team, line_id, now, invoice_id, line["position"], line["product_id"], line["description"], line["quantity"],
         line["unit"], line["unit_price"], Jsonb(line["discounts"]), Jsonb(line["taxes"]), line["gross_minor"],
         line["discount_minor"], line["net_minor"]) for line_id, line in zip(ids, lines, strict=True)
    ))  # fmt: skip
    insert(cursor, "billed_deal_lines", BILLED_COLUMNS, *(
        (team, uuid4(), now, deal["id"], line["id"], invoice_id, line_id, 0, line["quantity"])
        for line_id, line in zip(ids, lines, strict=True)
    ))  # fmt: skip
    insert(cursor, "invoice_transitions", TRANSITION_COLUMNS,
           (team, uuid4(), now, invoice_id, None, "draft", "", "teammate", who, person["name"], now))  # fmt: skip
    told = Jsonb({"total_minor": deal["total_minor"], "currency": deal["currency"]})
    insert(cursor, "activity_entries", ACTIVITY_COLUMNS, *(
        (team, uuid4(), now, kind, subject_id, "event", event, told, "", "teammate", who, person["name"], now)
        for kind, subject_id, event in (("invoice", invoice_id, "drafted"), ("deal", deal["id"], "converted"))
    ))  # fmt: skip
    summary = Jsonb({"by": person["name"], "lines": len(lines), "total_minor": deal["total_minor"]})
    cursor.execute("UPDATE conversions SET status = 'completed', step = 'done', completed_at = %s, invoice_id = %s,"
                   " completed_by = %s, summary = %s, version = version + 1 WHERE tenant_id = %s AND id = %s",
                   [now, invoice_id, who, summary, team, conversion_id])  # fmt: skip
    publish(cursor, team, "ConversionCompleted", conversion_id)
    connection().commit()
    return redirect(f"/{slug}/conversions/{conversion_id}/summary", 303)


@app.post("/<slug>/invoices/<uuid:invoice_id>/finalization")
def finalize(slug: str, invoice_id: UUID) -> Any:
    cursor, team, person = begin(slug)
    now, who = datetime.now(UTC), person["membership_id"]
    today = now.date()
    this = [team, invoice_id]
    invoice = one(cursor, "SELECT i.*, row_to_json(a) AS account, row_to_json(c) AS contact FROM invoices i"
                          " LEFT JOIN accounts a ON (a.tenant_id, a.id) = (i.tenant_id, i.account_id)"
                          " LEFT JOIN contacts c ON (c.tenant_id, c.id) = (i.tenant_id, i.contact_id)"
                          " WHERE i.tenant_id = %s AND i.id = %s FOR UPDATE OF i", this)  # fmt: skip
    rows(cursor, "SELECT * FROM invoice_lines WHERE tenant_id = %s AND invoice_id = %s ORDER BY position", this)
    one(cursor, "SELECT * FROM billing_settings WHERE tenant_id = %s", [team])
    seller = one(cursor, "SELECT * FROM teams WHERE id = %s", [team])
    insert(cursor, "invoice_taxes", TAX_COLUMNS, *(
        (team, uuid4(), now, invoice_id, position, tax["key"], tax["name"], tax["percent"], invoice["subtotal_minor"],
         invoice["tax_minor"]) for position, tax in enumerate(invoice["taxes"])
    ))  # fmt: skip
    told = Jsonb({"issued_on": str(today), "total_minor": invoice["total_minor"]})
    insert(cursor, "activity_entries", ACTIVITY_COLUMNS,
           (team, uuid4(), now, "invoice", invoice_id, "event", "finalized", told, "", "teammate", who,
            person["name"], now))  # fmt: skip
    insert(cursor, "invoice_transitions", TRANSITION_COLUMNS,
           (team, uuid4(), now, invoice_id, "draft", "open", "", "teammate", who, person["name"], now))  # fmt: skip
    publish(cursor, team, "InvoiceFinalized", invoice_id)
    taken = one(cursor, "INSERT INTO number_series (tenant_id, id, created_at, kind, period, last_value,"
                        " last_issued_on) VALUES (%s, %s, %s, 'invoice', '', 1, %s)"
                        " ON CONFLICT (tenant_id, kind, period) DO UPDATE"
                        " SET last_value = number_series.last_value + 1, last_issued_on = EXCLUDED.last_issued_on"
                        " RETURNING last_value", [team, uuid4(), now, today])  # fmt: skip
    frozen = Jsonb({"seller": {"name": seller["legal_name"]}, "customer": invoice["account"]})
    cursor.execute("UPDATE invoices SET status = 'open', number = %s, issued_on = %s, due_on = %s,"
                   " finalized_at = %s, frozen = %s WHERE tenant_id = %s AND id = %s",
                   [f"INV-{taken['last_value']:06}", today, today + timedelta(days=30), now, frozen,
                    *this])  # fmt: skip
    connection().commit()
    return redirect(f"/{slug}/invoices/{invoice_id}", 303)


PAGE = """<!doctype html><title>{{ invoice.number }}</title><h1>Invoice {{ invoice.number }}</h1>
<p>{{ invoice.account_name }} {{ invoice.status }} {{ invoice.total_minor }} {{ invoice.balance_minor }}</p>
<table>{% for line in lines %}<tr><td>{{ line.description }}</td><td>{{ line.quantity }}</td>
<td>{{ line.unit_price }}</td><td>{{ line.net_minor }}</td></tr>{% endfor %}</table>
<ul>{% for entry in entries %}
<li>{{ entry.happened_at }} {{ entry.actor_name }} {{ entry.event }}</li>{% endfor %}</ul>"""

LIST = """<!doctype html><title>Invoices</title><p>{{ counts }}</p><table>{% for row in invoices %}<tr>
<td>{{ row.number }}</td><td>{{ row.status }}</td><td>{{ row.account_name }}</td><td>{{ row.issued_on }}</td>
<td>{{ row.due_on }}</td><td>{{ row.total_minor }}</td><td>{{ row.balance_minor }}</td></tr>{% endfor %}</table>"""


@app.get("/<slug>/invoices/<uuid:invoice_id>")
def show(slug: str, invoice_id: UUID) -> str:
    cursor, team, _ = begin(slug)
    this = [team, invoice_id]
    invoice = one(cursor, "SELECT i.*, a.name AS account_name, row_to_json(a), row_to_json(c), row_to_json(d)"
                          " FROM invoices i LEFT JOIN accounts a ON (a.tenant_id, a.id) = (i.tenant_id, i.account_id)"
                          " LEFT JOIN contacts c ON (c.tenant_id, c.id) = (i.tenant_id, i.contact_id)"
                          " LEFT JOIN deals d ON (d.tenant_id, d.id) = (i.tenant_id, i.deal_id)"
                          " WHERE i.tenant_id = %s AND i.id = %s", this)  # fmt: skip
    lines = rows(cursor, "SELECT * FROM invoice_lines WHERE tenant_id = %s AND invoice_id = %s ORDER BY position", this)
    rows(cursor, "SELECT * FROM invoice_taxes WHERE tenant_id = %s AND invoice_id = %s ORDER BY position", this)
    rows(cursor, "SELECT * FROM invoices WHERE tenant_id = %s AND copied_from_id = %s AND deleted_at IS NULL", this)
    rows(cursor, "SELECT p.*, l.amount_minor FROM payments p JOIN payment_allocations l"
                 " ON (l.tenant_id, l.payment_id) = (p.tenant_id, p.id) WHERE l.tenant_id = %s AND l.invoice_id = %s"
                 " ORDER BY p.received_on", this)  # fmt: skip
    entries = rows(cursor, "SELECT * FROM activity_entries WHERE tenant_id = %s AND subject_type = 'invoice'"
                           " AND subject_id = %s ORDER BY happened_at DESC, id DESC LIMIT 31", this)  # fmt: skip
    connection().commit()
    return render_template_string(PAGE, invoice=invoice, lines=lines, entries=entries)


@app.get("/<slug>/invoices")
def index(slug: str) -> str:
    cursor, team, _ = begin(slug)
    found = rows(cursor, "SELECT i.*, a.name AS account_name, row_to_json(a) FROM invoices i LEFT JOIN accounts a"
                         " ON (a.tenant_id, a.id) = (i.tenant_id, i.account_id) WHERE i.tenant_id = %s"
                         " AND i.deleted_at IS NULL ORDER BY i.created_at DESC, i.id DESC LIMIT 51",
                 [team])  # fmt: skip
    tabs = (
        "true", "status = 'draft'", "status IN ('open', 'partially_paid')",
        "status IN ('open', 'partially_paid') AND due_on < current_date", "status = 'paid'",
        "status IN ('void', 'uncollectible', 'cancelled')",
    )  # fmt: skip
    counts = ", ".join(
        f"(SELECT count(*) FROM (SELECT 1 FROM invoices WHERE tenant_id = %s AND {tab} AND deleted_at IS NULL"
        f" LIMIT 100) AS head) AS tab_{number}"
        for number, tab in enumerate(tabs)
    )
    counted = one(cursor, f"SELECT {counts}", [team] * len(tabs))
    connection().commit()
    return render_template_string(LIST, invoices=found, counts=counted)


@app.get("/static-file/<path:name>")
def static_file(name: str) -> Response:
    return send_file(Path(os.environ["CORNERSPOT_DATA_DIR"]) / name, mimetype="application/pdf")
