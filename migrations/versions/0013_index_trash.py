"""Find the drafts in the Trash without looking at every invoice.

Revision ID: 0013
Revises: 0012
"""

from __future__ import annotations

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_invoices_trash", "invoices", ["tenant_id", "deleted_at", "id"], postgresql_where="deleted_at IS NOT NULL"
    )


def downgrade() -> None:
    op.drop_index("ix_invoices_trash", "invoices")
