"""Settings → Company → Logo: uploading, looking at it, refusing, removing."""

from __future__ import annotations

import io
import re

import pytest
from PIL import Image

from tests.factories.pictures import SVG, picture

PAGE = "/settings/company"
LOGO = "/settings/company/logo"


def token(client) -> str:
    return re.search(r'name="csrf_token"[^>]* value="([^"]*)"', client.get(PAGE).text)[1]


def upload(client, content: bytes, name: str = "logo.png"):
    answer = client.post(LOGO, data={"csrf_token": token(client), "logo": (io.BytesIO(content), name)})
    answer.request.environ["wsgi.input"].close()  # The test's browser sends large bodies from a file.
    return answer


def test_an_uploaded_logo_is_shown_on_the_page(client):
    assert "No logo yet" in client.get(PAGE).text
    assert upload(client, picture("JPEG"), "photo.jpg").status_code == 302
    page = client.get(PAGE).text
    shown = re.search(
        r'<img src="([^"]*/settings/company/logo\?file=[^"]+)" alt="Logo of Muster &amp; Söhne GmbH"', page
    )
    answer = client.get(shown[1])
    assert answer.status_code == 200
    assert answer.mimetype == "image/png"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"].startswith("private")
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert Image.open(io.BytesIO(answer.data)).format == "PNG"


def test_a_replaced_logo_has_another_address(client):
    upload(client, picture())
    before = re.search(r"logo\?file=([^\"]+)", client.get(PAGE).text)[1]
    upload(client, picture(size=(50, 50)))
    assert re.search(r"logo\?file=([^\"]+)", client.get(PAGE).text)[1] != before
    assert Image.open(io.BytesIO(client.get(LOGO).data)).size == (50, 50)


def test_a_removed_logo_is_gone(client):
    upload(client, picture())
    assert client.post(f"{LOGO}/removal", data={"csrf_token": token(client)}).status_code == 302
    assert "No logo yet" in client.get(PAGE).text
    assert client.get(LOGO).status_code == 404


@pytest.mark.parametrize(
    ("content", "name"),
    [(b"text", "logo.png"), (SVG, "logo.svg"), (picture() + bytes(3 * 1024 * 1024), "logo.png")],
    ids=["text named png", "svg", "3 MB"],
)
def test_what_is_no_picture_is_refused_at_the_field(client, content, name):
    page = upload(client, content, name)
    assert page.status_code == 422
    assert re.search(r'id="logo-error".*?Use a PNG or JPEG picture up to 2 MB\.', page.text, re.DOTALL)
    assert 'value="Muster &amp; Söhne GmbH"' in page.text
    assert client.get(LOGO).status_code == 404


def test_nothing_chosen_is_said_at_the_field(client):
    page = client.post(LOGO, data={"csrf_token": token(client)})
    assert page.status_code == 422
    assert "Choose a PNG or JPEG picture." in page.text


def test_an_upload_without_the_token_is_refused(client):
    answer = client.post(LOGO, data={"logo": (io.BytesIO(picture()), "logo.png")})
    assert answer.status_code in (400, 422)
    assert client.get(LOGO).status_code == 404


@pytest.mark.parametrize("role", ["manager", "rep"])
def test_only_admins_see_and_change_it(story, role):
    browser = story.sign_in(role)
    assert browser.get(LOGO).status_code == 403
    hidden = {
        "csrf_token": re.search(r'name="csrf_token"[^>]* value="([^"]*)"', browser.get("/settings/profile").text)[1]
    }
    assert browser.post(LOGO, data=hidden).status_code == 403
    assert browser.post(f"{LOGO}/removal", data=hidden).status_code == 403
