"""Outgoing mail as rows, handed to the mail server by the worker, and the development inbox.

May import ``documents``, ``activity``, ``jobs`` and below. ``queue_message`` writes a message
in the caller's transaction; ``sending`` delivers it with retries; ``inbox`` catches and shows
what was sent on a machine without a mail server.
"""
