"""Indexes for every sort and the search of the list of invoices, and work on many invoices at once.

The search looks into texts, which row-level security keeps from using an index: LIKE is
not leakproof. So it goes through a function of the owner's, which tests the team itself,
gives ids and nothing else, and gives none to members of the portal.

pg_trgm and btree_gin come with PostgreSQL and are trusted: the owner of the database may
create them.

Revision ID: 0010
Revises: 0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from cornerspot.db.rls import APP_ROLE, CURRENT_TENANT, forget_members, hide_from_members, protect_tenant_table

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

EXTENSIONS = ("pg_trgm", "btree_gin")
WORDS = {
    "ix_invoices_number_words": ("invoices", "number"),
    "ix_invoice_lines_words": ("invoice_lines", "description"),
    "ix_accounts_words": ("accounts", "search_name"),
}
SORTS = {
    "ix_invoices_issued": "issued_on",
    "ix_invoices_number": "number",
    "ix_invoices_total": "total_minor",
    "ix_invoices_balance": "balance_minor",
}
# The statements are planned with the words in hand, for a frequent one wants another plan than a rare one.
# Each part stops one row after the limit, so that the caller knows that there is more.
SEARCH = f"""
CREATE FUNCTION search_invoices(words text, name text, most integer) RETURNS TABLE (invoice_id uuid)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE team uuid := {CURRENT_TENANT};
BEGIN
  IF team IS NULL OR nullif(current_setting('app.account_id', true), '') IS NOT NULL THEN
    RETURN;
  END IF;
  RETURN QUERY EXECUTE
    '(SELECT i.id FROM invoices i WHERE i.tenant_id = $1 AND i.number ILIKE $2 LIMIT $4 + 1)'
    ' UNION ALL (SELECT l.invoice_id FROM invoice_lines l WHERE l.tenant_id = $1 AND l.description ILIKE $2'
    ' LIMIT $4 + 1)'
    ' UNION ALL (SELECT i.id FROM accounts a JOIN invoices i ON i.tenant_id = a.tenant_id AND i.account_id = a.id'
    ' WHERE a.tenant_id = $1 AND a.search_name LIKE $3 LIMIT $4 + 1)'
    USING team, words, name, most;
END $$
"""


def upgrade() -> None:
    for name in EXTENSIONS:
        op.execute(f"CREATE EXTENSION IF NOT EXISTS {name}")
    create_indexes()
    op.execute(SEARCH)
    op.execute("REVOKE EXECUTE ON FUNCTION search_invoices(text, text, integer) FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION search_invoices(text, text, integer) TO {APP_ROLE}")
    create_runs()


def create_indexes() -> None:
    for name, (table, column) in WORDS.items():
        op.create_index(
            name, table, ["tenant_id", column], postgresql_using="gin", postgresql_ops={column: "gin_trgm_ops"}
        )
    for name, column in SORTS.items():
        op.create_index(name, "invoices", ["tenant_id", "status", column, "id"])
    op.drop_index("ix_invoices_due", "invoices")
    op.create_index(
        "ix_invoices_due",
        "invoices",
        ["tenant_id", "status", "due_on", "id"],
        postgresql_include=["account_id", "number", "currency", "balance_minor", "issued_on", "sent_at"],
    )
    op.drop_index("ix_invoices_account_id", "invoices")
    op.create_index("ix_invoices_account_id", "invoices", ["tenant_id", "account_id", "created_at", "id"])
    op.create_index(
        "ix_payments_received_on",
        "payments",
        ["tenant_id", "received_on"],
        postgresql_include=["account_id", "status", "currency", "allocated_minor"],
    )


def create_runs() -> None:
    op.create_table(
        "bulk_runs",
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("request_key", sa.Text(), nullable=False),
        sa.Column("invoice_ids", postgresql.JSONB(), nullable=True),
        sa.Column("wanted", postgresql.JSONB(), nullable=False),
        sa.Column("total_count", sa.Integer(), nullable=True),
        sa.Column("done_count", sa.Integer(), nullable=False),
        sa.Column("left_count", sa.Integer(), nullable=False),
        sa.Column("left", postgresql.JSONB(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=True),
        sa.Column("started_by", sa.Uuid(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "action IN ('delete', 'finalize', 'send', 'pdfs', 'export')", name=op.f("ck_bulk_runs_action_known")
        ),
        sa.CheckConstraint("done_count >= 0 AND left_count >= 0", name=op.f("ck_bulk_runs_counts_not_negative")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "started_by"],
            ["memberships.tenant_id", "memberships.id"],
            name=op.f("fk_bulk_runs_tenant_id_started_by"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "file_id"],
            ["stored_files.tenant_id", "stored_files.id"],
            name=op.f("fk_bulk_runs_tenant_id_file_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_bulk_runs")),
        sa.UniqueConstraint("tenant_id", "request_key", name=op.f("uq_bulk_runs_tenant_id_request_key")),
    )
    op.create_index("ix_bulk_runs_recent", "bulk_runs", ["tenant_id", "created_at"])
    op.create_index("ix_bulk_runs_file_id", "bulk_runs", ["tenant_id", "file_id"])
    protect_tenant_table("bulk_runs")
    hide_from_members("bulk_runs")


def downgrade() -> None:
    forget_members("bulk_runs")
    op.drop_table("bulk_runs")
    op.execute("DROP FUNCTION search_invoices(text, text, integer)")
    op.drop_index("ix_payments_received_on", "payments")
    op.drop_index("ix_invoices_account_id", "invoices")
    op.create_index("ix_invoices_account_id", "invoices", ["tenant_id", "account_id", "created_at"])
    op.drop_index("ix_invoices_due", "invoices")
    op.create_index("ix_invoices_due", "invoices", ["tenant_id", "status", "due_on"])
    for name in SORTS:
        op.drop_index(name, "invoices")
    for name, (table, _) in WORDS.items():
        op.drop_index(name, table)
    for name in EXTENSIONS:
        op.execute(f"DROP EXTENSION {name}")
