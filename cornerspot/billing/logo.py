"""The team's logo: uploaded once, printed on every invoice from then on."""

from __future__ import annotations

from cornerspot.billing.settings import billing_settings
from cornerspot.db import session
from cornerspot.db.locks import lock
from cornerspot.documents.files import read_file, store_file
from cornerspot.documents.models import StoredFile
from cornerspot.documents.pictures import LARGEST_BYTES, PNG, UnusablePicture, clean_picture
from cornerspot.kit.errors import Invalid
from cornerspot.people.actors import Actor
from cornerspot.people.permissions import Permission
from cornerspot.tenancy import current_tenant_id

LARGEST_UPLOAD = LARGEST_BYTES
REFUSAL = "Use a PNG or JPEG picture up to 2 MB."


def set_logo(file_bytes: bytes, *, by: Actor) -> StoredFile:
    """Drafts and new invoices print this picture; those that are final keep the one they have.

    Raises Invalid for anything but a PNG or JPEG of at most 2 MB and 6000 pixels a
    side, PermissionDenied.
    """
    by.require(Permission.MANAGE_SETTINGS)
    try:
        picture = clean_picture(file_bytes)
    except UnusablePicture as error:
        raise Invalid(REFUSAL, field="logo") from error
    settings = lock(billing_settings())
    stored = store_file(picture, PNG, "logo.png")
    settings.logo_file_id = stored.id
    session.flush()
    return stored


def remove_logo(*, by: Actor) -> None:
    """Drafts and new invoices print no picture; the file stays for the invoices that are final."""
    by.require(Permission.MANAGE_SETTINGS)
    lock(billing_settings()).logo_file_id = None
    session.flush()


def logo_bytes() -> bytes | None:
    """The team's logo as PNG, None when it has none; raises DamagedFile."""
    file_id = billing_settings().logo_file_id
    return None if file_id is None else read_file(session.get_one(StoredFile, (current_tenant_id(), file_id)))
