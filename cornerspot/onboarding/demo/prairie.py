"""Prairie Roasters: a coffee roaster in Chicago on Free, with accounts, contacts and deals."""

from __future__ import annotations

from cornerspot.onboarding.demo.cast import PRAIRIE_CUSTOMERS, PRAIRIE_OFFERS, PRAIRIE_TEAM
from cornerspot.onboarding.demo.deals import Pursuit, open_in, pursue
from cornerspot.onboarding.demo.studio import Studio, meet, open_studio, print_on_documents, stock_catalog
from cornerspot.onboarding.demo.timetable import Timetable
from cornerspot.plans.assigning import assign_plan
from cornerspot.tenancy import CurrentTeam
from cornerspot.tenancy.creating import plan_team

OPENED_DAYS_AGO = 250
SEED = 7

# (days since it closed, company, what, won)
CLOSED = (
    (196, "Blue Heron Café", "Weekly beans", True), (171, "Old Mill Bakery", "Weekly beans", True),
    (143, "Riverside Clinic", "Office coffee", False), (118, "Madison Coworking", "Office coffee", True),
    (76, "Union Depot Market", "Holiday blend", False), (41, "Lakeview Hotels", "Barista training", True),
    (9, "Blue Heron Café", "Barista training", True),
)  # fmt: skip
OPEN = (
    (("Riverside Clinic", "Office coffee"), ("Old Mill Bakery", "Holiday blend")),
    (("Union Depot Market", "Wholesale 2027"),),
    (("Lakeview Hotels", "Lobby coffee bar"), ("Madison Coworking", "Barista training")),
    (("Blue Heron Café", "Wholesale 2027"),),
)


def planned_team() -> CurrentTeam:
    """The team as it will be, so that its scope can be entered to open it."""
    return plan_team(name="Prairie Roasters", slug="prairie", currency="USD", time_zone="America/Chicago", country="US")


def plan_year(planned: CurrentTeam) -> Timetable:
    """Everything that happens to the team is on the timetable, beginning with its opening."""
    table = Timetable(planned.time_zone, seed=SEED)
    studio = Studio(table)
    table.add(table.days_ago(OPENED_DAYS_AGO), lambda: _open(studio, planned))
    return table


def _open(studio: Studio, planned: CurrentTeam) -> None:
    open_studio(studio, planned, PRAIRIE_TEAM)
    assign_plan("free_v1", end_trial=True)
    print_on_documents(
        studio,
        legal_name="Prairie Roasters LLC",
        street="1820 W Carroll Ave",
        postal_code="60612",
        city="Chicago",
        region="IL",
        email="hello@prairie.example",
    )
    stock_catalog(studio, PRAIRIE_OFFERS)
    for company in PRAIRIE_CUSTOMERS:
        meet(studio, company, by=studio.actors["owner"][0])
    table = studio.timetable
    for days, customer, name, is_won in CLOSED:
        pursue(studio, Pursuit(name, customer, table.days_ago(days), is_won=is_won, recurring=is_won))
    for stage, deals in enumerate(OPEN):
        for customer, name in deals:
            pursue(studio, Pursuit(name, customer, open_in(studio, stage), recurring=True))
