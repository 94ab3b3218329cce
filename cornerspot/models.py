"""Every table, imported once so that the metadata is whole (migrations, start-up)."""

from cornerspot.activity import models as activity
from cornerspot.billing import models as billing
from cornerspot.catalog import models as catalog
from cornerspot.conversion import models as conversion
from cornerspot.crm import models as crm
from cornerspot.documents import models as documents
from cornerspot.jobs import models as jobs
from cornerspot.mail import models as mail
from cornerspot.payments import models as payments
from cornerspot.people import models as people
from cornerspot.plans import models as plans
from cornerspot.portal import models as portal
from cornerspot.tenancy import binding, criteria
from cornerspot.tenancy import models as tenancy

__all__ = [
    "activity",
    "billing",
    "binding",
    "catalog",
    "conversion",
    "criteria",
    "crm",
    "documents",
    "jobs",
    "mail",
    "payments",
    "people",
    "plans",
    "portal",
    "tenancy",
]
