"""The development inbox: a real mail server on loopback, and the pages that show what it took."""

from __future__ import annotations

import dataclasses
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from email.headerregistry import Address
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from cornerspot.kit.errors import NotFound
from cornerspot.mail.catcher import catcher
from cornerspot.mail.composing import Attachment, Letter, compose
from cornerspot.mail.inbox import inbox_folder, list_inbox, read_inbox
from cornerspot.mail.smtp import deliver
from cornerspot.settings import Settings

NASTY = '<p onclick="x()">Hi <a href="javascript:x()">you</a><script>x()</script><img src="http://example.com/x"></p>'


def letter(subject: str = "Grüße 🎉", html: str = "<p>Hello</p>") -> Letter:
    return Letter(
        message_id="1@cornerspot.test",
        sender=Address("Acme", "no-reply", "cornerspot.test"),
        recipient=Address("Änna", "anna", "example.com"),
        to=(Address("Änna", "anna", "example.com"),),
        subject=subject,
        text="Hello https://example.com/a\n",
        html=html,
        sent_at=datetime(2026, 3, 1, 12, tzinfo=UTC),
        attachment=Attachment("INV-1 Söhne.pdf", "application/pdf", b"%PDF-1.7 x"),
    )


@pytest.fixture
def folder(settings: Settings) -> Path:
    return inbox_folder(settings)


@pytest.fixture
def smtp_url(folder: Path) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    server = catcher("127.0.0.1", port, folder)
    server.start()
    yield f"smtp://127.0.0.1:{port}"
    server.stop()


def get(app: Flask, path: str) -> TestResponse:
    return app.test_client().get(path)


def test_what_is_sent_is_kept_newest_first_and_shown(app: Flask, folder: Path, smtp_url: str) -> None:
    deliver(compose(letter("First")), smtp_url, recipient="anna@example.com")
    deliver(compose(letter()), smtp_url, recipient="anna@example.com")
    newest, older = list_inbox(folder)[:2]
    assert (newest.subject, older.subject) == ("Grüße 🎉", "First")
    assert newest.sender == "Acme <no-reply@cornerspot.test>"
    assert newest.sent_at == datetime(2026, 3, 1, 12, tzinfo=UTC)
    index = get(app, "/dev/inbox").text
    assert "This is the development inbox." in index
    assert index.index("Grüße 🎉") < index.index("First")
    page = get(app, f"/dev/inbox/{newest.id}").text
    assert "<p>Hello</p>" in page
    assert 'href="https://example.com/a"' in page
    file = get(app, f"/dev/inbox/{newest.id}/files/0")
    assert file.data == b"%PDF-1.7 x"
    assert file.headers["Content-Disposition"].startswith("attachment")


def test_a_message_cannot_run_anything_in_the_readers_browser(app: Flask, folder: Path, smtp_url: str) -> None:
    deliver(compose(letter("<script>1</script>", NASTY)), smtp_url, recipient="anna@example.com")
    message = list_inbox(folder)[0]
    page = get(app, f"/dev/inbox/{message.id}").text
    for danger in ("onclick", "javascript:", "<script>1", "http://example.com/x"):
        assert danger not in page


@pytest.mark.parametrize("name", ["mail_x", "..%2f..%2fsecret-key", "secret-key", "mail_" + "0" * 26])
def test_nothing_else_can_be_read_through_the_inbox(app: Flask, folder: Path, name: str) -> None:
    assert get(app, f"/dev/inbox/{name}").status_code == 404
    with pytest.raises(NotFound):
        read_inbox(folder, name)


def test_a_file_that_a_message_does_not_have_is_not_found(app: Flask, folder: Path, smtp_url: str) -> None:
    deliver(compose(letter()), smtp_url, recipient="anna@example.com")
    assert get(app, f"/dev/inbox/{list_inbox(folder)[0].id}/files/7").status_code == 404


def test_there_is_no_inbox_in_production(app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    production = dataclasses.replace(settings, environment="production")
    monkeypatch.setitem(app.config, "SETTINGS", production)
    assert get(app, "/dev/inbox").status_code == 404


def test_the_inbox_listens_on_this_machine_only(folder: Path) -> None:
    with pytest.raises(ValueError, match="this machine only"):
        catcher("0.0.0.0", 2525, folder)
