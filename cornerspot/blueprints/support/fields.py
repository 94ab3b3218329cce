"""Fields that take what people type: trimmed, bounded, and free of what cannot be stored."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from wtforms import PasswordField, RadioField, SelectField, StringField, TextAreaField, ValidationError

# Everything below the space but tab and line ends, and half characters that no text has.
_UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def trimmed(value: Any) -> Any:
    """Without space around it, in composed form, so that the same name typed on two systems is equal."""
    return unicodedata.normalize("NFC", value).strip() if isinstance(value, str) else value


class TextField(StringField):
    """One line of text, up to ``longest`` characters; ``required`` is the sentence for an empty one."""

    widget_lines = False

    def __init__(self, label: str, *, longest: int, required: str = "", **options: Any) -> None:
        super().__init__(label, filters=[trimmed], **options)
        self.longest, self.required_sentence = longest, required
        if required:
            self.flags.required = True
        self.flags.maxlength = longest

    def pre_validate(self, form: Any) -> None:  # noqa: ARG002 - WTForms passes it
        value = self.data or ""
        if self.required_sentence and not value:
            raise ValidationError(self.required_sentence)
        if len(value) > self.longest:
            raise ValidationError(f"Use up to {self.longest} characters.")
        if _UNSTORABLE.search(value):
            raise ValidationError("Take out the invisible control characters.")
        if not self.widget_lines and re.search(r"[\r\n]", value):
            raise ValidationError("Keep it on one line.")


class LinesField(TextField, TextAreaField):
    """Several lines of text."""

    widget = TextAreaField.widget
    widget_lines = True


class SecretField(PasswordField):
    """A password: never trimmed, never shown again."""

    def __init__(self, label: str, *, required: str, **options: Any) -> None:
        super().__init__(label, **options)
        self.required_sentence = required
        self.flags.required = True

    def pre_validate(self, form: Any) -> None:  # noqa: ARG002 - WTForms passes it
        if not self.data:
            raise ValidationError(self.required_sentence)
        if len(self.data) > 1000:
            raise ValidationError("Use up to 200 characters.")


class ChoiceField(SelectField):
    """One of some choices; ``wrong`` is the sentence for anything else."""

    def __init__(self, label: str, *, wrong: str = "Choose one from the list.", **options: Any) -> None:
        super().__init__(label, invalid_choice_message=wrong, invalid_value_message=wrong, **options)


class CardsField(RadioField):
    """One of a few choices, shown as cards; ``wrong`` is the sentence for anything else."""

    def __init__(self, label: str, *, wrong: str, **options: Any) -> None:
        super().__init__(label, invalid_choice_message=wrong, invalid_value_message=wrong, **options)
