"""What a judgement says: a place, and what is wrong there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, at a place such as ``("line_items", "0", "quantity")``."""

    place: tuple[str, ...]
    says: str

    def __str__(self) -> str:
        first, *rest = self.place or ("the whole",)
        return f"{first}{''.join(f'[{name}]' for name in rest)}: {self.says}"


class Judgement(AssertionError):
    """Somebody sent what may not be sent; ``findings`` names every place."""

    verdict = "is not right"

    def __init__(self, method: str, path: str, findings: Sequence[Finding]) -> None:
        self.method, self.path, self.findings = method, path, tuple(findings)
        places = "; ".join(str(finding) for finding in findings)
        super().__init__(f"{method.upper()} {path} {self.verdict}: {places}")


class BadRequest(Judgement):
    """Stripe would refuse this request."""

    verdict = "would be refused by Stripe"


class BadAnswer(Judgement):
    """Stripe would not have answered like this."""

    verdict = "was answered as Stripe never would"
