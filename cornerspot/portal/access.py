"""Which accounts a portal user may see, and whether they may sign in at all."""

from __future__ import annotations

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from cornerspot.activity.recording import record
from cornerspot.crm.models import Account
from cornerspot.db import session
from cornerspot.kit import clock, ids
from cornerspot.kit.errors import Invalid
from cornerspot.people.actors import Actor
from cornerspot.portal.models import PortalAccess, PortalUser
from cornerspot.tenancy import current_tenant_id


def grant_access(user: PortalUser, account: Account, *, by: Actor) -> None:
    """The portal user may see the account; once is enough. Raises Invalid for an account in the Trash."""
    if account.deleted_at is not None:
        raise Invalid("This account is in the Trash. Restore it first.", field="account_id")
    values = {
        "tenant_id": current_tenant_id(),
        "id": ids.new_id(),
        "created_at": clock.now(),
        "portal_user_id": user.id,
        "account_id": account.id,
    }
    statement = insert(PortalAccess).values(values).on_conflict_do_nothing()
    if session.execute(statement.returning(PortalAccess.id)).scalar() is not None:
        record(user, "access_given", by=by, account=account.name)


def withdraw_access(user: PortalUser, account: Account, *, by: Actor) -> None:
    """The portal user sees the account no longer, from the next request on."""
    statement = delete(PortalAccess).where(
        PortalAccess.portal_user_id == user.id, PortalAccess.account_id == account.id
    )
    if session.execute(statement.returning(PortalAccess.id)).scalar() is not None:
        record(user, "access_withdrawn", by=by, account=account.name)


def accounts_of(user: PortalUser) -> list[Account]:
    """The accounts that the portal user may see, by name; one in the Trash is not shown to anybody."""
    return list(
        session.scalars(
            select(Account)
            .join(PortalAccess, PortalAccess.account_id == Account.id)
            .where(PortalAccess.portal_user_id == user.id, Account.deleted_at.is_(None))
            .order_by(Account.search_name, Account.id)
        )
    )
