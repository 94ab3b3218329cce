"""Find the numbers that were typed in by hand without looking at every invoice.

Revision ID: 0011
Revises: 0010
"""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_invoices_manual_number",
        "invoices",
        ["tenant_id", "issued_on", "id"],
        postgresql_where="manual_number IS NOT NULL",
    )


def downgrade() -> None:
    op.drop_index("ix_invoices_manual_number", "invoices")
