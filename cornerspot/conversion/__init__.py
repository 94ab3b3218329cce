"""Mark Won + Convert: a won deal becomes an invoice, once.

Spans CRM and billing in one transaction, so it stands above both. ``planning`` says
what would be billed and what stands in the way, ``wizard`` saves the steps,
``running`` creates the invoice, ``offering`` says whether a deal's page shows the
button. Main functions: ``start_conversion``, ``run_conversion``, ``offer_conversion``.
"""
