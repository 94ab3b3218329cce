"""Who does something: passed to every use-case that changes a record."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from cornerspot.kit.errors import PermissionDenied
from cornerspot.people.models import Role
from cornerspot.people.permissions import ROLE_PERMISSIONS, Permission


@dataclass(frozen=True)
class Actor:
    """A teammate, the system, or an operator.

    ``id`` is the membership's id for a teammate (what ``…_by`` columns hold),
    the person's id for an operator, None for the system.
    """

    kind: str
    id: UUID | None = None
    name: str = ""
    role: Role | None = None
    email: str = ""
    person_id: UUID | None = None

    @property
    def membership_id(self) -> UUID | None:
        return self.id if self.kind == "teammate" else None

    def may(self, permission: Permission) -> bool:
        """Whether the role includes the permission; the system and operators may do everything."""
        if self.kind in ("system", "operator"):
            return True
        return self.role is not None and permission in ROLE_PERMISSIONS[self.role]

    def require(self, permission: Permission) -> None:
        """Pass when allowed; raises PermissionDenied."""
        if not self.may(permission):
            raise PermissionDenied()

    def may_edit(self, owner_id: UUID | None) -> bool:
        """Whether this teammate may edit a CRM record that ``owner_id`` (a membership) owns."""
        if self.may(Permission.EDIT_CRM):
            return True
        return self.may(Permission.EDIT_OWN_CRM) and owner_id is not None and owner_id == self.id


SYSTEM = Actor(kind="system", name="Cornerspot")
CUSTOMER = Actor(kind="customer", name="the customer")  # whoever holds a pay link
