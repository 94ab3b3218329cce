"""A domain of the team's own for its portal: named, proved by its DNS, taken away."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from cornerspot.blueprints.members.blueprint import blueprint
from cornerspot.blueprints.support.context import request_entitlements
from cornerspot.blueprints.support.fields import TextField
from cornerspot.blueprints.support.forms import Form, use_case
from cornerspot.blueprints.support.gate import gate
from cornerspot.blueprints.support.identity import current_actor
from cornerspot.blueprints.support.limits import limiter
from cornerspot.people.permissions import Permission
from cornerspot.plans.features import Feature
from cornerspot.portal.domains import ask_for_check, name_domain, record_name, record_value, remove_domain
from cornerspot.settings import current_settings
from cornerspot.tenancy import current_team
from cornerspot.tenancy.hosts import hosts_of_team


class DomainForm(Form):
    """A domain of the team's own."""

    host = TextField("Domain", longest=253, required="Enter a domain such as billing.example.com.")


@blueprint.get("/settings/portal/domains")
@gate(permission=Permission.MANAGE_SETTINGS)
def domains_index() -> ResponseReturnValue:
    return _page(DomainForm(formdata=None))


@blueprint.post("/settings/portal/domains")
@gate(permission=Permission.MANAGE_SETTINGS, feature=Feature.CUSTOM_DOMAIN)
@limiter.limit("20 per hour")
def domains_create() -> ResponseReturnValue:
    form = DomainForm()
    if form.validate_on_submit():
        with use_case(form) as outcome:
            host = name_domain(form.host.data or "", by=current_actor()).host
        if outcome.ok:
            return _done(f"Now add the record for {host}, then verify it.")
    return _page(form), 422


@blueprint.post("/settings/portal/domain-checks")
@gate(permission=Permission.MANAGE_SETTINGS, feature=Feature.CUSTOM_DOMAIN)
@limiter.limit("20 per minute")
def domain_checks_create() -> ResponseReturnValue:
    ask_for_check(_host(), by=current_actor())
    return _done("Looking at the domain's records. Reload this page in a moment.")


@blueprint.post("/settings/portal/domain-removals")
@gate(permission=Permission.MANAGE_SETTINGS)
def domain_removals_create() -> ResponseReturnValue:
    remove_domain(_host(), by=current_actor())
    return _done("Domain removed. It leads here no longer.")


def _host() -> str:
    return request.form.get("host", "") or abort(404)


def _done(sentence: str) -> ResponseReturnValue:
    flash(sentence, "success")
    return redirect(url_for("members.domains_index"), 303)


def _page(form: DomainForm) -> str:
    return render_template(
        "members/domains.html",
        form=form,
        addresses=_addresses(),
        hosts=[(row, record_name(row.host), record_value(row.host)) for row in hosts_of_team()],
        has_domains=request_entitlements().allows(Feature.CUSTOM_DOMAIN),
    )


def _addresses() -> list[str]:
    """The addresses at which the portal is without a domain of its own: by path, and by subdomain where there are."""
    parts, slug = urlsplit(current_settings().external_url), current_team().slug
    by_path = f"{current_settings().external_url}/{slug}/portal/"
    host = parts.hostname or ""
    if host == "localhost" or host.replace(".", "").isdigit():
        return [by_path]
    return [by_path, f"{parts.scheme}://{slug}.{parts.netloc}/portal/"]
