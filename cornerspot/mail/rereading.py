"""Rereading: a message that waited is looked at once more by the package it is from, before it goes out.

A mail server may be away for days. What a message says may be settled by then: nobody is
asked to pay an invoice that was paid meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from cornerspot.mail.models import OutgoingMessage

Reader = Callable[[OutgoingMessage], str]
Function = TypeVar("Function", bound=Reader)

_readers: dict[str, Reader] = {}


def reread_before_sending(*purposes: str) -> Callable[[Function], Function]:
    """Have the function look at each message of these purposes at every try to send it.

    It may put the message into new words, and returns why it is not sent any more, or "".
    """

    def register(function: Function) -> Function:
        for purpose in purposes:
            known = _readers.setdefault(purpose, function)
            if known.__module__ != function.__module__:
                raise ValueError(f"Two packages reread messages of the purpose {purpose}.")
        return function

    return register


def why_not_sent(message: OutgoingMessage) -> str:
    """Why the message, whose turn has come, is not sent any more; "" for one that still holds."""
    reader = _readers.get(message.purpose)
    return reader(message) if reader else ""
