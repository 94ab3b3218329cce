"""One colour for a team's mail and its portal: that of the portal, where the team chose one.

The portal's column stays for those who run the revision before; nothing reads it from here on.

Revision ID: 0014
Revises: 0013
"""

from __future__ import annotations

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "INSERT INTO mail_settings (tenant_id, id, created_at, sender_name, reply_to, accent, version)"
        " SELECT tenant_id, id, created_at, '', '', accent, 1 FROM portal_settings WHERE accent <> ''"
        " ON CONFLICT (tenant_id) DO UPDATE SET accent = EXCLUDED.accent"
    )


def downgrade() -> None:
    """The portal's column was never emptied."""
