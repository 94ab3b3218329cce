"""E-mail addresses as we keep them: valid in form, in lower case."""

from __future__ import annotations

from email_validator import EmailNotValidError, validate_email

from cornerspot.kit.errors import Invalid


def require_email(text: str, *, field: str = "email") -> str:
    """The address in the form we store; raises Invalid at ``field``. Nothing is asked of its server."""
    try:
        checked = validate_email(text.strip(), check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise Invalid("Enter an e-mail address such as anna@example.com.", field=field) from error
    return checked.normalized.lower()


def comparable_email(text: str) -> str:
    """What was typed as an address, in the form that stored ones have where it is one at all."""
    try:
        return require_email(text)
    except Invalid:
        return text.strip().lower()[:320]
