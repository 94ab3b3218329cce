"""The pages behind a pay link: one invoice, for whoever holds the link. No sign-in.

Nothing here loads a script of anybody else's, and no card number ever comes here: the
button leads to the processor's own page.
"""

from cornerspot.blueprints.paying.blueprint import blueprint

__all__ = ["blueprint"]

from cornerspot.blueprints.paying import checkouts, invoices  # noqa: F401 - the routes register themselves
