"""The short name of a team in addresses: its form, reserved words and suggestions."""

from __future__ import annotations

import re
import unicodedata

from cornerspot.kit.errors import Invalid

_FORM = re.compile(r"[a-z0-9](?:-?[a-z0-9]){2,62}")

# First path segments that belong to the installation, now or one day, and words that would mislead.
RESERVED_SLUGS = frozenset(
    word
    for line in (
        "about account accounts admin api app assets auth billing blog checkout contact cornerspot",
        "dashboard demo dev docs download enter favicon features health help hooks images inbox",
        "install invite invitations legal login logout mail metrics oauth operator operators",
        "password pay people pricing privacy robots root security settings sign-in sign-out",
        "sign-up signin signup sitemap static status stripe support system team teams terms",
        "test webhooks well-known www",
    )
    for word in line.split()
)


def is_slug(text: str) -> bool:
    """Whether the text has the form of a slug: 3 to 63 of a–z, 0–9 and single dashes inside."""
    return len(text) <= 63 and _FORM.fullmatch(text) is not None


def require_slug(text: str) -> str:
    """The slug, lower-cased; raises Invalid with the rule that is broken."""
    slug = text.strip().lower()
    if not 3 <= len(slug) <= 63:
        raise Invalid("Use 3 to 63 characters.", field="slug")
    if not is_slug(slug):
        raise Invalid(
            "Use letters a to z, digits and single dashes; start and end with a letter or digit.",
            field="slug",
        )
    if slug in RESERVED_SLUGS:
        raise Invalid("This address is reserved. Try adding your city or trade.", field="slug")
    return slug


def suggest_slug(name: str) -> str:
    """A slug made from a company's name; may still be taken. ``Müller & Söhne`` gives ``muller-sohne``."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:63].strip("-")
    if len(slug) < 3 or slug in RESERVED_SLUGS:
        slug = f"{slug}-team".strip("-")
    return slug
