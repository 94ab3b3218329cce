"""Answer by customer, by day of issue and what was not sent from indexes, with a million invoices too.

Revision ID: 0015
Revises: 0014
"""

from __future__ import annotations

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

OF_A_CUSTOMER = ("number", "currency", "due_on", "total_minor", "paid_minor", "balance_minor", "processing_minor")
ISSUED = ["tenant_id", "status", "issued_on", "id"]


def upgrade() -> None:
    op.create_index("ix_invoices_account_issued", "invoices", ["tenant_id", "account_id", "issued_on", "id"])
    op.create_index(
        "ix_invoices_account_status",
        "invoices",
        ["tenant_id", "account_id", "status", "created_at", "id"],
        postgresql_include=OF_A_CUSTOMER,
    )
    op.create_index(
        "ix_invoices_unsent",
        "invoices",
        ["tenant_id", "status", "created_at", "id"],
        postgresql_where="sent_at IS NULL",
    )
    op.drop_index("ix_invoices_issued", "invoices")
    op.create_index(
        "ix_invoices_issued",
        "invoices",
        ISSUED,
        postgresql_include=["account_id", "number", "currency", "total_minor"],
    )


def downgrade() -> None:
    op.drop_index("ix_invoices_issued", "invoices")
    op.create_index("ix_invoices_issued", "invoices", ISSUED)
    for name in ("ix_invoices_unsent", "ix_invoices_account_status", "ix_invoices_account_issued"):
        op.drop_index(name, "invoices")
