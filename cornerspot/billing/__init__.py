"""Invoices: drafting, finalizing, numbering, settling, voiding."""
