"""The base form, and putting a domain's refusal back on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from flask_wtf import FlaskForm
from wtforms import HiddenField

from cornerspot.db import session
from cornerspot.kit.errors import DomainError, FeatureMissing, NotFound, PermissionDenied, StaleVersion


class Form(FlaskForm):
    """A form whose ``refused`` sentence is shown above its fields."""

    refused: str = ""
    refusal: DomainError | None = None
    stale: StaleVersion | None = None

    def refuse(self, error: DomainError) -> None:
        """Show a refusal at its field, or above the form when it belongs to none."""
        self.refusal = error
        field = getattr(error, "field", None)
        target: Any = self._fields.get(field) if field else None
        if target is None or isinstance(target, HiddenField):
            self.refused = error.message
        else:
            target.errors = [*target.errors, error.message]
        if isinstance(error, StaleVersion):
            self.stale = error


class Outcome:
    """Whether the use-case under ``use_case`` went through; ``form`` says why it did not."""

    def __init__(self) -> None:
        self.ok = True
        self.form: Form | None = None


@contextmanager
def use_case(form: Form | Callable[[], Form]) -> Iterator[Outcome]:
    """Run a use-case for a form: a refusal rolls back and is put on the form.

    A button has nothing to read from its form: give the class, which is made only to be
    refused. Errors that are answers of their own (404, 403, 402) pass through. Render the
    form again with status 422 when ``outcome.ok`` is false.
    """
    outcome = Outcome()
    try:
        yield outcome
    except (NotFound, PermissionDenied, FeatureMissing):
        raise
    except DomainError as error:
        session.rollback()  # Nothing that was flushed before the refusal may be committed.
        refused = form if isinstance(form, Form) else form()
        refused.refuse(error)
        outcome.ok, outcome.form = False, refused
