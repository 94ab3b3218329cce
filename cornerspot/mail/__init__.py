"""Outgoing mail as rows, handed to the mail server by the worker."""
