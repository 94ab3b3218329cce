"""A message's HTML as a page of its own, for a frame: it may use its own styles and nothing else."""

from __future__ import annotations

import base64

from flask import Response

from cornerspot.mail.queueing import Content

# A message has style attributes, because mail programs know nothing else. No script, no form, no foreign picture.
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; base-uri 'none'; sandbox"
)


def message_page(content: Content, logo: bytes | None) -> Response:
    """The page, with the logo in it, below the message's subject."""
    picture = f"data:image/png;base64,{base64.b64encode(logo).decode()}" if logo else ""
    answer = Response(content.html.replace("cid:logo", picture), mimetype="text/html")
    answer.headers["Content-Security-Policy"] = POLICY
    return answer
