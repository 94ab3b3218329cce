"""People of one team who do things at the same moment, each with a connection of their own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from cornerspot.billing.finalizing import finalize_invoice
from cornerspot.billing.reading import invoice_with_everything
from cornerspot.billing.settling import record_manual_payment
from cornerspot.billing.voiding import void_invoice
from cornerspot.db import db
from cornerspot.db.transaction import in_transaction, transaction
from cornerspot.kit.errors import DomainError
from cornerspot.tenancy import team_scope
from tests.factories.billing import new_draft
from tests.factories.teams import Story


def at_once(*works: Callable[[], Any], taken: type[Exception] = Exception) -> list[Any]:
    """What each work gave, or the exception of kind ``taken`` that it met; all start together, in a thread each."""
    ready, results = threading.Barrier(len(works)), [None] * len(works)

    def person(place: int, work: Callable[[], Any]) -> None:
        ready.wait()
        try:
            results[place] = work()
        except taken as error:
            results[place] = error

    threads = [threading.Thread(target=person, args=pair) for pair in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert not any(thread.is_alive() for thread in threads)
    return results


def in_team(story: Story, work: Callable[[], Any]) -> Callable[[], Any]:
    """The work as a person of the team does it, with a connection of their own."""

    def inside() -> Any:
        with story.app.app_context(), team_scope(story.team):
            try:
                return work()
            finally:
                db.session.remove()

    return inside


class Race:
    """Several people of one team at the same time, each with a connection of their own."""

    def __init__(self, story):
        self.story, self.by = story, story.owner

    def arrange(self, work):
        with self.story.app.app_context(), team_scope(self.story.team), transaction():
            return work()

    def run(self, *works):
        """What each work gave: its result, or the refusal it met; all of them start together."""
        jobs = [in_team(self.story, lambda work=work: in_transaction(work)) for work in works]
        return at_once(*jobs, taken=DomainError)

    def draft(self):
        return self.arrange(lambda: new_draft(self.by).id)

    def open(self):
        return self.arrange(lambda: finalize_invoice(new_draft(self.by), by=self.by).id)

    def pay(self, invoice_id, amount_minor, key):
        def work():
            invoice = invoice_with_everything(invoice_id)
            return record_manual_payment(
                invoice,
                amount_minor=amount_minor,
                method="cash",
                received_on=invoice.issued_on,
                by=self.by,
                request_key=key,
            ).id

        return work

    def finalize(self, invoice_id):
        return lambda: finalize_invoice(invoice_with_everything(invoice_id), by=self.by).number

    def void(self, invoice_id):
        return lambda: void_invoice(invoice_with_everything(invoice_id), by=self.by)


def refusals(results):
    return [result for result in results if isinstance(result, DomainError)]
