"""Teams and the walls between them.

Domain code enters a team by ``team_scope`` and never filters by tenant itself:
the session adds the criterion, PostgreSQL enforces it, composite keys carry it.
May import ``db`` and ``kit``. ``http`` finds the team of a request.
"""

from cornerspot.tenancy.context import (
    CurrentTeam,
    OutsideTeam,
    current_team,
    current_tenant_id,
    narrow_to_account,
    system_scope,
    team_scope,
    team_today,
)
from cornerspot.tenancy.owned import TenantOwned, tenant_fk, tenant_relationship

__all__ = [
    "CurrentTeam",
    "OutsideTeam",
    "TenantOwned",
    "current_team",
    "current_tenant_id",
    "narrow_to_account",
    "system_scope",
    "team_scope",
    "team_today",
    "tenant_fk",
    "tenant_relationship",
]
