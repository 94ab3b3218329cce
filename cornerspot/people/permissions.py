"""Who may do what: one map from role to permissions, on one page."""

from __future__ import annotations

from enum import StrEnum

from cornerspot.people.models import Role


class Permission(StrEnum):
    """Something a teammate may be allowed to do."""

    READ_CRM = "read_crm"
    EDIT_OWN_CRM = "edit_own_crm"  # deals and contacts that one owns
    EDIT_CRM = "edit_crm"
    EDIT_CATALOG = "edit_catalog"
    READ_INVOICES = "read_invoices"
    CREATE_INVOICES = "create_invoices"  # draft, edit, duplicate, cancel and delete drafts, convert
    FINALIZE_INVOICES = "finalize_invoices"
    SEND_INVOICES = "send_invoices"
    RECORD_PAYMENTS = "record_payments"
    READ_REPORTS = "read_reports"
    UNDO_PAYMENTS = "undo_payments"  # undo and refund
    VOID_INVOICES = "void_invoices"  # void and mark uncollectible
    MANAGE_SETTINGS = "manage_settings"
    MANAGE_TEAMMATES = "manage_teammates"
    MANAGE_PORTAL = "manage_portal"
    MANAGE_INTEGRATIONS = "manage_integrations"
    MANAGE_FEATURES = "manage_features"  # see the plan, switch features
    CHANGE_PLAN = "change_plan"
    CLOSE_TEAM = "close_team"


P = Permission

REP = frozenset({P.READ_CRM, P.EDIT_OWN_CRM, P.READ_INVOICES})
MANAGER = REP | {
    P.EDIT_CRM,
    P.EDIT_CATALOG,
    P.CREATE_INVOICES,
    P.FINALIZE_INVOICES,
    P.SEND_INVOICES,
    P.RECORD_PAYMENTS,
    P.READ_REPORTS,
}
ADMIN = MANAGER | {
    P.UNDO_PAYMENTS,
    P.VOID_INVOICES,
    P.MANAGE_SETTINGS,
    P.MANAGE_TEAMMATES,
    P.MANAGE_PORTAL,
    P.MANAGE_INTEGRATIONS,
    P.MANAGE_FEATURES,
}
OWNER = ADMIN | {P.CHANGE_PLAN, P.CLOSE_TEAM}

ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.REP: REP,
    Role.MANAGER: frozenset(MANAGER),
    Role.ADMIN: frozenset(ADMIN),
    Role.OWNER: frozenset(OWNER),
}
