"""The sender of messages to customers: the name and colour they go out under, and where answers go."""

from __future__ import annotations

from cornerspot.mail.configuring import MailSettingsInput, update_mail_settings
from cornerspot.mail.models import MailSettings
from cornerspot.people.actors import Actor
from cornerspot.people.permissions import Permission
from cornerspot.plans.entitlements import require_feature
from cornerspot.plans.features import Feature


def change_sender(entered: MailSettingsInput, *, seen: int | None, by: Actor) -> MailSettings:
    """Messages that are written from now on are from this sender; flushed.

    Raises Invalid naming the field, StaleVersion.
    """
    by.require(Permission.MANAGE_SETTINGS)
    require_feature(Feature.BILLING)
    return update_mail_settings(entered, seen=seen, by=by)
