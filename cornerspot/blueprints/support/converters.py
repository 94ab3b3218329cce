"""Public ids in addresses: ``<id("inv"):invoice_id>`` matches ``inv_…`` and gives a UUID."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from werkzeug.routing import BaseConverter, Map, ValidationError

from cornerspot.kit.ids import decode_public_id, encode_public_id

PREFIXES = {
    "acc": "account",
    "blk": "bulk run",
    "con": "contact",
    "cnv": "conversion",
    "dea": "deal",
    "dis": "discount",
    "inv": "invoice",
    "ivt": "invitation",
    "mem": "membership",
    "msg": "message",
    "not": "note",
    "pac": "processor account",
    "pay": "payment",
    "pex": "payment exception",
    "pip": "pipeline",
    "pdo": "portal document",
    "prd": "product",
    "psi": "portal sign-in",
    "ptu": "portal user",
    "sin": "sign-in",
    "stg": "stage",
    "tax": "tax rate",
}


class PublicIdConverter(BaseConverter):
    """Between the public id in an address and the UUID inside."""

    part_isolating = True

    def __init__(self, map: Map, prefix: str) -> None:
        super().__init__(map)
        if prefix not in PREFIXES:
            raise ValueError(f"{prefix!r} is not a known prefix")
        self.prefix = prefix
        self.regex = f"{prefix}_[0-9a-z]{{26}}"

    def to_python(self, value: str) -> UUID:
        try:
            return decode_public_id(self.prefix, value)
        except ValueError as error:
            raise ValidationError from error

    def to_url(self, value: Any) -> str:
        return encode_public_id(self.prefix, value)
