"""add job queue: procrastinate's own tables (the file beside this one) and our receipts"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import op

from cornerspot.db.rls import APP_ROLE, grant_app

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = (
    "procrastinate_periodic_defers",
    "procrastinate_events",
    "procrastinate_jobs",
    "procrastinate_workers",
)
TYPES = (
    "procrastinate_job_to_defer_v1",
    "procrastinate_job_event_type",
    "procrastinate_job_status",
)
DROP_FUNCTIONS = """
DO $$ DECLARE name text; BEGIN
    FOR name IN SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE n.nspname = current_schema() AND starts_with(p.proname, 'procrastinate_')
    LOOP EXECUTE 'DROP FUNCTION ' || name || ' CASCADE'; END LOOP;
END $$
"""


def upgrade() -> None:
    # Past SQLAlchemy, because the script is many statements and holds percent signs.
    cursor = op.get_bind().connection.cursor()
    cursor.execute(Path(__file__).with_suffix(".sql").read_text())
    for table in TABLES:
        grant_app(table)
    op.execute(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {APP_ROLE}")
    op.create_table(
        "job_receipts",
        sa.Column("job_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_job_receipts")),
    )
    op.create_index(op.f("ix_job_receipts_created_at"), "job_receipts", ["created_at"])
    grant_app("job_receipts")


def downgrade() -> None:
    op.drop_table("job_receipts")
    for table in TABLES:
        op.execute(f"DROP TABLE {table} CASCADE")
    op.execute(DROP_FUNCTIONS)
    for name in TYPES:
        op.execute(f"DROP TYPE {name}")
