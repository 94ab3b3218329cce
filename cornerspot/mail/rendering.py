"""Mail from templates: ``email/<name>.txt`` (its first line is the subject) and ``email/<name>.html``."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from cornerspot.mail.queueing import Content

_TEMPLATES = Path(__file__).parents[1] / "templates"


def render_mail(name: str, /, **values: Any) -> Content:
    """The subject and both bodies of a message; raises UndefinedError for a value that is missing."""
    subject, _, text = _environment(False).get_template(f"email/{name}.txt").render(values).partition("\n")
    html = _environment(True).get_template(f"email/{name}.html").render(values, subject=subject.strip())
    return Content(subject=subject.strip(), text=text.strip() + "\n", html=html)


@cache
def _environment(autoescape: bool) -> Environment:
    """Our own, because the worker renders outside of any request."""
    return Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=autoescape,  # noqa: S701 - off for the plain text, where markup is only text
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
