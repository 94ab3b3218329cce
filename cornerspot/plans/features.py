"""The features a plan can include and the limits it can set, with the words for each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Feature(StrEnum):
    """What a plan can include and an admin can switch off."""

    CRM = "crm"
    BILLING = "billing"
    PORTAL = "portal"
    ONLINE_PAYMENTS = "online_payments"
    SUBSCRIPTIONS = "subscriptions"
    ACCOUNTING = "accounting"
    API = "api"
    SSO = "sso"
    CUSTOM_DOMAIN = "custom_domain"
    EINVOICING = "einvoicing"


# An invoice needs a customer as much as a deal does: either is reason enough to keep accounts and contacts.
KEEPING_CUSTOMERS = (Feature.CRM, Feature.BILLING)


class Limit(StrEnum):
    """What a plan can set a number for."""

    TEAMMATES = "teammates"
    ACTIVE_DEALS = "active_deals"
    FINALIZED_INVOICES = "finalized_invoices"  # per calendar month in the team's zone


@dataclass(frozen=True)
class Description:
    """What a feature is called and what it gives, in one sentence."""

    name: str
    sentence: str


FEATURES: dict[Feature, Description] = {
    Feature.CRM: Description("CRM", "Accounts, contacts and deals in one place."),
    Feature.BILLING: Description("Billing", "Invoices, from draft to paid."),
    Feature.PORTAL: Description("Member portal", "Customers see their invoices under your brand."),
    Feature.ONLINE_PAYMENTS: Description(
        "Online payments", "Customers pay by card or bank through your own Stripe account."
    ),
    Feature.SUBSCRIPTIONS: Description("Subscriptions", "Invoices that repeat by themselves."),
    Feature.ACCOUNTING: Description("Accounting", "Journal exports, Xero and QuickBooks Online."),
    Feature.API: Description("API and webhooks", "Connect your own software."),
    Feature.SSO: Description("Single sign-on", "Teammates sign in through your identity provider."),
    Feature.CUSTOM_DOMAIN: Description("Custom domain", "The portal on your own address."),
    Feature.EINVOICING: Description("E-invoicing", "Factur-X, ZUGFeRD and UBL documents."),
}

LIMITS: dict[Limit, Description] = {
    Limit.TEAMMATES: Description("Teammates", "People who can sign in to the team."),
    Limit.ACTIVE_DEALS: Description("Active deals", "Deals that are neither won nor lost."),
    Limit.FINALIZED_INVOICES: Description("Finalized invoices", "Invoices that get a number in a calendar month."),
}
