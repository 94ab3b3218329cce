"""Pages for whoever runs the installation."""

from cornerspot.blueprints.operators.blueprint import blueprint

from cornerspot.blueprints.operators import (  # isort: skip - each adds its routes when it is imported
    components,
    inbox,
    jobs,
    plan_overrides,
    team_plans,
    teams,
)

__all__ = ["blueprint", "components", "inbox", "jobs", "plan_overrides", "team_plans", "teams"]
