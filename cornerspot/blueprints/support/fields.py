"""Fields that take what people type: trimmed, bounded, and free of what cannot be stored."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Any

from wtforms import HiddenField, PasswordField, RadioField, SelectField, StringField, TextAreaField, ValidationError
from wtforms.fields.choices import SelectChoice

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

    def pre_validate(self, form: Any) -> None:
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

    def pre_validate(self, form: Any) -> None:
        if not self.data:
            raise ValidationError(self.required_sentence)
        if len(self.data) > 1000:
            raise ValidationError("Use up to 200 characters.")


def choices_of(pairs: Iterable[Iterable[str] | SelectChoice]) -> list[SelectChoice]:
    """Pairs of value and label as WTForms wants them."""
    return [pair if isinstance(pair, SelectChoice) else SelectChoice(*pair) for pair in pairs]


class ChoiceField(SelectField):
    """One of a few values; ``refusal`` is the sentence for anything else."""

    def __init__(
        self, label: str, *, choices: Any = (), refusal: str = "Choose from the list.", **options: Any
    ) -> None:
        given = choices if callable(choices) else choices_of(choices)
        super().__init__(label, validate_choice=False, choices=given, **options)
        self.refusal = refusal

    def pre_validate(self, form: Any) -> None:
        if str(self.data or "") not in {str(value) for value, *_ in self.iter_choices()}:
            raise ValidationError(self.refusal)


class CardsField(RadioField):
    """One of a few choices, shown as cards; ``refusal`` is the sentence for anything else."""

    def __init__(self, label: str, *, refusal: str, **options: Any) -> None:
        super().__init__(label, invalid_choice_message=refusal, invalid_value_message=refusal, **options)


class VersionField(HiddenField):
    """The version of a record that the form showed, so that a stale save is noticed."""

    @property
    def seen(self) -> int:
        """The version that was shown; an unreadable one counts as outdated."""
        text = self.data or ""
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
