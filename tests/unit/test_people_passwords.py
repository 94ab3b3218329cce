"""What makes a password good enough."""

from __future__ import annotations

import pytest

from cornerspot.kit.errors import Invalid
from cornerspot.people.browsers import browser_name
from cornerspot.people.passwords import hash_password, is_outdated, is_password, require_good_password


def said_against(password, about=()):
    """Why a password is refused; nothing when it is good enough."""
    try:
        require_good_password(password, about=about)
    except Invalid as refusal:
        return refusal.message
    return ""


@pytest.mark.parametrize(
    "password",
    ["", "short", "123456789", "1234567890", "QWERTYUIOP", "aaaaaaaaaaaa", "abcabcabcabc", "abababababab",
     "abcdefghijk", "password123", "zyxwvutsrqp", "x" * 201],
)  # fmt: skip
def test_easy_passwords_are_refused(password):
    with pytest.raises(Invalid) as refused:
        require_good_password(password)
    assert refused.value.field == "password"


@pytest.mark.parametrize(
    "password", ["correct horse battery staple", "d8K!x9_qPz", "пароль длинный и хороший", "😀🐎🔋📎🌧🚲🎈🍞🪣🧶"]
)
def test_long_and_unusual_passwords_pass(password):
    assert said_against(password, about=("anna@example.com", "Anna Berg", "Acme")) == ""


@pytest.mark.parametrize("password", ["anna.berg@x.example", "Anna.Berg.2026", "acme-robots1", "anna@x.example!!"])
def test_what_anybody_knows_of_a_person_is_refused(password):
    with pytest.raises(Invalid):
        require_good_password(password, about=("anna.berg@x.example", "anna@x.example", "Anna Berg", "Acme Robots"))


def test_a_phrase_may_mention_a_name():
    assert said_against("anna sails to the moon tonight", about=("anna@example.com", "Anna")) == ""


def test_the_hash_is_argon2id_and_knows_its_password_only():
    stored = hash_password("correct horse battery staple")
    assert stored.startswith("$argon2id$")
    assert is_password(stored, "correct horse battery staple")
    assert not is_password(stored, "correct horse battery stapler")
    assert not is_outdated(stored)


def test_nobody_has_no_password():
    assert not is_password(None, "nobody has this password")
    assert not is_password("not a hash", "anything at all")
    assert not is_password(None, "x" * 100_000)


def test_the_same_letters_from_another_keyboard_are_the_same_password():
    assert is_password(hash_password("ﬁne café au lait"), "fine café au lait")


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36",
            "Chrome on Linux",
        ),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", "Safari on iPhone"),
        ("curl/8", "Unknown browser"),
        ("", "Unknown browser"),
    ],
)
def test_a_browser_has_a_name_that_people_know(agent, name):
    assert browser_name(agent) == name
