"""What the sidebar offers: pages that exist, that the plan has and that the teammate may open."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from flask import Flask, current_app, g, request, url_for

from cornerspot.blueprints.support.attention import attention_count
from cornerspot.blueprints.support.context import request_entitlements
from cornerspot.blueprints.support.identity import current_actor_or_none
from cornerspot.people.permissions import Permission as P
from cornerspot.plans.entitlements import Answer
from cornerspot.plans.features import KEEPING_CUSTOMERS
from cornerspot.plans.features import Feature as F
from cornerspot.tenancy.http import team_of_request


@dataclass(frozen=True)
class Entry:
    """A page in the sidebar, and which endpoints (by their beginning) belong to it.

    ``group`` is empty for those above the groups; any one of several features is enough;
    ``phone`` puts it in the bottom bar; ``count`` says how many wait there.
    """

    group: str
    label: str
    icon: str
    endpoint: str
    feature: F | tuple[F, ...] = ()
    permission: P | None = None
    covers: tuple[str, ...] = ()
    phone: bool = False
    keys: str = ""
    count: Callable[[], int] | None = None


@dataclass(frozen=True)
class Shown:
    """An entry as this teammate sees it; a locked one leads to the page that explains the plan."""

    entry: Entry
    href: str
    is_current: bool
    is_locked: bool
    count: int = 0


SALES, BILLING, INSIGHT, FOOT = "Sales", "Members & Billing", "Insight", "foot"

ENTRIES = (
    Entry("", "Home", "home", "home.index", covers=("home.index",), phone=True, keys="g h"),
    Entry(
        SALES,
        "Deals",
        "briefcase",
        "crm.deals_index",
        F.CRM,
        P.READ_CRM,
        ("crm.deal", "conversion.", "billing.deal"),
        True,
        "g d",
    ),
    Entry(
        SALES,
        "Accounts",
        "building",
        "crm.accounts_index",
        KEEPING_CUSTOMERS,
        P.READ_CRM,
        ("crm.account", "billing.account", "members.account", "reports.account"),
        True,
        "g a",
    ),
    Entry(
        SALES, "Contacts", "users", "crm.contacts_index", KEEPING_CUSTOMERS, P.READ_CRM, ("crm.contact",), False, "g c"
    ),
    Entry(SALES, "Products", "package", "catalog.products_index", (), P.READ_CRM, ("catalog.product",), False, "g p"),
    Entry(
        BILLING,
        "Invoices",
        "file-invoice",
        "billing.invoices_index",
        F.BILLING,
        P.READ_INVOICES,
        ("billing.invoice",),
        True,
        "g i",
    ),
    Entry(
        BILLING,
        "Not delivered",
        "mail-exclamation",
        "billing.deliveries_index",
        F.BILLING,
        P.READ_INVOICES,
        ("billing.deliver",),
    ),
    Entry(
        BILLING,
        "Needs attention",
        "alert-triangle",
        "billing.payment_exceptions_index",
        F.ONLINE_PAYMENTS,
        P.RECORD_PAYMENTS,
        ("billing.payment_exception", "billing.reconciliation"),
        count=attention_count,
    ),
    Entry(
        BILLING,
        "Portal Users",
        "users-group",
        "members.portal_users_index",
        F.PORTAL,
        P.MANAGE_PORTAL,
        ("members.portal",),
        False,
        "g u",
    ),
    Entry(
        INSIGHT,
        "Receivables",
        "report-money",
        "reports.aging_show",
        F.BILLING,
        P.READ_REPORTS,
        ("reports.aging",),
        keys="g r",
    ),
    Entry(
        FOOT,
        "Settings",
        "settings",
        "settings.index",
        covers=("settings.", "plans.", "catalog.tax", "catalog.disc", "members.branding", "members.domain"),
    ),
    Entry(FOOT, "Help", "help", "home.help"),
)

SETTINGS = (
    Entry("Team", "Company", "building-store", "settings.company_show", (), P.MANAGE_SETTINGS, ("settings.company",)),
    Entry(
        "Team",
        "Teammates",
        "users-group",
        "settings.teammates_index",
        covers=("settings.teammate", "settings.invitation"),
    ),
    Entry("Team", "Plan & features", "layers-subtract", "plans.show", (), P.MANAGE_FEATURES, ("plans.",)),
    Entry(
        "Sales",
        "Pipelines",
        "layout-kanban",
        "settings.pipelines_index",
        F.CRM,
        P.MANAGE_SETTINGS,
        ("settings.pipeline", "settings.stage"),
    ),
    Entry(
        "Billing",
        "Invoices",
        "file-invoice",
        "settings.invoices_show",
        F.BILLING,
        P.MANAGE_SETTINGS,
        ("settings.invoice",),
    ),
    Entry("Billing", "E-mail", "mail", "settings.emails_index", F.BILLING, P.MANAGE_SETTINGS, ("settings.email",)),
    Entry(
        "Billing", "Reminders", "bell", "settings.reminders_show", F.BILLING, P.MANAGE_SETTINGS, ("settings.reminder",)
    ),
    Entry(
        "Billing",
        "Payments",
        "credit-card",
        "settings.payments_show",
        F.ONLINE_PAYMENTS,
        P.MANAGE_INTEGRATIONS,
        ("settings.payments",),
    ),
    Entry(
        "Billing",
        "Portal",
        "world-www",
        "members.branding_show",
        F.PORTAL,
        P.MANAGE_PORTAL,
        ("members.branding", "members.domain"),
    ),
    Entry("Billing", "Taxes", "receipt-tax", "settings.tax_rates_index", (), P.READ_CRM, ("settings.tax",)),
    Entry("Billing", "Discounts", "discount", "settings.discounts_index", (), P.READ_CRM, ("settings.discount",)),
    Entry("You", "Profile", "user", "settings.profile_show", covers=("settings.profile", "settings.password")),
    Entry("You", "Sign-ins", "devices", "settings.sessions_index", covers=("settings.session",)),
)

NEW = (
    Entry("", "Deal", "briefcase", "crm.deals_new", F.CRM, P.EDIT_OWN_CRM, keys="n d"),
    Entry("", "Account", "building", "crm.accounts_new", KEEPING_CUSTOMERS, P.EDIT_CRM),
    Entry("", "Contact", "users", "crm.contacts_new", KEEPING_CUSTOMERS, P.EDIT_OWN_CRM),
    Entry("", "Product", "package", "catalog.products_new", (), P.EDIT_CATALOG),
    Entry("", "Invoice", "file-invoice", "billing.invoices_new", F.BILLING, P.CREATE_INVOICES),
)


@dataclass(frozen=True)
class Navigation:
    """Everything the shell needs, in the order it is shown."""

    groups: list[tuple[str, list[Shown]]]
    foot: list[Shown]
    phone: list[Shown]
    settings: list[tuple[str, list[Shown]]]
    new: list[Shown]


def install(app: Flask) -> None:
    """Give templates ``navigation()``, ``link()``, ``outside()`` and ``has_feature()``."""
    app.jinja_env.globals.update(navigation=navigation, link=link, outside=outside, has_feature=has_feature)


def navigation() -> Navigation:
    """The navigation of this request; empty for people who are not signed in to a team."""
    if "navigation" not in g:
        g.navigation = _build()
    built: Navigation = g.navigation
    return built


def link(endpoint: str, **values: object) -> str | None:
    """The address of an endpoint, or None while there is no such page."""
    return url_for(endpoint, **values) if endpoint in current_app.view_functions else None  # type: ignore[arg-type]


def has_feature(feature: str) -> bool:
    """Whether the team may use a feature."""
    return request_entitlements().allows(feature)


def outside(endpoint: str) -> str:
    """The address of one of the installation's own pages, from inside a team too."""
    return url_for(endpoint).removeprefix(request.script_root)


def _build() -> Navigation:
    if team_of_request() is None or current_actor_or_none() is None:
        return Navigation([], [], [], [], [])
    main = list(_shown(ENTRIES))
    return Navigation(
        groups=_grouped([item for item in main if item.entry.group != FOOT]),
        foot=[item for item in main if item.entry.group == FOOT],
        phone=[item for item in main if item.entry.phone and not item.is_locked][:4],
        settings=_grouped(list(_shown(SETTINGS))),
        new=[item for item in _shown(NEW) if not item.is_locked],
    )


def _shown(entries: tuple[Entry, ...]) -> Iterator[Shown]:
    """Those of the entries that this teammate sees."""
    actor = current_actor_or_none()
    if actor is None:
        return
    is_admin = actor.may(P.MANAGE_FEATURES)
    for entry in entries:
        if entry.endpoint not in current_app.view_functions:
            continue
        if entry.permission is not None and not actor.may(entry.permission):
            continue
        answer = _answer(entry)
        is_locked = answer is Answer.NOT_IN_PLAN
        if answer is Answer.SWITCHED_OFF or (is_locked and not is_admin):
            continue
        count = entry.count() if entry.count is not None and not is_locked else 0
        yield Shown(entry, url_for(entry.endpoint), _is_current(entry), is_locked, count)


def _answer(entry: Entry) -> Answer:
    features = (entry.feature,) if isinstance(entry.feature, F) else entry.feature
    return request_entitlements().answer_any(*features) if features else Answer.YES


def _is_current(entry: Entry) -> bool:
    return _belongs(entry, request.endpoint or "")


@lru_cache(maxsize=1024)
def _belongs(entry: Entry, endpoint: str) -> bool:
    return endpoint == entry.endpoint or endpoint.startswith(entry.covers or (entry.endpoint,))


def _grouped(items: list[Shown]) -> list[tuple[str, list[Shown]]]:
    groups: dict[str, list[Shown]] = {}
    for item in items:
        groups.setdefault(item.entry.group, []).append(item)
    return list(groups.items())
