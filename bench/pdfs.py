"""PDFs beside WeasyPrint's own time for the plainest page with the same text; a stored one beside a static file."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial, wraps
from html import escape, unescape
from time import perf_counter
from typing import Any

from sqlalchemy.orm import selectinload
from weasyprint import HTML

from bench.client import Call, send_together
from bench.measuring import (
    machine,
    processor_seconds,
    seconds,
    share_of_floor,
    show,
    summary,
    take_turns,
    times_floor,
    verdict,
)
from bench.stock import open_invoices, working_for
from bench.world import THREADS, Team, World, world
from cornerspot.billing.document import InvoiceDocument, invoice_document
from cornerspot.billing.models import Invoice
from cornerspot.billing.rendering import document_html, document_pdf, render_invoice_pdf
from cornerspot.db import session
from cornerspot.documents.models import StoredFile
from cornerspot.documents.pdf import VARIANT
from cornerspot.documents.storage import current_storage
from cornerspot.kit.ids import encode_public_id

SIZES = {1: 24, 10: 16, 100: 6, 1000: 2}  # lines → rounds
WARM_UP, SERVED_IN_ROUND, SERVED_ROUNDS = 1, 40, 5
PDF_VIEW = "billing.invoice_pdf_show"
_STYLE, _TAG = re.compile(r"<style>.*?</style>", re.S), re.compile(r"<[^>]+>")


def measure(place: World) -> dict[str, Any]:
    """Processor seconds to print, by number of lines, and seconds to serve what was printed."""
    team = place.open_team()
    document = example_document(place, team)
    result: dict[str, Any] = {
        "what": "document_pdf (Jinja, WeasyPrint, PDF/UA) beside bare <p> for each of the same texts, no style but"
        " the paper, processor time; tagged is that plain page printed as PDF/UA",
        "printed": {},
    }
    best: dict[int, float] = {}
    for lines, rounds in SIZES.items():
        long = _with_lines(document, lines)
        plain = plain_page(long)
        taken = take_turns(
            {
                "ours": partial(document_pdf, long),
                "floor": partial(print_plainly, plain),
                "tagged": partial(print_plainly, plain, pdf_variant=VARIANT),
            },
            rounds=rounds,
            warm_up=WARM_UP if lines < 1000 else 0,
            took=processor_seconds,
        )
        best[lines] = min(taken["ours"])
        times = times_floor(taken["ours"], taken["floor"])
        result["printed"][lines] = {side: summary(rounds) for side, rounds in taken.items()} | {"times": times}
        result.setdefault("verdicts", {})[f"{lines}_lines"] = verdict(times["paired"], at_most=1.3)
    result["verdicts"]["1000_lines_seconds"] = verdict(best[1000], at_most=10)
    # Time per line may not grow with the lines; the part that every document pays alike is taken off.
    slope = (best[1000] - best[100]) / 900 / ((best[100] - best[1]) / 99)
    result["verdicts"]["slope_100_to_1000_beside_1_to_100"] = verdict(slope, at_most=1.3)
    if place.ports:
        result["stored"] = _stored(place, team)
        result["verdicts"]["stored_as_share_of_static"] = verdict(
            result["stored"]["share_of_floor"]["best"], at_least=0.5
        )
    return result


def plain_page(document: InvoiceDocument) -> str:
    """The plainest page with all the text of the document: a bare paragraph for each line of it."""
    body = _STYLE.sub("", document_html(document))
    texts = [" ".join(line.split()) for text in _TAG.split(body) for line in unescape(text).splitlines()]
    return (
        f"<!doctype html><html lang=en><title>Plain</title><style>@page {{ size: {document.paper} }}</style>"
        + "".join(f"<p>{escape(text)}</p>" for text in texts if text)
    )


def print_plainly(html: str, **options: str) -> bytes:
    """What WeasyPrint makes of it by itself."""
    printed: bytes = HTML(string=html).write_pdf(**options)
    return printed


def example_document(place: World, team: Team) -> InvoiceDocument:
    """The document of a final 10-line invoice."""
    invoice_id = open_invoices(place, team, 1, line_count=10)[0]
    with working_for(place, team):
        options = (selectinload(Invoice.lines), selectinload(Invoice.tax_rows))
        invoice = session.get_one(Invoice, (team.story.team.id, invoice_id), options=options)
        return invoice_document(invoice)


def _with_lines(document: InvoiceDocument, count: int) -> InvoiceDocument:
    repeated = document.lines * (count // len(document.lines) + 1)
    return replace(document, lines=repeated[:count])


def _stored(place: World, team: Team) -> dict[str, Any]:
    """A stored PDF through every gate, beside the same bytes sent as a file by bare Flask."""
    invoice_id = open_invoices(place, team, 1, line_count=10)[0]
    with working_for(place, team):
        render_invoice_pdf(invoice_id)
    with working_for(place, team):
        invoice = session.get_one(Invoice, (team.story.team.id, invoice_id))
        stored = session.get_one(StoredFile, (team.story.team.id, invoice.pdf_file_id))
        (place.folder / "static.pdf").write_bytes(current_storage().get(stored.tenant_id, stored.sha256))
    path = f"/{team.slug}/invoices/{encode_public_id('inv', invoice_id)}/pdf"
    calls = {"ours": Call(path, team.cookie), "floor": Call("/static-file/static.pdf", team.cookie)}
    sides = {
        side: partial(send_together, place.ports[side], [call] * SERVED_IN_ROUND, browsers=THREADS)
        for side, call in calls.items()
    }
    taken = take_turns(sides, rounds=SERVED_ROUNDS)
    behind = _behind_the_gate(place, calls["ours"])
    return {
        "bytes": (place.folder / "static.pdf").stat().st_size,
        "ours": summary(taken["ours"], per=SERVED_IN_ROUND),
        "floor": summary(taken["floor"], per=SERVED_IN_ROUND),
        "share_of_floor": share_of_floor(taken["ours"], taken["floor"]),
        "in_process": {name: summary(rounds) for name, rounds in behind.items()},
    }


def _behind_the_gate(place: World, call: Call) -> dict[str, list[float]]:
    """Seconds of whole requests in this process, and of their views alone: the statement, the file, the headers."""
    app = place.app
    views: list[float] = []
    view = app.view_functions[PDF_VIEW]

    @wraps(view)
    def timed(**values: Any) -> Any:
        began = perf_counter()
        answer = view(**values)
        views.append(perf_counter() - began)
        return answer

    app.view_functions[PDF_VIEW] = timed
    name, _, value = call.cookie.partition("=")
    browser = app.test_client()
    browser.set_cookie(name, value, path=f"/{call.path.split('/')[1]}/")
    whole = [seconds(partial(browser.get, call.path)) for _ in range(SERVED_IN_ROUND)]
    app.view_functions[PDF_VIEW] = view
    return {"requests": whole, "views": views}


if __name__ == "__main__":
    with world() as place:
        show({"machine": machine(), "pdfs": measure(place)})
