"""What happened to conversions, told to other packages."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class ConversionCompleted:
    """A deal's lines stand on a new invoice."""

    conversion_id: UUID
