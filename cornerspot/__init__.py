"""Cornerspot: CRM, invoicing and payments for companies that sell to companies.

Start reading at ``app.py`` (how the parts are put together) or at the package
whose word you are looking for: ``crm``, ``billing``, ``conversion``, ``plans``.
"""
