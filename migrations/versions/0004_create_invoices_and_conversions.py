"""create invoices and conversions"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from cornerspot.db.rls import protect_tenant_table

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TENANT_TABLES = (
    "billing_settings",
    "number_series",
    "payments",
    "invoices",
    "conversions",
    "invoice_lines",
    "invoice_taxes",
    "payment_allocations",
    "billed_deal_lines",
)


def upgrade() -> None:
    op.create_table(
        "billing_settings",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number_pattern", sa.Text(), nullable=False),
        sa.Column("restart_yearly", sa.Boolean(), nullable=False),
        sa.Column("default_terms_days", sa.Integer(), nullable=False),
        sa.Column("default_notes", sa.Text(), nullable=False),
        sa.Column("default_terms_text", sa.Text(), nullable=False),
        sa.Column("payment_instructions", sa.Text(), nullable=False),
        sa.Column("footer", sa.Text(), nullable=False),
        sa.Column("logo_file_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("default_terms_days BETWEEN 0 AND 365", name=op.f("ck_billing_settings_terms_range")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "logo_file_id"],
            ["stored_files.tenant_id", "stored_files.id"],
            name=op.f("fk_billing_settings_tenant_id_logo_file_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_billing_settings")),
        sa.UniqueConstraint("tenant_id", name=op.f("uq_billing_settings_tenant_id")),
    )
    op.create_table(
        "number_series",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("last_value", sa.Integer(), nullable=False),
        sa.Column("last_issued_on", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("last_value >= 0", name=op.f("ck_number_series_last_value_not_negative")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_number_series")),
        sa.UniqueConstraint("tenant_id", "kind", "period", name=op.f("uq_number_series_tenant_id_kind_period")),
    )
    op.create_table(
        "payments",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.CHAR(length=3), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("internal_note", sa.Text(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=True),
        sa.Column("request_key", sa.Text(), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undo_reason", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(status = 'undone') = (undone_at IS NOT NULL)",
            name=op.f("ck_payments_undone_fits_status"),
        ),
        sa.CheckConstraint(
            "method IN ('check', 'cash', 'bank_transfer', 'card', 'other')",
            name=op.f("ck_payments_method_known"),
        ),
        sa.CheckConstraint("status IN ('completed', 'undone')", name=op.f("ck_payments_status_known")),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_payments_amount_positive")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f("fk_payments_tenant_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "recorded_by"],
            ["memberships.tenant_id", "memberships.id"],
            name=op.f("fk_payments_tenant_id_recorded_by"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_payments")),
        sa.UniqueConstraint("tenant_id", "request_key", name=op.f("uq_payments_tenant_id_request_key")),
    )
    op.create_index(
        "ix_payments_account_id",
        "payments",
        ["tenant_id", "account_id", "received_on"],
        unique=False,
    )
    op.create_table(
        "invoices",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("deal_id", sa.Uuid(), nullable=True),
        sa.Column("value_part", sa.Integer(), nullable=True),
        sa.Column("copied_from_id", sa.Uuid(), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("manual_number", sa.Text(), nullable=True),
        sa.Column("invoice_on", sa.Date(), nullable=True),
        sa.Column("chosen_due_on", sa.Date(), nullable=True),
        sa.Column("terms_days", sa.Integer(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("terms_text", sa.Text(), nullable=False),
        sa.Column("internal_note", sa.Text(), nullable=False),
        sa.Column("purchase_order", sa.Text(), nullable=False),
        sa.Column("frozen", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("paid_minor", sa.BigInteger(), nullable=False),
        sa.Column("refunded_minor", sa.BigInteger(), nullable=False),
        sa.Column("balance_minor", sa.BigInteger(), nullable=False),
        sa.Column("finalized_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("viewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("voided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("written_off_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pdf_file_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("currency", sa.CHAR(length=3), nullable=False),
        sa.Column("prices_include_tax", sa.Boolean(), nullable=False),
        sa.Column("discounts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("taxes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("subtotal_minor", sa.BigInteger(), nullable=False),
        sa.Column("discount_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(status = 'cancelled') = (cancelled_at IS NOT NULL)",
            name=op.f("ck_invoices_cancelled_fits_status"),
        ),
        sa.CheckConstraint(
            "(status = 'void') = (voided_at IS NOT NULL)",
            name=op.f("ck_invoices_voided_fits_status"),
        ),
        sa.CheckConstraint(
            "(status IN ('draft', 'cancelled')) = (number IS NULL)"
            " AND (number IS NULL) = (issued_on IS NULL) AND (number IS NULL) = (due_on IS NULL)"
            " AND (number IS NULL) = (finalized_at IS NULL)",
            name=op.f("ck_invoices_number_fits_status"),
        ),
        sa.CheckConstraint(
            "CASE status WHEN 'draft' THEN paid_minor = 0 WHEN 'cancelled' THEN paid_minor = 0"
            " WHEN 'open' THEN paid_minor = 0 AND total_minor > 0"
            " WHEN 'partially_paid' THEN paid_minor > 0 AND paid_minor < total_minor"
            " WHEN 'paid' THEN paid_minor = total_minor WHEN 'void' THEN paid_minor = 0"
            " WHEN 'uncollectible' THEN paid_minor < total_minor END",
            name=op.f("ck_invoices_paid_fits_status"),
        ),
        sa.CheckConstraint(
            "origin IN ('manual', 'deal', 'conversion', 'duplicate')",
            name=op.f("ck_invoices_origin_known"),
        ),
        sa.CheckConstraint(
            "status IN ('draft', 'open', 'partially_paid', 'paid', 'void', 'uncollectible', 'cancelled')",
            name=op.f("ck_invoices_status_known"),
        ),
        sa.CheckConstraint(
            "total_minor >= 0 OR status IN ('draft', 'cancelled')",
            name=op.f("ck_invoices_total_not_negative"),
        ),
        sa.CheckConstraint(
            "(status = 'uncollectible') = (written_off_at IS NOT NULL)",
            name=op.f("ck_invoices_written_off_fits_status"),
        ),
        sa.CheckConstraint(
            "value_part IS NULL OR (deal_id IS NOT NULL AND value_part >= 0)",
            name=op.f("ck_invoices_value_part_of_deal"),
        ),
        sa.CheckConstraint("balance_minor = total_minor - paid_minor", name=op.f("ck_invoices_balance_adds_up")),
        sa.CheckConstraint("char_length(manual_number) <= 32", name=op.f("ck_invoices_manual_number_length")),
        sa.CheckConstraint("deleted_at IS NULL OR number IS NULL", name=op.f("ck_invoices_only_drafts_in_trash")),
        sa.CheckConstraint(
            "paid_minor >= 0 AND paid_minor <= greatest(total_minor, 0)",
            name=op.f("ck_invoices_paid_range"),
        ),
        sa.CheckConstraint("refunded_minor >= 0", name=op.f("ck_invoices_refunded_not_negative")),
        sa.CheckConstraint(
            "total_minor = subtotal_minor - discount_minor + CASE WHEN prices_include_tax THEN 0 ELSE tax_minor END",
            name=op.f("ck_invoices_amounts_add_up"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f("fk_invoices_tenant_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "contact_id"],
            ["contacts.tenant_id", "contacts.id"],
            name=op.f("fk_invoices_tenant_id_contact_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "copied_from_id"],
            ["invoices.tenant_id", "invoices.id"],
            name=op.f("fk_invoices_tenant_id_copied_from_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "created_by"],
            ["memberships.tenant_id", "memberships.id"],
            name=op.f("fk_invoices_tenant_id_created_by"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "deal_id"],
            ["deals.tenant_id", "deals.id"],
            name=op.f("fk_invoices_tenant_id_deal_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "pdf_file_id"],
            ["stored_files.tenant_id", "stored_files.id"],
            name=op.f("fk_invoices_tenant_id_pdf_file_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_invoices")),
        sa.UniqueConstraint("tenant_id", "number", name=op.f("uq_invoices_tenant_id_number")),
    )
    op.create_index(
        "ix_invoices_account_id",
        "invoices",
        ["tenant_id", "account_id", "created_at"],
        unique=False,
    )
    op.create_index("ix_invoices_deal_id", "invoices", ["tenant_id", "deal_id"], unique=False)
    op.create_index("ix_invoices_due", "invoices", ["tenant_id", "status", "due_on"], unique=False)
    op.create_index("ix_invoices_finalized_at", "invoices", ["tenant_id", "finalized_at"], unique=False)
    op.create_index(
        "uq_invoices_live_value_part",
        "invoices",
        ["tenant_id", "deal_id", "value_part"],
        unique=True,
        postgresql_where="value_part IS NOT NULL AND deleted_at IS NULL AND status NOT IN ('void', 'cancelled')",
    )
    op.create_index("ix_invoices_recent", "invoices", ["tenant_id", "created_at", "id"], unique=False)
    op.create_index("ix_invoices_status", "invoices", ["tenant_id", "status", "created_at", "id"], unique=False)
    op.create_table(
        "conversions",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("deal_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("started_by", sa.Uuid(), nullable=True),
        sa.Column("held_by", sa.Uuid(), nullable=True),
        sa.Column("held_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("acknowledged_plan", sa.Text(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=True),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("completed_by", sa.Uuid(), nullable=True),
        sa.Column("summary", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(status = 'in_progress') = (completed_at IS NULL)",
            name=op.f("ck_conversions_completed_fits_status"),
        ),
        sa.CheckConstraint(
            "(status = 'in_progress') = (step <> 'done')",
            name=op.f("ck_conversions_step_fits_status"),
        ),
        sa.CheckConstraint(
            "status IN ('in_progress', 'completed', 'undone')",
            name=op.f("ck_conversions_status_known"),
        ),
        sa.CheckConstraint(
            "step IN ('confirm', 'portal_users', 'billing', 'review', 'done')",
            name=op.f("ck_conversions_step_known"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "deal_id"],
            ["deals.tenant_id", "deals.id"],
            name=op.f("fk_conversions_tenant_id_deal_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "invoice_id"],
            ["invoices.tenant_id", "invoices.id"],
            name=op.f("fk_conversions_tenant_id_invoice_id"),
            ondelete="SET NULL (invoice_id)",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "started_by"],
            ["memberships.tenant_id", "memberships.id"],
            name=op.f("fk_conversions_tenant_id_started_by"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "held_by"],
            ["memberships.tenant_id", "memberships.id"],
            name=op.f("fk_conversions_tenant_id_held_by"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "completed_by"],
            ["memberships.tenant_id", "memberships.id"],
            name=op.f("fk_conversions_tenant_id_completed_by"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_conversions")),
    )
    op.create_index(
        "ix_conversions_deal_id",
        "conversions",
        ["tenant_id", "deal_id", "created_at"],
        unique=False,
    )
    op.create_index(
        "uq_conversions_in_progress",
        "conversions",
        ["tenant_id", "deal_id"],
        unique=True,
        postgresql_where="status = 'in_progress'",
    )
    op.create_table(
        "invoice_lines",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=True),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=14, scale=4), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("unit_price", sa.Numeric(precision=20, scale=6), nullable=False),
        sa.Column("discounts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("taxes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("gross_minor", sa.BigInteger(), nullable=False),
        sa.Column("discount_minor", sa.BigInteger(), nullable=False),
        sa.Column("net_minor", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "invoice_id"],
            ["invoices.tenant_id", "invoices.id"],
            name=op.f("fk_invoice_lines_tenant_id_invoice_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "product_id"],
            ["products.tenant_id", "products.id"],
            name=op.f("fk_invoice_lines_tenant_id_product_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_invoice_lines")),
    )
    op.create_index(
        "ix_invoice_lines_invoice_id",
        "invoice_lines",
        ["tenant_id", "invoice_id", "position"],
        unique=False,
    )
    op.create_table(
        "invoice_taxes",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("tax_key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("percent", sa.Numeric(precision=9, scale=6), nullable=False),
        sa.Column("base_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "invoice_id"],
            ["invoices.tenant_id", "invoices.id"],
            name=op.f("fk_invoice_taxes_tenant_id_invoice_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_invoice_taxes")),
        sa.UniqueConstraint(
            "tenant_id",
            "invoice_id",
            "tax_key",
            name=op.f("uq_invoice_taxes_tenant_id_invoice_id_tax_key"),
        ),
    )
    op.create_table(
        "invoice_transitions",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("from_status", sa.Text(), nullable=True),
        sa.Column("to_status", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("actor_kind", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("actor_name", sa.Text(), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "invoice_id"],
            ["invoices.tenant_id", "invoices.id"],
            name=op.f("fk_invoice_transitions_tenant_id_invoice_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_invoice_transitions")),
    )
    op.create_index(
        "ix_invoice_transitions_invoice_id",
        "invoice_transitions",
        ["tenant_id", "invoice_id", "happened_at"],
        unique=False,
    )
    op.create_table(
        "payment_allocations",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_payment_allocations_amount_positive")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "invoice_id"],
            ["invoices.tenant_id", "invoices.id"],
            name=op.f("fk_payment_allocations_tenant_id_invoice_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "payment_id"],
            ["payments.tenant_id", "payments.id"],
            name=op.f("fk_payment_allocations_tenant_id_payment_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_payment_allocations")),
        sa.UniqueConstraint(
            "tenant_id",
            "payment_id",
            "invoice_id",
            name=op.f("uq_payment_allocations_tenant_id_payment_id_invoice_id"),
        ),
    )
    op.create_index(
        "ix_payment_allocations_invoice_id",
        "payment_allocations",
        ["tenant_id", "invoice_id"],
        unique=False,
    )
    op.create_table(
        "billed_deal_lines",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("deal_id", sa.Uuid(), nullable=False),
        sa.Column("deal_line_id", sa.Uuid(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("invoice_line_id", sa.Uuid(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=14, scale=4), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "deal_id"],
            ["deals.tenant_id", "deals.id"],
            name=op.f("fk_billed_deal_lines_tenant_id_deal_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "deal_line_id"],
            ["deal_lines.tenant_id", "deal_lines.id"],
            name=op.f("fk_billed_deal_lines_tenant_id_deal_line_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "invoice_id"],
            ["invoices.tenant_id", "invoices.id"],
            name=op.f("fk_billed_deal_lines_tenant_id_invoice_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "invoice_line_id"],
            ["invoice_lines.tenant_id", "invoice_lines.id"],
            name=op.f("fk_billed_deal_lines_tenant_id_invoice_line_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_billed_deal_lines")),
    )
    op.create_index("ix_billed_deal_lines_deal_id", "billed_deal_lines", ["tenant_id", "deal_id"], unique=False)
    op.create_index(
        "ix_billed_deal_lines_invoice_id",
        "billed_deal_lines",
        ["tenant_id", "invoice_id"],
        unique=False,
    )
    op.create_index(
        "uq_billed_deal_lines_live",
        "billed_deal_lines",
        ["tenant_id", "deal_line_id", "part"],
        unique=True,
        postgresql_where="released_at IS NULL",
    )
    for table in TENANT_TABLES:
        protect_tenant_table(table)
    protect_tenant_table("invoice_transitions", append_only=True)


def downgrade() -> None:
    op.drop_table("billed_deal_lines")
    op.drop_table("payment_allocations")
    op.drop_table("invoice_transitions")
    op.drop_table("invoice_taxes")
    op.drop_table("invoice_lines")
    op.drop_table("conversions")
    op.drop_table("invoices")
    op.drop_table("payments")
    op.drop_table("number_series")
    op.drop_table("billing_settings")
