"""Say of messages that they were withdrawn, of bulk runs when they last moved, and count tries of all processes.

Revision ID: 0012
Revises: 0011
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from cornerspot.db.rls import grant_app

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

STATUS = "ck_outgoing_messages_status_known"
WITHDRAWN = "ck_outgoing_messages_withdrawn_fits_status"


def upgrade() -> None:
    op.add_column("outgoing_messages", sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True))
    let_status_be("queued", "accepted", "bounced", "failed", "withdrawn")
    op.create_check_constraint(
        op.f(WITHDRAWN), "outgoing_messages", "(status = 'withdrawn') = (withdrawn_at IS NOT NULL)"
    )
    op.add_column("bulk_runs", sa.Column("moved_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("bulk_runs", sa.Column("tries", sa.Integer(), nullable=False, server_default="0"))
    op.execute("UPDATE bulk_runs SET moved_at = created_at")
    op.alter_column("bulk_runs", "moved_at", nullable=False)
    op.alter_column("bulk_runs", "tries", server_default=None)
    # Counts of minutes need not outlive a crash of the database, so they cost no write to its log.
    op.create_table(
        "rate_counts",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_rate_counts")),
        prefixes=["UNLOGGED"],
    )
    op.create_index("ix_rate_counts_expires_at", "rate_counts", ["expires_at"])
    grant_app("rate_counts")


def downgrade() -> None:
    op.drop_table("rate_counts")
    op.drop_column("bulk_runs", "tries")
    op.drop_column("bulk_runs", "moved_at")
    op.drop_constraint(op.f(WITHDRAWN), "outgoing_messages", type_="check")
    op.execute("UPDATE outgoing_messages SET status = 'failed', failed_at = withdrawn_at WHERE status = 'withdrawn'")
    let_status_be("queued", "accepted", "bounced", "failed")
    op.drop_column("outgoing_messages", "withdrawn_at")


def let_status_be(*words: str) -> None:
    op.drop_constraint(op.f(STATUS), "outgoing_messages", type_="check")
    listed = ", ".join(f"'{word}'" for word in words)
    op.create_check_constraint(op.f(STATUS), "outgoing_messages", f"status IN ({listed})")
