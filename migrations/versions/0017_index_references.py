"""Index what refers to rows that are deleted.

PostgreSQL looks for references before it lets a row go, and an invoice's page asks which draft was
copied from it: without an index each time a walk through all of the team's invoices.

Revision ID: 0017
Revises: 0016
"""

from __future__ import annotations

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

EVERY_ROW_HAS_ONE = (
    ("billed_deal_lines", "deal_line_id"),
    ("billed_deal_lines", "invoice_line_id"),
    ("checkout_attempts", "account_id"),
    ("disputes", "account_id"),
    ("pay_links", "account_id"),
    ("processor_customers", "account_id"),
)
SOME_ROWS_HAVE_ONE = (
    ("conversions", "invoice_id"),
    ("deals", "contact_id"),
    ("invoices", "contact_id"),
    ("invoices", "copied_from_id"),
    ("outgoing_messages", "attachment_id"),
    ("outgoing_messages", "logo_file_id"),
    ("payment_exceptions", "invoice_id"),
    ("refunds", "asked_invoice_id"),
)


def upgrade() -> None:
    for table, column in EVERY_ROW_HAS_ONE:
        op.create_index(f"ix_{table}_{column}", table, ["tenant_id", column])
    for table, column in SOME_ROWS_HAVE_ONE:
        op.create_index(f"ix_{table}_{column}", table, ["tenant_id", column], postgresql_where=f"{column} IS NOT NULL")


def downgrade() -> None:
    for table, column in (*EVERY_ROW_HAS_ONE, *SOME_ROWS_HAVE_ONE):
        op.drop_index(f"ix_{table}_{column}", table)
