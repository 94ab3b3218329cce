"""add online payments"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from cornerspot.db.rls import grant_app, protect_tenant_table

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TENANT_TABLES = (
    "connect_states",
    "processor_accounts",
    "processor_customers",
    "reconcile_runs",
    "stripe_events",
    "checkout_attempts",
    "pay_links",
    "disputes",
    "payment_exceptions",
    "refunds",
    "payment_returns",
)
GLOBAL_TABLES = ("platform_events", "processor_owners")

# What payments are held to from here on; the second map says what the rule was before, and is now.
PAYMENT_CHECKS = {
    "parts_not_negative": "allocated_minor >= 0 AND credit_minor >= 0 AND returned_minor >= 0",
    "parts_add_up": (
        "allocated_minor + credit_minor + returned_minor = CASE status WHEN 'completed' THEN amount_minor ELSE 0 END"
    ),
    "reversals_not_negative": "refunded_minor >= 0 AND disputed_minor >= 0",
    "online_fits_method": "(method = 'online') = (stripe_payment_id IS NOT NULL)",
}
CHANGED_CHECKS = {
    "method_known": (
        "method IN ('check', 'cash', 'bank_transfer', 'card', 'other')",
        "method IN ('check', 'cash', 'bank_transfer', 'card', 'other', 'online')",
    ),
    "status_known": (
        "status IN ('completed', 'undone')",
        "status IN ('processing', 'completed', 'failed', 'canceled', 'undone')",
    ),
}
DROPPED_IN_ORDER = (
    "payment_returns",
    "refunds",
    "payment_exceptions",
    "ledger_entries",
    "disputes",
    "pay_links",
    "checkout_attempts",
    "stripe_events",
    "reconcile_runs",
    "processor_customers",
    "processor_accounts",
    "connect_states",
    "processor_owners",
    "platform_events",
)
PAYMENT_COLUMNS = (
    "allocated_minor",
    "credit_minor",
    "returned_minor",
    "refunded_minor",
    "disputed_minor",
    "fee_minor",
    "fee_currency",
    "method_type",
    "method_detail",
    "failure",
    "processor_account_id",
    "stripe_payment_id",
    "stripe_charge_id",
    "attempt_id",
    "settled_at",
)
PAYMENT_REFERENCES = {"attempt_id": "checkout_attempts", "processor_account_id": "processor_accounts"}


def upgrade() -> None:
    op.create_table(
        "platform_events",
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("object_id", sa.Text(), nullable=False),
        sa.Column("stripe_account_id", sa.Text(), nullable=False),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("processed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("endpoint IN ('plans', 'connect')", name=op.f("ck_platform_events_endpoint_known")),
        sa.CheckConstraint(
            "state IN ('new', 'done', 'ignored', 'foreign', 'stuck')", name=op.f("ck_platform_events_state_known")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_platform_events")),
        sa.UniqueConstraint("endpoint", "event_id", name=op.f("uq_platform_events_endpoint_event_id")),
    )
    op.create_index("ix_platform_events_state", "platform_events", ["state", "created_at"], unique=False)
    op.create_table(
        "processor_owners",
        sa.Column("stripe_account_id", sa.Text(), nullable=False),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["team_id"], ["teams.id"], name=op.f("fk_processor_owners_team_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_processor_owners")),
        sa.UniqueConstraint(
            "stripe_account_id", "livemode", name=op.f("uq_processor_owners_stripe_account_id_livemode")
        ),
    )
    op.create_table(
        "connect_states",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("token_digest", sa.Text(), nullable=False),
        sa.Column("begun_by", sa.Uuid(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("redeemed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "begun_by"],
            ["memberships.tenant_id", "memberships.id"],
            name=op.f("fk_connect_states_tenant_id_begun_by"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_connect_states")),
        sa.UniqueConstraint("tenant_id", "token_digest", name=op.f("uq_connect_states_tenant_id_token_digest")),
    )
    op.create_table(
        "processor_accounts",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("stripe_account_id", sa.Text(), nullable=False),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("country", sa.CHAR(length=2), nullable=False),
        sa.Column("default_currency", sa.CHAR(length=3), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("requirements", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("capabilities", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("methods", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("sealed_key", sa.Text(), nullable=True),
        sa.Column("key_hint", sa.Text(), nullable=False),
        sa.Column("webhook_endpoint_id", sa.Text(), nullable=True),
        sa.Column("sealed_webhook_secret", sa.Text(), nullable=True),
        sa.Column("sealed_previous_secret", sa.Text(), nullable=True),
        sa.Column("previous_secret_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("connected_by", sa.Uuid(), nullable=True),
        sa.Column("connected_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("disconnected_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("disconnect_reason", sa.Text(), nullable=False),
        sa.Column("last_event_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("events_cursor", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(state = 'disconnected') = (disconnected_at IS NOT NULL)",
            name=op.f("ck_processor_accounts_disconnected_fits_state"),
        ),
        sa.CheckConstraint(
            "kind <> 'own_key' OR state = 'disconnected' OR sealed_key IS NOT NULL",
            name=op.f("ck_processor_accounts_own_key_kept"),
        ),
        sa.CheckConstraint("kind IN ('own_key', 'oauth')", name=op.f("ck_processor_accounts_kind_known")),
        sa.CheckConstraint(
            "state IN ('active', 'restricted', 'disconnected')", name=op.f("ck_processor_accounts_state_known")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "connected_by"],
            ["memberships.tenant_id", "memberships.id"],
            name=op.f("fk_processor_accounts_tenant_id_connected_by"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_processor_accounts")),
    )
    op.create_index(
        "uq_processor_accounts_live",
        "processor_accounts",
        ["tenant_id"],
        unique=True,
        postgresql_where="state <> 'disconnected'",
    )
    op.create_table(
        "processor_customers",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("processor_account_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("stripe_customer_id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f("fk_processor_customers_tenant_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "processor_account_id"],
            ["processor_accounts.tenant_id", "processor_accounts.id"],
            name=op.f("fk_processor_customers_tenant_id_processor_account_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_processor_customers")),
        sa.UniqueConstraint("tenant_id", "processor_account_id", "account_id", name="uq_processor_customers_account"),
        sa.UniqueConstraint(
            "tenant_id", "processor_account_id", "stripe_customer_id", name="uq_processor_customers_stripe_id"
        ),
    )
    op.create_table(
        "reconcile_runs",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("processor_account_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("found", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('hot', 'events', 'full')", name=op.f("ck_reconcile_runs_kind_known")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "asked_by"],
            ["memberships.tenant_id", "memberships.id"],
            name=op.f("fk_reconcile_runs_tenant_id_asked_by"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "processor_account_id"],
            ["processor_accounts.tenant_id", "processor_accounts.id"],
            name=op.f("fk_reconcile_runs_tenant_id_processor_account_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_reconcile_runs")),
    )
    op.create_index("ix_reconcile_runs_recent", "reconcile_runs", ["tenant_id", "started_at"], unique=False)
    op.create_table(
        "stripe_events",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("processor_account_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("object_id", sa.Text(), nullable=False),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("processed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("source IN ('webhook', 'sweep')", name=op.f("ck_stripe_events_source_known")),
        sa.CheckConstraint(
            "state IN ('new', 'done', 'ignored', 'foreign', 'stuck')", name=op.f("ck_stripe_events_state_known")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "processor_account_id"],
            ["processor_accounts.tenant_id", "processor_accounts.id"],
            name=op.f("fk_stripe_events_tenant_id_processor_account_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_stripe_events")),
        sa.UniqueConstraint(
            "tenant_id",
            "processor_account_id",
            "event_id",
            name=op.f("uq_stripe_events_tenant_id_processor_account_id_event_id"),
        ),
    )
    op.create_index("ix_stripe_events_object_id", "stripe_events", ["tenant_id", "object_id"], unique=False)
    op.create_index("ix_stripe_events_state", "stripe_events", ["tenant_id", "state", "created_at"], unique=False)
    op.create_table(
        "checkout_attempts",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("processor_account_id", sa.Uuid(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.CHAR(length=3), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("portal_user_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("request", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("session_id", sa.Text(), nullable=True),
        sa.Column("session_url", sa.Text(), nullable=False),
        sa.Column("stripe_payment_id", sa.Text(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("channel IN ('portal', 'pay_link')", name=op.f("ck_checkout_attempts_channel_known")),
        sa.CheckConstraint(
            "state IN ('new', 'open', 'closing', 'submitted', 'succeeded', 'failed', 'expired', 'refused')",
            name=op.f("ck_checkout_attempts_state_known"),
        ),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_checkout_attempts_amount_positive")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f("fk_checkout_attempts_tenant_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "invoice_id"],
            ["invoices.tenant_id", "invoices.id"],
            name=op.f("fk_checkout_attempts_tenant_id_invoice_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "processor_account_id"],
            ["processor_accounts.tenant_id", "processor_accounts.id"],
            name=op.f("fk_checkout_attempts_tenant_id_processor_account_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_checkout_attempts")),
        sa.UniqueConstraint("tenant_id", "processor_account_id", "session_id", name="uq_checkout_attempts_session"),
        sa.UniqueConstraint(
            "tenant_id", "processor_account_id", "stripe_payment_id", name="uq_checkout_attempts_payment"
        ),
    )
    op.create_index(
        "ix_checkout_attempts_invoice_id", "checkout_attempts", ["tenant_id", "invoice_id", "created_at"], unique=False
    )
    op.create_index(
        "ix_checkout_attempts_state", "checkout_attempts", ["tenant_id", "state", "created_at"], unique=False
    )
    op.create_index(
        "uq_checkout_attempts_live",
        "checkout_attempts",
        ["tenant_id", "invoice_id"],
        unique=True,
        postgresql_where="state IN ('new', 'open', 'closing')",
    )
    op.create_table(
        "pay_links",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_by", sa.Uuid(), nullable=True),
        sa.Column("first_viewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_viewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("views", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f("fk_pay_links_tenant_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "invoice_id"],
            ["invoices.tenant_id", "invoices.id"],
            name=op.f("fk_pay_links_tenant_id_invoice_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "revoked_by"],
            ["memberships.tenant_id", "memberships.id"],
            name=op.f("fk_pay_links_tenant_id_revoked_by"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_pay_links")),
    )
    op.create_index("ix_pay_links_invoice_id", "pay_links", ["tenant_id", "invoice_id", "created_at"], unique=False)
    op.create_index(
        "uq_pay_links_live",
        "pay_links",
        ["tenant_id", "invoice_id"],
        unique=True,
        postgresql_where="revoked_at IS NULL",
    )
    op.create_table(
        "disputes",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("stripe_dispute_id", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("withdrawn_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.CHAR(length=3), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("is_refundable", sa.Boolean(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("withdrawn_minor >= 0", name=op.f("ck_disputes_withdrawn_not_negative")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f("fk_disputes_tenant_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "payment_id"],
            ["payments.tenant_id", "payments.id"],
            name=op.f("fk_disputes_tenant_id_payment_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_disputes")),
        sa.UniqueConstraint(
            "tenant_id",
            "payment_id",
            "stripe_dispute_id",
            name=op.f("uq_disputes_tenant_id_payment_id_stripe_dispute_id"),
        ),
    )
    op.create_index("ix_disputes_status", "disputes", ["tenant_id", "status"], unique=False)
    op.create_table(
        "ledger_entries",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("processor_account_id", sa.Uuid(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("source_key", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.CHAR(length=3), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('capture', 'refund', 'refund_returned', 'dispute_withdrawn', 'dispute_reinstated', 'fee')",
            name=op.f("ck_ledger_entries_kind_known"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "payment_id"],
            ["payments.tenant_id", "payments.id"],
            name=op.f("fk_ledger_entries_tenant_id_payment_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "processor_account_id"],
            ["processor_accounts.tenant_id", "processor_accounts.id"],
            name=op.f("fk_ledger_entries_tenant_id_processor_account_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_ledger_entries")),
        sa.UniqueConstraint("tenant_id", "processor_account_id", "source_key", "kind", name="uq_ledger_entries_fact"),
    )
    op.create_index("ix_ledger_entries_happened_at", "ledger_entries", ["tenant_id", "happened_at"], unique=False)
    op.create_index("ix_ledger_entries_payment_id", "ledger_entries", ["tenant_id", "payment_id"], unique=False)
    op.create_table(
        "payment_exceptions",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("dedupe_key", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("stripe_object_id", sa.Text(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=True),
        sa.Column("payment_id", sa.Uuid(), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "invoice_id"],
            ["invoices.tenant_id", "invoices.id"],
            name=op.f("fk_payment_exceptions_tenant_id_invoice_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "payment_id"],
            ["payments.tenant_id", "payments.id"],
            name=op.f("fk_payment_exceptions_tenant_id_payment_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "resolved_by"],
            ["memberships.tenant_id", "memberships.id"],
            name=op.f("fk_payment_exceptions_tenant_id_resolved_by"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_payment_exceptions")),
        sa.UniqueConstraint("tenant_id", "dedupe_key", name=op.f("uq_payment_exceptions_tenant_id_dedupe_key")),
    )
    op.create_index(
        "ix_payment_exceptions_open",
        "payment_exceptions",
        ["tenant_id", "created_at"],
        unique=False,
        postgresql_where="resolved_at IS NULL",
    )
    op.create_table(
        "refunds",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("asked_invoice_id", sa.Uuid(), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.CHAR(length=3), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("still_owed", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("stripe_refund_id", sa.Text(), nullable=True),
        sa.Column("failure", sa.Text(), nullable=False),
        sa.Column("requested_by", sa.Uuid(), nullable=True),
        sa.Column("request_key", sa.Text(), nullable=True),
        sa.Column("booked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("origin IN ('ours', 'dashboard', 'manual')", name=op.f("ck_refunds_origin_known")),
        sa.CheckConstraint(
            "status IN ('requested', 'pending', 'requires_action', 'succeeded', 'failed', 'canceled')",
            name=op.f("ck_refunds_status_known"),
        ),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_refunds_amount_positive")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f("fk_refunds_tenant_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "asked_invoice_id"],
            ["invoices.tenant_id", "invoices.id"],
            name=op.f("fk_refunds_tenant_id_asked_invoice_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "payment_id"],
            ["payments.tenant_id", "payments.id"],
            name=op.f("fk_refunds_tenant_id_payment_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "requested_by"],
            ["memberships.tenant_id", "memberships.id"],
            name=op.f("fk_refunds_tenant_id_requested_by"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_refunds")),
        sa.UniqueConstraint(
            "tenant_id", "payment_id", "stripe_refund_id", name=op.f("uq_refunds_tenant_id_payment_id_stripe_refund_id")
        ),
        sa.UniqueConstraint("tenant_id", "request_key", name=op.f("uq_refunds_tenant_id_request_key")),
    )
    op.create_index("ix_refunds_account_id", "refunds", ["tenant_id", "account_id"], unique=False)
    op.create_index("ix_refunds_status", "refunds", ["tenant_id", "status", "created_at"], unique=False)
    op.create_table(
        "payment_returns",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("refund_id", sa.Uuid(), nullable=True),
        sa.Column("dispute_id", sa.Uuid(), nullable=True),
        sa.Column("invoice_id", sa.Uuid(), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("still_owed", sa.Boolean(), nullable=False),
        sa.Column("reverted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(refund_id IS NULL) <> (dispute_id IS NULL)", name=op.f("ck_payment_returns_one_cause")),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_payment_returns_amount_positive")),
        sa.CheckConstraint(
            "invoice_id IS NOT NULL OR NOT still_owed", name=op.f("ck_payment_returns_credit_is_not_owed")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "dispute_id"],
            ["disputes.tenant_id", "disputes.id"],
            name=op.f("fk_payment_returns_tenant_id_dispute_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "invoice_id"],
            ["invoices.tenant_id", "invoices.id"],
            name=op.f("fk_payment_returns_tenant_id_invoice_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "payment_id"],
            ["payments.tenant_id", "payments.id"],
            name=op.f("fk_payment_returns_tenant_id_payment_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "refund_id"],
            ["refunds.tenant_id", "refunds.id"],
            name=op.f("fk_payment_returns_tenant_id_refund_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_payment_returns")),
    )
    op.create_index("ix_payment_returns_invoice_id", "payment_returns", ["tenant_id", "invoice_id"], unique=False)
    op.create_index("ix_payment_returns_payment_id", "payment_returns", ["tenant_id", "payment_id"], unique=False)
    for table in TENANT_TABLES:
        protect_tenant_table(table)
    protect_tenant_table("ledger_entries", append_only=True)
    for table in GLOBAL_TABLES:
        grant_app(table)
    extend_settings_and_invoices()
    extend_payments()
    extend_allocations()


def extend_settings_and_invoices() -> None:
    add_filled("billing_settings", sa.Column("part_payments", sa.Boolean(), nullable=False), "false")
    add_filled("billing_settings", sa.Column("least_part_percent", sa.Integer(), nullable=False), "10")
    op.create_check_constraint(
        op.f("ck_billing_settings_least_part_range"), "billing_settings", "least_part_percent BETWEEN 1 AND 100"
    )
    add_filled("invoices", sa.Column("processing_minor", sa.BigInteger(), nullable=False), "0")
    op.drop_constraint(op.f("ck_invoices_refunded_not_negative"), "invoices", type_="check")
    op.create_check_constraint(
        op.f("ck_invoices_refunded_not_negative"), "invoices", "refunded_minor >= 0 AND processing_minor >= 0"
    )


def extend_payments() -> None:
    for name in ("allocated_minor", "credit_minor", "returned_minor", "refunded_minor", "disputed_minor"):
        add_filled("payments", sa.Column(name, sa.BigInteger(), nullable=False), "0")
    for name in ("method_type", "method_detail", "failure", "stripe_charge_id"):
        add_filled("payments", sa.Column(name, sa.Text(), nullable=False), "''")
    op.add_column("payments", sa.Column("fee_minor", sa.BigInteger(), nullable=True))
    op.add_column("payments", sa.Column("fee_currency", sa.CHAR(length=3), nullable=True))
    op.add_column("payments", sa.Column("processor_account_id", sa.Uuid(), nullable=True))
    op.add_column("payments", sa.Column("stripe_payment_id", sa.Text(), nullable=True))
    op.add_column("payments", sa.Column("attempt_id", sa.Uuid(), nullable=True))
    op.add_column("payments", sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE payments SET allocated_minor = amount_minor, settled_at = created_at WHERE status = 'completed'")
    for name, rule in PAYMENT_CHECKS.items():
        op.create_check_constraint(op.f(f"ck_payments_{name}"), "payments", rule)
    for name, (_, rule) in CHANGED_CHECKS.items():
        op.drop_constraint(op.f(f"ck_payments_{name}"), "payments", type_="check")
        op.create_check_constraint(op.f(f"ck_payments_{name}"), "payments", rule)
    op.create_index("ix_payments_attempt_id", "payments", ["tenant_id", "attempt_id"])
    op.create_index(
        "ix_payments_credit",
        "payments",
        ["tenant_id", "account_id", "currency"],
        postgresql_where="credit_minor > 0",
    )
    op.create_unique_constraint(
        "uq_payments_stripe_payment", "payments", ["tenant_id", "processor_account_id", "stripe_payment_id"]
    )
    for column, target in PAYMENT_REFERENCES.items():
        op.create_foreign_key(
            op.f(f"fk_payments_tenant_id_{column}"),
            "payments",
            target,
            ["tenant_id", column],
            ["tenant_id", "id"],
        )


def extend_allocations() -> None:
    add_filled("payment_allocations", sa.Column("refunded_minor", sa.BigInteger(), nullable=False), "0")
    op.create_check_constraint(
        op.f("ck_payment_allocations_refunded_range"),
        "payment_allocations",
        "refunded_minor >= 0 AND refunded_minor <= amount_minor",
    )
    op.drop_constraint("uq_payment_allocations_tenant_id_payment_id_invoice_id", "payment_allocations", type_="unique")
    op.create_index("ix_payment_allocations_payment_id", "payment_allocations", ["tenant_id", "payment_id"])
    op.create_index(
        "uq_payment_allocations_live",
        "payment_allocations",
        ["tenant_id", "payment_id", "invoice_id"],
        unique=True,
        postgresql_where="released_at IS NULL",
    )


def add_filled(table: str, column: sa.Column, value: str) -> None:
    """Add a column that may not be empty, filled with a value for the rows that are there."""
    column.server_default = sa.DefaultClause(sa.text(value))
    op.add_column(table, column)
    op.alter_column(table, column.name, server_default=None)


def downgrade() -> None:
    for column in PAYMENT_REFERENCES:
        op.drop_constraint(f"fk_payments_tenant_id_{column}", "payments", type_="foreignkey")
    for table in DROPPED_IN_ORDER:
        op.drop_table(table)
    op.execute(
        "DELETE FROM payment_allocations a USING payments p"
        " WHERE p.tenant_id = a.tenant_id AND p.id = a.payment_id AND p.method = 'online'"
    )
    op.execute("DELETE FROM payments WHERE method = 'online'")
    op.drop_index("uq_payment_allocations_live", table_name="payment_allocations")
    op.drop_index("ix_payment_allocations_payment_id", table_name="payment_allocations")
    op.create_unique_constraint(
        op.f("uq_payment_allocations_tenant_id_payment_id_invoice_id"),
        "payment_allocations",
        ["tenant_id", "payment_id", "invoice_id"],
    )
    op.drop_column("payment_allocations", "refunded_minor")
    for name in PAYMENT_CHECKS:
        op.drop_constraint(op.f(f"ck_payments_{name}"), "payments", type_="check")
    for name, (rule, _) in CHANGED_CHECKS.items():
        op.drop_constraint(op.f(f"ck_payments_{name}"), "payments", type_="check")
        op.create_check_constraint(op.f(f"ck_payments_{name}"), "payments", rule)
    for name in PAYMENT_COLUMNS:
        op.drop_column("payments", name)
    op.drop_constraint(op.f("ck_invoices_refunded_not_negative"), "invoices", type_="check")
    op.create_check_constraint(op.f("ck_invoices_refunded_not_negative"), "invoices", "refunded_minor >= 0")
    op.drop_column("invoices", "processing_minor")
    op.drop_column("billing_settings", "least_part_percent")
    op.drop_column("billing_settings", "part_payments")
