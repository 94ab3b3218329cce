"""A domain of the team's own for its portal: named, proved by a TXT record, taken away.

The proof is a word that only this team is told: an HMAC over team and host, stored nowhere.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from cornerspot.db import session
from cornerspot.db.transaction import in_transaction
from cornerspot.jobs.publishing import enqueue
from cornerspot.jobs.registry import task
from cornerspot.kit import clock
from cornerspot.kit.errors import Invalid, NotFound
from cornerspot.kit.secrets import keyed_signature
from cornerspot.people.actors import Actor
from cornerspot.people.permissions import Permission
from cornerspot.plans.entitlements import entitlements, require_feature
from cornerspot.plans.features import Feature
from cornerspot.portal.dns import NoAnswer, txt_records
from cornerspot.settings import current_settings
from cornerspot.tenancy import current_team
from cornerspot.tenancy.hosts import TAKEN, add_verified_host, claim_host, find_host, remove_host, require_host_name
from cornerspot.tenancy.models import TeamHost

NOT_FOUND = "The record was not found yet. New records can take an hour to be seen everywhere."
OTHER_VALUE = "There is a record, but with another value. Copy the value from here."
NO_ANSWER = "The domain's name servers did not answer. Try again in a few minutes."


def record_name(host: str) -> str:
    """Where the TXT record stands."""
    return f"_cornerspot.{host}"


def record_value(host: str) -> str:
    """What the TXT record says: the same at every look, another one for each team."""
    signed = keyed_signature(current_settings().secret_key, "team host", f"{current_team().id}/{host}")
    return f"cornerspot-verification={signed[:40]}"


def name_domain(host: str, *, by: Actor) -> TeamHost:
    """The domain waits for its TXT record. Raises Invalid, FeatureMissing, PermissionDenied."""
    by.require(Permission.MANAGE_SETTINGS)
    require_feature(Feature.CUSTOM_DOMAIN)
    name = require_host_name(host)
    own = urlsplit(current_settings().external_url).hostname or ""
    if name == own or name.endswith(f".{own}"):
        raise Invalid("This address belongs to Cornerspot. Use a domain of your own.", field="host")
    return claim_host(name)


def ask_for_check(host: str, *, by: Actor) -> None:
    """The worker looks at the domain's DNS soon. Raises NotFound, FeatureMissing, PermissionDenied."""
    by.require(Permission.MANAGE_SETTINGS)
    require_feature(Feature.CUSTOM_DOMAIN)
    row = _own(host)
    row.checked_at, row.problem = None, ""
    session.flush()
    enqueue("portal.check_domain", host=row.host)


def remove_domain(host: str, *, by: Actor) -> None:
    """The domain leads to the team no more, also where the feature was lost. Raises NotFound, PermissionDenied."""
    by.require(Permission.MANAGE_SETTINGS)
    remove_host(host)
    session.flush()


@task("portal.check_domain", own_transactions=True)
def check_domain(host: str) -> None:
    """The domain is the team's when its TXT record says so; otherwise the row says what is missing."""
    problem = _problem_of(host)
    in_transaction(lambda: _note(host, problem))


def _problem_of(host: str) -> str:
    """What is missing in the DNS; empty when nothing is."""
    try:
        found = txt_records(record_name(host))
    except NoAnswer:
        return NO_ANSWER
    if record_value(host) in found:
        return ""
    return OTHER_VALUE if found else NOT_FOUND


def _note(host: str, problem: str) -> None:
    row = find_host(host)
    if row is None or not entitlements().allows(Feature.CUSTOM_DOMAIN):
        return  # Taken away meanwhile.
    row.checked_at = clock.now()
    if not problem:
        try:
            add_verified_host(host)
        except Invalid:
            problem = TAKEN
    row.problem = problem if row.verified_at is None else ""
    session.flush()


def _own(host: str) -> TeamHost:
    found = find_host(host)
    if found is None:
        raise NotFound("This team has no such host.")
    return found
