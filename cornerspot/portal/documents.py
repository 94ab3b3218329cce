"""Documents in the portal: shared with every member, with an account, or with one person."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import joinedload

from cornerspot.activity.recording import record
from cornerspot.crm.models import Account
from cornerspot.db import session
from cornerspot.db.keyset import SortKey, keyset_page, moment_key
from cornerspot.db.locks import lock
from cornerspot.documents.files import store_file
from cornerspot.documents.sniffing import media_type_of
from cornerspot.kit.errors import Invalid, NotFound
from cornerspot.kit.paging import Page
from cornerspot.people.actors import Actor
from cornerspot.people.permissions import Permission
from cornerspot.plans.entitlements import require_feature
from cornerspot.plans.features import Feature
from cornerspot.portal.models import DocumentScope, Membership, PortalDocument, PortalUser

LARGEST_BYTES = 20 * 1024 * 1024
LONGEST_TITLE = 200
PAGE_SIZE = 25
TOO_LARGE = "Use a file of at most 20 MB."
_NEWEST = SortKey(PortalDocument.created_at, lambda row: row.created_at, moment_key, descending=True)


@dataclass(frozen=True)
class Audience:
    """Whom a document is for: every member, the members of an account, or one person."""

    account: Account | None = None
    user: PortalUser | None = None

    @property
    def scope(self) -> DocumentScope:
        if self.account is not None:
            return DocumentScope.ACCOUNT
        return DocumentScope.USER if self.user is not None else DocumentScope.TEAM


def share_document(content: bytes, file_name: str, *, title: str, audience: Audience, by: Actor) -> PortalDocument:
    """The file is in the portal, and its audience may download it; flushed.

    Without a title it is called by its file's name. Raises Invalid, PermissionDenied, FeatureMissing.
    """
    by.require(Permission.MANAGE_PORTAL)
    require_feature(Feature.PORTAL)
    _require_takes(audience)
    if not content:
        raise Invalid("This file is empty.", field="file")
    if len(content) > LARGEST_BYTES:
        raise Invalid(TOO_LARGE, field="file")
    document = PortalDocument(
        title=_good_title(title or file_name),
        scope=audience.scope,
        account_id=audience.account.id if audience.account else None,
        portal_user_id=audience.user.id if audience.user else None,
        file_id=store_file(content, media_type_of(content), file_name[:LONGEST_TITLE]).id,
        shared_by=by.membership_id,
    )
    session.add(document)
    session.flush()
    if audience.account is not None:
        record(audience.account, "document_shared", by=by, title=document.title)
    return document


def rename_document(document: PortalDocument, title: str, *, by: Actor) -> None:
    """The document is called this; raises Invalid, PermissionDenied."""
    by.require(Permission.MANAGE_PORTAL)
    lock(document).title = _good_title(title)
    session.flush()


def remove_document(document: PortalDocument, *, by: Actor) -> None:
    """Nobody finds the document any more; raises PermissionDenied."""
    by.require(Permission.MANAGE_PORTAL)
    session.delete(lock(document))
    session.flush()


def shared_documents_page(*, account_id: UUID | None = None, cursor: str | None = None) -> Page[PortalDocument]:
    """What the team shares, the newest first; ``account_id`` leaves what is for that account's members alone."""
    statement = select(PortalDocument).options(
        joinedload(PortalDocument.file), joinedload(PortalDocument.account), joinedload(PortalDocument.portal_user)
    )
    if account_id is not None:
        statement = statement.where(PortalDocument.account_id == account_id)
    return keyset_page(statement, PortalDocument, _NEWEST, cursor=cursor, size=PAGE_SIZE)


def member_documents_page(account_id: UUID, user_id: UUID, *, cursor: str | None = None) -> Page[PortalDocument]:
    """What a member finds who looks at the account, the newest first."""
    statement = select(PortalDocument).where(_for_member(account_id, user_id)).options(joinedload(PortalDocument.file))
    return keyset_page(statement, PortalDocument, _NEWEST, cursor=cursor, size=PAGE_SIZE)


def member_document(account_id: UUID, user_id: UUID, document_id: UUID) -> PortalDocument:
    """The document, when it is for this member; raises NotFound."""
    found = session.scalars(
        select(PortalDocument)
        .where(PortalDocument.id == document_id, _for_member(account_id, user_id))
        .options(joinedload(PortalDocument.file))
    ).one_or_none()
    if found is None:
        raise NotFound()
    return found


def _for_member(account_id: UUID, user_id: UUID) -> ColumnElement[bool]:
    """A colleague's own documents are visible to the account below, and left out here."""
    scope = PortalDocument.scope
    return or_(
        scope == DocumentScope.TEAM,
        and_(scope == DocumentScope.ACCOUNT, PortalDocument.account_id == account_id),
        and_(scope == DocumentScope.USER, PortalDocument.portal_user_id == user_id),
    )


def _require_takes(audience: Audience) -> None:
    if audience.account is not None and audience.account.deleted_at is not None:
        raise Invalid("This account is in the Trash. Restore it first.", field="account_id")
    if audience.user is not None and audience.user.state == Membership.REVOKED:
        raise Invalid("This person's access was revoked, so they could not read it.", field="user_id")


def _good_title(title: str) -> str:
    good = " ".join(title.split())[:LONGEST_TITLE]
    if not good:
        raise Invalid("Give the document a name.", field="title")
    return good
