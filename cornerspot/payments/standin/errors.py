"""What the stand-in refuses, in Stripe's words and shapes."""

from __future__ import annotations

from typing import Any


class StandInRefused(Exception):
    """The stand-in does not run here: a live key or a production installation is near."""


class ApiRefusal(Exception):
    """An answer with an ``error`` object. ``kept`` says whether an idempotency key keeps it."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        kept: bool = True,
        **extra: Any,
    ) -> None:
        super().__init__(message)
        self.message, self.status, self.kind, self.code, self.param = message, status, kind, code, param
        self.kept, self.extra = kept, extra

    def body(self) -> dict[str, Any]:
        """The answer's body."""
        error = {"type": self.kind, "message": self.message, "code": self.code, "param": self.param, **self.extra}
        return {"error": {name: value for name, value in error.items() if value is not None}}


class OAuthRefusal(ApiRefusal):
    """An answer of the OAuth endpoints, which have a flat shape of their own."""

    def __init__(self, error: str, description: str, *, status: int = 400) -> None:
        super().__init__(description, status=status, code=error, kept=False)

    def body(self) -> dict[str, Any]:
        return {"error": self.code, "error_description": self.message}


def invalid(message: str, param: str | None = None, *, code: str | None = None) -> ApiRefusal:
    """A mistake in the request, found before anything was done: no idempotency key keeps it."""
    return ApiRefusal(message, code=code, param=param, kept=False)


def missing(kind: str, wanted: str, param: str = "id", *, status: int = 404) -> ApiRefusal:
    """No such object on this account."""
    return ApiRefusal(f"No such {kind}: '{wanted}'", status=status, code="resource_missing", param=param, kept=False)


class Unreachable(Exception):
    """No answer reaches the caller; what was asked may have been done. A real caller waits ``seconds`` for it."""

    def __init__(self, fault: str, seconds: float = 0) -> None:
        super().__init__(fault)
        self.seconds = seconds
