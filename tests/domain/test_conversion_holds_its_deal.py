"""From reading the plan to writing the invoice, nobody else can change the deal."""

from __future__ import annotations

import psycopg
from sqlalchemy import event

from cornerspot.conversion.running import run_conversion
from cornerspot.db import db, session
from tests.factories.conversion import reviewed
from tests.factories.crm import make_deal


def test_the_deal_is_held_while_its_invoice_is_written(app, team, story, settings):
    """Somebody who asks for the deal without waiting, right before the invoice is inserted, is refused."""
    deal = make_deal(won=True, by=story.owner)
    conversion = reviewed(deal, by=story.owner)
    session.commit()
    answers = []

    def ask(_connection, _cursor, statement, *_):
        if statement.startswith("INSERT INTO invoices ") and not answers:
            answers.append(_is_held(settings.owner_database_url, deal.id))

    event.listen(db.engine, "before_cursor_execute", ask)
    try:
        run_conversion(conversion, by=story.owner)
        session.commit()
    finally:
        event.remove(db.engine, "before_cursor_execute", ask)
    assert answers == [True]
    assert not _is_held(settings.owner_database_url, deal.id)


def _is_held(url: str, deal_id) -> bool:  # type: ignore[no-untyped-def]
    """Whether a transaction of another connection has the deal's row locked."""
    with psycopg.connect(url) as connection:
        try:
            connection.execute("SELECT FROM deals WHERE id = %s FOR UPDATE NOWAIT", [deal_id])
        except psycopg.errors.LockNotAvailable:
            return True
    return False
