"""What people type in Settings, Payments."""

from __future__ import annotations

from typing import Any

from wtforms import BooleanField

from cornerspot.blueprints.support.fields import SecretField, VersionField
from cornerspot.blueprints.support.forms import Form
from cornerspot.blueprints.support.record_fields import NumberField
from cornerspot.payments.choosing import METHODS

LEAST_PERCENT = (1, 100, "Enter a percentage from 1 to 100.")


class KeyForm(Form):
    """A restricted key of Stripe."""

    key = SecretField("Restricted key", required="Paste the key that Stripe showed you. It begins with rk_.")


class SecretForm(Form):
    """The signing secret of an endpoint that was made or rolled in Stripe's dashboard."""

    secret = SecretField("Signing secret", required="Paste the secret. It begins with whsec_.")


class MethodsForm(Form):
    """A switch for each way to pay."""

    version = VersionField()

    def chosen(self) -> list[str]:
        """The methods that are switched on."""
        return [method.key for method in METHODS if self[method.key].data]

    def switches(self) -> list[tuple[Any, Any]]:
        """Each method but the card, which is always offered, with its field."""
        return [(method, self[method.key]) for method in METHODS if method.key != "card"]


for _method in METHODS:
    setattr(MethodsForm, _method.key, BooleanField(_method.name))


class PartPaymentsForm(Form):
    """Whether a part may be paid, and how small it may be."""

    part_payments = BooleanField("Allow part payments")
    least_part_percent = NumberField(
        "Smallest part", places=0, required="Enter a percentage from 1 to 100.", between=LEAST_PERCENT
    )
    version = VersionField()
