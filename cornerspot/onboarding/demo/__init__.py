"""Two demo teams with a believable year, made only through use-cases with a moved clock.

``cast`` names who and what, ``timetable`` plays acts at their moments, ``deals`` and
``invoices`` say how such things go, ``nordlicht`` and ``prairie`` tell the two years.
The same seed gives the same year. The addresses end in ``.example``, which nobody
can own (RFC 2606).
"""

from cornerspot.onboarding.demo.creating import create_demo, sign_ins

__all__ = ["create_demo", "sign_ins"]
