"""Pages for whoever runs the installation: teams, plans, overrides, dead jobs, webhooks, mail, components.

Open to people marked as operators, outside of any team; ``scope`` enters a team where a
change needs one, and the change is recorded there.
"""

from cornerspot.blueprints.operators.blueprint import blueprint

from cornerspot.blueprints.operators import (  # isort: skip - each adds its routes when it is imported
    components,
    inbox,
    jobs,
    plan_overrides,
    team_plans,
    teams,
    webhooks,
)

__all__ = ["blueprint", "components", "inbox", "jobs", "plan_overrides", "team_plans", "teams", "webhooks"]
