"""Opening a team: the row, its owner, its plan, and what it needs on the first day."""

from __future__ import annotations

from uuid import UUID

from cornerspot.billing.settings import create_billing_settings
from cornerspot.crm.pipelines import create_first_pipeline
from cornerspot.db import session
from cornerspot.people.actors import Actor
from cornerspot.people.models import Membership, Person, Role
from cornerspot.people.sessions import teammate
from cornerspot.plans.assigning import start_trial
from cornerspot.tenancy import CurrentTeam
from cornerspot.tenancy.creating import create_team


def open_team(planned: CurrentTeam, person_id: UUID) -> Actor:
    """The planned team exists with its owner, trial, pipeline and settings; flushed.

    Call it inside ``team_scope(planned)``. Raises Invalid when the slug is taken.
    """
    create_team(planned)
    person = session.get_one(Person, person_id)
    membership = Membership(person_id=person_id, role=Role.OWNER)
    session.add(membership)
    start_trial()
    create_first_pipeline()
    create_billing_settings()
    session.flush()  # The membership's id is part of the actor.
    return teammate(membership, person)
