"""add delivery states, message templates and reminders"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from cornerspot.db.rls import grant_app, hide_from_members, let_members_read, protect_tenant_table

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TENANT_TABLES = ("mail_settings", "message_templates", "reminder_settings", "invoice_reminders", "reminder_pauses")
MESSAGE_COLUMNS = (
    "mailing_id", "kind", "logo_file_id", "actor_kind", "actor_id", "actor_name",
    "bounced_at", "dismissed_at", "next_try_at", "round",
)  # fmt: skip
MESSAGE_CHECKS = {
    "kind_known": "kind IN ('to', 'cc')",
    "bounced_fits_status": "(status = 'bounced') = (bounced_at IS NOT NULL)",
    "failed_fits_status": "(status = 'failed') = (failed_at IS NOT NULL)",
}


def upgrade() -> None:
    extend_messages()
    create_routes()
    create_settings()
    create_reminders()
    for table in TENANT_TABLES:
        protect_tenant_table(table)
        # A member's own message, such as a note to the team, is written under the team's name.
        (let_members_read if table == "mail_settings" else hide_from_members)(table)
    grant_app("mail_routes")


def extend_messages() -> None:
    add = lambda column: op.add_column("outgoing_messages", column)  # noqa: E731 - ten columns, one table
    add(sa.Column("mailing_id", sa.Uuid(), nullable=True))
    add(sa.Column("kind", sa.Text(), server_default="to", nullable=False))
    add(sa.Column("logo_file_id", sa.Uuid(), nullable=True))
    add(sa.Column("actor_kind", sa.Text(), server_default="system", nullable=False))
    add(sa.Column("actor_id", sa.Uuid(), nullable=True))
    add(sa.Column("actor_name", sa.Text(), server_default="", nullable=False))
    add(sa.Column("bounced_at", sa.DateTime(timezone=True), nullable=True))
    add(sa.Column("dismissed_at", sa.DateTime(timezone=True), nullable=True))
    add(sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=True))
    add(sa.Column("round", sa.Integer(), server_default="0", nullable=False))
    # Each message there was is one to one recipient, and none could say that it came back.
    op.execute("UPDATE outgoing_messages SET mailing_id = id")
    op.alter_column("outgoing_messages", "mailing_id", nullable=False)
    for name in ("kind", "actor_kind", "actor_name", "round"):
        op.alter_column("outgoing_messages", name, server_default=None)
    for name, rule in MESSAGE_CHECKS.items():
        op.create_check_constraint(op.f(f"ck_outgoing_messages_{name}"), "outgoing_messages", rule)
    op.create_foreign_key(
        op.f("fk_outgoing_messages_tenant_id_logo_file_id"),
        "outgoing_messages",
        "stored_files",
        ["tenant_id", "logo_file_id"],
        ["tenant_id", "id"],
    )
    op.create_index("ix_outgoing_messages_mailing_id", "outgoing_messages", ["tenant_id", "mailing_id"])
    op.create_index(
        "ix_outgoing_messages_undelivered",
        "outgoing_messages",
        ["tenant_id", "created_at", "id"],
        postgresql_where="status IN ('bounced', 'failed') AND dismissed_at IS NULL",
    )


def create_routes() -> None:
    op.create_table(
        "mail_routes",
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_mail_routes_team_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_routes")),
    )


def owned(*columns: sa.Column | sa.Constraint) -> tuple[sa.Column | sa.Constraint, ...]:
    """The columns with those that every table of a team has."""
    return (
        *columns,
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )


def create_settings() -> None:
    op.create_table(
        "mail_settings",
        *owned(
            sa.Column("sender_name", sa.Text(), nullable=False),
            sa.Column("reply_to", sa.Text(), nullable=False),
            sa.Column("accent", sa.Text(), nullable=False),
            sa.Column("version", sa.Integer(), nullable=False),
        ),
        sa.CheckConstraint("accent ~ '^#[0-9a-f]{6}$'", name=op.f("ck_mail_settings_accent_form")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_mail_settings")),
        sa.UniqueConstraint("tenant_id", name=op.f("uq_mail_settings_tenant_id")),
    )
    op.create_table(
        "message_templates",
        *owned(
            sa.Column("purpose", sa.Text(), nullable=False),
            sa.Column("subject", sa.Text(), nullable=False),
            sa.Column("text", sa.Text(), nullable=False),
            sa.Column("version", sa.Integer(), nullable=False),
        ),
        sa.CheckConstraint(
            "purpose IN ('invoice', 'reminder', 'receipt')", name=op.f("ck_message_templates_purpose_known")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_message_templates")),
        sa.UniqueConstraint("tenant_id", "purpose", name=op.f("uq_message_templates_tenant_id_purpose")),
    )
    op.create_table(
        "reminder_settings",
        *owned(
            sa.Column("enabled", sa.Boolean(), nullable=False),
            sa.Column("steps", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
            sa.Column("hour", sa.Integer(), nullable=False),
            sa.Column("version", sa.Integer(), nullable=False),
        ),
        sa.CheckConstraint("hour BETWEEN 0 AND 23", name=op.f("ck_reminder_settings_hour_range")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_reminder_settings")),
        sa.UniqueConstraint("tenant_id", name=op.f("uq_reminder_settings_tenant_id")),
    )


def create_reminders() -> None:
    op.create_table(
        "invoice_reminders",
        *owned(
            sa.Column("invoice_id", sa.Uuid(), nullable=False),
            sa.Column("step_days", sa.Integer(), nullable=False),
            sa.Column("mailing_id", sa.Uuid(), nullable=False),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "invoice_id"],
            ["invoices.tenant_id", "invoices.id"],
            name=op.f("fk_invoice_reminders_tenant_id_invoice_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_invoice_reminders")),
        sa.UniqueConstraint(
            "tenant_id", "invoice_id", "step_days", name=op.f("uq_invoice_reminders_tenant_id_invoice_id_step_days")
        ),
    )
    op.create_index("ix_invoice_reminders_mailing_id", "invoice_reminders", ["tenant_id", "mailing_id"])
    op.create_table(
        "reminder_pauses",
        *owned(
            sa.Column("account_id", sa.Uuid(), nullable=True),
            sa.Column("invoice_id", sa.Uuid(), nullable=True),
            sa.Column("paused_by", sa.Uuid(), nullable=True),
        ),
        sa.CheckConstraint("num_nonnulls(account_id, invoice_id) = 1", name=op.f("ck_reminder_pauses_of_one_thing")),
        *(
            sa.ForeignKeyConstraint(
                ["tenant_id", column],
                [f"{table}.tenant_id", f"{table}.id"],
                name=op.f(f"fk_reminder_pauses_tenant_id_{column}"),
                ondelete=ondelete,
            )
            for column, table, ondelete in (
                ("account_id", "accounts", "CASCADE"),
                ("invoice_id", "invoices", "CASCADE"),
                ("paused_by", "memberships", None),
            )
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_reminder_pauses")),
        sa.UniqueConstraint("tenant_id", "account_id", name=op.f("uq_reminder_pauses_tenant_id_account_id")),
        sa.UniqueConstraint("tenant_id", "invoice_id", name=op.f("uq_reminder_pauses_tenant_id_invoice_id")),
    )


def downgrade() -> None:
    for table in ("reminder_pauses", "invoice_reminders", "reminder_settings", "message_templates", "mail_settings"):
        op.drop_table(table)
    op.drop_table("mail_routes")
    op.drop_index("ix_outgoing_messages_undelivered", table_name="outgoing_messages")
    op.drop_index("ix_outgoing_messages_mailing_id", table_name="outgoing_messages")
    op.drop_constraint("fk_outgoing_messages_tenant_id_logo_file_id", "outgoing_messages", type_="foreignkey")
    for name in MESSAGE_CHECKS:
        op.drop_constraint(op.f(f"ck_outgoing_messages_{name}"), "outgoing_messages", type_="check")
    for name in MESSAGE_COLUMNS:
        op.drop_column("outgoing_messages", name)
