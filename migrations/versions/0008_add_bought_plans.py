"""add what a team bought at the processor to its plan"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TEXTS = (
    "customer_id", "checkout_id", "bought_id", "bought_status", "bought_plan_key", "bought_next_plan_key",
)  # fmt: skip
CHECKS = {
    "bought_whole": "(bought_id IS NULL) = (bought_status IS NULL)",
    "bought_by_customer": "bought_id IS NULL OR customer_id IS NOT NULL",
}


def upgrade() -> None:
    for name in TEXTS:
        op.add_column("team_plans", sa.Column(name, sa.Text(), nullable=True))
    for name in ("bought_until", "past_due_since"):
        op.add_column("team_plans", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    op.add_column("team_plans", sa.Column("bought_ends", sa.Boolean(), server_default=sa.false(), nullable=False))
    for name in ("bought_extra", "bought_version"):
        op.add_column("team_plans", sa.Column(name, sa.Integer(), server_default="0", nullable=False))
    for name in ("bought_ends", "bought_extra", "bought_version"):
        op.alter_column("team_plans", name, server_default=None)
    for name, rule in CHECKS.items():
        op.create_check_constraint(op.f(f"ck_team_plans_{name}"), "team_plans", rule)


def downgrade() -> None:
    for name in CHECKS:
        op.drop_constraint(op.f(f"ck_team_plans_{name}"), "team_plans", type_="check")
    for name in (
        *TEXTS, "bought_until", "past_due_since", "bought_ends", "bought_extra", "bought_version",
    ):  # fmt: skip
        op.drop_column("team_plans", name)
