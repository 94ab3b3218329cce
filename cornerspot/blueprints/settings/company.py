"""The company behind the team."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from cornerspot.billing.settings import billing_settings
from cornerspot.blueprints.settings.blueprint import blueprint
from cornerspot.blueprints.settings.forms import CompanyForm, LogoForm
from cornerspot.blueprints.support.forms import use_case
from cornerspot.blueprints.support.gate import gate
from cornerspot.blueprints.support.identity import current_actor
from cornerspot.db import session
from cornerspot.people.company import Company, looks_like_tax_id, update_company
from cornerspot.people.permissions import Permission
from cornerspot.tenancy import current_tenant_id
from cornerspot.tenancy.models import Team


@blueprint.get("/settings/company")
@gate(permission=Permission.MANAGE_SETTINGS)
def company_show() -> ResponseReturnValue:
    return company_page(saved_company())


@blueprint.post("/settings/company")
@gate(permission=Permission.MANAGE_SETTINGS)
def company_update() -> ResponseReturnValue:
    form = CompanyForm()
    if not form.validate_on_submit():
        return company_page(form), 422
    company = Company(**{name: form[name].data or "" for name in Company.__dataclass_fields__})
    with use_case(form) as outcome:
        update_company(_team(), company, version=form.version.seen, by=current_actor())
    if not outcome.ok:
        return company_page(form), 422
    flash("Company saved.", "success")
    if company.tax_id and not looks_like_tax_id(company.tax_id, company.country):
        flash("The tax ID does not look like one of this country. It is saved all the same; check it.", "warning")
    return redirect(url_for("settings.company_show"))


def company_page(form: CompanyForm, logo_form: LogoForm | None = None) -> str:
    """The page with its two forms: the company's facts, and its logo."""
    return render_template(
        "settings/company.html",
        form=form,
        logo_form=logo_form or LogoForm(formdata=None),
        logo_file_id=billing_settings().logo_file_id,
    )


def saved_company() -> CompanyForm:
    """The form as the company is saved, whatever this request brought."""
    return CompanyForm(formdata=None, obj=_team())


def _team() -> Team:
    return session.get_one(Team, current_tenant_id())
