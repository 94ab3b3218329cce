"""create member portal"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from cornerspot.db.rls import (
    create_sight,
    create_sight_of,
    drop_sight,
    forget_members,
    hide_from_members,
    let_members_read,
    protect_tenant_table,
    restrict_to_account,
    restrict_to_parent,
    restrict_where,
    sees,
)

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

PORTAL_TABLES = (
    "portal_sign_in_failures",
    "portal_settings",
    "portal_users",
    "portal_accesses",
    "portal_documents",
    "portal_invitations",
    "portal_links",
    "portal_sign_ins",
)

# A member reads these whole: what the team offers, and what paying needs. Each is explained in
# tests/architecture/test_tenant_tables.py.
READ_BY_MEMBERS = (
    "billing_settings",
    "feature_switches",
    "plan_overrides",
    "portal_settings",
    "processor_accounts",
    "team_plans",
)
OF_THE_ACCOUNT = (
    "checkout_attempts",
    "contacts",
    "disputes",
    "pay_links",
    "payments",
    "processor_customers",
    "refunds",
)
OF_THE_INVOICE = ("invoice_lines", "invoice_taxes", "invoice_transitions")
OF_THE_PAYMENT = ("ledger_entries", "payment_allocations", "payment_returns")
PARENTS = ("accounts", "invoices", "payments", "portal_users")
OF_THE_MEMBER = ("portal_links", "portal_sign_ins")
# Timelines and mail are written for the team to read.
ADDED_UNSEEN = ("activity_entries", "outgoing_messages")
OF_THE_TEAM = (
    "billed_deal_lines",
    "connect_states",
    "conversions",
    "deal_lines",
    "deals",
    "discounts",
    "invitations",
    "memberships",
    "number_series",
    "pipelines",
    "portal_invitations",
    "portal_sign_in_failures",
    "products",
    "reconcile_runs",
    "stages",
    "stripe_events",
    "tax_rates",
)


def upgrade() -> None:
    op.create_table(
        "portal_sign_in_failures",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email_digest", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_failed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_portal_sign_in_failures")),
        sa.UniqueConstraint(
            "tenant_id", "email_digest", name=op.f("uq_portal_sign_in_failures_tenant_id_email_digest")
        ),
    )
    op.create_table(
        "portal_settings",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("greeting", sa.Text(), nullable=False),
        sa.Column("accent", sa.Text(), nullable=False),
        sa.Column("logo_file_id", sa.Uuid(), nullable=True),
        sa.Column("favicon_file_id", sa.Uuid(), nullable=True),
        sa.Column("sections", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("accent = '' OR accent ~ '^#[0-9a-f]{6}$'", name=op.f("ck_portal_settings_accent_form")),
        sa.CheckConstraint("char_length(greeting) <= 400", name=op.f("ck_portal_settings_greeting_length")),
        sa.CheckConstraint("char_length(title) <= 80", name=op.f("ck_portal_settings_title_length")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "favicon_file_id"],
            ["stored_files.tenant_id", "stored_files.id"],
            name=op.f("fk_portal_settings_tenant_id_favicon_file_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "logo_file_id"],
            ["stored_files.tenant_id", "stored_files.id"],
            name=op.f("fk_portal_settings_tenant_id_logo_file_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_portal_settings")),
        sa.UniqueConstraint("tenant_id", name=op.f("uq_portal_settings_tenant_id")),
    )
    op.create_table(
        "portal_users",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("search_name", sa.Text(collation="C"), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("last_signed_in_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state <> 'active' OR password_hash IS NOT NULL", name=op.f("ck_portal_users_active_has_password")
        ),
        sa.CheckConstraint(
            "state <> 'revoked' OR password_hash IS NULL", name=op.f("ck_portal_users_revoked_has_none")
        ),
        sa.CheckConstraint(
            "state IN ('invited', 'active', 'suspended', 'revoked')", name=op.f("ck_portal_users_state_known")
        ),
        sa.CheckConstraint("email = lower(email)", name=op.f("ck_portal_users_email_lower")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "contact_id"],
            ["contacts.tenant_id", "contacts.id"],
            name=op.f("fk_portal_users_tenant_id_contact_id"),
            ondelete="SET NULL (contact_id)",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_portal_users")),
        sa.UniqueConstraint("tenant_id", "email", name=op.f("uq_portal_users_tenant_id_email")),
    )
    op.create_index("ix_portal_users_contact_id", "portal_users", ["tenant_id", "contact_id"], unique=False)
    op.create_index("ix_portal_users_name", "portal_users", ["tenant_id", "search_name", "id"], unique=False)
    op.create_table(
        "portal_accesses",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("portal_user_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f("fk_portal_accesses_tenant_id_account_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "portal_user_id"],
            ["portal_users.tenant_id", "portal_users.id"],
            name=op.f("fk_portal_accesses_tenant_id_portal_user_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_portal_accesses")),
        sa.UniqueConstraint(
            "tenant_id",
            "portal_user_id",
            "account_id",
            name=op.f("uq_portal_accesses_tenant_id_portal_user_id_account_id"),
        ),
    )
    op.create_index("ix_portal_accesses_account_id", "portal_accesses", ["tenant_id", "account_id"], unique=False)
    op.create_table(
        "portal_documents",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("portal_user_id", sa.Uuid(), nullable=True),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("shared_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(scope = 'account') = (account_id IS NOT NULL)", name=op.f("ck_portal_documents_account_fits_scope")
        ),
        sa.CheckConstraint(
            "(scope = 'user') = (portal_user_id IS NOT NULL)", name=op.f("ck_portal_documents_user_fits_scope")
        ),
        sa.CheckConstraint("scope IN ('team', 'account', 'user')", name=op.f("ck_portal_documents_scope_known")),
        sa.CheckConstraint("char_length(title) BETWEEN 1 AND 200", name=op.f("ck_portal_documents_title_length")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f("fk_portal_documents_tenant_id_account_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "file_id"],
            ["stored_files.tenant_id", "stored_files.id"],
            name=op.f("fk_portal_documents_tenant_id_file_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "portal_user_id"],
            ["portal_users.tenant_id", "portal_users.id"],
            name=op.f("fk_portal_documents_tenant_id_portal_user_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "shared_by"],
            ["memberships.tenant_id", "memberships.id"],
            name=op.f("fk_portal_documents_tenant_id_shared_by"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_portal_documents")),
    )
    op.create_index("ix_portal_documents_account_id", "portal_documents", ["tenant_id", "account_id"], unique=False)
    op.create_index("ix_portal_documents_file_id", "portal_documents", ["tenant_id", "file_id"], unique=False)
    op.create_index(
        "ix_portal_documents_portal_user_id", "portal_documents", ["tenant_id", "portal_user_id"], unique=False
    )
    op.create_index("ix_portal_documents_recent", "portal_documents", ["tenant_id", "created_at", "id"], unique=False)
    op.create_table(
        "portal_invitations",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("portal_user_id", sa.Uuid(), nullable=False),
        sa.Column("invited_by", sa.Uuid(), nullable=True),
        sa.Column("token_digest", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_count", sa.Integer(), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "accepted_at IS NULL OR revoked_at IS NULL", name=op.f("ck_portal_invitations_accepted_or_revoked")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "invited_by"],
            ["memberships.tenant_id", "memberships.id"],
            name=op.f("fk_portal_invitations_tenant_id_invited_by"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "portal_user_id"],
            ["portal_users.tenant_id", "portal_users.id"],
            name=op.f("fk_portal_invitations_tenant_id_portal_user_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_portal_invitations")),
        sa.UniqueConstraint("tenant_id", "token_digest", name=op.f("uq_portal_invitations_tenant_id_token_digest")),
    )
    op.create_index(
        "ix_portal_invitations_portal_user_id", "portal_invitations", ["tenant_id", "portal_user_id"], unique=False
    )
    op.create_index(
        "uq_portal_invitations_open",
        "portal_invitations",
        ["tenant_id", "portal_user_id"],
        unique=True,
        postgresql_where="accepted_at IS NULL AND revoked_at IS NULL",
    )
    op.create_table(
        "portal_links",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("portal_user_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("token_digest", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("purpose IN ('sign_in', 'password_reset')", name=op.f("ck_portal_links_purpose_known")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "portal_user_id"],
            ["portal_users.tenant_id", "portal_users.id"],
            name=op.f("fk_portal_links_tenant_id_portal_user_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_portal_links")),
        sa.UniqueConstraint("tenant_id", "token_digest", name=op.f("uq_portal_links_tenant_id_token_digest")),
    )
    op.create_index(
        "ix_portal_links_portal_user_id", "portal_links", ["tenant_id", "portal_user_id", "created_at"], unique=False
    )
    op.create_table(
        "portal_sign_ins",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("portal_user_id", sa.Uuid(), nullable=False),
        sa.Column("chosen_account_id", sa.Uuid(), nullable=True),
        sa.Column("token_digest", sa.Text(), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ip_address", sa.Text(), nullable=False),
        sa.Column("user_agent", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "portal_user_id"],
            ["portal_users.tenant_id", "portal_users.id"],
            name=op.f("fk_portal_sign_ins_tenant_id_portal_user_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_portal_sign_ins")),
        sa.UniqueConstraint("tenant_id", "token_digest", name=op.f("uq_portal_sign_ins_tenant_id_token_digest")),
    )
    op.create_index(
        "ix_portal_sign_ins_portal_user_id", "portal_sign_ins", ["tenant_id", "portal_user_id"], unique=False
    )
    for table in PORTAL_TABLES:
        protect_tenant_table(table)
    op.create_index("ix_invoices_pdf_file_id", "invoices", ["tenant_id", "pdf_file_id"], unique=False)
    keep_members_to_their_account()


def keep_members_to_their_account() -> None:
    """Once a transaction is narrowed to an account, it sees and writes what is that account's."""
    create_sights()
    restrict_to_account("accounts", column="id")
    # A draft and a withdrawn one have no number, and are nobody's business outside of the team.
    restrict_to_account("invoices", only_when="number IS NOT NULL")
    for table in OF_THE_ACCOUNT:
        restrict_to_account(table)
    for table in OF_THE_INVOICE:
        restrict_to_parent(table, "invoice_id", "invoices")
    for table in OF_THE_PAYMENT:
        restrict_to_parent(table, "payment_id", "payments")
    of_invoice_or_payment = f"{sees('invoice_id', 'invoices')} OR {sees('payment_id', 'payments')}"
    restrict_where("payment_exceptions", of_invoice_or_payment, add_unseen=True)
    restrict_to_account("portal_accesses")
    restrict_where("portal_users", sees("id", "fellow_users"))
    for table in OF_THE_MEMBER:
        restrict_to_parent(table, "portal_user_id", "portal_users")
    shared = f"scope = 'team' OR {sees('account_id', 'accounts')} OR {sees('portal_user_id', 'portal_users')}"
    restrict_where("portal_documents", shared, read_only=True)
    restrict_where("stored_files", sees("id", "files"), add_unseen=True)
    for table in READ_BY_MEMBERS:
        let_members_read(table)
    for table in ADDED_UNSEEN:
        hide_from_members(table, add_unseen=True)
    for table in OF_THE_TEAM:
        hide_from_members(table)


def create_sights() -> None:
    """What policies ask about other tables: parents, who shares the account, and whose file it is."""
    for table in PARENTS:
        create_sight_of(table)
    create_sight(
        "fellow_users", "EXISTS (SELECT FROM public.portal_accesses WHERE tenant_id = $1 AND portal_user_id = $2)"
    )
    uses = (
        ("invoices", "pdf_file_id"),
        ("portal_documents", "file_id"),
        ("portal_settings", "logo_file_id"),
        ("portal_settings", "favicon_file_id"),
        ("billing_settings", "logo_file_id"),
    )
    is_used = (f"EXISTS (SELECT FROM public.{table} WHERE tenant_id = $1 AND {column} = $2)" for table, column in uses)
    create_sight("files", " OR ".join(is_used))


def downgrade() -> None:
    narrowed = ("accounts", "invoices", "payment_exceptions", "portal_accesses", "portal_documents", "portal_users")
    of_others = (*OF_THE_ACCOUNT, *OF_THE_INVOICE, *OF_THE_PAYMENT, *OF_THE_MEMBER)
    for table in (*narrowed, "stored_files", *of_others, *READ_BY_MEMBERS, *ADDED_UNSEEN, *OF_THE_TEAM):
        forget_members(table)
    for name in (*PARENTS, "fellow_users", "files"):
        drop_sight(name)
    op.drop_index("ix_invoices_pdf_file_id", "invoices")
    op.drop_table("portal_sign_ins")
    op.drop_table("portal_links")
    op.drop_table("portal_invitations")
    op.drop_table("portal_documents")
    op.drop_table("portal_accesses")
    op.drop_table("portal_users")
    op.drop_table("portal_settings")
    op.drop_table("portal_sign_in_failures")
