"""A team may name a host of its own that waits for proof, also while another team does.

Only a proved one is a team's alone: nobody can keep a name from its owner by naming it first.

Revision ID: 0009
Revises: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("team_hosts", sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("team_hosts", sa.Column("problem", sa.Text(), nullable=False, server_default=""))
    op.alter_column("team_hosts", "problem", server_default=None)
    op.drop_constraint("uq_team_hosts_host", "team_hosts", type_="unique")
    op.create_unique_constraint("uq_team_hosts_team_id_host", "team_hosts", ["team_id", "host"])
    op.create_index(
        "uq_team_hosts_verified", "team_hosts", ["host"], unique=True, postgresql_where="verified_at IS NOT NULL"
    )


def downgrade() -> None:
    op.drop_index("uq_team_hosts_verified", "team_hosts")
    op.drop_constraint("uq_team_hosts_team_id_host", "team_hosts", type_="unique")
    op.execute("DELETE FROM team_hosts WHERE verified_at IS NULL")
    op.create_unique_constraint("uq_team_hosts_host", "team_hosts", ["host"])
    op.drop_column("team_hosts", "problem")
    op.drop_column("team_hosts", "checked_at")
