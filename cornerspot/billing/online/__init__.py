"""Invoices paid online: attempts on a hosted page, and keeping our books equal to the processor's.

The processor is right about money that moved, our database about what is owed and what a
payment is for. ``attempts`` leads a payer to the page, ``syncing`` books what came of it,
``reconciling`` finds what was missed.
"""
