"""Who counts what: tells ``plans`` how the packages above it use up limits and keep records."""

from __future__ import annotations

from cornerspot.billing.usage import count_finalized_invoices, has_invoices
from cornerspot.crm.deals import active_deals
from cornerspot.crm.usage import has_crm_records
from cornerspot.plans.features import Feature, Limit
from cornerspot.plans.usage import register_records, register_usage
from cornerspot.portal.reading import has_portal_users

register_usage(Limit.ACTIVE_DEALS, active_deals)
register_usage(Limit.FINALIZED_INVOICES, count_finalized_invoices)
register_records(Feature.CRM, has_crm_records)
register_records(Feature.BILLING, has_invoices)
register_records(Feature.PORTAL, has_portal_users)
