"""The judge: says whether Stripe would accept a request, and whether an answer could be Stripe's.

It knows Stripe's own words only: its OpenAPI description where there is one,
else the typed parameters of its SDK. It never imports the stand-in, and the
stand-in never imports it, so that neither can make the other's mistake look
right. ``require_good`` judges a request, ``check_answer`` an answer,
``check_event`` the body of a webhook; ``Judged`` and ``JudgedApp`` sit in front
of an HTTP client or a WSGI app; ``plugin`` makes pytest fail on what they saw.
"""

from tests.contracts.judge.docket import excused
from tests.contracts.judge.findings import BadAnswer, BadRequest, Finding
from tests.contracts.judge.judging import Judge, check_answer, check_event, check_object, in_force, require_good
from tests.contracts.judge.seats import Judged, JudgedApp

__all__ = [
    "BadAnswer",
    "BadRequest",
    "Finding",
    "Judge",
    "Judged",
    "JudgedApp",
    "check_answer",
    "check_event",
    "check_object",
    "excused",
    "in_force",
    "require_good",
]
