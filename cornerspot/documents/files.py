"""Files of a team: a row that names them, bytes in storage."""

from __future__ import annotations

from cornerspot.db import session
from cornerspot.documents.models import StoredFile
from cornerspot.documents.storage import current_storage
from cornerspot.tenancy import current_tenant_id


def store_file(content: bytes, media_type: str, name: str) -> StoredFile:
    """The bytes are in storage and a new row names them; the row is flushed, not committed.

    The bytes come first: a row without bytes would be a lie, bytes without a row are
    only waste.
    """
    sha256 = current_storage().put(current_tenant_id(), content)
    stored = StoredFile(sha256=sha256, size_bytes=len(content), media_type=media_type, name=name)
    session.add(stored)
    session.flush()
    return stored


def read_file(stored: StoredFile) -> bytes:
    """The bytes as they were stored; raises DamagedFile."""
    return current_storage().get(stored.tenant_id, stored.sha256)
