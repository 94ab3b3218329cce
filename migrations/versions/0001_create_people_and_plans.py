"""create people and plans"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from cornerspot.db.rls import APP_ROLE, grant_app, protect_tenant_table

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TENANT_TABLES = (
    "activity_entries",
    "plan_overrides",
    "stored_files",
    "team_plans",
    "memberships",
    "outgoing_messages",
    "feature_switches",
    "invitations",
)
GLOBAL_TABLES = ("people", "teams", "hand_offs", "password_resets", "sign_ins", "sign_in_failures", "team_hosts")

# A person's own teams, for choosing one: the only look across teams, and only at this.
TEAMS_OF_PERSON = """
CREATE FUNCTION teams_of_person(wanted uuid) RETURNS TABLE (team_id uuid, role text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$ SELECT tenant_id, role FROM memberships WHERE person_id = wanted AND deactivated_at IS NULL $$
"""


def upgrade() -> None:
    op.create_table(
        "activity_entries",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("subject_type", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("actor_kind", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("actor_name", sa.Text(), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("edited_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "actor_kind IN ('teammate', 'portal_user', 'customer', 'operator', 'system')",
            name=op.f("ck_activity_entries_actor_kind_known"),
        ),
        sa.CheckConstraint("kind IN ('event', 'note')", name=op.f("ck_activity_entries_kind_known")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_activity_entries")),
    )
    op.create_index(
        "ix_activity_entries_recent",
        "activity_entries",
        ["tenant_id", "happened_at", "id"],
        unique=False,
    )
    op.create_index(
        "ix_activity_entries_subject",
        "activity_entries",
        ["tenant_id", "subject_type", "subject_id", "happened_at", "id"],
        unique=False,
    )
    op.create_table(
        "people",
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("is_operator", sa.Boolean(), nullable=False),
        sa.Column("last_signed_in_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("email = lower(email)", name=op.f("ck_people_email_lower")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
        sa.UniqueConstraint("email", name=op.f("uq_people_email")),
    )
    op.create_table(
        "plan_overrides",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("feature", sa.Text(), nullable=True),
        sa.Column("granted", sa.Boolean(), nullable=True),
        sa.Column("limit_name", sa.Text(), nullable=True),
        sa.Column("limit_size", sa.Integer(), nullable=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_plan_overrides_reason_given")),
        sa.CheckConstraint("(feature IS NULL) <> (limit_name IS NULL)", name=op.f("ck_plan_overrides_one_subject")),
        sa.CheckConstraint("(feature IS NULL) = (granted IS NULL)", name=op.f("ck_plan_overrides_feature_granted")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_plan_overrides")),
    )
    op.create_table(
        "stored_files",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name=op.f("ck_stored_files_sha256_form")),
        sa.CheckConstraint("size_bytes >= 0", name=op.f("ck_stored_files_size_not_negative")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_stored_files")),
    )
    op.create_index("ix_stored_files_sha256", "stored_files", ["tenant_id", "sha256"], unique=False)
    op.create_table(
        "team_plans",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("plan_key", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("trial_plan_key", sa.Text(), nullable=True),
        sa.Column("trial_ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_plan_key", sa.Text(), nullable=True),
        sa.Column("next_plan_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("requested_plan_key", sa.Text(), nullable=True),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(trial_plan_key IS NULL) = (trial_ends_at IS NULL)",
            name=op.f("ck_team_plans_trial_whole"),
        ),
        sa.CheckConstraint(
            "(next_plan_key IS NULL) = (next_plan_at IS NULL)",
            name=op.f("ck_team_plans_next_plan_whole"),
        ),
        sa.CheckConstraint(
            "(requested_plan_key IS NULL) = (requested_at IS NULL)",
            name=op.f("ck_team_plans_request_whole"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_team_plans")),
        sa.UniqueConstraint("tenant_id", name=op.f("uq_team_plans_tenant_id")),
    )
    op.create_table(
        "teams",
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("currency", sa.CHAR(length=3), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("country", sa.CHAR(length=2), nullable=False),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("legal_name", sa.Text(), nullable=False),
        sa.Column("street", sa.Text(), nullable=False),
        sa.Column("postal_code", sa.Text(), nullable=False),
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("tax_id", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("suspended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("country ~ '^[A-Z]{2}$'", name=op.f("ck_teams_country_form")),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_teams_currency_form")),
        sa.CheckConstraint("slug ~ '^[a-z0-9](-?[a-z0-9]){2,62}$'", name=op.f("ck_teams_slug_form")),
        sa.CheckConstraint("status IN ('active', 'suspended', 'closed')", name=op.f("ck_teams_status_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_teams")),
        sa.UniqueConstraint("slug", name=op.f("uq_teams_slug")),
    )
    op.create_table(
        "hand_offs",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("browser_id", sa.Uuid(), nullable=False),
        sa.Column("token_digest", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_hand_offs_person_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_hand_offs_team_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hand_offs")),
        sa.UniqueConstraint("token_digest", name=op.f("uq_hand_offs_token_digest")),
    )
    op.create_table(
        "memberships",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("deactivated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("role IN ('rep', 'manager', 'admin', 'owner')", name=op.f("ck_memberships_role_known")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_memberships_person_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_memberships")),
        sa.UniqueConstraint("tenant_id", "person_id", name=op.f("uq_memberships_tenant_id_person_id")),
    )
    op.create_index("ix_memberships_person_id", "memberships", ["person_id"], unique=False)
    op.create_table(
        "outgoing_messages",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("dedupe_key", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("subject_type", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("recipient_name", sa.Text(), nullable=False),
        sa.Column("sender_name", sa.Text(), nullable=False),
        sa.Column("reply_to", sa.Text(), nullable=False),
        sa.Column("subject_line", sa.Text(), nullable=False),
        sa.Column("text_body", sa.Text(), nullable=False),
        sa.Column("html_body", sa.Text(), nullable=False),
        sa.Column("attachment_id", sa.Uuid(), nullable=True),
        sa.Column("attachment_name", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "status IN ('queued', 'accepted', 'bounced', 'failed')",
            name=op.f("ck_outgoing_messages_status_known"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "attachment_id"],
            ["stored_files.tenant_id", "stored_files.id"],
            name=op.f("fk_outgoing_messages_tenant_id_attachment_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_outgoing_messages")),
        sa.UniqueConstraint("tenant_id", "dedupe_key", name=op.f("uq_outgoing_messages_tenant_id_dedupe_key")),
    )
    op.create_index(
        "ix_outgoing_messages_subject",
        "outgoing_messages",
        ["tenant_id", "subject_type", "subject_id", "created_at"],
        unique=False,
    )
    op.create_table(
        "password_resets",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["people.id"],
            name=op.f("fk_password_resets_person_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_password_resets")),
    )
    op.create_index("ix_password_resets_person_id", "password_resets", ["person_id"], unique=False)
    op.create_table(
        "sign_ins",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("browser_id", sa.Uuid(), nullable=False),
        sa.Column("token_digest", sa.Text(), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ip_address", sa.Text(), nullable=False),
        sa.Column("user_agent", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_sign_ins_person_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_sign_ins_team_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_ins")),
        sa.UniqueConstraint("token_digest", name=op.f("uq_sign_ins_token_digest")),
    )
    op.create_index("ix_sign_ins_person_id", "sign_ins", ["person_id", "browser_id"], unique=False)
    op.create_table(
        "sign_in_failures",
        sa.Column("email_digest", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_failed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_failures")),
        sa.UniqueConstraint("email_digest", name=op.f("uq_sign_in_failures_email_digest")),
    )
    op.create_index("ix_sign_in_failures_last", "sign_in_failures", ["last_failed_at"], unique=False)
    op.create_table(
        "team_hosts",
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("host = lower(host) AND host ~ '^[a-z0-9.-]{4,253}$'", name=op.f("ck_team_hosts_host_form")),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_team_hosts_team_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_team_hosts")),
        sa.UniqueConstraint("host", name=op.f("uq_team_hosts_host")),
    )
    op.create_table(
        "feature_switches",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("feature", sa.Text(), nullable=False),
        sa.Column("switched_off_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("switched_off_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "switched_off_by"],
            ["memberships.tenant_id", "memberships.id"],
            name=op.f("fk_feature_switches_tenant_id_switched_off_by"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_feature_switches")),
        sa.UniqueConstraint("tenant_id", "feature", name=op.f("uq_feature_switches_tenant_id_feature")),
    )
    op.create_table(
        "invitations",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("invited_by", sa.Uuid(), nullable=True),
        sa.Column("token_digest", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("role IN ('rep', 'manager', 'admin', 'owner')", name=op.f("ck_invitations_role_known")),
        sa.CheckConstraint("email = lower(email)", name=op.f("ck_invitations_email_lower")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "invited_by"],
            ["memberships.tenant_id", "memberships.id"],
            name=op.f("fk_invitations_tenant_id_invited_by"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_invitations")),
        sa.UniqueConstraint("tenant_id", "token_digest", name=op.f("uq_invitations_tenant_id_token_digest")),
    )
    op.create_index(
        "uq_invitations_open",
        "invitations",
        ["tenant_id", "email"],
        unique=True,
        postgresql_where="accepted_at IS NULL AND revoked_at IS NULL",
    )
    for table in TENANT_TABLES:
        protect_tenant_table(table)
    for table in GLOBAL_TABLES:
        grant_app(table)
    op.execute(TEAMS_OF_PERSON)
    op.execute("REVOKE ALL ON FUNCTION teams_of_person(uuid) FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION teams_of_person(uuid) TO {APP_ROLE}")


def downgrade() -> None:
    op.execute("DROP FUNCTION teams_of_person(uuid)")
    op.drop_table("invitations")
    op.drop_table("feature_switches")
    op.drop_table("team_hosts")
    op.drop_table("sign_in_failures")
    op.drop_table("sign_ins")
    op.drop_table("password_resets")
    op.drop_table("outgoing_messages")
    op.drop_table("memberships")
    op.drop_table("hand_offs")
    op.drop_table("teams")
    op.drop_table("team_plans")
    op.drop_table("stored_files")
    op.drop_table("plan_overrides")
    op.drop_table("people")
    op.drop_table("activity_entries")
