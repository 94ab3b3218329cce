"""Invoices: what a customer owes, from draft to paid.

May import ``crm`` and everything below it. ``create_draft`` and ``draft_for_deal`` begin an
invoice, ``finalize_invoice`` numbers and freezes it, ``record_manual_payment`` settles it,
``void_invoice``, ``cancel_invoice`` and ``write_off_invoice`` end it; ``reading`` has the lists.
Each step is a row of ``states.INVOICE``, and every change locks the deal before the invoice.
"""
