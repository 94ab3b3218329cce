"""Files of a team: a row that names them, bytes in storage."""

from __future__ import annotations

from sqlalchemy import select

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


def forget_file(stored: StoredFile) -> None:
    """No row names the file, and its bytes are gone unless another row has the same; flushed.

    For files that were made to be fetched and serve no record. The bytes go before the
    commit: were it lost, the row would come back without them, and the next try removes it.
    """
    same = select(StoredFile.id).where(StoredFile.sha256 == stored.sha256, StoredFile.id != stored.id).limit(1)
    shared = session.scalar(same) is not None
    session.delete(stored)
    session.flush()
    if not shared:
        current_storage().remove(current_tenant_id(), stored.sha256)
