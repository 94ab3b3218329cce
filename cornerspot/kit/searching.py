"""Text as it is searched: without case and accents, so that "muller" finds "Müller".

Searches compare ranges of this form (``>=`` and ``<=``), which an index can answer
under row-level security; ``LIKE`` cannot.
"""

from __future__ import annotations

import unicodedata

LAST_LETTER = "\U0010ffff"  # sorts after every other character
_LONGEST = 200


def search_form(text: str) -> str:
    """The text in small letters without accents and with single spaces, cut to 200 characters."""
    letters = unicodedata.normalize("NFKD", text.replace("ß", "ss").casefold())
    bare = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return " ".join(bare.replace("\0", " ").split())[:_LONGEST]
